r"""Grains behind a moving melt pool: the additive Potts model on sc/26n.

In each sweep every site is attempted once on average, in random order, as in SPPARKS'
rejection kinetic Monte Carlo with ``sweep random``. A molten site takes a random spin.
A site of the heat-affected zone proposes the spin of a neighbour, each different one as
likely as the others, and takes it with the probability of Eq. (18),

.. math:: P = M \min(1, e^{-\Delta E / T}),

where M is its mobility (Eq. 19) and dE the change in unlike neighbours. Then the pool
moves on. Only the sites in the box around the pool are visited.

References
----------
Hoffman et al., Acta Materialia 288 (2025), section 3.3.

Rodgers, Madison, Tikare, Comput. Mater. Sci. 135 (2017),
https://doi.org/10.1016/j.commatsci.2017.03.053
"""

import math

import numba as nb
import numpy as np

from grainpaint.errors import InputError
from grainpaint.philox import check_seed, philox4x32, split_key
from grainpaint.progress import Progress, silent
from grainpaint.simulate.pool import ExponentialHaz, Haz, Pool, zone_box
from grainpaint.simulate.scan import SWEEPS_PER_TIME, Path

__all__ = ["solidify"]

_TOLERANCE = 1e-4  # voxels, on the surface of the pool
# A sweep is cut into slots: fewer give more grains than random order does.
_SLOTS = 4
_MOLTEN = np.uint8(0x80)  # bit of a site's plan; bit i = an attempt in slot i
_U = 2.0**-32


def _tabulate(pool: Pool, haz: Haz, signed: bool) -> tuple[np.ndarray, int]:
    """Return the normalized distance on a grid of one voxel, and its first x.

    The table has shape (along, across, below); it is 0 or less in the pool. For the
    exponential law distances are voxels, for the linear one shares of m_z. If not
    signed, a Bézier pool is 0 inside, as SPPARKS tabulates it.
    """
    rear, front, side, below = zone_box(pool, haz)
    x = np.arange(math.floor(-rear) - 1, math.ceil(front) + 2)
    y, z = np.arange(math.ceil(side) + 2), -np.arange(math.ceil(below) + 2)
    grid = np.stack(np.meshgrid(x, y, z, indexing="ij"), -1).reshape(-1, 3)
    distance, behind = pool.zone(grid.astype(float))
    if pool.shape == "bezier" and not signed:
        distance = np.maximum(distance, 0)
    if haz.law == "linear":
        extra = (haz.tail or haz.width) - haz.width
        distance = np.minimum(distance / (haz.width + extra * behind**haz.power), 1)
    table = distance.reshape(len(x), len(y), len(z)).astype(np.float32)
    return table, int(x[0])


@nb.njit(inline="always")
def _mobility(distance, decay):
    """Return the mobility: 1 = molten, 0 = cold."""
    if distance <= _TOLERANCE:
        return 1.0
    if decay > 0:
        return math.exp(-decay * math.ceil(distance - _TOLERANCE))
    return 1.0 - distance


@nb.njit(inline="always")
def _plan_site(mobility, words):
    """Return the slots in which a site makes a move, as bits.

    Attempts come at rate 1 and a move survives with the chance `mobility`, so the
    moves of a sweep are a Poisson number of that mean; they get different slots.
    """
    u = np.float64(words[0]) * _U
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
    word = words[1]
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
def _plan_column(plan, low, table, table_x, box, place, decay, shift, key, step):
    """Plan the sites (low[0], low[1], low[2] + k), at `place` relative to the pool."""
    along, across, height = place
    plan[:] = 0
    if not (-box[0] < along <= box[1] and abs(across) <= box[2]):
        return
    x, y = along - table_x, abs(across)
    i, j = int(x), int(y)
    a, b = x - i, y - j
    w00, w01, w10, w11 = (1 - a) * (1 - b), (1 - a) * b, a * (1 - b), a * b
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
        mobility = _mobility(d + shift, decay)
        if mobility <= 0:
            continue
        # + 1: the window reaches one site beyond the box, and words are unsigned.
        c0, c1, c2 = low[0] + 1, low[1] + 1, low[2] + k + 1
        words = philox4x32(
            key[0], key[1], np.uint64(c0), np.uint64(c1), np.uint64(c2), step
        )
        plan[k] = _plan_site(mobility, words)
        if mobility >= 1:
            plan[k] |= _MOLTEN


@nb.njit(cache=True, parallel=True)
def _plan_window(plan, low, table, table_x, box, pool, decay, shift, key, step):
    """Plan the moves of one sweep for all sites of the window from `low` on."""
    px, py, pz, ux, uy = pool
    for i in nb.prange(plan.shape[0]):
        x = low[0] + i
        for j in range(plan.shape[1]):
            y = low[1] + j
            dx, dy = x - px, y - py
            place = (ux * dx + uy * dy, ux * dy - uy * dx, pz)
            corner = (x, y, low[2])
            _plan_column(
                plan[i, j], corner, table, table_x, box, place, decay, shift, key, step
            )


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
def _sweep(spin, plan, low, parity, slot, key, step, n_spins, beta, copy_molten):
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
                place = np.uint64(z + ((slot + 1) << 28))  # no z is as large
                words = philox4x32(
                    key[0], key[1], np.uint64(x), np.uint64(y), place, step
                )
                if plan[i, j, k] & _MOLTEN:
                    spin[x, y, z] = 1 + ((words[0] * n_spins) >> np.uint64(32))
                    continue
                new, rise = _propose(
                    spin, (x, y, z), plan, (i, j, k), copy_molten, words[0], around
                )
                if new > 0 and (
                    rise <= 0 or np.float64(words[1]) * _U < math.exp(-beta * rise)
                ):
                    spin[x, y, z] = new


@nb.njit(cache=True)
def _shuffle(order, key, step, slot):
    """Put the eight sublattices in a random order."""
    zero = np.uint64(0)
    for a in range(8):
        order[a] = a
    word = philox4x32(key[0], key[1], zero, zero, np.uint64((slot + 1) << 28), step)[0]
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
def _run_sweep(spin, pool, shape, haz, melt, key, step):
    """Run one sweep with the pool at rest, its surface drawn in by haz[2]."""
    table, table_x, box = shape
    decay, beta, shift = haz
    n_spins, copy_molten = melt
    size = (spin.shape[0] - 2, spin.shape[1] - 2, spin.shape[2] - 2)
    window = np.empty((2, 3), np.int64)
    if not _window(size, box, pool, window):
        return
    n = window[1] - window[0] + 3
    plan = np.empty((n[0], n[1], n[2]), np.uint8)
    low = window[0] - 1
    order = np.empty(8, np.int64)
    _plan_window(plan, low, table, table_x, box, pool, decay, shift, key, step)
    for slot in range(_SLOTS):
        _shuffle(order, key, step, slot)
        for parity in order:
            _sweep(spin, plan, low, parity, slot, key, step, n_spins, beta, copy_molten)


@nb.njit(cache=True)
def _scan(spin, segment, steps, shape, haz, melt, key):
    """Run the sweeps steps[0]..steps[1] - 1 of a piece that began at steps[2]."""
    px, py, pz, ux, uy, stride = segment
    for step in range(steps[0], steps[1]):
        gone = (step - steps[2]) * stride
        pool = (px + gone * ux, py + gone * uy, pz, ux, uy)
        _run_sweep(spin, pool, shape, haz, melt, key, np.uint64(step))


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
        Whether a site may take the spin of a molten neighbour, as in SPPARKS.
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
    box = np.array(zone_box(pool, haz))
    shape = (*_tabulate(pool, haz, signed=False), box)
    signed = (*_tabulate(pool, haz, signed=True), box) if freeze else shape
    decay = haz.decay if isinstance(haz, ExponentialHaz) else 0.0
    beta = 1 / temperature if temperature > 0 else math.inf
    melt = (np.uint64(n_spins), copy_molten)
    key = split_key(seed, stream=2)
    begin = 0
    with progress("melt pool", end - first_step) as bar:
        for i, n in enumerate(path.n_sweeps):
            steps = max(begin, first_step), min(begin + int(n), end), begin
            begin += int(n)
            if path.on[i] and steps[0] < steps[1]:
                ux, uy, _ = path.direction[i].tolist()
                stride = float(path.speed[i]) / SWEEPS_PER_TIME
                segment = (*path.start[i].tolist(), ux, uy, stride)
                _scan(padded, segment, steps, shape, (decay, beta, 0.0), melt, key)
                if freeze and steps[1] == begin and not path.goes_on[i]:
                    place = (*path.end[i].tolist(), ux, uy)
                    for k, shift in enumerate(_freezing(signed[0], pool, haz, stride)):
                        _run_sweep(
                            padded,
                            place,
                            signed,
                            (decay, beta, shift),
                            melt,
                            split_key(seed, stream=3 + k),
                            np.uint64(begin - 1),
                        )
            bar.update(max(0, min(begin, end) - first_step))
    return padded[1:-1, 1:-1, 1:-1]


def _freezing(table: np.ndarray, pool: Pool, haz: Haz, stride: float) -> list[float]:
    """Return what is added to the table, sweep by sweep, until nothing is molten.

    The surface of a pool at rest draws in as fast as the sides of a moving one do.
    """
    rear = pool.ends[1]
    speed = stride * min(pool.width / 2, pool.depth) / rear
    unit = haz.width if haz.law == "linear" else 1.0
    n = math.ceil(-float(table.min()) * unit / speed) + 1
    return [speed / unit * (k + 1) for k in range(n)]
