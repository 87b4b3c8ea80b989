"""Grains of a volume larger than memory, the same as `colors.grains` gives.

The volume is cut into tiles: boxes on a regular grid, smaller at the end of an axis if
necessary. Tiles outside the part may be missing. Tiles are processed one at a time:

    survey  colors of a tile -> its pieces: voxels, first voxels, contacts, outer faces
    join    all surveys      -> the grain of each piece of each tile
    apply   colors of a tile -> its grain IDs

Pieces of one color that meet at a face between tiles are one piece of the volume.
Fragments are then merged on the graph of pieces, by the same function as in memory, and
grains are numbered by their first voxels: the result does not depend on the tiles.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numba as nb
import numpy as np

from grainpaint.segmentation.fragments import (
    MIN_CUT,
    MIN_VOXELS,
    choose_grains,
    fragment_contacts,
    number_in_order,
)
from grainpaint.segmentation.pieces import join, label_pieces, root

__all__ = ["Place", "Survey", "apply", "join_tiles", "survey"]

Place = tuple[int, int, int]


@dataclass(frozen=True, eq=False)
class Survey:
    """What `join_tiles` needs from a tile whose pieces are 1..n, 0 = outside.

    Parameters
    ----------
    shape : three ints
        Voxels of the volume along x, y, z.
    low : three ints
        First voxel of the tile in the volume.
    min_voxels : int
        Smaller grains are fragments.
    color : numpy.ndarray, integer, shape (n + 1,)
        Color of each piece.
    n_voxels : numpy.ndarray, int64, shape (n + 1,)
        Voxels of each piece, 0 for the outside.
    first : numpy.ndarray, int64, shape (n + 1,)
        Index in the volume of the first voxel of each piece (x slowest, z fastest).
    contacts : numpy.ndarray, int64, shape (k, 3)
        Piece with fewer than min_voxels voxels in this tile, its neighbor in this tile,
        and the number of faces between them.
    faces : six numpy.ndarrays, unsigned, 2-D
        Pieces on the faces of the tile: x low, x high, y low, y high, z low, z high.
    """

    shape: Place
    low: Place
    min_voxels: int
    color: np.ndarray
    n_voxels: np.ndarray
    first: np.ndarray
    contacts: np.ndarray
    faces: tuple[np.ndarray, ...]

    def to_bytes(self) -> bytes:
        """Return the survey as a compressed .npz after its CRC-32 (4 bytes)."""
        named = vars(self).copy()
        file = io.BytesIO()
        np.savez_compressed(file, *named.pop("faces"), **named)
        data = file.getvalue()
        return zlib.crc32(data).to_bytes(4) + data

    @classmethod
    def from_bytes(cls, data: bytes) -> Survey:
        """Read what `to_bytes` returned.

        Raises
        ------
        ValueError
            If the bytes were cut short or damaged.
        """
        if len(data) < 4 or zlib.crc32(data[4:]) != int.from_bytes(data[:4]):
            raise ValueError("the survey of a tile is damaged or incomplete")
        with np.load(io.BytesIO(data[4:])) as file:
            arrays = dict(file)
        faces = tuple(arrays.pop(f"arr_{i}") for i in range(6))
        shape, low = (tuple(arrays.pop(name).tolist()) for name in ("shape", "low"))
        least = int(arrays.pop("min_voxels"))
        return cls(shape=shape, low=low, min_voxels=least, faces=faces, **arrays)


@nb.njit(cache=True)
def _count_pieces(piece, n):
    """Return the voxels and the index of the first voxel of each piece 0..n."""
    n_voxels, first = np.zeros(n + 1, np.int64), np.zeros(n + 1, np.int64)
    for i in range(piece.size):
        p = piece[i]
        if p != 0:
            if n_voxels[p] == 0:
                first[p] = i
            n_voxels[p] += 1
    return n_voxels, first


def survey(
    color: np.ndarray, low: Place, shape: Place, min_voxels: int = MIN_VOXELS
) -> Survey:
    """Find the pieces of one tile.

    Parameters
    ----------
    color : numpy.ndarray, integer, shape (tx, ty, tz)
        Colors of the tile, 0 = outside.
    low : three ints
        First voxel of the tile in the volume.
    shape : three ints
        Voxels of the volume along x, y, z; fewer than 2^63 in total.
    min_voxels : int
        Smaller grains are fragments.

    Raises
    ------
    ValueError
        If the tile does not lie within the volume.
    """
    if any(a < 0 or a + t > n for a, t, n in zip(low, color.shape, shape)):
        raise ValueError(
            f"a tile of {color.shape} voxels at {low} must lie within the volume's "
            f"{shape}"
        )
    piece = label_pieces(color)
    n = int(piece.max())
    n_voxels, first = _count_pieces(piece.reshape(-1), n)
    place = np.unravel_index(first, piece.shape)
    x, y, z = (i + a for i, a in zip(place, low))
    of_piece = color[place]
    of_piece[0] = 0
    planes = (piece.take(i, axis) for axis in range(3) for i in (0, -1))
    return Survey(
        shape=shape,
        low=low,
        min_voxels=min_voxels,
        color=of_piece,
        n_voxels=n_voxels,
        first=(x * shape[1] + y) * shape[2] + z,
        contacts=fragment_contacts(piece, n_voxels, min_voxels),
        faces=tuple(plane.astype(np.min_scalar_type(n)) for plane in planes),
    )


class _Face(NamedTuple):
    """The side of a face between two tiles that belongs to one of them."""

    piece: np.ndarray  # pieces of the tile on the face
    start: int  # number of the tile's piece 0 among the pieces of all tiles
    color: np.ndarray  # of the tile's pieces
    n_voxels: np.ndarray


def _meet(a: _Face, b: _Face, min_voxels: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the pairs of pieces to join, and the contacts of small pieces."""
    if a.piece.shape != b.piece.shape:
        raise ValueError(
            f"tiles must lie on one grid, but a face of {a.piece.shape} voxels meets "
            f"one of {b.piece.shape}"
        )
    inside = (a.piece > 0) & (b.piece > 0)
    pairs = a.piece[inside].astype(np.int64) * b.color.size + b.piece[inside]
    pair, faces = np.unique(pairs, return_counts=True)
    i, j = np.divmod(pair, b.color.size)
    one = a.color[i] == b.color[j]
    i_small = ~one & (a.n_voxels[i] < min_voxels)
    j_small = ~one & (b.n_voxels[j] < min_voxels)
    i, j = i + a.start, j + b.start
    contacts = np.concatenate(
        [
            np.stack([i, j, faces], axis=1)[i_small],
            np.stack([j, i, faces], axis=1)[j_small],
        ]
    )
    return np.stack([i[one], j[one]], axis=1), contacts


@nb.njit(cache=True)
def _unite(pairs, n_voxels, first):
    """Return the root of each piece; sizes and first voxels are gathered in roots."""
    parent = np.arange(n_voxels.size)
    for k in range(len(pairs)):
        join(parent, pairs[k, 0], pairs[k, 1])
    for i in range(parent.size):
        top = root(parent, i)
        parent[i] = top
        if top != i:
            n_voxels[top] += n_voxels[i]
            first[top] = min(first[top], first[i])
    return parent


def _outer_faces(
    tile: Survey, periodic: tuple[bool, ...]
) -> Iterator[tuple[tuple[int, Place] | None, np.ndarray]]:
    """Yield where each face lies (axis, low corner of the tile above), and its pieces.

    For faces at the end of the volume, the place is None.
    """
    size = (tile.faces[2].shape[0], *tile.faces[0].shape)
    for axis in range(3):
        n, low = tile.shape[axis], tile.low[axis]
        for at, plane in zip((low, low + size[axis]), tile.faces[2 * axis :]):
            key = None
            if periodic[axis] or 0 < at < n:
                corner = list(tile.low)
                corner[axis] = at % n
                key = axis, (corner[0], corner[1], corner[2])
            yield key, plane


def _grain_of_pieces(
    n_voxels: np.ndarray,
    first: np.ndarray,
    ones: np.ndarray,
    contacts: np.ndarray,
    cut: np.ndarray,
    min_voxels: int,
) -> np.ndarray:
    """Return the grain of each piece of each tile; overwrites n_voxels and first.

    Pieces in `cut` with `MIN_CUT` voxels or more are not fragments.
    """
    root = _unite(ones, n_voxels, first)
    cut = root[cut]
    cut = cut[n_voxels[cut] >= MIN_CUT]
    n_voxels[cut] = np.maximum(n_voxels[cut], min_voxels)
    heads = np.flatnonzero((root == np.arange(root.size)) & (n_voxels > 0))
    heads = heads[np.argsort(first[heads])]
    number = np.zeros(root.size, np.int64)
    number[heads] = np.arange(1, heads.size + 1)
    piece = number[root]  # of the whole volume, as label_pieces numbers them
    contacts[:, :2] = piece[contacts[:, :2]]
    n_voxels = np.concatenate([[0], n_voxels[heads]])
    becomes = choose_grains(n_voxels, contacts, min_voxels)
    result: np.ndarray = number_in_order(becomes)[piece]
    return result


def _check_tile(
    tile: Survey, volume: tuple[Place, int], starts: dict[Place, int]
) -> None:
    """Raise ValueError unless a tile is a new one of the volume."""
    if (tile.shape, tile.min_voxels) != volume or tile.low in starts:
        raise ValueError(
            "each tile of one volume must come once, with the same min_voxels: "
            f"{tile.low} of {tile.shape}, min_voxels {tile.min_voxels}, does not "
            f"match the {len(starts)} tiles of {volume} before it"
        )


def join_tiles(
    surveys: Iterable[Survey],
    periodic: tuple[bool, ...] = (False, False, False),
    keep_cut: bool = False,
) -> tuple[int, dict[Place, np.ndarray]]:
    """Find the grain of each piece of each tile.

    Parameters
    ----------
    surveys : iterable of Survey
        Each tile of a volume once, in any order. A face is kept in memory until the
        tile behind it arrives; for tiles in order (x slowest), that is one layer.
    periodic : three bools
        Whether grains continue through the faces of the volume along x, y, z.
    keep_cut : bool
        Whether to keep small pieces at the other faces, see
        `grainpaint.segmentation.colors.grains`.

    Returns
    -------
    n_grains : int
        Grains of the volume.
    grain_id : dict of three ints to numpy.ndarray, int32, shape (n + 1,)
        For the tile whose first voxel is the key, the grain 1..n_grains of each of its
        pieces 0..n; 0 is the outside. int64 if n_grains is 2^31 or more.

    Raises
    ------
    ValueError
        If a tile occurs twice, belongs to another volume, or does not fit its neighbor.

    Notes
    -----
    Memory is proportional to the number of pieces (about 140 bytes each) and of faces
    that are kept.
    """
    volume: tuple[Place, int] | None = None
    starts: dict[Place, int] = {}
    waiting: dict[tuple[int, Place], _Face] = {}
    sizes, firsts, contacts = [], [], []
    ones = [np.empty((0, 2), np.int64)]
    cut = [np.empty(0, np.int64)]
    start = 0
    for tile in surveys:
        volume = volume or (tile.shape, tile.min_voxels)
        _check_tile(tile, volume, starts)
        for key, plane in _outer_faces(tile, periodic):
            if key is None:
                if keep_cut:
                    cut.append(start + np.unique(plane[plane > 0]).astype(np.int64))
                continue
            face = _Face(plane, start, tile.color, tile.n_voxels)
            other = waiting.pop(key, None)
            if other is None:
                waiting[key] = face
            else:
                pairs, across = _meet(other, face, tile.min_voxels)
                ones.append(pairs)
                contacts.append(across)
        contacts.append(tile.contacts + np.array([start, start, 0]))
        sizes.append(tile.n_voxels)
        firsts.append(tile.first)
        starts[tile.low] = start
        start += tile.color.size
    if volume is None:
        return 0, {}
    grain = _grain_of_pieces(
        np.concatenate(sizes),
        np.concatenate(firsts),
        np.concatenate(ones),
        np.concatenate(contacts),
        np.concatenate(cut),
        volume[1],
    )
    parts = np.split(grain, list(starts.values())[1:])
    return int(grain.max()), dict(zip(starts, parts))


def apply(color: np.ndarray, grain_id: np.ndarray) -> np.ndarray:
    """Give the voxels of a tile their grains.

    Parameters
    ----------
    color : numpy.ndarray, integer, shape (tx, ty, tz)
        The same colors as were surveyed.
    grain_id : numpy.ndarray, int32 or int64, shape (n + 1,)
        Grain of each piece of this tile, from `join_tiles`.

    Returns
    -------
    numpy.ndarray, as grain_id, shape (tx, ty, tz)
        Grain IDs, 0 = outside.

    Raises
    ------
    ValueError
        If the number of pieces differs from the survey's.
    """
    piece = label_pieces(color)
    n = int(piece.max())
    if n != grain_id.size - 1:
        raise ValueError(f"the tile has {n} pieces, its survey {grain_id.size - 1}")
    result: np.ndarray = grain_id[piece]
    return result
