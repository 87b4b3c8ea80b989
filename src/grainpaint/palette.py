"""The palette encoding: a proper coloring of the grains, with vectors as colors.

Grains that touch get different colors, drawn anew for every training sample. The colors
are the roots of the lattice D_d: K = 2 d (d - 1) vectors of R^d, at least 60 degrees
apart. Grains are recovered exactly, as connected pieces of equal color.
"""

import itertools

import numba as nb
import numpy as np

from grainpaint.errors import InputError

__all__ = [
    "color_grains",
    "contact_graph",
    "nearest_color",
    "palette",
    "scalar_block",
]

_OFFSETS = np.array(
    [o for o in itertools.product((-1, 0, 1), repeat=3) if o > (0,) * 3]
)


def palette(dim: int) -> np.ndarray:
    """Return the colors: the roots of D_dim, scaled to unit variance per component.

    Parameters
    ----------
    dim : int
        Dimension of the color space, at least 2.

    Returns
    -------
    numpy.ndarray, float32, shape (2 dim (dim - 1), dim)
        Each of norm sqrt(dim).

    References
    ----------
    Conway, Sloane, "Sphere Packings, Lattices and Groups" (1999), ch. 4, section 7.1.

    Examples
    --------
    >>> len(palette(5)), round(float(np.linalg.norm(palette(5)[0])) ** 2, 3)
    (40, 5.0)
    """
    if dim < 2:
        raise InputError(f"the palette needs a dimension of at least 2, got {dim}")
    roots = np.zeros((2 * dim * (dim - 1), dim), np.float32)
    signs = itertools.product((-1, 1), repeat=2)
    pairs = itertools.combinations(range(dim), 2)
    for row, ((i, j), (a, b)) in zip(roots, itertools.product(pairs, signs)):
        row[i], row[j] = a, b
    return roots * np.float32((dim / 2) ** 0.5)


def nearest_color(vectors: np.ndarray) -> np.ndarray:
    """Return the number of the color nearest to each vector, counted from 1.

    Parameters
    ----------
    vectors : numpy.ndarray, float, shape (nx, ny, nz, dim)
        Finite; dim is 2..8.

    Returns
    -------
    numpy.ndarray, int32, shape (nx, ny, nz)
    """
    colors = palette(vectors.shape[3])
    nearest = [(row @ colors.T).argmax(-1) for row in vectors]
    return np.stack(nearest).astype(np.int32) + 1


@nb.njit(cache=True)
def _contact_keys(grain_id, periodic, n, offsets):
    """List a * n + b for pairs of touching grains a, b, with many repeats."""
    nx, ny, nz = grain_id.shape
    keys = []
    for o in range(offsets.shape[0]):
        dx, dy, dz = offsets[o]
        for x in range(nx):
            a = x + dx
            if (a < 0 or a >= nx) and not periodic[0]:
                continue
            for y in range(ny):
                b = y + dy
                if (b < 0 or b >= ny) and not periodic[1]:
                    continue
                last = -1
                for z in range(nz):
                    c = z + dz
                    if (c < 0 or c >= nz) and not periodic[2]:
                        continue
                    g = grain_id[x, y, z]
                    h = grain_id[a % nx, b % ny, c % nz]
                    if g == h or g == 0 or h == 0:
                        continue
                    key = np.int64(g) * n + h
                    if key != last:
                        keys.append(key)
                        last = key
    return np.array(keys, np.int64)


def contact_graph(
    grain_id: np.ndarray, periodic: tuple[bool, ...]
) -> tuple[np.ndarray, np.ndarray]:
    """Return which grains touch, through any of the 26 neighbors.

    Parameters
    ----------
    grain_id : numpy.ndarray, integer, shape (nx, ny, nz)
        Grains 1..n, 0 = outside (touches none).
    periodic : three bools
        Whether grains touch through the faces.

    Returns
    -------
    start : numpy.ndarray, int64, shape (n + 2,)
    neighbor : numpy.ndarray, int32
        Grain g touches ``neighbor[start[g]:start[g + 1]]``, sorted.
    """
    n = int(grain_id.max()) + 1
    keys = np.unique(_contact_keys(grain_id, np.array(periodic), n, _OFFSETS))
    keys = np.unique(np.concatenate([keys, keys % n * n + keys // n]))
    return np.searchsorted(keys // n, np.arange(n + 1)), (keys % n).astype(np.int32)


@nb.njit(cache=True)
def _greedy(start, neighbor, order, draws, n_colors, color):
    used = np.zeros(n_colors, np.int64)
    for g in order:
        if color[g] >= 0:
            continue
        used[:] = 0
        for h in neighbor[start[g] : start[g + 1]]:
            if color[h] >= 0:
                used[color[h]] += 1
        fewest = used.min()
        pick = int(draws[g] * np.sum(used == fewest))
        for c in range(n_colors):
            if used[c] == fewest:
                if pick == 0:
                    color[g] = c
                    break
                pick -= 1


def color_grains(
    graph: tuple[np.ndarray, np.ndarray],
    n_colors: int,
    rng: np.random.Generator,
) -> np.ndarray:
    """Color the grains at random such that touching grains differ.

    Parameters
    ----------
    graph : start and neighbor
        From `contact_graph`.
    n_colors : int
        Size of the palette.
    rng : numpy.random.Generator
        Source of the colors.

    Returns
    -------
    numpy.ndarray, int8, shape (n + 1,)
        Color 0..n_colors - 1 of each grain; entry 0 is meaningless.

    Notes
    -----
    A greedy coloring: grains with many contacts come first, their order jittered by
    20 %. Each gets one of the free colors at random or, if none is free, one of the
    rarest among its neighbors.
    """
    start, neighbor = graph
    n = start.size - 1
    order = np.argsort(-np.diff(start) * rng.uniform(0.8, 1.2, n))
    color = np.full(n, -1, np.int8)
    _greedy(start, neighbor, order, rng.random(n), n_colors, color)
    return color


def scalar_block(grain_id: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Give each grain of a block a random value, the encoding of the paper.

    Parameters
    ----------
    grain_id : numpy.ndarray, integer, shape (nx, ny, nz)
        A block; IDs of any range.
    rng : numpy.random.Generator
        Source of the values, uniform and independent.

    Returns
    -------
    numpy.ndarray, float32, shape (nx, ny, nz)
        Mean 0, largest absolute value 1; all 0 in a block of one grain.

    Notes
    -----
    Hoffman et al., "GrainPaint" (2025), section 2.4: every block is centered and scaled
    by itself, so a grain in two blocks has a different value in each. Neighbors with
    close values cannot be told apart; the palette solves this.
    """
    _, index = np.unique(grain_id, return_inverse=True)
    field = rng.random(int(index.max()) + 1)[index.reshape(grain_id.shape)]
    field -= field.mean()
    if index.any():
        field /= np.abs(field).max()
    else:
        field[:] = 0
    return field.astype(np.float32)
