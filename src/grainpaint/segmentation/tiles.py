"""Grains of a volume larger than memory, the same as `colors.grains` gives.

The volume is cut into tiles: boxes on a regular grid, smaller at the end of an axis if
necessary. Tiles outside the part may be missing. Tiles are processed one at a time:

    survey  colors of a tile -> its pieces: voxels, first voxels, contacts, outer faces
    join    all surveys      -> the grain of each piece of each tile
    apply   colors of a tile -> its grain IDs

Pieces of one color that meet at a face, an edge or a corner of tiles are one piece of
the volume. Fragments are then merged on the graph of pieces, by the same function as in
memory, and grains are numbered by their first voxels: the result does not depend on the
tiles.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product
from typing import NamedTuple

import numba as nb
import numpy as np

from grainpaint.segmentation.fragments import choose_grains, number_in_order
from grainpaint.segmentation.pieces import join, label_pieces, root
from grainpaint.segmentation.survey import Place, Survey

__all__ = ["apply", "join_tiles"]

_STEPS: list[Place] = [
    (x, y, z) for x, y, z in product((-1, 0, 1), repeat=3) if (x, y, z) != (0, 0, 0)
]
_FACES = [step for step in _STEPS if np.count_nonzero(step) == 1]


class _Side(NamedTuple):
    """Voxels of a tile that meet another: those of a face, an edge or a corner."""

    piece: np.ndarray  # pieces of the tile there, of 2, 1 or 0 dimensions
    start: int  # number of the tile's piece 0 among the pieces of all tiles
    color: np.ndarray  # of the tile's pieces
    n_voxels: np.ndarray


def _meet(a: _Side, b: _Side, min_voxels: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the pairs of pieces to join, and the contacts of small pieces.

    Pieces of one color join across faces, edges and corners of voxels; contacts are
    faces.
    """
    if a.piece.shape != b.piece.shape:
        raise ValueError(
            f"tiles must lie on one grid, but a face of {a.piece.shape} voxels meets "
            f"one of {b.piece.shape}"
        )
    found = []
    for shift in product((-1, 0, 1), repeat=a.piece.ndim):
        here = tuple(slice(max(s, 0), min(s, 0) or None) for s in shift)
        there = tuple(slice(max(-s, 0), min(-s, 0) or None) for s in shift)
        i, j = a.piece[here], b.piece[there]
        one = (i > 0) & (j > 0) & (a.color[i] == b.color[j])
        found.append(i[one].astype(np.int64) * b.color.size + j[one])
    i, j = np.divmod(np.unique(np.concatenate(found)), b.color.size)
    ones = np.stack([i + a.start, j + b.start], axis=1)
    if a.piece.ndim < 2:
        return ones, np.empty((0, 3), np.int64)
    i, j = a.piece, b.piece
    apart = (i > 0) & (j > 0) & (a.color[i] != b.color[j])
    pair, faces = np.unique(
        i[apart].astype(np.int64) * b.color.size + j[apart], return_counts=True
    )
    i, j = np.divmod(pair, b.color.size)
    i_small, j_small = a.n_voxels[i] < min_voxels, b.n_voxels[j] < min_voxels
    i, j = i + a.start, j + b.start
    contacts = [
        np.stack([i, j, faces], axis=1)[i_small],
        np.stack([j, i, faces], axis=1)[j_small],
    ]
    return ones, np.concatenate(contacts)


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


def _sides(
    tile: Survey, periodic: tuple[bool, ...]
) -> Iterator[tuple[tuple[Place, Place] | None, np.ndarray]]:
    """Yield where a tile meets others, and its pieces there.

    A place is a step from one tile to the next, and where their voxels begin along it;
    it is the same for both. None for faces at the end of the volume.
    """
    size = (tile.faces[2].shape[0], *tile.faces[0].shape)
    for step in _STEPS:
        at = [a + n * (s > 0) for a, n, s in zip(tile.low, size, step)]
        ends = [
            s != 0 and not wraps and not 0 < a < n
            for s, wraps, a, n in zip(step, periodic, at, tile.shape)
        ]
        axis = next(i for i, s in enumerate(step) if s)
        rest = [s for i, s in enumerate(step) if i != axis]
        plane = tile.faces[2 * axis + (step[axis] > 0)]
        ends_of = {-1: 0, 1: -1}
        piece = np.atleast_1d(plane[tuple(ends_of.get(s, slice(None)) for s in rest)])
        if not any(ends):
            x, y, z = (a % n for a, n in zip(at, tile.shape))
            yield (max(step, (-step[0], -step[1], -step[2])), (x, y, z)), piece
        elif step in _FACES:
            yield None, piece


def _grain_of_pieces(
    n_voxels: np.ndarray,
    first: np.ndarray,
    ones: np.ndarray,
    contacts: np.ndarray,
    cut: np.ndarray,
    min_voxels: int,
) -> np.ndarray:
    """Return the grain of each piece of each tile; overwrites n_voxels and first.

    Pieces in `cut` are not fragments.
    """
    root = _unite(ones, n_voxels, first)
    cut = root[cut]
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
    waiting: dict[tuple[Place, Place], _Side] = {}
    sizes, firsts, contacts = [], [], []
    ones = [np.empty((0, 2), np.int64)]
    cut = [np.empty(0, np.int64)]
    start = 0
    for tile in surveys:
        volume = volume or (tile.shape, tile.min_voxels)
        _check_tile(tile, volume, starts)
        for key, piece in _sides(tile, periodic):
            if key is None:
                if keep_cut:
                    cut.append(start + np.unique(piece[piece > 0]).astype(np.int64))
                continue
            side = _Side(piece, start, tile.color, tile.n_voxels)
            other = waiting.pop(key, None)
            if other is None:
                waiting[key] = side
            else:
                pairs, across = _meet(other, side, tile.min_voxels)
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
    piece = label_pieces(color, corners=True)
    n = int(piece.max())
    if n != grain_id.size - 1:
        raise ValueError(f"the tile has {n} pieces, its survey {grain_id.size - 1}")
    result: np.ndarray = grain_id[piece]
    return result
