r"""Descriptors of every grain, from one pass over the voxels.

The pass counts integers only: voxels, first and second moments, and the places where
the grain ends along the 13 directions to the 26 neighbors. Integers add up to the
same sums in any order, so any tiling of the volume gives the same table, bit for bit.

The smoothed surface area is the Cauchy-Crofton estimate: a direction d whose lines
each stand for a cross-section A_d meets the surface I_d times, and

.. math:: S = 2 \sum_d \omega_d I_d A_d, \qquad \sum_d \omega_d = 1,

with the share omega_d of the sphere that is nearest to d (Lehmann and Legland,
Insight Journal 2012, 852; Ohser and Mücklich, Statistical Analysis of Microstructures,
2000). It is right for surfaces of all directions together; a flat face across an axis
comes out 7 % small. Faces of voxels, by comparison, overestimate a ball by half.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numba as nb
import numpy as np

from grainpaint.errors import InputError
from grainpaint.microstructure import Microstructure

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["Tally", "contacts", "surface_area", "table", "tally"]

_TILE = 8  # planes of voxels in a tile

# Crossings are counted in seven classes of directions: x, y, z, xy, xz, yz, body.
# The 26 counts of a voxel are packed into one integer, in fields of 2, 3 and 4 bits.
_SHIFT = np.array([0, 2, 4, 6, 9, 12, 15], np.int32)
_FIELD = np.array([3, 3, 3, 7, 7, 7, 15], np.int32)
_CLASS = {(1, 0, 0): 0, (0, 1, 0): 1, (0, 0, 1): 2, (1, 1, 0): 3, (1, 0, 1): 4}
_CLASS |= {(0, 1, 1): 5, (1, 1, 1): 6}
# The class of each of the 3 x 3 x 3 places around a voxel; its own is never unlike.
_PLACE = np.array(
    [
        _CLASS.get((abs(x), abs(y), abs(z)), 0)
        for x, y, z in itertools.product((-1, 0, 1), repeat=3)
    ],
    np.int32,
).reshape(3, 3, 3)


@dataclass(frozen=True)
class Tally:
    """What one pass counts; grain 0 is everything outside.

    Parameters
    ----------
    sums : numpy.ndarray, int64, shape (n + 1, 10)
        Voxels, and the sums of x, y, z, xx, yy, zz, xy, xz, yz over the voxel indices,
        counted from `cut` on.
    crossings : numpy.ndarray, int64, shape (n + 1, 7)
        Unlike neighbors along x, y, z, the diagonals of xy, xz, yz and of the body.
    low, high : numpy.ndarray, int32, shape (n + 1, 3)
        First and last voxel index along x, y, z, counted from `cut` on.
    pairs : numpy.ndarray, int32, shape (m, 2)
        Grains that share a face, the smaller ID first.
    faces : numpy.ndarray, int64, shape (m, 3)
        The faces that they share, by their normal x, y, z.
    at_border : numpy.ndarray, bool, shape (n + 1,)
        Whether a voxel of the grain shares a face with the outside.
    cut : numpy.ndarray, int32, shape (n + 1, 3)
        Where a grain that goes on through a periodic face is cut open: an index which
        it leaves free, or where it is thinnest if it goes all the way round.
    """

    sums: np.ndarray
    crossings: np.ndarray
    low: np.ndarray
    high: np.ndarray
    pairs: np.ndarray
    faces: np.ndarray
    at_border: np.ndarray
    cut: np.ndarray


@nb.njit(cache=True, nogil=True)
def _pack_unlike(block, x, y, place, shift, packed):
    """Count, for each voxel of row (x, y), its unlike neighbors by class."""
    row = block[x, y]
    packed[:] = 0
    for dx in range(-1, 2):
        for dy in range(-1, 2):
            other = block[x + dx, y + dy]
            for dz in range(-1, 2):
                s = shift[place[dx + 1, dy + 1, dz + 1]]
                for z in range(1, row.size - 1):
                    packed[z] += np.int32(other[z + dz] != row[z]) << s


@nb.njit(cache=True, nogil=True)
def _add_run(sums, low, high, g, x, y, z0, z1):
    """Add the voxels z0 .. z1 - 1 of row (x, y) to the moments of grain g."""
    n = np.int64(z1 - z0)
    last = np.int64(z1 - 1)
    z_sum = n * (z0 + last) // 2
    # sum of k^2 for k = 0 .. m is m (m + 1) (2 m + 1) / 6
    zz = last * (last + 1) * (2 * last + 1) // 6
    if z0 > 0:
        first = np.int64(z0 - 1)
        zz -= first * (first + 1) * (2 * first + 1) // 6
    s = sums[g]
    s[0] += n
    s[1] += n * x
    s[2] += n * y
    s[3] += z_sum
    s[4] += n * x * x
    s[5] += n * y * y
    s[6] += zz
    s[7] += n * x * y
    s[8] += x * z_sum
    s[9] += y * z_sum
    low[g, 0] = min(low[g, 0], x)
    low[g, 1] = min(low[g, 1], y)
    low[g, 2] = min(low[g, 2], z0)
    high[g, 0] = max(high[g, 0], x)
    high[g, 1] = max(high[g, 1], y)
    high[g, 2] = max(high[g, 2], last)


@nb.njit(cache=True, nogil=True)
def _list_faces(block, i, j, k, n_ids, keys, n_keys):
    """List the upper faces of a voxel that lie between two grains."""
    g = block[i, j, k]
    above = (block[i + 1, j, k], block[i, j + 1, k], block[i, j, k + 1])
    for axis in range(3):
        h = above[axis]
        if h != g and h != 0:
            pair = np.int64(min(g, h)) * n_ids + max(g, h)
            keys[n_keys] = 3 * pair + axis
            n_keys += 1
    return n_keys


@nb.njit(cache=True, nogil=True)
def _is_beside_outside(block, i, j, k):
    """Tell whether one of the six faces of a voxel looks outside."""
    return (
        block[i - 1, j, k] == 0
        or block[i + 1, j, k] == 0
        or block[i, j - 1, k] == 0
        or block[i, j + 1, k] == 0
        or block[i, j, k - 1] == 0
        or block[i, j, k + 1] == 0
    )


@nb.njit(cache=True, nogil=True)
def _count_block(block, corner, shape, cut, place, shift, field, result, keys):
    """Count one block; it carries a ghost layer of one voxel on every side.

    Returns how many (pair and axis, faces) were listed in `keys`.
    """
    sums, crossings, low, high, at_border = result
    n_ids = sums.shape[0]
    n_keys = 0
    row_size = block.shape[2]
    packed = np.empty(row_size, np.int32)
    for i in range(1, block.shape[0] - 1):
        x = corner[0] + i - 1
        for j in range(1, block.shape[1] - 1):
            y = corner[1] + j - 1
            row = block[i, j]
            _pack_unlike(block, i, j, place, shift, packed)
            start = 1
            for k in range(1, row_size - 1):
                g = row[k]
                if packed[k] != 0:
                    for c in range(7):
                        crossings[g, c] += (packed[k] >> shift[c]) & field[c]
                    if g != 0 and packed[k] & 63:  # unlike through a face
                        n_keys = _list_faces(block, i, j, k, n_ids, keys, n_keys)
                        at_border[g] |= _is_beside_outside(block, i, j, k)
                if row[k + 1] == g and k < row_size - 2:
                    continue
                if g != 0:  # the run of grain g ends here
                    u = (x - cut[g, 0]) % shape[0]
                    v = (y - cut[g, 1]) % shape[1]
                    z0, z1 = corner[2] + start - 1, corner[2] + k
                    at = cut[g, 2]
                    if z0 < at < z1:
                        _add_run(sums, low, high, g, u, v, z0 - at + shape[2], shape[2])
                        z0 = at
                    z0, length = (z0 - at) % shape[2], z1 - z0
                    _add_run(sums, low, high, g, u, v, z0, z0 + length)
                start = k + 1
    return n_keys


@nb.njit(cache=True, nogil=True)
def _count_slices(grain_id, slot, x_count, y_count, z_count):
    """Count the voxels of the grains that have a slot in each slice."""
    nx, ny, nz = grain_id.shape
    for x in range(nx):
        for y in range(ny):
            row = grain_id[x, y]
            for z in range(nz):
                s = slot[row[z]]
                if s >= 0:
                    x_count[s, x] += 1
                    y_count[s, y] += 1
                    z_count[s, z] += 1


def _cuts(grain_id: np.ndarray, periodic: tuple[bool, ...], n_ids: int) -> np.ndarray:
    """Return where each grain is cut open along each axis (int32, (n + 1, 3))."""
    cut = np.zeros((n_ids, 3), np.int32)
    through = np.zeros((3, n_ids), bool)  # in the first and the last slice
    for axis in np.flatnonzero(periodic):
        first, last = (np.take(grain_id, k, axis).ravel() for k in (0, -1))
        through[axis] = (np.bincount(first, minlength=n_ids) > 0) & (
            np.bincount(last, minlength=n_ids) > 0
        )
    through[:, 0] = False
    ids = np.flatnonzero(through.any(0))
    slot = np.full(n_ids, -1, np.int32)
    slot[ids] = np.arange(ids.size)
    counts = [np.zeros((ids.size, n), np.int32) for n in grain_id.shape]
    if ids.size:
        _count_slices(grain_id, slot, *counts)
    for i, count in enumerate(counts):
        some = np.flatnonzero(through[i])
        cut[some, i] = count[slot[some]].argmin(1)
    return cut


def _padded(
    grain_id: np.ndarray, low: np.ndarray, high: np.ndarray, periodic: tuple[bool, ...]
) -> np.ndarray:
    """Return the box low..high with a layer around it: wrapped, or 0 outside."""
    block = grain_id
    for axis, (a, b, wrap) in enumerate(zip(low, high, periodic)):
        index = np.arange(a - 1, b + 1)
        n = grain_id.shape[axis]
        if a > 0 and b < n:
            block = block[(slice(None),) * axis + (slice(a - 1, b + 1),)]
            continue
        block = np.take(block, index % n, axis)
        if not wrap:
            block[(slice(None),) * axis + ((index < 0) | (index >= n),)] = 0
    return np.ascontiguousarray(block)


def _tiles(
    shape: tuple[int, ...], periodic: tuple[bool, ...], tile: tuple[int, ...]
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield the low and high corners of the tiles; open faces get a layer outside."""
    ranges = []
    for n, wrap, size in zip(shape, periodic, tile):
        start, stop = (0, n) if wrap else (-1, n + 1)
        edges = [*range(start, stop, size), stop]
        ranges.append(list(itertools.pairwise(edges)))
    for box in itertools.product(*ranges):
        yield np.array([b[0] for b in box]), np.array([b[1] for b in box])


def tally(volume: Microstructure, tile: tuple[int, int, int] | None = None) -> Tally:
    """Count everything that the descriptors of grains need.

    Parameters
    ----------
    volume : Microstructure
    tile : three ints, optional
        Voxels that are counted at a time; it has no influence on the result.

    Returns
    -------
    Tally
        Row g belongs to grain ID g.

    Raises
    ------
    InputError
        If the volume has no grain.
    """
    grain_id, shape, periodic = volume.grain_id, volume.shape, volume.periodic
    n_ids = int(grain_id.max()) + 1
    if n_ids == 1:
        raise InputError("the volume has no grain: every voxel is outside (grain_id 0)")
    cut = _cuts(grain_id, periodic, n_ids)
    tiles = list(_tiles(shape, periodic, tile or (_TILE, *(n + 2 for n in shape[1:]))))
    n_workers = min(len(tiles), os.cpu_count() or 1)

    def count(mine: list[tuple[np.ndarray, np.ndarray]]) -> list[np.ndarray]:
        """Count some of the tiles into arrays of their own."""
        result = (
            np.zeros((n_ids, 10), np.int64),
            np.zeros((n_ids, 7), np.int64),
            np.full((n_ids, 3), np.iinfo(np.int32).max, np.int32),
            np.full((n_ids, 3), -1, np.int32),
            np.zeros(n_ids, bool),
        )
        found = [np.zeros((0, 2), np.int64)]
        for low, high in mine:
            block = _padded(grain_id, low, high, periodic)
            keys = np.empty(3 * block.size, np.int64)
            n = _count_block(
                block, low, np.array(shape), cut, _PLACE, _SHIFT, _FIELD, result, keys
            )
            key, faces = np.unique(keys[:n], return_counts=True)
            found.append(np.stack([key, faces], 1))
        return [*result, _added(np.concatenate(found))]

    with ThreadPoolExecutor(n_workers) as pool:
        parts = list(pool.map(count, [tiles[i::n_workers] for i in range(n_workers)]))
    sums, crossings, low, high, at_border, found = zip(*parts)
    pairs, faces = _shared_faces(_added(np.concatenate(found)), n_ids)
    return Tally(
        sum(sums[1:], sums[0]),
        sum(crossings[1:], crossings[0]),
        np.minimum.reduce(low),
        np.maximum.reduce(high),
        pairs,
        faces,
        np.logical_or.reduce(at_border),
        cut,
    )


def _added(found: np.ndarray) -> np.ndarray:
    """Return the rows (key, count) with the counts of equal keys added."""
    keys, inverse = np.unique(found[:, 0], return_inverse=True)
    total = np.zeros(keys.size, np.int64)
    np.add.at(total, inverse, found[:, 1])
    return np.stack([keys, total], 1)


def _shared_faces(found: np.ndarray, n_ids: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the pairs (m, 2) and their faces by normal (m, 3) from the keys."""
    pair, row = np.unique(found[:, 0] // 3, return_inverse=True)
    faces = np.zeros((pair.size, 3), np.int64)
    faces[row, found[:, 0] % 3] = found[:, 1]
    return np.stack([pair // n_ids, pair % n_ids], 1).astype(np.int32), faces


@cache
def _crofton_weights(spacing: tuple[float, ...]) -> np.ndarray:
    """Return the area that one crossing of each of the seven classes stands for."""
    from scipy.spatial import SphericalVoronoi

    steps = np.array([s for s in itertools.product((-1, 0, 1), repeat=3) if any(s)])
    length = np.linalg.norm(steps * spacing, axis=1)
    share = SphericalVoronoi(steps * spacing / length[:, None]).calculate_areas()
    share /= share.sum()
    cell = float(np.prod(spacing))
    weights = np.zeros(7)
    for step, omega, step_length in zip(steps, share, length):
        # Two opposite steps are one direction; all directions of a class weigh alike.
        x, y, z = (int(abs(s)) for s in step)
        weights[_CLASS[x, y, z]] = 2 * (2 * omega) * cell / step_length
    return weights


def surface_area(crossings: np.ndarray, spacing: tuple[float, ...]) -> np.ndarray:
    """Return the smoothed surface area of what was crossed so often, µm².

    Parameters
    ----------
    crossings : numpy.ndarray, int, shape (..., 7)
        As in `Tally`.
    spacing : three floats
        Edges of a voxel, µm.
    """
    area: np.ndarray = crossings @ _crofton_weights(spacing)
    return area


def _face_areas(spacing: tuple[float, ...]) -> np.ndarray:
    """Return the areas of voxel faces with normals x, y, z, µm²."""
    return float(np.prod(spacing)) / np.array(spacing)


def _centroids(counted: Tally, grain: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Return the mean voxel index of each grain, within the box."""
    sums = counted.sums[grain]
    mean = sums[:, 1:4] / sums[:, :1] + counted.cut[grain]
    place: np.ndarray = np.where(counted.cut[grain] > 0, mean % np.array(shape), mean)
    return place


def _covariances(sums: np.ndarray) -> np.ndarray:
    """Return the covariance of the voxel indices of each grain, shape (n, 3, 3)."""
    n = sums[:, 0]
    center = np.round(sums[:, 1:4] / n[:, None]).astype(np.int64)
    rest = (sums[:, 1:4] - n[:, None] * center) / n[:, None]
    result = np.empty((n.size, 3, 3))
    for column, (i, j) in enumerate([(0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2)]):
        s_i, s_j, c_i, c_j = sums[:, 1 + i], sums[:, 1 + j], center[:, i], center[:, j]
        # Moved next to the centroid in integers: nothing cancels in floating point.
        moved = sums[:, 4 + column] - c_i * s_j - c_j * s_i + n * c_i * c_j
        result[:, i, j] = result[:, j, i] = moved / n - rest[:, i] * rest[:, j]
    return result


def _principal_axes(covariance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return full axes a >= b >= c and the direction of a (largest component > 0)."""
    values, vectors = np.linalg.eigh(covariance)
    values = values[:, ::-1]
    values = np.where(values > 1e-12 * values[:, :1], values, 0.0)
    main = vectors[:, :, -1]
    rows = np.arange(len(main))
    main = main * np.sign(main[rows, np.abs(main).argmax(1)])[:, None]
    # A solid ellipsoid of semi-axis r has the variance r^2 / 5 along it.
    return 2 * np.sqrt(5 * values), main


def _nearest(place: np.ndarray, volume: Microstructure, size: np.ndarray) -> np.ndarray:
    """Return the distance of each centroid to the nearest other one, µm."""
    from scipy.spatial import KDTree

    if len(place) < 2:
        return np.full(len(place), np.nan)
    box = np.where(volume.periodic, size, 0.0)  # 0 = open
    inside = place - volume.origin
    inside = np.where(volume.periodic, inside % size, inside)
    distance: np.ndarray = KDTree(inside, boxsize=box).query(inside, k=2)[0][:, 1]
    return distance


def table(volume: Microstructure, counted: Tally | None = None) -> DataFrame:
    """Measure every grain of a volume.

    Parameters
    ----------
    volume : Microstructure
        A grain is all voxels of one ID, in one piece or not. 0 (void) is no grain.
        `grainpaint.measure.connected.as_pieces` makes every piece a grain first.
    counted : Tally, optional
        Of this volume, where it is at hand.

    Returns
    -------
    pandas.DataFrame
        One row a grain, in the order of the IDs:

        - grain, voxels; volume_um3; diameter_um of the ball of that volume;
        - x_um, y_um, z_um: mean of the voxel centers, origin included;
        - a_um >= b_um >= c_um: full axes of the solid ellipsoid with the same second
          moments, and b_over_a, c_over_a (NaN for a single voxel). They are the
          singular values of the matrix of centered voxel coordinates, times
          2 sqrt(5 / voxels);
        - sphericity pi^(1/3) (6 V)^(2/3) / S, with S the smoothed area_um2;
        - neighbors: grains that share a face with it;
        - nearest_um: distance to the nearest centroid (NaN if there is one grain);
        - touches_border: at an open face of the box or next to void;
        - face_area_um2: the surface in voxel faces;
        - axis_x, axis_y, axis_z: direction of a (largest component positive);
        - extent_x, extent_y, extent_z: edges of the bounding box, voxels.

        Surfaces are those of the voxels in the volume: the face of the box closes a
        grain that it cuts. Through periodic faces grains go on.

    Raises
    ------
    InputError
        If the volume has no grain.

    Examples
    --------
    >>> halves = np.ones((8, 8, 8), int)
    >>> halves[4:] = 2
    >>> table(Microstructure(halves))[["voxels", "x_um", "neighbors"]].values.tolist()
    [[256.0, 2.0, 1.0], [256.0, 6.0, 1.0]]
    """
    import pandas as pd

    counted = counted or tally(volume)
    spacing, shape = np.array(volume.spacing), np.array(volume.shape)
    grain = np.flatnonzero(counted.sums[:, 0])
    grain = grain[grain > 0]
    sums, crossings = counted.sums[grain], counted.crossings[grain]
    place = (_centroids(counted, grain, volume.shape) + 0.5) * spacing + volume.origin
    axes, main = _principal_axes(_covariances(sums) * np.outer(spacing, spacing))
    solid = sums[:, 0] * float(np.prod(spacing))
    area = surface_area(crossings, volume.spacing)
    extent = counted.high[grain] - counted.low[grain] + 1
    with np.errstate(invalid="ignore"):
        ratios = axes[:, 1:] / axes[:, :1]
    columns: dict[str, Any] = {
        "grain": grain,
        "voxels": sums[:, 0],
        "volume_um3": solid,
        "diameter_um": np.cbrt(6 / np.pi * solid),
        **{f"{name}_um": place[:, i] for i, name in enumerate("xyz")},
        **{f"{name}_um": axes[:, i] for i, name in enumerate("abc")},
        "b_over_a": ratios[:, 0],
        "c_over_a": ratios[:, 1],
        "sphericity": np.cbrt(np.pi) * (6 * solid) ** (2 / 3) / area,
        "area_um2": area,
        "neighbors": np.bincount(counted.pairs.ravel(), minlength=len(counted.sums))[
            grain
        ],
        "nearest_um": _nearest(place, volume, shape * spacing),
        "touches_border": counted.at_border[grain],
        "face_area_um2": crossings[:, :3] @ _face_areas(volume.spacing),
        **{f"axis_{name}": main[:, i] for i, name in enumerate("xyz")},
        **{f"extent_{name}": extent[:, i] for i, name in enumerate("xyz")},
    }
    return pd.DataFrame(columns)


def contacts(volume: Microstructure) -> DataFrame:
    """Measure the area that each pair of neighboring grains shares.

    Returns
    -------
    pandas.DataFrame
        grain, other (the larger ID), and face_area_um2, in voxel faces.

    Raises
    ------
    InputError
        If the volume has no grain.
    """
    import pandas as pd

    counted = tally(volume)
    return pd.DataFrame(
        {
            "grain": counted.pairs[:, 0],
            "other": counted.pairs[:, 1],
            "face_area_um2": counted.faces @ _face_areas(volume.spacing),
        }
    )
