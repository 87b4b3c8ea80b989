"""Isotropic grain growth by the Potts model, in time as SPPARKS counts it.

Every site draws the time of its next attempted flip (see `site.flip_site`), rounded to
a slot: its alarm. In each slot only the sites whose alarm rings are visited; a flip
wakes the neighbors whose alarms it makes too late or too early. The rows of sites along
z are cut into blocks colored like a checkerboard: the blocks of one color run through a
turn of a few slots while those around them stand still.

Each window of slots begins with fresh alarms for all sites that may flip, so a
simulation that starts at the beginning of a window (such as a whole unit of time)
continues as if it had never stopped. All random numbers depend on (seed, x, y, z, time)
only, not on the number of threads.

Each site follows its continuous-time Markov chain. Two things are approximate: a block
of rows does not see the flips around it during a turn of four slots, and the sites
whose alarms ring within a slot are visited in the order of their positions. Both
effects are far smaller than the scatter between seeds (benchmarks/RESULTS.md).
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from grainpaint.errors import InputError
from grainpaint.philox import check_seed, split_key
from grainpaint.progress import Progress, silent
from grainpaint.simulate.iso.checkerboard import row_blocks
from grainpaint.simulate.iso.lattice import Lattice, neighbor_offsets
from grainpaint.simulate.iso.rates import Rates, potts_rates
from grainpaint.simulate.iso.schedule import Schedule, make_schedule, turns_between
from grainpaint.simulate.iso.slots import TICKS, checked_ticks
from grainpaint.simulate.iso.state import (
    check_box,
    checked_mobility,
    checked_spins,
    make_lattice,
)
from grainpaint.simulate.iso.threads import run_turns, threads_for

__all__ = ["grow"]

_FLIPS = 1  # stream of random numbers
# Order of the axes in memory: rows of one site would waste it and the time to read it.
_SOLID, _FLAT = (0, 1, 2), (0, 2, 1)


def grow(
    spin: np.ndarray,
    times: Sequence[float],
    *,
    seed: int = 0,
    start_time: float = 0.0,
    lattice: str = "sc/26n",
    periodic: tuple[bool, bool, bool] = (True, True, True),
    temperature: float = 0.0,
    mobility: np.ndarray | None = None,
    rule: str = "each",
    n_spins: int = 0,
    origin: tuple[int, int, int] = (0, 0, 0),
    period: tuple[int, int, int] = (0, 0, 0),
    progress: Progress = silent,
) -> Iterator[np.ndarray]:
    """Simulate isotropic grain growth; yield the spins at the given times.

    Parameters
    ----------
    spin : numpy.ndarray, integer, shape (nx, ny, nz)
        Spins at the start, 1..2^31-1; 0 = no site and no neighbor.
    times : sequence of float
        Increasing, not before `start_time`, in the time units of SPPARKS' ``potts``: a
        site takes each spin that does not raise the energy at rate 1. Rounded to 1/8
        (up to t = 4 to 1/16 or finer).
    seed : int
        Key of the random numbers, 0..2^63-1.
    start_time : float
        Time at the start. Runs to a whole t and on from it equal one run, bit for bit.
    lattice : {'sc/26n', 'sc/6n', 'sq/8n', 'sq/4n'}
        Neighborhood of a site; the last two need nz = 1.
    periodic : three bools
        Whether the first and last sites along x, y, z are neighbors.
    temperature : float
        T >= 0, in units of the energy of an unlike pair of neighbors.
    mobility : numpy.ndarray, float, shape (nx, ny, nz), optional
        Factors in [0, 1] for the rates of each site.
    rule : {'each', 'any', 'one'}
        Which spins a site may take, see `grainpaint.simulate.iso.rates`.
    n_spins : int
        Q; only used by the rule ``any``.
    origin : three ints
        Place of site (0, 0, 0) in a larger volume, on which random numbers depend.
    period : three ints
        Sites after which that volume repeats along x, y, z; 0 = never.
    progress : Progress
        Receives the time reached.

    Yields
    ------
    numpy.ndarray, uint16 or int32, shape (nx, ny, nz)
        The spins, a view that is overwritten when the next one is requested.

    Raises
    ------
    InputError
        If a setting is out of range.

    Examples
    --------
    >>> from grainpaint.simulate import random_spins
    >>> (spin,) = grow(random_spins((16, 16, 16), 100, seed=1), [5.0], seed=1)
    >>> bool((spin[:-1] == spin[1:]).mean() > 0.5)
    True
    """
    spin = checked_spins(spin)
    check_seed(seed)
    check_box(spin.shape, lattice, periodic)
    _check_rule(rule, n_spins, spin)
    if not isinstance(times, Iterable):
        raise InputError(f"the times are numbers in their order; got {times!r}")
    stops = checked_ticks([start_time, *times])
    rates = potts_rates(len(neighbor_offsets(lattice)), temperature, rule, n_spins)
    state, colors, order = _laid_out(spin, lattice, mobility, periodic, origin, period)
    n_threads = threads_for(spin.shape, sum(map(len, colors)))
    key, shape = split_key(seed, _FLIPS), (state.nx, state.ny)
    schedule = make_schedule(colors, shape, tuple(state.periodic), key, n_threads)
    frames = _frames(state, schedule, rates, n_threads, stops, progress)
    return (frame.transpose(order) for frame in frames)


def _laid_out(
    spin: np.ndarray,
    lattice: str,
    mobility: np.ndarray | None,
    *of_axes: tuple[Any, ...],
) -> tuple[Lattice, list[np.ndarray], tuple[int, int, int]]:
    """Return the lattice, its blocks of each color, and the order of its axes."""
    order = _FLAT if spin.shape[2] == 1 else _SOLID
    periodic, origin, period = (tuple(of[axis] for axis in order) for of in of_axes)
    if mobility is not None:
        mobility = checked_mobility(mobility, spin.shape)
        mobility = np.ascontiguousarray(mobility.transpose(order))
    spin, offsets = spin.transpose(order), neighbor_offsets(lattice)[:, order]
    state = make_lattice(spin, offsets, periodic, mobility, origin, period)
    return state, row_blocks(spin.shape, periodic, origin, period), order


def _check_rule(rule: str, n_spins: int, spin: np.ndarray) -> None:
    """Raise InputError if the rule 'any' does not know all spins."""
    if rule == "any" and n_spins < spin.max():
        raise InputError(
            f"the rule 'any' needs n_spins of at least {spin.max()}, got {n_spins}"
        )


def _frames(
    state: Lattice,
    schedule: Schedule,
    rates: Rates,
    n_threads: int,
    stops: list[int],
    progress: Progress,
) -> Iterator[np.ndarray]:
    """Run from the first tick in `stops`; yield the spins at each of the others."""
    shape = (state.nx, state.ny, state.nz)
    box = state.spin.reshape(shape[0] + 2, shape[1] + 2, -1)
    box = box[1:-1, 1:-1, 1 : shape[2] + 1]
    fresh = True
    with progress("grain growth", stops[-1] / TICKS, stops[0] / TICKS) as bar:
        for i, stop in enumerate(stops[1:], 1):
            turns = turns_between(stops[i - 1], stop, fresh)
            if len(turns):
                fresh = False
                run_turns(state, rates, schedule, turns, n_threads, bar)
            if i == len(stops) - 1:
                del state  # frees the alarms before the caller uses the spins
            yield box
