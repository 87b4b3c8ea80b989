r"""Grains behind a moving melt pool: the additive Potts model on sc/26n.

In each sweep every site is attempted once on average, in random order, as in SPPARKS'
rejection kinetic Monte Carlo with ``sweep random``. A molten site takes a random spin.
A site of the heat-affected zone proposes the spin of a neighbor, each different one as
likely as the others, and takes it with the probability of Eq. (18),

.. math:: P = M \min(1, e^{-\Delta E / T}),

where M is its mobility (Eq. 19) and dE the change in unlike neighbors. Then the pool
moves on. Only the sites in the box around the pool are visited.

References
----------
Hoffman et al., Acta Materialia 288 (2025), section 3.3.

Rodgers, Madison, Tikare, Comput. Mater. Sci. 135 (2017),
https://doi.org/10.1016/j.commatsci.2017.03.053
"""

import math
from functools import lru_cache
from typing import NamedTuple

import numba as nb
import numpy as np

from grainpaint.errors import InputError
from grainpaint.philox import check_seed, philox4x32, split_key
from grainpaint.progress import Progress, silent
from grainpaint.simulate.am.melt_pool import ExponentialHaz, Haz, Pool, zone_box
from grainpaint.simulate.am.scan import SWEEPS_PER_TIME, Path

__all__ = ["solidify"]

_TOLERANCE = 1e-4  # voxels, on the surface of the pool
# A sweep is cut into slots: fewer give more grains than random order does.
_SLOTS = 4
_MOLTEN = np.uint8(0x80)  # bit of a site's plan; bit i = an attempt in slot i
_U = 2.0**-32


class _Zone(NamedTuple):
    """The pool and the zone around it, in the axes of the pool."""

    distance: np.ndarray  # on a grid of one voxel: along, across, below; <= 0 = molten
    first: int  # place of its first row along the pool
    box: np.ndarray  # reach behind, in front, aside, below
    shells: np.ndarray  # mobility of whole distances; empty for the linear law
    drawn_in: float  # added to the distance


class _Rules(NamedTuple):
    """What decides the moves."""

    n_spins: np.uint64
    beta: float
    copy_molten: bool


class _Draw(NamedTuple):
    """Key and counter of the random numbers of one sweep."""

    k0: np.uint64
    k1: np.uint64
    step: np.uint64


def _tabulate(pool: Pool, haz: Haz, signed: bool) -> _Zone:
    """Return the pool and its zone as a table.

    For the exponential law distances are voxels, for the linear one shares of m_z. If
    not signed, a Bézier pool is 0 inside, as SPPARKS tabulates it.
    """
    box = zone_box(pool, haz)
    rear, front, side, below = box
    x = np.arange(math.floor(-rear) - 1, math.ceil(front) + 2)
    y, z = np.arange(math.ceil(side) + 2), -np.arange(math.ceil(below) + 2)
    table = np.empty((len(x), len(y), len(z)), np.float32)
    for i in range(len(x)):  # slab by slab: the arrays on the way are larger
        slab = np.stack(np.meshgrid(x[i], y, z, indexing="ij"), -1, dtype=float)
        distance, behind = pool.zone(slab.reshape(-1, 3))
        if pool.shape == "bezier" and not signed:
            distance = np.maximum(distance, 0)
        if haz.law == "linear":
            extra = (haz.tail or haz.width) - haz.width
            distance = np.minimum(distance / (haz.width + extra * behind**haz.power), 1)
        table[i] = distance.reshape(len(y), len(z))
    shells = np.empty(0)
    if isinstance(haz, ExponentialHaz):
        shells = np.exp(-haz.decay * np.arange(math.ceil(table.max()) + 1))
    return _Zone(table, int(x[0]), np.array(box), shells, 0.0)


@nb.njit(inline="always")
def _words(draw, x, y, z):
    """Return four random words."""
    c0, c1, c2 = np.uint64(x), np.uint64(y), np.uint64(z)
    return philox4x32(draw.k0, draw.k1, c0, c1, c2, draw.step)


@nb.njit(inline="always")
def _mobility(distance, shells):
    """Return the mobility: 1 = molten, 0 = cold."""
    if distance <= _TOLERANCE:
        return 1.0
    if shells.size > 0:
        shell = math.ceil(distance - _TOLERANCE)
        return shells[shell] if shell < shells.size else 0.0
    return 1.0 - distance


@nb.njit(inline="always")
def _plan_site(mobility, first, second):
    """Return the slots in which a site makes a move, as bits.

    Attempts come at rate 1 and a move survives with the chance `mobility`, so the
    moves of a sweep are a Poisson number of that mean; they get different slots.
    """
    u = np.float64(first) * _U
    if u < 1.0 - mobility:  # below exp(-mobility): no move
        return np.uint8(0)
    chance = math.exp(-mobility)
    total = chance
    n = 0
    while u >= total and n < _SLOTS:
        n += 1
        chance *= mobility / n
        total += chance
    plan = 0
    word = second
    for used in range(n):
        free = np.uint64(_SLOTS - used)
        skip = np.int64(word % free)
        word //= free
        for slot in range(_SLOTS):
            if plan & (1 << slot):
                continue
            if skip == 0:
                plan |= 1 << slot
                break
            skip -= 1
    return np.uint8(plan)


@nb.njit(cache=True)
def _plan_column(plan, low, place, zone, draw):
    """Plan the sites (low[0], low[1], low[2] + k), at `place` relative to the pool."""
    along, across, height = place
    box, table = zone.box, zone.distance
    plan[:] = 0
    if not (-box[0] < along <= box[1] and abs(across) <= box[2]):
        return
    x, y = along - zone.first, abs(across)
    i, j = int(x), int(y)
    a, b = x - i, y - j
    w00, w01, w10, w11 = (1 - a) * (1 - b), (1 - a) * b, a * (1 - b), a * b
    pair = -1
    words = _words(draw, 0, 0, 0)
    for k in range(plan.size):
        below = height - (low[2] + k)
        if below < 0 or below > box[3]:
            continue
        m = int(below)
        d = (
            w00 * table[i, j, m]
            + w01 * table[i, j + 1, m]
            + w10 * table[i + 1, j, m]
            + w11 * table[i + 1, j + 1, m]
        )
        if below > m:
            c = below - m
            d = (1 - c) * d + c * (
                w00 * table[i, j, m + 1]
                + w01 * table[i, j + 1, m + 1]
                + w10 * table[i + 1, j, m + 1]
                + w11 * table[i + 1, j + 1, m + 1]
            )
        mobility = _mobility(d + zone.drawn_in, zone.shells)
        if mobility <= 0:
            continue
        z = low[2] + k + 1  # >= 0, as the window reaches one site beyond the box
        if z >> 1 != pair:  # four words, for two sites
            pair = z >> 1
            words = _words(draw, low[0] + 1, low[1] + 1, pair)
        if z & 1:
            plan[k] = _plan_site(mobility, words[2], words[3])
        else:
            plan[k] = _plan_site(mobility, words[0], words[1])
        if mobility >= 1:
            plan[k] |= _MOLTEN


@nb.njit(cache=True, parallel=True)
def _plan_window(plan, low, pool, zone, draw):
    """Plan the moves of one sweep for all sites of the window from `low` on."""
    px, py, pz, ux, uy = pool
    for i in nb.prange(plan.shape[0]):
        x = low[0] + i
        for j in range(plan.shape[1]):
            y = low[1] + j
            dx, dy = x - px, y - py
            place = (ux * dx + uy * dy, ux * dy - uy * dx, pz)
            _plan_column(plan[i, j], (x, y, low[2]), place, zone, draw)


@nb.njit(cache=True)
def _propose(spin, site, plan, here, copy_molten, word, around):
    """Return the spin that a site may take (0: none) and the rise of the energy."""
    x, y, z = site
    i, j, k = here
    mine = spin[x, y, z]
    unique = around[26:]
    n, n_unique, n_like = 0, 0, -1  # the site itself is counted below
    for a in range(-1, 2):
        for b in range(-1, 2):
            for c in range(-1, 2):
                v = spin[x + a, y + b, z + c]
                if v == mine:
                    n_like += 1
                    continue
                if v == 0:
                    continue
                around[n] = v
                n += 1
                if not copy_molten and plan[i + a, j + b, k + c] & _MOLTEN:
                    continue
                for w in range(n_unique):
                    if unique[w] == v:
                        break
                else:
                    unique[n_unique] = v
                    n_unique += 1
    if n_unique == 0:
        return np.int32(0), 0
    chosen = unique[(word * np.uint64(n_unique)) >> np.uint64(32)]
    rise = n_like
    for w in range(n):
        rise -= around[w] == chosen
    return chosen, rise


@nb.njit(cache=True, parallel=True)
def _sweep(spin, plan, low, parity, slot, rules, draw):
    """Make the moves of one slot on one sublattice of the window."""
    n0, n1, n2 = plan.shape
    x0 = 1 + ((low[0] + 1 + parity) & 1)
    y0 = 1 + ((low[1] + 1 + (parity >> 1)) & 1)
    z0 = 1 + ((low[2] + 1 + (parity >> 2)) & 1)
    bit = np.uint8(1 << slot)
    for row in nb.prange((n0 - x0) // 2):
        i = x0 + 2 * row
        around = np.empty(52, np.int32)
        for j in range(y0, n1 - 1, 2):
            for k in range(z0, n2 - 1, 2):
                if not plan[i, j, k] & bit:
                    continue
                # Site (x, y, z) is kept at (x + 1, y + 1, z + 1), within ghosts.
                x, y, z = low[0] + i + 1, low[1] + j + 1, low[2] + k + 1
                if spin[x, y, z] == 0:
                    continue
                words = _words(draw, x, y, z + ((slot + 1) << 28))  # no z is as large
                if plan[i, j, k] & _MOLTEN:
                    spin[x, y, z] = 1 + ((words[0] * rules.n_spins) >> np.uint64(32))
                    continue
                here, site = (i, j, k), (x, y, z)
                new, rise = _propose(
                    spin, site, plan, here, rules.copy_molten, words[0], around
                )
                u = np.float64(words[1]) * _U
                if new > 0 and (rise <= 0 or u < math.exp(-rules.beta * rise)):
                    spin[x, y, z] = new


@nb.njit(cache=True)
def _shuffle(order, slot, draw):
    """Put the eight sublattices in a random order."""
    for a in range(8):
        order[a] = a
    word = _words(draw, 0, 0, (slot + 1) << 28)[0]
    for a in range(7, 0, -1):
        choice = np.int64(word % np.uint64(a + 1))
        word //= np.uint64(a + 1)
        order[a], order[choice] = order[choice], order[a]


@nb.njit(cache=True)
def _window(shape, box, pool, window):
    """Set the sites lo..hi that the box around the pool covers; tell if any."""
    px, py, pz, ux, uy = pool
    reach_x0 = min(-box[0] * ux, box[1] * ux) - box[2] * abs(uy)
    reach_x1 = max(-box[0] * ux, box[1] * ux) + box[2] * abs(uy)
    reach_y0 = min(-box[0] * uy, box[1] * uy) - box[2] * abs(ux)
    reach_y1 = max(-box[0] * uy, box[1] * uy) + box[2] * abs(ux)
    window[0, 0] = max(0, math.ceil(px + reach_x0))
    window[0, 1] = max(0, math.ceil(py + reach_y0))
    window[0, 2] = max(0, math.ceil(pz - box[3]))
    window[1, 0] = min(shape[0] - 1, math.floor(px + reach_x1))
    window[1, 1] = min(shape[1] - 1, math.floor(py + reach_y1))
    window[1, 2] = min(shape[2] - 1, math.floor(pz))
    return (window[0] <= window[1]).all()


@nb.njit(cache=True)
def _run_sweep(spin, pool, zone, rules, draw):
    """Run one sweep with the pool at rest at (x, y, z), heading along (ux, uy)."""
    shape = (spin.shape[0] - 2, spin.shape[1] - 2, spin.shape[2] - 2)
    window = np.empty((2, 3), np.int64)
    if not _window(shape, zone.box, pool, window):
        return
    n = window[1] - window[0] + 3
    plan = np.empty((n[0], n[1], n[2]), np.uint8)
    low = window[0] - 1
    order = np.empty(8, np.int64)
    _plan_window(plan, low, pool, zone, draw)
    for slot in range(_SLOTS):
        _shuffle(order, slot, draw)
        for parity in order:
            _sweep(spin, plan, low, parity, slot, rules, draw)


@nb.njit(cache=True)
def _scan(spin, segment, steps, zone, rules, key):
    """Run the sweeps steps[0]..steps[1] - 1 of a piece that began at steps[2]."""
    px, py, pz, ux, uy, stride = segment
    for step in range(steps[0], steps[1]):
        gone = (step - steps[2]) * stride
        pool = (px + gone * ux, py + gone * uy, pz, ux, uy)
        _run_sweep(spin, pool, zone, rules, _Draw(key[0], key[1], np.uint64(step)))


def _freeze(
    spin: np.ndarray,
    place: tuple[float, ...],
    zones: list[_Zone],
    rules: _Rules,
    seed: int,
    step: int,
) -> None:
    """Let the pool at `place` shrink to nothing after a step."""
    for k, zone in enumerate(zones):
        draw = _Draw(*split_key(seed, stream=3 + k), np.uint64(step))
        _run_sweep(spin, place, zone, rules, draw)


def _check(
    spin: np.ndarray, path: Path, pool: Pool, n_spins: int, temperature: float
) -> None:
    """Raise InputError unless the pool can melt something in the box."""
    if spin.ndim != 3 or 0 in spin.shape or spin.dtype.kind not in "iu":
        raise InputError(
            f"spins must be a 3-D array of integers, got {spin.shape} of {spin.dtype}"
        )
    if not 2 <= n_spins < 2**31:
        raise InputError(f"the number of spins must be at least 2, got {n_spins}")
    if not 0 <= temperature < math.inf:
        raise InputError(f"the temperature must be >= 0, got {temperature}")
    if pool.depth > spin.shape[2]:
        raise InputError(
            f"the pool is {pool.depth:g} voxels deep, the box only {spin.shape[2]}: "
            "make the pool shallower or the box higher"
        )
    if path.n_steps >= 2**32:
        raise InputError(
            f"the scan path takes {path.n_steps:,} sweeps, more than 2^32: raise the "
            "speed or shorten the path"
        )
    if not path.on.any():
        raise InputError("the beam is off on the whole scan path: nothing would melt")
    margin = max(*pool.ends, pool.width / 2)
    ends = np.stack([path.start[path.on], path.end[path.on]])
    low = ends.min(0) - (margin, margin, pool.depth)
    high = ends.max(0) + np.array([margin, margin, 0])
    if not ((low <= np.array(spin.shape) - 1) & (high >= 0)).all(1).any():
        size = " x ".join(map(str, spin.shape))
        raise InputError(
            f"the scan path lies outside the box: nothing of its {path.on.sum()} "
            f"segments reaches the {size} voxels"
        )


def solidify(
    spin: np.ndarray,
    path: Path,
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
    """Move a melt pool along a path and let the grains grow behind it.

    Parameters
    ----------
    spin : numpy.ndarray, int32, shape (nx, ny, nz)
        Spins >= 1 at the start; 0 where there is no material.
    path : Path
        Where the pool goes.
    pool, haz
        Shape of the melt pool and mobility around it.
    n_spins : int
        Molten sites take random spins 1..n_spins.
    temperature : float
        Of the Potts model, >= 0, in units of one unlike pair.
    copy_molten : bool
        Whether a site may take the spin of a molten neighbor, as in SPPARKS.
    freeze : bool
        Whether the pool shrinks and its melt freezes where a piece ends and the next
        does not go on from there, in sweeps that take no time; in SPPARKS the melt
        stays as single random sites.
    seed : int
        Key of the random numbers.
    first_step, last_step : int
        The sweeps to run, of `path.n_steps`; N and N more give the same as 2 N.
    progress : Progress
        Told the sweeps done.

    Returns
    -------
    numpy.ndarray, int32, shape (nx, ny, nz)
        Spins at the end, a view of an array with a ghost layer (no further copy: 8
        bytes a site with the start).

    Raises
    ------
    InputError
        If a number is out of range or the pool never touches a voxel.
    """
    _check(spin, path, pool, n_spins, temperature)
    check_seed(seed)
    end = path.n_steps if last_step is None else last_step
    if not 0 <= first_step <= end <= path.n_steps:
        raise InputError(
            f"sweeps {first_step}..{end} are not within the path's 0..{path.n_steps}"
        )
    padded = np.zeros([n + 2 for n in spin.shape], np.int32)  # 0 = no site
    padded[1:-1, 1:-1, 1:-1] = spin
    zone = _tabulate(pool, haz, signed=False)
    beta = 1 / temperature if temperature > 0 else math.inf
    rules = _Rules(np.uint64(n_spins), beta, copy_molten)
    key = split_key(seed, stream=2)
    begin = 0
    with progress("melt pool", end - first_step) as bar:
        for i, n in enumerate(path.n_sweeps):
            steps = max(begin, first_step), min(begin + int(n), end), begin
            begin += int(n)
            if path.on[i] and steps[0] < steps[1]:
                heading = path.direction[i, :2].tolist()
                stride = float(path.speed[i]) / SWEEPS_PER_TIME
                segment = (*path.start[i].tolist(), *heading, stride)
                _scan(padded, segment, steps, zone, rules, key)
                if freeze and steps[1] == begin and not path.goes_on[i]:
                    place = (*path.end[i].tolist(), *heading)
                    zones = _shrinking(pool, haz, stride)
                    _freeze(padded, place, zones, rules, seed, begin - 1)
            bar.update(max(0, min(begin, end) - first_step))
    return padded[1:-1, 1:-1, 1:-1]


@lru_cache(maxsize=8)
def _shrinking(pool: Pool, haz: Haz, stride: float) -> list[_Zone]:
    """Return the pool drawn in, sweep by sweep, until nothing is molten.

    The surface of a pool at rest draws in as fast as the sides of a moving one do.
    """
    zone = _tabulate(pool, haz, signed=True)
    speed = stride * min(pool.width / 2, pool.depth) / pool.ends[1]
    if haz.law == "linear":
        speed /= haz.width
    n = math.ceil(-float(zone.distance.min()) / speed) + 1
    return [zone._replace(drawn_in=speed * (k + 1)) for k in range(n)]
