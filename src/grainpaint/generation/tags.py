"""Grains of the base from its colors, and names for them that all windows agree on.

Between windows a grain goes by its **tag**, a number 1..65535: 1 + its color + a
random multiple of the number of colors. The random numbers are those of one voxel of
the grain, its **anchor**: the one with the smallest random number. So windows that see
the same grain give it the same tag, independently of each other.
"""

from collections.abc import Sequence

import numba as nb
import numpy as np

from grainpaint.network.cards import Sampling
from grainpaint.philox import philox4x32, split_key
from grainpaint.segmentation.fragments import merge_fragments
from grainpaint.segmentation.necks import separate
from grainpaint.segmentation.pieces import label_pieces

__all__ = ["color_of", "spin_of", "tag_grains"]

_TAGS = 2**16 - 1
_STREAM = 12  # of random numbers


def tag_grains(
    color: np.ndarray,
    n_colors: int,
    voxels: Sequence[np.ndarray],
    seed: int,
    sampling: Sampling | None = None,
    periodic: tuple[bool, bool, bool] = (False, False, False),
    least: int = 2,
    firm: np.ndarray | None = None,
) -> np.ndarray:
    """Return the tag of the grain that each voxel belongs to.

    Specks go to their neighbors, merged grains are split, and of grains that touch and
    have one color the smaller gets another.

    Parameters
    ----------
    color : numpy.ndarray, uint8, shape (nx, ny, nz)
        Colors 0..n_colors - 1 of a piece of the base.
    n_colors : int
        Size of the palette, at most 127.
    voxels : three int arrays
        Their global indices along x, y, z.
    seed : int
    sampling : Sampling, optional
        Of the base; says which pieces are split, see `grainpaint.segmentation.necks`.
    periodic : three bools
        Whether grains continue through the faces along x, y, z.
    least : int
        Voxels of the smallest grain; smaller pieces are specks.
    firm : numpy.ndarray, bool, shape (nx, ny, nz), optional
        Voxels whose grains keep their colors, unless they touch such a grain.

    Returns
    -------
    numpy.ndarray, uint16, shape (nx, ny, nz)
        1..65535.
    """
    piece = label_pieces(color + np.uint8(1), periodic)
    grain_id = merge_fragments(piece, least, periodic)
    if sampling is not None and sampling.largest_shape_factor is not None:
        limit, smallest = sampling.largest_shape_factor, sampling.smallest_split
        grain_id = separate(grain_id, periodic, limit, smallest)
    n = int(grain_id.max()) + 1
    own = np.zeros(n, np.uint8)
    own[grain_id] = color
    kept = np.bincount(piece.ravel())[piece] >= least
    own[grain_id[kept]] = color[kept]
    words = np.zeros((n, 3), np.uint64)
    x, y, z = (np.ascontiguousarray(v, np.int64) for v in voxels)
    _find_anchors(grain_id, x, y, z, *split_key(seed, _STREAM), words)
    rank = (
        np.bincount(grain_id.ravel()).astype(np.uint64) << np.uint64(32) | words[:, 0]
    )
    if firm is not None:
        rank[np.unique(grain_id[firm])] |= np.uint64(1 << 63)
    gives_way = np.zeros(n, bool)
    padded = _padded(grain_id, periodic)
    _find_rivals(padded, own, rank, gives_way)
    used = np.zeros((n, n_colors), bool)
    _find_used(padded, own, gives_way, used)
    for grain in np.flatnonzero(gives_way):
        free = np.flatnonzero(~used[grain])
        if free.size:
            own[grain] = free[int(words[grain, 1]) * free.size >> 32]
    turn = words[:, 2] % np.uint64(_TAGS // n_colors)
    tags = (1 + own + np.uint64(n_colors) * turn).astype(np.uint16)
    result: np.ndarray = tags[grain_id]
    return result


def color_of(tags: np.ndarray, n_colors: int) -> np.ndarray:
    """Return the colors (uint8) of tagged grains."""
    return ((tags - 1) % n_colors).astype(np.uint8)


def spin_of(tags: np.ndarray, n_colors: int, n_spins: int) -> np.ndarray:
    """Return spins for tags: fewer names, so that grains of equal spin can meet.

    With at least as many spins as colors, grains of different colors have different
    spins, so that only grains that come to touch later can be equal. With fewer, some
    grains that touch from the start are.

    Parameters
    ----------
    tags : numpy.ndarray, uint16
    n_colors : int
        Size of the palette.
    n_spins : int
        About how many spins, 1..65535.

    Returns
    -------
    numpy.ndarray, uint16, shape of `tags`
        1..65535.
    """
    color = np.arange(_TAGS) % n_colors
    turn = np.arange(_TAGS) // n_colors
    block = turn * n_spins // (n_colors * (_TAGS // n_colors))
    spin = 1 + color % n_spins + (n_colors * block if n_spins > n_colors else 0)
    found: np.ndarray = spin.astype(np.uint16)[tags - 1]
    return found


@nb.njit(cache=True)
def _find_anchors(grain_id, xs, ys, zs, k0, k1, words):
    """Fill the last three random words of each grain's anchor."""
    mask = np.int64(0xFFFFFFFF)
    smallest = np.full(words.shape[0], np.uint64(1 << 32))
    for i in range(xs.size):
        x = np.uint64(xs[i] & mask)
        for j in range(ys.size):
            y = np.uint64(ys[j] & mask)
            for k in range(zs.size):
                z = np.uint64(zs[k] & mask)
                w0, w1, w2, w3 = philox4x32(k0, k1, x, y, z, np.uint64(0))
                grain = grain_id[i, j, k]
                if w0 < smallest[grain]:
                    smallest[grain] = w0
                    words[grain, 0], words[grain, 1], words[grain, 2] = w1, w2, w3


def _padded(grain_id: np.ndarray, periodic: tuple[bool, bool, bool]) -> np.ndarray:
    """Return the grains with a layer of those beyond the periodic faces."""
    places = (
        np.arange(-1, n + 1) % n if wraps else np.arange(n)
        for n, wraps in zip(grain_id.shape, periodic)
    )
    result: np.ndarray = grain_id[np.ix_(*places)]
    return result


@nb.njit(cache=True)
def _find_rivals(grain_id, color, rank, gives_way):
    """Mark the grains that touch one of their color and higher rank."""
    nx, ny, nz = grain_id.shape
    for x in range(nx):
        for y in range(ny):
            for z in range(nz):
                g = grain_id[x, y, z]
                for a in range(max(x - 1, 0), x + 1):
                    for b in range(max(y - 1, 0), min(y + 2, ny)):
                        for c in range(max(z - 1, 0), min(z + 2, nz)):
                            h = grain_id[a, b, c]
                            if g != h and color[g] == color[h]:
                                gives_way[g if rank[g] < rank[h] else h] = True


@nb.njit(cache=True)
def _find_used(grain_id, color, wanted, used):
    """Mark the colors that touch the grains that are wanted."""
    nx, ny, nz = grain_id.shape
    for x in range(nx):
        for y in range(ny):
            for z in range(nz):
                g = grain_id[x, y, z]
                if wanted[g]:
                    for a in range(max(x - 1, 0), min(x + 2, nx)):
                        for b in range(max(y - 1, 0), min(y + 2, ny)):
                            for c in range(max(z - 1, 0), min(z + 2, nz)):
                                used[g, color[grain_id[a, b, c]]] = True
