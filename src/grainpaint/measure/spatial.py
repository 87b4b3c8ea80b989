r"""Statistics of space: correlations, chords, boundaries and the lines between them."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numba as nb
import numpy as np

from grainpaint.errors import InputError
from grainpaint.measure.grains import Tally, surface_area, tally
from grainpaint.microstructure import Microstructure

__all__ = ["Correlation", "boundary_density", "chords", "measures", "two_point"]

_RUNS = 40  # a voxel of a transform takes as long as so many half pairs of runs
_ROOM = 2**26  # counts of all threads together


@dataclass(frozen=True)
class Correlation:
    """The probability that two voxels at a distance belong to the same grain.

    Parameters
    ----------
    along : tuple of three numpy.ndarray, float64, shape (max_lag + 1,)
        Along x, y, z, for distances of 0, 1, 2, ... voxels.
    radial : numpy.ndarray, float64, shape (k,)
        Over all directions, in shells as wide as the smallest voxel edge.
    shell_um : float
        Width of a shell, µm: shell i holds the distances (i - 1/2 .. i + 1/2) of it.
    """

    along: tuple[np.ndarray, np.ndarray, np.ndarray]
    radial: np.ndarray
    shell_um: float


@nb.njit(cache=True, nogil=True)
def _list_runs(grain_id, n_ids, rows):
    """Count the runs along z of each ID; list them by ID if `rows` has room.

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

    Runs of m and n voxels have 1, 2, ... min(m, n), ... 2, 1 pairs at the lags from the
    last voxel of a to the first of b on: a line that bends in four places.
    """
    bends[b[2] - a[3] + 1 + shift] += 1
    bends[b[2] - a[2] + 1 + shift] -= 1
    bends[b[3] - a[3] + 1 + shift] -= 1
    bends[b[3] - a[2] + 1 + shift] += 1


@nb.njit(cache=True, nogil=True)
def _pair_runs(rows, start, ids, shape, lag, wraps, bends):
    """Add the pairs of voxels in different runs of each ID, each pair once.

    A pair counts from the voxel that makes the lag along x positive; of lag 0, from the
    one that comes first. `bends` has the axes lag x from 0, lag y from -lag[1], lag z
    from -shape[2].
    """
    for g in ids:
        for i in range(start[g], start[g + 1]):
            a = rows[i]
            for j in range(i + 1, start[g + 1]):
                b = rows[j]
                x, y = b[0] - a[0], b[1] - a[1]
                turned = wraps[0] and 2 * x > shape[0]  # nearer the other way round
                if turned:
                    x, y = shape[0] - x, -y
                if x > lag[0]:
                    if wraps[0]:
                        continue
                    break  # those that follow lie further still
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
    """Count the pairs of voxels of equal ID at each lag, run by run."""
    n_x, n_y, n_z = volume.shape
    shape, lags = np.array(volume.shape), np.array(lag)
    wraps = np.array(volume.periodic)
    size = (lag[0] + 1, 2 * lag[1] + 1, 2 * n_z + 2)
    n_workers = min(os.cpu_count() or 1, max(1, _ROOM // int(np.prod(size))))
    # Shares of equal work: the pairs of runs.
    work = np.cumsum(np.diff(start)[ids].astype(float) ** 2)
    edges = np.searchsorted(work, np.linspace(0, work[-1], n_workers + 1)[1:-1])

    def count(some: np.ndarray) -> np.ndarray:
        bends = np.zeros(size, np.int64)
        _pair_runs(rows, start, some, shape, lags, wraps, bends)
        return bends

    with ThreadPoolExecutor(n_workers) as pool:
        bends = sum(pool.map(count, np.split(ids, edges)))
    half = np.cumsum(np.cumsum(bends, axis=2), axis=2)[:, :, : 2 * n_z + 1]
    # Lags along z now go from -n_z to n_z. Each pair again from its other end:
    full = np.concatenate([half[:0:-1, ::-1, ::-1], half])
    full[lag[0]] += half[0, ::-1, ::-1]
    chosen = np.zeros(start.size - 1, bool)  # and those within a run
    chosen[ids] = True
    length = (rows[:, 3] - rows[:, 2])[np.repeat(chosen, np.diff(start))]
    inner = np.bincount(length, minlength=n_z + 1)
    longer = np.cumsum(np.cumsum(inner[::-1]))[::-1]  # sum of (length - lag + 1)+
    within = np.append(longer[1:], 0)
    full[lag[0], lag[1]] += np.concatenate([within[:0:-1], within])
    z = np.arange(-lag[2], lag[2] + 1)
    result = full[:, :, z + n_z]
    if volume.periodic[2]:  # the same lag the other way round
        result += full[:, :, np.where(z > 0, z - n_z, z + n_z) + n_z] * (z != 0)
    if wraps[0] and 2 * lag[0] == n_x:  # half a period is one lag, forth and back
        result[0] = result[-1] = result[0] + result[-1]
    if wraps[1] and 2 * lag[1] == n_y:
        result[:, 0] = result[:, -1] = result[:, 0] + result[:, -1]
    return result


def _by_transform(
    volume: Microstructure, inside: np.ndarray, lag: tuple[int, ...]
) -> np.ndarray:
    """Count the pairs of voxels of a mask at each lag by a Fourier transform."""
    from scipy import fft

    shape = _padded_shape(volume, lag)
    spectrum = fft.rfftn(inside, shape, workers=-1)
    power = spectrum.real**2 + spectrum.imag**2
    # Counts are integers: rounding takes away the error of the transform.
    pairs = np.rint(fft.irfftn(power, shape, workers=-1))
    window = np.ix_(*(np.arange(-m, m + 1) % n for m, n in zip(lag, shape)))
    result: np.ndarray = pairs[window]
    return result


def _padded_shape(volume: Microstructure, lag: tuple[int, ...]) -> tuple[int, ...]:
    """Return the shape of transforms; open axes have room for all lags."""
    from scipy.fft import next_fast_len

    return tuple(
        n if wrap else next_fast_len(n + m, real=True)
        for n, m, wrap in zip(volume.shape, lag, volume.periodic)
    )


def _same_pairs(volume: Microstructure, lag: tuple[int, ...]) -> np.ndarray:
    """Count the pairs of voxels of the same grain at each lag -lag..lag."""
    n_ids = int(volume.grain_id.max()) + 1
    start = _list_runs(volume.grain_id, n_ids, np.empty((0, 4), np.int32))
    rows = np.empty((start[-1], 4), np.int32)
    _list_runs(volume.grain_id, n_ids, rows)
    n_runs = np.diff(start)
    n_runs[0] = 0
    # A grain of very many runs is transformed as a whole.
    many = n_runs**2 > _RUNS * np.prod(_padded_shape(volume, lag))
    total = np.zeros([2 * m + 1 for m in lag])
    few = np.flatnonzero((n_runs > 0) & ~many)
    if few.size:
        total += _by_runs(volume, rows, start, few, lag)
    for grain in np.flatnonzero(many):
        total += _by_transform(volume, volume.grain_id == grain, lag)
    return total


def two_point(
    volume: Microstructure, max_lag: int | None = None, counted: Tally | None = None
) -> Correlation:
    r"""Measure how far grains reach: the two-point correlation of "same grain".

    .. math:: S(r) = P(g(x) = g(x + r) \mid x, x + r \text{ inside})

    Torquato, Random Heterogeneous Materials (2002), section 2.2, summed over the
    grains. S(0) = 1; far away S is 0, or in a periodic box what wraps around.

    Parameters
    ----------
    volume : Microstructure
    max_lag : int, optional
        Largest distance along each axis, voxels; by default twice the mean edge of
        the bounding boxes of the grains.
    counted : Tally, optional
        Of this volume, where it is at hand.

    Returns
    -------
    Correlation

    Raises
    ------
    InputError
        If the volume has no grain, or max_lag < 1.

    Notes
    -----
    Exact: every pair of runs of voxels along z of one ID adds its pairs of voxels at
    all lags at once. An ID in very many runs is transformed (FFT) instead, where that
    takes less time. In grains of one size the time grows as the volume.

    Examples
    --------
    >>> layers = np.repeat(np.arange(1, 5), 3)[:, None, None] * np.ones((1, 4, 4), int)
    >>> two_point(Microstructure(layers), 3).along[0].round(3).tolist()
    [1.0, 0.727, 0.4, 0.0]
    """
    if max_lag is None:
        counted = counted or tally(volume)
        some = counted.sums[:, 0] > 0
        some[0] = False
        extent = (counted.high - counted.low + 1)[some]
        max_lag = int(np.ceil(2 * extent.mean()))
    if not volume.grain_id.any():
        raise InputError("the volume has no grain: every voxel is outside (grain_id 0)")
    if max_lag < 1:
        raise InputError(f"the largest lag must be at least 1 voxel, got {max_lag}")
    lag = tuple(
        min(max_lag, n // 2 if wrap else n - 1)
        for n, wrap in zip(volume.shape, volume.periodic)
    )
    same = _same_pairs(volume, lag)
    pairs = _inside_pairs(volume, lag)
    middle = np.array(lag)
    along = []
    for axis in range(3):
        line = [int(m) for m in middle]
        take: list[int | slice] = list(line)
        take[axis] = slice(line[axis], None)
        along.append(_ratio(same[tuple(take)], pairs[tuple(take)]))
    step = min(volume.spacing)
    offsets = np.meshgrid(
        *(np.arange(-m, m + 1) * s for m, s in zip(lag, volume.spacing)),
        indexing="ij",
        sparse=True,
    )
    distance = np.sqrt(sum(o**2 for o in offsets))
    shell = np.rint(distance / step).astype(int).ravel()
    # Shells that the box of lags holds whole.
    reach = min((m * s for m, s in zip(lag, volume.spacing) if m), default=0.0)
    n_shells = int(reach / step) + 1
    radial = _ratio(
        np.bincount(shell, same.ravel())[:n_shells],
        np.bincount(shell, pairs.ravel())[:n_shells],
    )
    return Correlation((along[0], along[1], along[2]), radial, step)


def _ratio(same: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    out = np.full(same.shape, np.nan)
    ratio: np.ndarray = np.divide(same, pairs, out=out, where=pairs > 0)
    return ratio


def _inside_pairs(volume: Microstructure, lag: tuple[int, ...]) -> np.ndarray:
    """Count the pairs of voxels inside the part at each lag."""
    if volume.grain_id.all():
        counts = [
            np.full(2 * m + 1, n) if wrap else n - np.abs(np.arange(-m, m + 1))
            for n, m, wrap in zip(volume.shape, lag, volume.periodic)
        ]
        x, y, z = (c.astype(float) for c in counts)
        box: np.ndarray = x[:, None, None] * y[:, None] * z
        return box
    return _by_transform(volume, volume.mask, lag)


@nb.njit(cache=True)
def _count_chords(rows, counts):
    """Count the lengths of the runs of equal grains that end within their row."""
    n = rows.shape[1]
    for r in range(rows.shape[0]):
        start = 0
        for z in range(1, n):
            if rows[r, z] != rows[r, z - 1]:
                if start > 0 and rows[r, start] != 0:
                    counts[z - start] += 1
                start = z


@nb.njit(cache=True)
def _count_chords_around(rows, counts):
    """Count the runs of rows that close to a ring."""
    n = rows.shape[1]
    for r in range(rows.shape[0]):
        first = -1
        for z in range(n):
            if rows[r, z] != rows[r, z - 1]:
                first = z
                break
        if first < 0:
            continue  # one grain all round: no chord ends
        start = first
        for k in range(first + 1, first + n + 1):
            if rows[r, k % n] != rows[r, (k - 1) % n]:
                if rows[r, start % n] != 0:
                    counts[k - start] += 1
                start = k


def chords(volume: Microstructure) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Count the chord lengths of the grains along x, y, z.

    A chord is a run of voxels of one grain on a line along the axis. Chords that an
    open face of the box cuts are left out.

    Returns
    -------
    three numpy.ndarray, int64, shape (n + 1,)
        Number of chords of 0, 1, 2, ... n voxels, for an axis of n voxels.

    Examples
    --------
    >>> chords(Microstructure(np.array([[[1, 2, 2, 3, 3]]])))[2].tolist()
    [0, 0, 1, 0, 0, 0]
    """
    result = []
    for axis, n in enumerate(volume.shape):
        rows = np.moveaxis(volume.grain_id, axis, -1).reshape(-1, n)
        counts = np.zeros(n + 1, np.int64)
        kernel = _count_chords_around if volume.periodic[axis] else _count_chords
        kernel(np.ascontiguousarray(rows), counts)
        result.append(counts)
    return result[0], result[1], result[2]


def boundary_density(volume: Microstructure) -> float:
    """Return the smoothed area of grain boundary per volume, 1/µm.

    The surface of the part and the faces of the box are no grain boundary.

    Raises
    ------
    InputError
        If the volume has no grain.
    """
    return _boundary_density(tally(volume), volume.spacing)


def _boundary_density(counted: Tally, spacing: tuple[float, ...]) -> float:
    # Every boundary was crossed from both sides, the outside from both sides too.
    between = (counted.crossings[1:].sum(0) - counted.crossings[0]) / 2
    size = counted.sums[1:, 0].sum() * float(np.prod(spacing))
    return float(surface_area(between, spacing) / size)


@nb.njit(cache=True)
def _distinct(a, b, c, d):
    """Count the distinct grains of a square of four voxels; 0 if one is outside."""
    if a == 0 or b == 0 or c == 0 or d == 0:
        return 0
    n = 1
    n += b != a
    n += c != a and c != b
    n += d != a and d != b and d != c
    return n


@nb.njit(cache=True, parallel=True)
def _count_junctions(grain_id, stop):
    """Count triple points of sections across x, y, z, and twice the quadruple ones."""
    nx, ny, nz = grain_id.shape
    found = np.zeros((nx, 4), np.int64)
    for x in nb.prange(nx):
        u = (x + 1) % nx
        in_x = x < stop[0]
        for y in range(ny):
            v = (y + 1) % ny
            in_y = y < stop[1]
            for z in range(nz):
                w = (z + 1) % nz
                in_z = z < stop[2]
                g, gx = grain_id[x, y, z], grain_id[u, y, z]
                gy, gxy = grain_id[x, v, z], grain_id[u, v, z]
                gz, gxz = grain_id[x, y, w], grain_id[u, y, w]
                gyz, gxyz = grain_id[x, v, w], grain_id[u, v, w]
                if (
                    g == gx
                    and g == gy
                    and g == gz
                    and g == gxy
                    and g == gxz
                    and g == gyz
                    and g == gxyz
                ):
                    continue
                across_x = _distinct(g, gy, gz, gyz)
                across_y = _distinct(g, gx, gz, gxz)
                across_z = _distinct(g, gx, gy, gxy)
                if in_y and in_z:
                    found[x, 0] += max(0, across_x - 2)
                if in_x and in_z:
                    found[x, 1] += max(0, across_y - 2)
                if in_x and in_y:
                    found[x, 2] += max(0, across_z - 2)
                if not (in_x and in_y and in_z):
                    continue
                # Triple lines that meet at the corner between these eight voxels.
                n = (across_x > 2) + (across_y > 2) + (across_z > 2)
                n += _distinct(gx, gxy, gxz, gxyz) > 2
                n += _distinct(gy, gxy, gyz, gxyz) > 2
                n += _distinct(gz, gxz, gyz, gxyz) > 2
                if n > 0:
                    found[x, 3] += n - 2
    return found.sum(0)


def measures(volume: Microstructure, counted: Tally | None = None) -> dict[str, float]:
    """Measure a volume as a whole.

    Parameters
    ----------
    volume : Microstructure
    counted : Tally, optional
        Of this volume, where it is at hand.

    Returns
    -------
    dict of str to float
        - grains per mm³ (`grains_per_mm3`; border grains count);
        - `mean_volume_um3` and `weighted_volume_um3`, the mean grain volume by number
          and by volume;
        - `boundary_per_um`: smoothed area of grain boundary per volume, 1/µm;
        - `triple_lines_per_um2`: length of triple lines per volume, 1/µm²: twice the
          number of triple points per area of plane sections, averaged over sections
          across x, y, z (Underwood, Quantitative Stereology, 1970, L_V = 2 P_A);
        - `quadruple_points_per_um3`: points where four triple lines meet, per volume,
          1/µm³: half the sum of (lines - 2) over the corners of voxels, which is the
          edges less the vertices of the graph of triple lines;
        - `roughness`: the boundary area over that of the volume at half resolution
          (majority of 2 x 2 x 2 voxels): 1 for smooth boundaries.

    Raises
    ------
    InputError
        If the volume has no grain.
    """
    counted = counted or tally(volume)
    sizes = counted.sums[1:, 0]
    sizes = sizes[sizes > 0].astype(float)
    voxel = float(np.prod(volume.spacing))
    total = sizes.sum() * voxel
    stop = [n if wrap else n - 1 for n, wrap in zip(volume.shape, volume.periodic)]
    *triple, quadruple = _count_junctions(volume.grain_id, np.array(stop)).tolist()
    # A section has as many squares as voxels, each the face of a voxel in area.
    points_per_area = np.array(triple) / volume.n_voxels / voxel * volume.spacing
    boundary = _boundary_density(counted, volume.spacing)
    return {
        "grains_per_mm3": float(sizes.size / total * 1e9),
        "mean_volume_um3": float(sizes.mean() * voxel),
        "weighted_volume_um3": float((sizes**2).sum() / sizes.sum() * voxel),
        "boundary_per_um": boundary,
        "triple_lines_per_um2": 2 * float(points_per_area.mean()),
        "quadruple_points_per_um3": float(quadruple / 2 / total),
        "roughness": _roughness(volume, boundary),
    }


def _roughness(volume: Microstructure, fine: float) -> float:
    """Return the boundary density over that at half resolution; NaN if too small."""
    from grainpaint.pyramid import halve

    even = tuple(n // 2 * 2 for n in volume.shape)
    if 0 in even:
        return float("nan")
    whole = volume.crop((slice(even[0]), slice(even[1]), slice(even[2])))
    coarse = Microstructure(
        halve(whole.grain_id),
        tuple(2 * s for s in whole.spacing),
        whole.origin,
        whole.periodic,
    )
    if not coarse.grain_id.any():
        return float("nan")
    rough = boundary_density(coarse)
    return fine / rough if rough else float("nan")
