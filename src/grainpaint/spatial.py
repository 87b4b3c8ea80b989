r"""Statistics of space: correlations, chords, boundaries and the lines between them."""

from __future__ import annotations

from dataclasses import dataclass

import numba as nb
import numpy as np

from grainpaint.errors import InputError
from grainpaint.microstructure import Microstructure
from grainpaint.stats import Tally, surface_area, tally

__all__ = ["Correlation", "boundary_density", "chords", "measures", "two_point"]

_BATCH = 2**24  # voxels of padded grains that are transformed at a time


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


def _unwrapped(volume: Microstructure, counted: Tally, grain: int) -> np.ndarray:
    """Return the voxels of a grain in its bounding box, whole across the faces."""
    index = []
    for axis, n in enumerate(volume.shape):
        start = counted.cut[grain, axis] + counted.low[grain, axis]
        stop = counted.cut[grain, axis] + counted.high[grain, axis] + 1
        index.append(np.arange(start, stop) % n)
    inside: np.ndarray = volume.grain_id[np.ix_(*index)] == grain
    return inside


def _autocorrelation(boxes: list[np.ndarray], shape: tuple[int, ...]) -> np.ndarray:
    """Add up the pairs of voxels of the boxes at each lag modulo `shape`, by FFT."""
    from scipy import fft

    power = np.zeros((*shape[:2], shape[2] // 2 + 1))
    step = max(1, _BATCH // int(np.prod(shape)))
    for start in range(0, len(boxes), step):
        batch = boxes[start : start + step]
        padded = np.zeros((len(batch), *shape))
        for i, box in enumerate(batch):
            a, b, c = box.shape
            padded[i, :a, :b, :c] = box
        spectrum = fft.rfftn(padded, axes=(1, 2, 3), workers=-1)
        power += (spectrum.real**2 + spectrum.imag**2).sum(0)
    # Counts are integers: rounding takes away the error of the transform.
    pairs: np.ndarray = np.rint(fft.irfftn(power, shape, workers=-1))
    return pairs


def _same_pairs(
    volume: Microstructure, counted: Tally, lag: tuple[int, ...]
) -> np.ndarray:
    """Count the pairs of voxels of the same grain at each lag -lag..lag."""
    by_shape: dict[tuple[int, ...], list[int]] = {}
    for grain in np.flatnonzero(counted.sums[:, 0]).tolist():
        if grain == 0:
            continue
        shape = []
        for axis, n in enumerate(volume.shape):
            extent = int(counted.high[grain, axis] - counted.low[grain, axis]) + 1
            if volume.periodic[axis] and 2 * extent > n:
                shape.append(n)  # it meets itself again: the transform wraps as well
            else:  # room for all lags of the grain; in few sizes, to share transforms
                room = extent + min(extent, lag[axis])
                shape.append(-(-room // 8) * 8)
        by_shape.setdefault(tuple(shape), []).append(grain)
    total = np.zeros([2 * m + 1 for m in lag])
    for key, grains in by_shape.items():
        pairs = _autocorrelation([_unwrapped(volume, counted, g) for g in grains], key)
        reach = [min(m, n // 2) for m, n in zip(lag, key)]
        here = tuple(slice(m - r, m + r + 1) for m, r in zip(lag, reach))
        total[here] += pairs[
            np.ix_(*(np.arange(-r, r + 1) % n for r, n in zip(reach, key)))
        ]
    return total


def two_point(volume: Microstructure, max_lag: int | None = None) -> Correlation:
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

    Returns
    -------
    Correlation

    Raises
    ------
    InputError
        If the volume has no grain, or max_lag < 1.

    Examples
    --------
    >>> layers = np.repeat(np.arange(1, 5), 3)[:, None, None] * np.ones((1, 4, 4), int)
    >>> two_point(Microstructure(layers), 3).along[0].round(3).tolist()
    [1.0, 0.727, 0.4, 0.0]
    """
    counted = tally(volume)
    if max_lag is None:
        some = counted.sums[:, 0] > 0
        some[0] = False
        extent = (counted.high - counted.low + 1)[some]
        max_lag = int(np.ceil(2 * extent.mean()))
    if max_lag < 1:
        raise InputError(f"the largest lag must be at least 1 voxel, got {max_lag}")
    lag = tuple(
        min(max_lag, n // 2 if wrap else n - 1)
        for n, wrap in zip(volume.shape, volume.periodic)
    )
    same = _same_pairs(volume, counted, lag)
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
    from scipy.fft import next_fast_len

    if volume.grain_id.all():
        counts = [
            np.full(2 * m + 1, n) if wrap else n - np.abs(np.arange(-m, m + 1))
            for n, m, wrap in zip(volume.shape, lag, volume.periodic)
        ]
        x, y, z = (c.astype(float) for c in counts)
        box: np.ndarray = x[:, None, None] * y[:, None] * z
        return box
    shape = tuple(
        n if wrap else next_fast_len(n + m, real=True)
        for n, m, wrap in zip(volume.shape, lag, volume.periodic)
    )
    pairs = _autocorrelation([volume.mask], shape)
    window = np.ix_(*(np.arange(-m, m + 1) % n for m, n in zip(lag, shape)))
    inside: np.ndarray = pairs[window]
    return inside


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


def measures(volume: Microstructure) -> dict[str, float]:
    """Measure a volume as a whole.

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
    counted = tally(volume)
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
