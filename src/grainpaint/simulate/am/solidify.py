r"""Grains behind a moving melt pool: the additive Potts model on sc/26n.

In each sweep every site is attempted once on average, in random order, as in SPPARKS'
rejection kinetic Monte Carlo with ``sweep random``. A molten site takes a random spin.
A site of the heat-affected zone proposes the spin of a neighbor, each distinct spin
with equal probability, and takes it with the probability of Eq. (18),

.. math:: P = M \min(1, e^{-\Delta E / T}),

where M is its mobility (Eq. 19) and dE the change in the number of unlike neighbors.
Then the pool moves on. Only the sites in the box around the pool are visited. The pools
of recipes end at the scanned surface; those of SPPARKS' scripts reach above it where
SPPARKS' do (`grainpaint.simulate.am.zone_table.TableStyle`).

References
----------
Hoffman et al., Acta Materialia 288 (2025), section 3.3.

Rodgers, Madison, Tikare, Comput. Mater. Sci. 135 (2017),
https://doi.org/10.1016/j.commatsci.2017.03.053
"""

import math
from collections.abc import Iterator

import numpy as np

from grainpaint.errors import InputError
from grainpaint.philox import check_seed, split_key
from grainpaint.progress import Progress, silent
from grainpaint.simulate.am.heat_affected_zone import Haz
from grainpaint.simulate.am.melt_pool import Pool
from grainpaint.simulate.am.scan import SWEEPS_PER_TIME, ScanPath
from grainpaint.simulate.am.sweeper import BuildSweeper, Leg, move_rules
from grainpaint.simulate.am.zone_table import (
    TableStyle,
    shrinking_zones,
    tabulate_zone,
)

__all__ = ["check_scan", "follow_path", "reaches", "solidify"]

_STYLE = TableStyle()  # of recipes
_SWEEPS = 2  # stream of random numbers


def solidify(
    spin: np.ndarray,
    path: ScanPath,
    pool: Pool,
    haz: Haz,
    *,
    n_spins: int,
    temperature: float = 0.25,
    copy_molten: bool = False,
    freeze: bool = False,
    seed: int = 0,
    first_step: int = 0,
    last_step: int | None = None,
    progress: Progress = silent,
) -> np.ndarray:
    """Simulate the grains that grow behind a melt pool that moves along a path.

    Parameters
    ----------
    spin : numpy.ndarray, int32, shape (nx, ny, nz)
        Spins >= 1 at the start; 0 = no material.
    path : ScanPath
        Path of the pool.
    pool : Pool
        Shape of the pool, see `grainpaint.simulate.am.melt_pool`.
    haz : Haz
        Mobility around it, see `grainpaint.simulate.am.heat_affected_zone`.
    n_spins : int
        Molten sites take random spins 1..n_spins.
    temperature : float
        Of the Potts model, >= 0, in units of one unlike pair.
    copy_molten : bool
        Whether a site may take the spin of a molten neighbor, as in SPPARKS.
    freeze : bool
        Whether the melt freezes where a segment ends and the next does not continue
        it; in SPPARKS it remains as single random sites.
    seed : int
        Key of the random numbers.
    first_step, last_step : int
        Range of sweeps to run, within `path.n_steps`. Running N sweeps and then N more
        gives the same result as 2 N at once.
    progress : Progress
        Receives the number of sweeps done.

    Returns
    -------
    numpy.ndarray, int32, shape (nx, ny, nz)
        Spins at the end, a view of an array with a ghost layer (4 bytes per site beside
        the start).

    Raises
    ------
    InputError
        If a number is out of range or the pool never touches a voxel.

    Examples
    --------
    >>> from grainpaint.simulate import random_spins
    >>> from grainpaint.simulate.am.heat_affected_zone import LinearHaz
    >>> from grainpaint.simulate.am.melt_pool import Ellipsoid
    >>> from grainpaint.simulate.am.scan import Segment, make_path
    >>> powder = random_spins((24, 12, 8), 500, seed=1)
    >>> path = make_path([Segment((0.0, 6.0), (24.0, 6.0), speed=12.0)], [7.0])
    >>> pool, haz = Ellipsoid(width=8, depth=4, length=10), LinearHaz(width=3)
    >>> spin = solidify(powder, path, pool, haz, n_spins=500, seed=1)
    >>> spin.shape, bool((spin == powder)[:, :, 0].all())
    ((24, 12, 8), True)
    """
    _check(spin, path, pool, n_spins, temperature)
    check_seed(seed)
    end = path.n_steps if last_step is None else last_step
    _check_steps(first_step, end, path.n_steps)
    rules = move_rules(n_spins, temperature, copy_molten)
    sweeper = BuildSweeper(spin, rules)
    follow_path(sweeper, path, (pool, haz), seed, (first_step, end), freeze, progress)
    return sweeper.spin


def follow_path(
    sweeper: BuildSweeper,
    path: ScanPath,
    shapes: tuple[Pool, Haz],
    seed: int,
    span: tuple[int, int],
    freeze: bool = False,
    progress: Progress = silent,
    style: TableStyle = _STYLE,
    stream: int = _SWEEPS,
) -> None:
    """Do the sweeps in a span of a path, segment by segment.

    Parameters
    ----------
    sweeper : BuildSweeper
        Its spins change.
    path : ScanPath
    shapes : Pool, Haz
        The pool and the zone around it.
    seed, freeze, progress
        As in `solidify`.
    span : two ints
        First sweep, and the one after the last.
    style : TableStyle
        How the pool and its zone are tabulated.
    stream : int
        Of random numbers.
    """
    first, end = span
    with progress("melt pool", end - first) as bar:
        legs = _legs(path, shapes, (seed, stream), span, freeze, style)
        sweeper.run(legs, lambda reached: bar.update(reached - first))
        bar.update(end - first)


def _legs(
    path: ScanPath,
    shapes: tuple[Pool, Haz],
    source: tuple[int, int],
    span: tuple[int, int],
    freeze: bool,
    style: TableStyle,
) -> Iterator[Leg]:
    """Yield the sweeps in a span of a path; `source` is the seed and the stream."""
    zone = tabulate_zone(*shapes, style)
    seed, key = source[0], split_key(*source)
    begin = 0
    for i, n in enumerate(path.n_sweeps):
        steps = np.arange(max(begin, span[0]), min(begin + int(n), span[1]))
        since, begin = begin, begin + int(n)
        if not path.on[i] or not steps.size:
            continue
        heading = path.direction[i, :2]
        stride = float(path.speed[i]) / SWEEPS_PER_TIME
        gone = (steps - since) * stride
        places = np.empty((steps.size, 5))
        places[:, :3], places[:, 3:] = path.start[i], heading
        places[:, :2] += gone[:, None] * heading
        yield Leg(places, steps.astype(np.uint64), zone, key)
        if freeze and steps[-1] + 1 == begin and not path.goes_on[i]:
            place, last = np.array([[*path.end[i], *heading]]), steps[-1:]
            for k, zone_k in enumerate(shrinking_zones(*shapes, stride)):
                draw_key = split_key(seed, stream=3 + k)
                yield Leg(place, last.astype(np.uint64), zone_k, draw_key)


def _check_steps(first: int, end: int, n_steps: int) -> None:
    """Raise InputError unless a range of sweeps lies within a path."""
    if not 0 <= first <= end <= n_steps:
        raise InputError(
            f"sweeps {first}..{end} are not within the path's 0..{n_steps}"
        )


def _check(
    spin: np.ndarray, path: ScanPath, pool: Pool, n_spins: int, temperature: float
) -> None:
    """Raise InputError unless the spins and the numbers are in range."""
    if spin.ndim != 3 or 0 in spin.shape or spin.dtype.kind not in "iu":
        raise InputError(
            f"spins must be a 3-D array of integers, got {spin.shape} of {spin.dtype}"
        )
    if not 2 <= n_spins < 2**31:
        raise InputError(f"the number of spins must be at least 2, got {n_spins}")
    if not 0 <= temperature < math.inf:
        raise InputError(f"the temperature must be >= 0, got {temperature}")
    nx, ny, nz = spin.shape
    check_scan((nx, ny, nz), path, pool)


def reaches(
    shape: tuple[int, int, int], path: ScanPath, pool: Pool, above: float = 0.0
) -> bool:
    """Return whether a pool can melt something in a box of this shape.

    Parameters
    ----------
    shape : three ints
        Voxels of the box.
    path : ScanPath
    pool : Pool
    above : float
        How far the pool reaches above the surface, voxels.
    """
    margin = max(*pool.ends, pool.width / 2)
    ends = np.stack([path.start[path.on], path.end[path.on]])
    low = ends.min(0) - (margin, margin, pool.depth)
    high = ends.max(0) + np.array([margin, margin, above])
    inside = (low <= np.array(shape) - 1) & (high >= 0)
    return bool(inside.all(1).any())


def check_scan(shape: tuple[int, int, int], path: ScanPath, pool: Pool) -> None:
    """Raise InputError unless the pool can melt something in a box of this shape."""
    if pool.depth > shape[2]:
        raise InputError(
            f"the pool is {pool.depth:g} voxels deep, the box only {shape[2]}: "
            "make the pool shallower or the box taller"
        )
    if path.n_steps >= 2**32:
        raise InputError(
            f"the scan path takes {path.n_steps:,} sweeps, more than 2^32: raise the "
            "speed or shorten the path"
        )
    if not path.on.any():
        raise InputError("the beam is off on the whole scan path: nothing would melt")
    if not reaches(shape, path, pool):
        size = " x ".join(map(str, shape))
        raise InputError(
            f"the scan path lies outside the box: nothing of its {path.on.sum()} "
            f"segments reaches the {size} voxels"
        )
