"""Integer counts of every grain, from one pass over the voxels.

The pass counts voxels, first and second moments, and the places where a grain ends
along the 13 directions to its 26 neighbors. Sums of integers do not depend on their
order, so any tiling of the volume gives the same counts, bit for bit.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

import numba as nb
import numpy as np

from grainpaint.errors import InputError
from grainpaint.formats.slabs import Slabs
from grainpaint.measure.shared_faces import faces_of_tile, shared_faces
from grainpaint.measure.surface import DIRECTION_CLASSES
from grainpaint.microstructure import Microstructure

__all__ = ["Tally", "tally"]

_TILE = 8  # planes of voxels in a tile
_FETCHED = (64, 256, 256)  # voxels of a tile that is read as it is needed: chunks

# How what threads have counted is put together: sums, crossings, low, high, at_border.
_ADD = (np.add, np.add, np.minimum, np.maximum, np.logical_or)

Fetch = Callable[[tuple[slice, slice, slice]], np.ndarray]

# The 26 counts of a voxel are packed into one integer, in a field of 2, 3 or 4 bits for
# each class of directions.
_SHIFT = np.array([0, 2, 4, 6, 9, 12, 15], np.int32)
_FIELD = np.array([3, 3, 3, 7, 7, 7, 15], np.int32)
# The class of each of the 3 x 3 x 3 places around a voxel; its own is never unlike.
_PLACE = np.array(
    [
        DIRECTION_CLASSES.get((abs(x), abs(y), abs(z)), 0)
        for x, y, z in itertools.product((-1, 0, 1), repeat=3)
    ],
    np.int32,
).reshape(3, 3, 3)


@dataclass(frozen=True)
class Tally:
    """Counts of every grain; row g belongs to the ID ``ids[g]``, row 0 to the outside.

    Parameters
    ----------
    sums : numpy.ndarray, int64, shape (n + 1, 10)
        Number of voxels, and the sums of x, y, z, xx, yy, zz, xy, xz, yz over their
        indices, counted from `cut`.
    crossings : numpy.ndarray, int64, shape (n + 1, 7)
        Unlike neighbors along x, y, z, the diagonals of xy, xz, yz and the body
        diagonals.
    low, high : numpy.ndarray, int32, shape (n + 1, 3)
        First and last voxel index along x, y, z, counted from `cut`.
    pairs : numpy.ndarray, int32, shape (m, 2)
        Rows of the grains that share voxel faces, the smaller one first.
    faces : numpy.ndarray, int64, shape (m, 3)
        Number of faces that they share with normals x, y, z.
    at_border : numpy.ndarray, bool, shape (n + 1,)
        Whether a voxel of the grain shares a face with the outside.
        Faces of the box across an axis with one voxel are closed.
    cut : numpy.ndarray, int32, shape (n + 1, 3)
        Where a grain that continues through a periodic face is cut open: at an index
        that it does not occupy, or where it is thinnest if it spans the whole period.
    ids : numpy.ndarray, int32, shape (n + 1,)
        Ascending; rows of IDs that no voxel has are 0 (see `Microstructure.compact`).
    """

    sums: np.ndarray
    crossings: np.ndarray
    low: np.ndarray
    high: np.ndarray
    pairs: np.ndarray
    faces: np.ndarray
    at_border: np.ndarray
    cut: np.ndarray
    ids: np.ndarray


@nb.njit(cache=True, nogil=True)
def _pack_unlike(block, x, y, place, shift, packed):
    """Count the unlike neighbors of each voxel of row (x, y), packed by class."""
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
    """Add the voxels z0..z1 - 1 of row (x, y) to the moments of grain g."""
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
    """Return whether one of the six neighbors of a voxel is outside."""
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
    """Count one block, which has a ghost layer of one voxel on every side.

    Returns the number of faces between grains, which are listed in `keys`.
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
    """Count the voxels in each slice of the grains that have a slot."""
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
    """Return the index where each grain is cut open (int32, shape (n + 1, 3))."""
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


def _indexed(volume: Slabs, here: tuple[slice, slice, slice]) -> np.ndarray:
    """Return the rows of the grains in a box of slabs."""
    return volume.index(volume.fetch(here))


def _padded(
    fetch: Fetch,
    shape: tuple[int, ...],
    low: np.ndarray,
    high: np.ndarray,
    periodic: tuple[bool, ...],
) -> np.ndarray:
    """Return the box low..high with one layer around it, wrapped or filled with 0."""
    near = [
        slice(None) if wrap and (a < 1 or b >= n) else slice(max(a - 1, 0), b + 1)
        for a, b, n, wrap in zip(low.tolist(), high.tolist(), shape, periodic)
    ]
    block = fetch((near[0], near[1], near[2]))
    for axis, (a, b, wrap) in enumerate(zip(low, high, periodic)):
        first, n = near[axis].start or 0, shape[axis]
        index = np.arange(a - 1, b + 1)
        if a > 0 and b < n:
            continue
        beyond = (index < 0) | (index >= n)
        place = index % n if wrap else np.where(beyond, first, index) - first
        block = np.take(block, place, axis)
        if not wrap:
            block[(slice(None),) * axis + (beyond,)] = 0
    return np.ascontiguousarray(block)


def _tiles(
    shape: tuple[int, ...], periodic: tuple[bool, ...], tile: tuple[int, ...]
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield the low and high corners of the tiles, one layer beyond open faces."""
    ranges = []
    for n, wrap, size in zip(shape, periodic, tile):
        start, stop = (0, n) if wrap else (-1, n + 1)
        edges = [*range(start, stop, size), stop]
        ranges.append(list(itertools.pairwise(edges)))
    for box in itertools.product(*ranges):
        yield np.array([b[0] for b in box]), np.array([b[1] for b in box])


def tally(
    volume: Microstructure | Slabs,
    tile: tuple[int, int, int] | None = None,
    ids: np.ndarray | None = None,
) -> Tally:
    """Count what the descriptors of grains are computed from, in parallel.

    Parameters
    ----------
    volume : Microstructure or Slabs
        Slabs are read as they are needed; without periodic axes.
    tile : three ints, optional
        Voxels counted at a time; the result does not depend on it.
    ids : numpy.ndarray, int32, shape (n + 1,), optional
        Of slabs with IDs 0..n: these.

    Returns
    -------
    Tally

    Raises
    ------
    InputError
        If the volume has no grain.
    """
    shape, periodic = volume.shape, volume.periodic
    flat = [axis not in volume.axes for axis in range(3)]
    around = tuple(p and not f for p, f in zip(periodic, flat))
    fetch, ids, cut = _opened(volume, around, ids)
    n_ids = cut.shape[0]
    if n_ids == 1:
        raise InputError("the volume has no grain: every voxel is outside (grain_id 0)")
    # Beside a section lies the section itself, so that nothing ends there.
    periodic = tuple(p or f for p, f in zip(periodic, flat))
    tiles = list(_tiles(shape, periodic, tile or _tile(volume)))
    n_workers = min(len(tiles), os.cpu_count() or 1)

    def count(mine: list[tuple[np.ndarray, np.ndarray]]) -> list[Any]:
        """Count some of the tiles into new arrays."""
        result = (
            np.zeros((n_ids, 10), np.int64),
            np.zeros((n_ids, 7), np.int64),
            np.full((n_ids, 3), np.iinfo(np.int32).max, np.int32),
            np.full((n_ids, 3), -1, np.int32),
            np.zeros(n_ids, bool),
        )
        found = []
        for low, high in mine:
            block = _padded(fetch, shape, low, high, periodic)
            keys = np.empty(3 * block.size, np.int64)
            n = _count_block(
                block, low, np.array(shape), cut, _PLACE, _SHIFT, _FIELD, result, keys
            )
            found.append(faces_of_tile(keys[:n]))
        return [*result, found]

    with ThreadPoolExecutor(n_workers) as pool:
        parts = list(pool.map(count, [tiles[i::n_workers] for i in range(n_workers)]))
    total, *others = parts
    for other in others:
        for add, here, there in zip(_ADD, total, other):
            add(here, there, out=here)
        total[-1] += other[-1]
    sums, crossings, low, high, at_border, found = total
    del parts, others, total
    pairs, faces = shared_faces(found, n_ids)
    return Tally(sums, crossings, low, high, pairs, faces, at_border, cut, ids)


def _opened(
    volume: Microstructure | Slabs, around: tuple[bool, ...], ids: np.ndarray | None
) -> tuple[Fetch, np.ndarray, np.ndarray]:
    """Return what reads rows of grains in a box, their IDs, and where they are cut."""
    if isinstance(volume, Microstructure):
        compact, ids = volume.compact()
        n_ids = int(compact.grain_id.max()) + 1
        return compact.grain_id.__getitem__, ids, _cuts(compact.grain_id, around, n_ids)
    if any(around):
        raise ValueError("volumes that are read in slabs have no periodic axes")
    if ids is not None:
        return volume.fetch, ids, np.zeros((ids.size, 3), np.int32)
    ids = np.append(0, volume.ids).astype(np.int32)
    return partial(_indexed, volume), ids, np.zeros((ids.size, 3), np.int32)


def _tile(volume: Microstructure | Slabs) -> tuple[int, ...]:
    """Return the shape of tiles that several threads can share."""
    if isinstance(volume, Slabs):
        return _FETCHED
    size = [n + 2 for n in volume.shape]
    size[volume.axes[0]] = _TILE
    return tuple(size)
