"""Isotropic grain growth by the Potts model, in time as SPPARKS counts it.

Every site draws when it will try its next flip (see `site.flip_site`), to a slot of
time: its alarm. Slot by slot only the sites whose alarm rings are visited; a flip wakes
the neighbors whose alarm it makes too late or too early. The rows of sites along z are
cut into blocks colored as a chessboard: blocks of one color take a turn of a few
slots at once while the others stand still.

A window of slots begins with fresh alarms for all that may flip, so a simulation that
is begun at the start of a window (such as a whole unit of time) goes on as if it had
never stopped. All random numbers depend on (seed, x, y, z, time) alone, not on the
number of threads.
"""

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numba as nb
import numpy as np

from grainpaint.errors import InputError
from grainpaint.philox import check_seed, philox4x32, split_key
from grainpaint.progress import Progress, silent
from grainpaint.simulate.iso.lattice import (
    Lattice,
    count_like,
    first,
    holding,
    kernel,
    neighbor_offsets,
    neighborhood,
)
from grainpaint.simulate.iso.site import (
    Physics,
    flip_site,
    is_stuck,
    physics,
)

__all__ = ["TICKS", "grow", "random_spins", "row_blocks"]

TICKS = 256  # of the clock in a unit of time
_START, _FLIPS = 0, 1  # streams of random numbers
# From a tick on, slots are so many ticks long: flips are fast at first.
_SLOT_TICKS = ((0, 1), (64, 2), (128, 4), (1024, 8))
_WINDOW = 32  # slots
_TURN = 4  # slots that a block goes through while its surroundings wait
_WIDTH = 12  # of a block along x and y, about
# Alarms that are no slot: after this window; to be drawn at the next visit; not before
# a neighbor flips, known by the site's neighbors or by the number like it alone.
LATER, AWAKE, STUCK, QUIET = 252, 253, 254, 255
_ONES, _HIGH = np.uint64(0x0101010101010101), np.uint64(0x8080808080808080)


class Clock(NamedTuple):
    """A slot of time."""

    k0: np.uint64
    k1: np.uint64
    tick: int  # at its start
    number: int  # in its window
    ticks: int  # long


def row_blocks(
    shape: tuple[int, int, int],
    periodic: tuple[bool, ...] = (True, True, True),
    origin: tuple[int, ...] = (0, 0, 0),
    period: tuple[int, ...] = (0, 0, 0),
) -> list[np.ndarray]:
    """Split the rows of sites along z into blocks of four colors, as a chessboard.

    Parameters
    ----------
    shape : three ints
        Sites along x, y, z.
    periodic : three bools
        Whether the first and last sites along x, y, z are neighbors. Along an open
        axis blocks begin at fixed places of the larger volume.
    origin : three ints
        Place of site (0, 0, 0) in a larger volume.
    period : three ints
        Sites after which the larger volume repeats; 0 = never.

    Returns
    -------
    list of numpy.ndarray, int64, shape (n, 4)
        For each color its blocks: start and stop along x, start and stop along y. No
        site of one block is a neighbor of a site of another block of that color, nor
        across periodic faces.
    """
    spans: list[list[np.ndarray]] = []
    for n, closed, start, length in zip(shape[:2], periodic, origin, period):
        repeat = n if closed else length
        if closed:
            start = 0
        if repeat:  # an even number, whatever the length; of 2 sites or wider if > 2
            n_blocks = min(repeat, 2 * max(1, round(repeat / (2 * _WIDTH))))
            within = np.linspace(0, repeat, n_blocks + 1).astype(int)[:-1]
            turns = np.arange(start // repeat, (start + n) // repeat + 1)
            cuts = (turns[:, None] * repeat + within).ravel() - start
            parity = int(np.count_nonzero(cuts <= 0)) - 1
        else:
            cuts = np.arange(-start % _WIDTH, n, _WIDTH)
            parity = start // _WIDTH
        cuts = np.unique([0, *cuts[(cuts > 0) & (cuts < n)], n])
        edges = np.stack([cuts[:-1], cuts[1:]], 1)
        spans.append([edges[parity % 2 :: 2], edges[1 - parity % 2 :: 2]])
    found = [
        np.array([(*x, *y) for x in xs for y in ys], np.int64).reshape(-1, 4)
        for xs in spans[0]
        for ys in spans[1]
    ]
    return [blocks for blocks in found if len(blocks)]


@kernel(forceinline=True)
def _flat(lattice, x, y, z):
    """Return where a site lies in the flat arrays."""
    return (
        np.uint64(x + 1) * lattice.stride_x
        + np.uint64(y + 1) * lattice.stride_y
        + np.uint64(z + 1)
    )


@kernel()
def _image(x, n, periodic):
    """Return the place of a ghost of site x of an axis of n, or x if it has none."""
    if not periodic:
        return x
    return n if x == 0 else (-1 if x == n - 1 else x)


@kernel()
def _wake(lattice, i, j, old, value, physics):
    """Wake site j after a flip beside it, if that changes its bound or frees it.

    Site j is read at i: its ghost where it stands across a periodic face. Whether it is
    woken must not depend on the time of its alarm: the waits drawn anew would be longer
    than by its rate if those that are long were kept.
    """
    alarm = lattice.alarm
    mine = lattice.spin[i]
    if mine == old:
        if alarm[j] != QUIET or physics.bound[count_like(lattice, j, mine)] > 0.0:
            alarm[j] = AWAKE
    elif mine == value:
        if alarm[j] < STUCK:
            alarm[j] = AWAKE
    elif alarm[j] == STUCK and mine != 0:
        n_like = count_like(lattice, j, mine)
        if count_like(lattice, j, value) >= physics.least[n_like]:
            alarm[j] = AWAKE


@kernel()
def _flip_at_face(lattice, x, y, z, value, physics):
    """Do what `_flip` does for a site at a face: its ghosts follow, across too."""
    nx, ny, nz = lattice.nx, lattice.ny, lattice.nz
    old = lattice.spin[_flat(lattice, x, y, z)]
    for a in (x, _image(x, nx, lattice.periodic[0])):
        for b in (y, _image(y, ny, lattice.periodic[1])):
            for c in (z, _image(z, nz, lattice.periodic[2])):
                lattice.spin[_flat(lattice, a, b, c)] = value
    left = lattice.near
    while left != 0:
        offset = lattice.offsets[first(left)]
        left &= left - np.uint64(1)
        a, b, c = x + offset[0], y + offset[1], z + offset[2]
        ghost = _flat(lattice, a, b, c)
        if lattice.spin[ghost] != 0:
            site = _flat(lattice, a % nx, b % ny, c % nz)
            _wake(lattice, ghost, site, old, value, physics)


@kernel(forceinline=True)
def _flip(lattice, x, y, z, value, physics):
    """Give a site another spin; wake the neighbors that may now flip sooner."""
    nx, ny, nz = lattice.nx, lattice.ny, lattice.nz
    if x == 0 or y == 0 or z == 0 or x == nx - 1 or y == ny - 1 or z == nz - 1:
        _flip_at_face(lattice, x, y, z, value, physics)
        return
    i = _flat(lattice, x, y, z)
    old = lattice.spin[i]
    lattice.spin[i] = value
    left = holding(lattice, lattice.spin, i, old)
    left |= holding(lattice, lattice.spin, i, value)
    left |= holding(lattice, lattice.alarm, i, STUCK)
    while left != 0:
        j = i + lattice.steps[first(left)]
        left &= left - np.uint64(1)
        _wake(lattice, j, j, old, value, physics)


@kernel(forceinline=True)
def _alarm(wait, mobility, slot, dt):
    """Return the alarm of a site that tries a flip `wait` after a slot's start."""
    slots = wait / (mobility * dt) if mobility > 0.0 else math.inf
    if slots == math.inf:
        return QUIET
    return LATER if slots >= _WINDOW - slot else slot + np.int64(slots)


@kernel(forceinline=True)
def _key(lattice, x, y, z, clock):
    """Return what the random numbers of a site in a slot depend on."""
    return (
        clock.k0,
        clock.k1,
        lattice.place_x[x],
        lattice.place_y[y],
        lattice.place_z[z],
        np.uint64(clock.tick),
    )


@kernel(forceinline=True)
def _draw_alarm(lattice, x, y, z, physics, clock):
    """Return the alarm of a site at the start of a slot."""
    i = _flat(lattice, x, y, z)
    n_like = count_like(lattice, i, lattice.spin[i])
    rate = physics.bound[n_like] + physics.far[n_like] * physics.n_spins
    if rate == 0.0:
        return QUIET
    if is_stuck(lattice, i, lattice.spin[i], n_like, physics):
        return STUCK
    k0, k1, kx, ky, kz, tick = _key(lattice, x, y, z, clock)
    word = philox4x32(k0, k1, kx, ky, kz | (np.uint64(255) << np.uint64(24)), tick)
    wait = -math.log((word[0] + 0.5) * 2.0**-32) / rate
    m = lattice.mobility[x, y, z] if lattice.mobility.size > 0 else 1.0
    return _alarm(wait, m, clock.number, clock.ticks / TICKS)


@kernel()
def _wind(lattice, block, physics, clock):
    """Draw the alarms of the sites of a block that may flip, at the start of a slot."""
    alarm = lattice.alarm
    for x in range(block[0], block[1]):
        for y in range(block[2], block[3]):
            for z in range(lattice.nz):
                i = _flat(lattice, x, y, z)
                if alarm[i] < STUCK:
                    alarm[i] = _draw_alarm(lattice, x, y, z, physics, clock)


@kernel(forceinline=True)
def _visit(lattice, x, y, z, physics, clock):
    """Let one site follow its rates through a slot; draw its next alarm."""
    i = _flat(lattice, x, y, z)
    alarm = lattice.alarm
    dt = clock.ticks / TICKS
    m = lattice.mobility[x, y, z] if lattice.mobility.size > 0 else 1.0
    rang = alarm[i] != AWAKE
    key = _key(lattice, x, y, z, clock)
    value, n_like, wait = flip_site(lattice, i, m * dt, physics, key, rang)
    if value != lattice.spin[i]:
        _flip(lattice, x, y, z, value, physics)
    alarm[i] = _alarm(wait, m, clock.number + 1, dt)
    if wait == math.inf and physics.bound[n_like] > 0.0:
        alarm[i] = STUCK


@kernel(forceinline=True)
def _has_byte(word, byte):
    """Tell whether one of the eight bytes of a word is the given one."""
    word = word ^ (_ONES * np.uint64(byte))
    return (word - _ONES) & ~word & _HIGH != np.uint64(0)


@kernel(forceinline=True)
def _ring(lattice, x, y, physics, clock):
    """Visit the sites of a row along z whose alarm rings in a slot."""
    number = clock.number
    forth = number % 2 == 0
    start = _flat(lattice, x, y, np.int64(-1))
    n_words = np.int64(lattice.stride_y) // 8
    for k in range(n_words):
        w = k if forth else n_words - 1 - k
        word = lattice.alarms[start // np.uint64(8) + np.uint64(w)]
        if not (_has_byte(word, number) or _has_byte(word, AWAKE)):
            continue
        for k in range(8):
            place = 8 * w + (k if forth else 7 - k)
            alarm = lattice.alarm[start + np.uint64(place)]
            if alarm == number or alarm == AWAKE:  # noqa: SIM109  (faster)
                _visit(lattice, x, y, place - 1, physics, clock)


@kernel()
def _turn(lattice, block, physics, clock):
    """Take a block through some slots."""
    x0, x1, y0, y1 = block
    for s in range(_TURN):
        now = Clock(
            clock.k0,
            clock.k1,
            clock.tick + s * clock.ticks,
            clock.number + s,
            clock.ticks,
        )
        for i in range(x1 - x0):
            x = x0 + i if now.number % 2 == 0 else x1 - 1 - i
            for j in range(y1 - y0):
                y = y0 + j if now.number % 2 == 0 else y1 - 1 - j
                _ring(lattice, x, y, physics, now)


@kernel(from_python=True, parallel=True)
def _run(lattice, blocks, physics, clock, winding):
    """Wind all blocks or take those of one color through a turn, each by itself.

    One kernel does both: numba compiles a parallel loop at length.
    """
    for b in nb.prange(blocks.shape[0]):
        if winding:
            _wind(lattice, blocks[b], physics, clock)
        else:
            _turn(lattice, blocks[b], physics, clock)


@nb.njit(cache=True, parallel=True)
def _fill_random(spin, n_spins, k0, k1):
    for x in nb.prange(spin.shape[0]):
        for y in range(spin.shape[1]):
            for z in range(spin.shape[2]):
                word = philox4x32(
                    k0, k1, np.uint64(x), np.uint64(y), np.uint64(z), np.uint64(0)
                )
                spin[x, y, z] = 1 + ((word[0] * np.uint64(n_spins)) >> np.uint64(32))


def random_spins(shape: tuple[int, int, int], n_spins: int, seed: int) -> np.ndarray:
    """Return the start of a simulation: a spin of 1..Q for each site, or its own.

    Parameters
    ----------
    shape : three ints
        Sites along x, y, z.
    n_spins : int
        Q; 0 = each site has a spin of its own.
    seed : int
        Key of the random numbers.

    Returns
    -------
    numpy.ndarray, uint16 (or int32 from Q = 65,536 on), shape (nx, ny, nz)

    Raises
    ------
    InputError
        If n_spins or seed are out of range.
    """
    check_seed(seed)
    if n_spins == 0:
        return np.arange(1, math.prod(shape) + 1, dtype=np.int32).reshape(shape)
    if not 2 <= n_spins < 2**31:
        raise InputError(
            f"the number of spins must be at least 2 (or 0: one a site), got {n_spins}"
        )
    spin = np.empty(shape, np.uint16 if n_spins < 2**16 else np.int32)
    _fill_random(spin, n_spins, *split_key(seed, _START))
    return spin


def _slot(tick: int) -> tuple[int, int]:
    """Return the number in its window of the slot at a tick, and its ticks."""
    since, length = max(row for row in _SLOT_TICKS if row[0] <= tick)
    return (tick - since) // length % _WINDOW, length


def _tick(time: float) -> int:
    """Return the start of a turn that is nearest to a time."""
    tick = round(time * TICKS)
    turn = _TURN * _slot(tick)[1]
    return round(tick / turn) * turn


def _lattice(
    spin: np.ndarray,
    lattice: str,
    periodic: tuple[bool, bool, bool],
    mobility: np.ndarray | None,
    origin: tuple[int, int, int],
    period: tuple[int, int, int],
) -> Lattice:
    """Put ghosts around the sites: copies across periodic faces, else 0."""
    nx, ny, nz = spin.shape
    # Alarms are read in eights, neighbors in rows that are one longer.
    row = -(-(nz + 3) // 8) * 8
    padded = np.zeros((nx + 2, ny + 2, row), spin.dtype)
    inside = padded[:, :, : nz + 2]
    inside[1:-1, 1:-1, 1:-1] = spin
    for axis in range(3):
        if periodic[axis] and spin.shape[axis] > 1:
            ends = np.moveaxis(inside, axis, 0)
            ends[0], ends[-1] = ends[-2], ends[1]
    alarm = np.full(padded.shape, QUIET, np.uint8)
    for alarms, sites in zip(alarm[1:-1, 1:-1, 1 : nz + 1], spin):
        alarms[sites > 0] = AWAKE
    strides = ((ny + 2) * row, row)
    places = []
    for n, start, length in zip(spin.shape, origin, period):
        place = np.arange(start, start + n)
        place = place % length if length else place & 0xFFFFFF
        places.append(place.astype(np.uint64))
    return Lattice(
        padded.reshape(-1),
        alarm.reshape(-1),
        alarm.reshape(-1).view(np.uint64),
        np.empty((0, 0, 0), np.float32) if mobility is None else mobility,
        *neighborhood(lattice, *strides),
        np.array([p and n > 1 for p, n in zip(periodic, spin.shape)]),
        nx,
        ny,
        nz,
        *places,
    )


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
    """Let grains grow; yield the spins at the given times.

    Parameters
    ----------
    spin : numpy.ndarray, integer, shape (nx, ny, nz)
        Spins at the start, 1..2^31-1; 0 = no site: nothing grows there, and it counts
        as nobody's neighbor.
    times : sequence of float
        Rising, from `start_time` on, in time units of SPPARKS' ``potts``: each spin
        that a site may take without raising the energy is taken at rate 1. Rounded to
        1/8 (up to t = 4 to 1/16 or finer).
    seed : int
        Key of the random numbers, 0..2^63-1.
    start_time : float
        Time at the start. A run that ends at t, a whole number, and one that goes on
        from there with ``start_time=t`` are bit for bit one run.
    lattice : {'sc/26n', 'sc/6n', 'sq/8n', 'sq/4n'}
        Neighbors of a site; the last two need nz = 1.
    periodic : three bools
        Whether the first and last sites along x, y, z are neighbors.
    temperature : float
        T >= 0, in units of the energy of an unlike pair of neighbors.
    mobility : numpy.ndarray, float, shape (nx, ny, nz), optional
        In [0, 1]: multiplies the rates of each site.
    rule : {'each', 'any', 'one'}
        Which spins a site may take, see `grainpaint.simulate.iso.site`.
    n_spins : int
        Q, for the rule ``any``.
    origin : three ints
        Place of site (0, 0, 0) in a larger volume, of which this is a piece: the random
        numbers of a site follow from its place there.
    period : three ints
        Sites after which the larger volume repeats along x, y, z; 0 = never.
    progress : Progress
        Told the time reached.

    Yields
    ------
    numpy.ndarray, uint16 or int32, shape (nx, ny, nz)
        The spins, a view that changes when the next is asked for.

    Raises
    ------
    InputError
        If a setting is out of range.

    Notes
    -----
    Each site follows its continuous-time Markov chain. What is not exact: a block of
    rows does not see the flips around it during a turn of four slots, and what rings
    within a slot is visited in the order of places. Both are far below the scatter of
    seeds (benchmarks/RESULTS.md).
    """
    spin = _checked_spins(spin)
    check_seed(seed)
    _check_box(spin.shape, lattice, periodic)
    if mobility is not None:
        mobility = _checked_mobility(mobility, spin.shape)
    if rule == "any" and n_spins < spin.max():
        raise InputError(
            f"the rule 'any' needs n_spins of at least {spin.max()}, got {n_spins}"
        )
    stops = _checked_ticks([start_time, *times])
    rates = physics(len(neighbor_offsets(lattice)), temperature, rule, n_spins)
    state = _lattice(spin, lattice, periodic, mobility, origin, period)
    blocks = row_blocks(spin.shape, periodic, origin, period)
    return _frames(state, blocks, rates, split_key(seed, _FLIPS), stops, progress)


def _frames(
    state: Lattice,
    blocks: list[np.ndarray],
    rates: Physics,
    key: tuple[np.uint64, np.uint64],
    stops: list[int],
    progress: Progress,
) -> Iterator[np.ndarray]:
    """Run from the first of the ticks; yield the spins at the others."""
    shape = (state.nx, state.ny, state.nz)
    box = state.spin.reshape(shape[0] + 2, shape[1] + 2, -1)
    box = box[1:-1, 1:-1, 1 : shape[2] + 1]
    every = np.concatenate(blocks)
    fresh = True
    with progress("grain growth", stops[-1] / TICKS, stops[0] / TICKS) as bar:
        for i, stop in enumerate(stops[1:], 1):
            tick = stops[i - 1]
            while tick < stop:
                clock = Clock(*key, tick, *_slot(tick))
                if clock.number == 0 or fresh:
                    _run(state, every, rates, clock, True)
                fresh = False
                forth = clock.number // _TURN % 2 == 0
                for color in blocks if forth else blocks[::-1]:
                    _run(state, color, rates, clock, False)
                tick += _TURN * clock.ticks
                bar.update(tick / TICKS)
            if i == len(stops) - 1:
                del state  # the alarms make room for what is done with the spins
            yield box


def _checked_spins(spin: np.ndarray) -> np.ndarray:
    spin = np.asarray(spin)
    if spin.ndim != 3 or spin.dtype.kind not in "iu" or spin.size == 0:
        raise InputError(
            "spins must be a non-empty 3-D array of integers, got shape "
            f"{spin.shape} of {spin.dtype}"
        )
    if spin.min() < 0 or spin.max() >= 2**31:
        raise InputError(
            f"spins must lie in 0..2147483647, got {spin.min()}..{spin.max()}"
        )
    return spin if spin.dtype == np.uint16 else spin.astype(np.int32, copy=False)


def _check_box(
    shape: tuple[int, ...], lattice: str, periodic: tuple[bool, bool, bool]
) -> None:
    flat = not neighbor_offsets(lattice)[:, 2].any()
    if flat and shape[2] != 1:
        raise InputError(f"the lattice {lattice} needs a box X,Y,1; Z is {shape[2]}")
    for axis, n, p in zip("xyz", shape, periodic):
        if p and n < 3 and not (flat and axis == "z"):
            raise InputError(
                f"a periodic axis needs at least 3 sites, {axis} has {n}: leave it out "
                "of the periodic ones"
            )
        if n >= 2**24:
            raise InputError(f"an axis has at most 2^24 sites, got {n} along {axis}")


def _checked_mobility(mobility: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    mobility = np.ascontiguousarray(mobility, np.float32)
    if mobility.shape != shape:
        raise InputError(
            f"the mobility map has shape {mobility.shape}, the box {tuple(shape)}"
        )
    if not (mobility.min() >= 0 and mobility.max() <= 1):
        raise InputError(
            f"mobilities lie in 0..1, got {mobility.min():g}..{mobility.max():g}"
        )
    return mobility


def _checked_ticks(times: list[float]) -> list[int]:
    if not all(0 <= t < 2**32 // TICKS for t in times):
        raise InputError(f"times lie in 0..{2**32 // TICKS - 1}, got {times}")
    if sorted(times) != times:
        raise InputError(
            f"the times must rise, got {', '.join(f'{t:g}' for t in times)}"
        )
    return [_tick(t) for t in times]
