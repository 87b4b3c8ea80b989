r"""Isotropic grain growth by the Potts model on the sc/26n lattice at temperature 0.

The energy of a site is the number of its 26 neighbours with another spin,

.. math:: E = \tfrac12 \sum_i \sum_{j \in N(i)} (1 - \delta_{s_i s_j}),

Eq. (1) of Hoffman et al., Acta Materialia 288 (2025). A site may take the spin of a
neighbour when that does not raise the energy, and each such flip has rate 1 per unit of
time, as in SPPARKS' ``potts`` at T = 0. The eight sublattices (x, y, z odd or even)
are swept in turn: sites of one sublattice are never neighbours, so they may flip at
once. In a sweep of length dt a site with n allowed spins flips with probability
1 - exp(-n dt).
"""

import numba as nb
import numpy as np

from grainpaint.errors import InputError
from grainpaint.microstructure import Microstructure
from grainpaint.philox import check_seed, philox4x32, split_key
from grainpaint.progress import Progress, silent
from grainpaint.segment import label_pieces

__all__ = ["grow", "isotropic"]

# Length of a sweep: 0.1 gives the same grains within their scatter, 0.5 larger ones.
_DT = 0.25


@nb.njit(cache=True)
def _wrap_ghosts(spin):
    """Copy the faces of the periodic box into the ghost layer around it."""
    spin[0], spin[-1] = spin[-2], spin[1]
    spin[:, 0], spin[:, -1] = spin[:, -2], spin[:, 1]
    spin[:, :, 0], spin[:, :, -1] = spin[:, :, -2], spin[:, :, 1]


@nb.njit(cache=True)
def _count_like(spin, x, y, like):
    """Count, for each site of row (x, y), the neighbours of equal spin."""
    row = spin[x, y]
    n = row.size
    like[:] = -1  # the site itself is counted below
    for dx in range(-1, 2):
        for dy in range(-1, 2):
            other = spin[x + dx, y + dy]
            for z in range(1, n - 1):
                v = row[z]
                like[z] += (
                    np.int32(other[z - 1] == v)
                    + np.int32(other[z] == v)
                    + np.int32(other[z + 1] == v)
                )


@nb.njit(cache=True)
def _allowed_spins(spin, x, y, z, n_like, candidate, count):
    """List the neighbouring spins that do not raise the energy; return how many."""
    mine = spin[x, y, z]
    n_found = 0
    for dx in range(-1, 2):
        for dy in range(-1, 2):
            for dz in range(-1, 2):
                v = spin[x + dx, y + dy, z + dz]
                if v == mine:
                    continue
                for w in range(n_found):
                    if candidate[w] == v:
                        count[w] += 1
                        break
                else:
                    candidate[n_found] = v
                    count[n_found] = 1
                    n_found += 1
    n_allowed = 0
    for w in range(n_found):
        if count[w] >= n_like:
            candidate[n_allowed] = candidate[w]
            n_allowed += 1
    return n_allowed


@nb.njit(cache=True, parallel=True)
def _sweep(spin, sublattice, dt, k0, k1, step):
    """Visit each site of one sublattice once, in place."""
    n0, n1, n2 = spin.shape
    x0 = 1 + (sublattice & 1)
    y0 = 1 + ((sublattice >> 1) & 1)
    z0 = 1 + ((sublattice >> 2) & 1)
    for i in nb.prange((n0 - 2) // 2):
        x = x0 + 2 * i
        like = np.empty(n2, np.int32)
        candidate = np.empty(26, np.int32)
        count = np.empty(26, np.int32)
        for y in range(y0, n1 - 1, 2):
            _count_like(spin, x, y, like)
            for z in range(z0, n2 - 1, 2):
                if like[z] > 13:  # no other spin can have as many of 26
                    continue
                n = _allowed_spins(spin, x, y, z, like[z], candidate, count)
                if n == 0:
                    continue
                word = philox4x32(
                    k0, k1, np.uint64(x), np.uint64(y), np.uint64(z), step
                )
                u = np.float64(word[0]) * 2.0**-32
                if u < 1.0 - np.exp(-n * dt):
                    spin[x, y, z] = candidate[(word[1] * np.uint64(n)) >> np.uint64(32)]


def grow(
    spin: np.ndarray,
    duration: float,
    seed: int = 0,
    progress: Progress = silent,
) -> np.ndarray:
    """Let the grains of a periodic box grow.

    Parameters
    ----------
    spin : numpy.ndarray, int32, shape (nx, ny, nz)
        Spins at the start; all three edges even.
    duration : float
        Time units of SPPARKS' ``potts`` (each allowed flip has rate 1).
    seed : int
        Key of the random numbers.
    progress : Progress
        Told the time reached.

    Returns
    -------
    numpy.ndarray, int32, shape (nx, ny, nz)
        Spins at the end.

    Raises
    ------
    InputError
        If an edge is odd or smaller than 4, or the duration is negative.
    """
    if any(n < 4 or n % 2 for n in spin.shape):
        raise InputError(
            f"each edge of a periodic Potts box must be even and at least 4, "
            f"got {'x'.join(map(str, spin.shape))}"
        )
    if not duration >= 0:
        raise InputError(f"the simulated time must be >= 0, got {duration}")
    padded = np.empty([n + 2 for n in spin.shape], np.int32)
    padded[1:-1, 1:-1, 1:-1] = spin
    _wrap_ghosts(padded)
    k0, k1 = split_key(seed, stream=1)
    time, step = 0.0, 0
    with progress("grain growth", duration) as bar:
        while time < duration - 1e-9:
            dt = min(_DT, duration - time)
            for sublattice in range(8):
                _sweep(padded, sublattice, dt, k0, k1, np.uint64(step))
                _wrap_ghosts(padded)
                step += 1
            time += dt
            bar.update(time)
    return padded[1:-1, 1:-1, 1:-1].copy()


def isotropic(
    shape: tuple[int, int, int],
    time: float = 100.0,
    n_spins: int = 1000,
    seed: int = 0,
    spacing: float = 1.0,
    progress: Progress = silent,
) -> Microstructure:
    """Simulate isotropic grain growth from random spins in a periodic box.

    Parameters
    ----------
    shape : three ints
        Voxels along x, y, z; each even and at least 4.
    time : float
        Time units of SPPARKS' ``potts``; 100 is the paper's setting.
    n_spins : int
        Number of spins Q, at least 2.
    seed : int
        The same seed gives the same volume, whatever the number of threads.
    spacing : float
        Edge of a voxel, µm.
    progress : Progress
        Told the time reached.

    Returns
    -------
    Microstructure
        Periodic; a grain is a piece of equal spin connected through 26 neighbours.

    Raises
    ------
    InputError
        If shape, time, n_spins or seed are out of range.

    Examples
    --------
    >>> isotropic((16, 16, 16), time=5, seed=1).n_grains > 10
    True
    """
    if n_spins < 2:
        raise InputError(f"the number of spins must be at least 2, got {n_spins}")
    check_seed(seed)
    rng = np.random.default_rng(seed)
    start = rng.integers(1, n_spins + 1, size=shape, dtype=np.int32)
    spin = grow(start, time, seed, progress)
    periodic = (True, True, True)
    grain_id = label_pieces(spin, periodic, corners=True)
    return Microstructure(grain_id, (spacing,) * 3, (0.0, 0.0, 0.0), periodic)
