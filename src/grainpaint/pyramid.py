"""Volumes at half and at double resolution."""

import numba as nb
import numpy as np

__all__ = ["double", "halve"]


@nb.njit(cache=True)
def _majority(values, at, out):
    nx, ny, nz = out.shape
    cell = np.empty(8, values.dtype)
    for x in range(nx):
        for y in range(ny):
            for z in range(nz):
                for q in range(8):
                    cell[q] = values[
                        2 * x + (q >> 2), 2 * y + ((q >> 1) & 1), 2 * z + (q & 1)
                    ]
                # Which corner wins a tie varies from cell to cell: no drift.
                first = (7 * (x + at[0]) + 13 * (y + at[1]) + 29 * (z + at[2])) % 8
                most = 0
                for q in range(8):
                    v = cell[(first + q) % 8]
                    n = 0
                    for w in range(8):
                        n += cell[w] == v
                    if n > most:
                        most = n
                        out[x, y, z] = v


def halve(values: np.ndarray, at: tuple[int, ...] = (0, 0, 0)) -> np.ndarray:
    """Return the most common value of each 2 x 2 x 2 cell.

    Parameters
    ----------
    values : numpy.ndarray, shape (nx, ny, nz)
        Even edges.
    at : three ints
        The place of the first cell in a larger volume, by which ties are decided.

    Returns
    -------
    numpy.ndarray, shape (nx/2, ny/2, nz/2)

    Examples
    --------
    >>> halve(double(np.arange(8).reshape(2, 2, 2))).ravel().tolist()
    [0, 1, 2, 3, 4, 5, 6, 7]
    """
    out = np.empty([n // 2 for n in values.shape], values.dtype)
    _majority(np.ascontiguousarray(values), np.array(at), out)
    return out


def double(values: np.ndarray) -> np.ndarray:
    """Return each voxel repeated 2 x 2 x 2 (shape (2 nx, 2 ny, 2 nz))."""
    for axis in range(3):
        values = np.repeat(values, 2, axis)
    return values
