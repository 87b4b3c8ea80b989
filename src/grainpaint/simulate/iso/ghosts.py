"""Boxes of sites with a layer of ghosts around them, as flat arrays."""

import numpy as np

from grainpaint.simulate.iso.lattice import kernel

__all__ = ["put", "with_ghosts", "without_ghosts"]


def with_ghosts(
    values: np.ndarray, periodic: tuple[bool, bool, bool], beyond: float = 0
) -> np.ndarray:
    """Return values of sites with ghosts around them.

    Parameters
    ----------
    values : numpy.ndarray, shape (nx, ny, nz)
    periodic : three bools
        Where ghosts are copies of the sites across the box.
    beyond : number
        Value of the other ghosts.

    Returns
    -------
    numpy.ndarray, shape ((nx + 2) * (ny + 2) * (nz + 2),)
        z fastest, of the same type.
    """
    padded = np.full([n + 2 for n in values.shape], beyond, values.dtype)
    padded[1:-1, 1:-1, 1:-1] = values
    for axis, wraps in enumerate(periodic):
        if wraps:
            ends = np.moveaxis(padded, axis, 0)
            ends[0], ends[-1] = ends[-2], ends[1]
    return padded.reshape(-1)


def without_ghosts(flat: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Return a copy of the values of the sites themselves."""
    padded = flat.reshape([n + 2 for n in shape])
    inside: np.ndarray = padded[1:-1, 1:-1, 1:-1].copy()
    return inside


@kernel()
def put(flat, shape, place, value, periodic):
    """Set the value of a site and of its ghosts across periodic faces."""
    x, y, z = place
    nx, ny, nz = shape
    for a in range(-1, 2):
        if a != 0 and (periodic[0] == 0 or (x != 0 if a > 0 else x != nx - 1)):
            continue
        for b in range(-1, 2):
            if b != 0 and (periodic[1] == 0 or (y != 0 if b > 0 else y != ny - 1)):
                continue
            for c in range(-1, 2):
                if c != 0 and (periodic[2] == 0 or (z != 0 if c > 0 else z != nz - 1)):
                    continue
                i = ((x + 1 + a * nx) * (ny + 2) + y + 1 + b * ny) * (nz + 2)
                flat[i + z + 1 + c * nz] = value
