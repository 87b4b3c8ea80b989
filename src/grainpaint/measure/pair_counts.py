"""How many pairs of voxels lie in one grain, at each lag.

Every pair of runs of voxels along z of one ID adds its pairs of voxels at all lags at
once. An ID with very many runs is transformed (FFT) instead, where that is faster.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import numba as nb
import numpy as np

from grainpaint.microstructure import Microstructure

__all__ = ["inside_pairs", "same_pairs"]

_RUNS = 40  # (number of runs)^2 that take as long as one voxel of a transform
_ROOM = 2**26  # counts that all threads together may hold


@nb.njit(cache=True, nogil=True)
def _list_runs(grain_id, n_ids, rows):
    """Count the runs along z of each ID, and list them by ID if `rows` is not empty.

    A run is (x, y, first z, last z + 1). Returns where the runs of each ID begin.
    """
    nx, ny, nz = grain_id.shape
    start = np.zeros(n_ids + 1, np.int64)
    for step in range(2):  # count, then list
        place = start.copy()
        for x in range(nx):
            for y in range(ny):
                row = grain_id[x, y]
                first = 0
                for z in range(1, nz + 1):
                    if z < nz and row[z] == row[first]:
                        continue
                    g = row[first]
                    if step == 0:
                        start[g + 1] += 1
                    else:
                        k = place[g]
                        rows[k, 0], rows[k, 1], rows[k, 2], rows[k, 3] = x, y, first, z
                        place[g] += 1
                    first = z
        if step == 0:
            start = np.cumsum(start)
            if rows.shape[0] == 0:
                break
    return start


@nb.njit(cache=True, nogil=True)
def _add_overlaps(bends, a, b, shift):
    """Add the pairs of voxels of two runs at each lag along z, as second differences.

    Runs of m and n voxels have 1, 2, ... min(m, n), ... 2, 1 pairs at successive lags,
    starting from the last voxel of a to the first of b: a curve with four kinks.
    """
    bends[b[2] - a[3] + 1 + shift] += 1
    bends[b[2] - a[2] + 1 + shift] -= 1
    bends[b[3] - a[3] + 1 + shift] -= 1
    bends[b[3] - a[2] + 1 + shift] += 1


@nb.njit(cache=True, nogil=True)
def _pair_runs(rows, start, ids, shape, lag, wraps, bends):
    """Add the pairs of voxels in different runs of each ID, each pair once.

    A lag points away from the voxel that makes its x component positive; if that is 0,
    from the first voxel. `bends` has the axes lag x from 0, lag y from -lag[1], and
    lag z from -shape[2].
    """
    for g in ids:
        for i in range(start[g], start[g + 1]):
            a = rows[i]
            for j in range(i + 1, start[g + 1]):
                b = rows[j]
                x, y = b[0] - a[0], b[1] - a[1]
                turned = (
                    wraps[0] and 2 * x > shape[0]
                )  # closer through the periodic face
                if turned:
                    x, y = shape[0] - x, -y
                if x > lag[0]:
                    if wraps[0]:
                        continue
                    break  # the next ones lie even further away
                if wraps[1]:
                    if 2 * y > shape[1]:
                        y -= shape[1]
                    elif -2 * y > shape[1]:
                        y += shape[1]
                if -lag[1] <= y <= lag[1]:
                    line = bends[x, y + lag[1]]
                    if turned:
                        _add_overlaps(line, b, a, shape[2])
                    else:
                        _add_overlaps(line, a, b, shape[2])


def _by_runs(
    volume: Microstructure,
    rows: np.ndarray,
    start: np.ndarray,
    ids: np.ndarray,
    lag: tuple[int, ...],
) -> np.ndarray:
    """Count the pairs of voxels of equal ID at each lag from pairs of runs."""
    n_x, n_y, n_z = volume.shape
    shape, lags = np.array(volume.shape), np.array(lag)
    wraps = np.array(volume.periodic)
    size = (lag[0] + 1, 2 * lag[1] + 1, 2 * n_z + 2)
    n_workers = min(os.cpu_count() or 1, max(1, _ROOM // int(np.prod(size))))
    # Split the IDs into shares with equal numbers of pairs of runs.
    work = np.cumsum(np.diff(start)[ids].astype(float) ** 2)
    edges = np.searchsorted(work, np.linspace(0, work[-1], n_workers + 1)[1:-1])

    def count(some: np.ndarray) -> np.ndarray:
        bends = np.zeros(size, np.int64)
        _pair_runs(rows, start, some, shape, lags, wraps, bends)
        return bends

    with ThreadPoolExecutor(n_workers) as pool:
        bends = sum(pool.map(count, np.split(ids, edges)))
    half = np.cumsum(np.cumsum(bends, axis=2), axis=2)[:, :, : 2 * n_z + 1]
    # Lags along z now go from -n_z to n_z. Add each pair in the other direction:
    full = np.concatenate([half[:0:-1, ::-1, ::-1], half])
    full[lag[0]] += half[0, ::-1, ::-1]
    chosen = np.zeros(start.size - 1, bool)  # and the pairs within one run
    chosen[ids] = True
    length = (rows[:, 3] - rows[:, 2])[np.repeat(chosen, np.diff(start))]
    inner = np.bincount(length, minlength=n_z + 1)
    longer = np.cumsum(np.cumsum(inner[::-1]))[::-1]  # sum of (length - lag + 1)+
    within = np.append(longer[1:], 0)
    full[lag[0], lag[1]] += np.concatenate([within[:0:-1], within])
    z = np.arange(-lag[2], lag[2] + 1)
    result = full[:, :, z + n_z]
    if volume.periodic[2]:  # the same lag through the periodic face
        result += full[:, :, np.where(z > 0, z - n_z, z + n_z) + n_z] * (z != 0)
    if wraps[0] and 2 * lag[0] == n_x:  # half a period: both directions are one lag
        result[0] = result[-1] = result[0] + result[-1]
    if wraps[1] and 2 * lag[1] == n_y:
        result[:, 0] = result[:, -1] = result[:, 0] + result[:, -1]
    return result


def _by_transform(
    volume: Microstructure, inside: np.ndarray, lag: tuple[int, ...]
) -> np.ndarray:
    """Count the pairs of voxels in a mask at each lag by a Fourier transform."""
    from scipy import fft

    shape = _padded_shape(volume, lag)
    spectrum = fft.rfftn(inside, shape, workers=-1)
    power = spectrum.real**2 + spectrum.imag**2
    # Counts are integers: rounding removes the error of the transform.
    pairs = np.rint(fft.irfftn(power, shape, workers=-1))
    window = np.ix_(*(np.arange(-m, m + 1) % n for m, n in zip(lag, shape)))
    result: np.ndarray = pairs[window]
    return result


def _padded_shape(volume: Microstructure, lag: tuple[int, ...]) -> tuple[int, ...]:
    """Return the shape of transforms; open axes are padded for all lags."""
    from scipy.fft import next_fast_len

    return tuple(
        n if wrap else next_fast_len(n + m, real=True)
        for n, m, wrap in zip(volume.shape, lag, volume.periodic)
    )


def same_pairs(volume: Microstructure, lag: tuple[int, ...]) -> np.ndarray:
    """Count the pairs of voxels of the same grain at each lag.

    Parameters
    ----------
    volume : Microstructure
    lag : three ints
        Largest lags along x, y, z, voxels.

    Returns
    -------
    numpy.ndarray, float64, shape (2 lag + 1)
        Pairs at the lags -lag..lag; each pair counts in both directions.
    """
    # Runs are longest, and so fewest, if a flat axis is not the last one.
    volume = volume.compact()[0]
    order = sorted(range(3), key=lambda axis: volume.shape[axis] > 1)
    moved = Microstructure(
        np.ascontiguousarray(volume.grain_id.transpose(order)),
        periodic=tuple(volume.periodic[axis] for axis in order),
    )
    found = _same_pairs(moved, tuple(lag[axis] for axis in order))
    return found.transpose(np.argsort(order))


def _same_pairs(volume: Microstructure, lag: tuple[int, ...]) -> np.ndarray:
    """Count the pairs; see `same_pairs`."""
    n_ids = int(volume.grain_id.max()) + 1
    start = _list_runs(volume.grain_id, n_ids, np.empty((0, 4), np.int32))
    rows = np.empty((start[-1], 4), np.int32)
    _list_runs(volume.grain_id, n_ids, rows)
    n_runs = np.diff(start)
    n_runs[0] = 0
    # A grain with very many runs is transformed as a whole.
    many = n_runs**2 > _RUNS * np.prod(_padded_shape(volume, lag))
    total = np.zeros([2 * m + 1 for m in lag])
    few = np.flatnonzero((n_runs > 0) & ~many)
    if few.size:
        total += _by_runs(volume, rows, start, few, lag)
    for grain in np.flatnonzero(many):
        total += _by_transform(volume, volume.grain_id == grain, lag)
    return total


def inside_pairs(volume: Microstructure, lag: tuple[int, ...]) -> np.ndarray:
    """Count the pairs of voxels inside the part at each lag, as `same_pairs` does."""
    if volume.grain_id.all():
        counts = [
            np.full(2 * m + 1, n) if wrap else n - np.abs(np.arange(-m, m + 1))
            for n, m, wrap in zip(volume.shape, lag, volume.periodic)
        ]
        x, y, z = (c.astype(float) for c in counts)
        box: np.ndarray = x[:, None, None] * y[:, None] * z
        return box
    return _by_transform(volume, volume.mask, lag)
