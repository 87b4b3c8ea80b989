"""Lattices of sites: which sites are neighbors, and how their arrays lie.

What the sites hold (spins, alarms) lies in flat arrays, z fastest, with a layer of
ghosts around the box.
"""

import itertools
from typing import Any, NamedTuple

import numba as nb
import numpy as np

from grainpaint.compiled import inner
from grainpaint.errors import InputError

__all__ = [
    "LATTICES",
    "Lattice",
    "flat_index",
    "ghost_of",
    "kernel",
    "neighbor_offsets",
    "neighborhood",
]

_CUBE = [o for o in itertools.product((-1, 0, 1), repeat=3) if any(o)]
LATTICES = {
    "sc/26n": np.array(_CUBE),
    "sc/6n": np.array([o for o in _CUBE if sum(map(abs, o)) == 1]),
    "sq/8n": np.array([o for o in _CUBE if o[2] == 0]),
    "sq/4n": np.array([o for o in _CUBE if o[2] == 0 and sum(map(abs, o)) == 1]),
}
_ROWS = [(x, y) for x in (-1, 0, 1) for y in (-1, 0, 1) if x or y] + [(0, 0)]


class Lattice(NamedTuple):
    """Sites with a layer of ghosts around them, as flat arrays."""

    spin: np.ndarray  # 0 = no site
    alarm: np.ndarray  # uint8
    alarms: np.ndarray  # the alarms as words of eight
    mobility: np.ndarray  # of the sites, shape (nx, ny, nz), or empty
    near: np.uint64  # the set of all neighbors (see `neighbor_set`)
    offsets: np.ndarray  # int64, shape (36, 3): x, y, z of each bit of a set
    steps: np.ndarray  # the same as steps in the flat arrays, uint64 (modulo 2^64)
    stride_x: np.uint64  # from a site to the next along x
    stride_y: np.uint64
    periodic: np.ndarray  # three bools
    nx: int
    ny: int
    nz: int
    place_x: np.ndarray  # uint64, positions in the larger volume, for random numbers
    place_y: np.ndarray
    place_z: np.ndarray


def neighbor_offsets(lattice: str) -> np.ndarray:
    """Return the steps from a site to its neighbors along x, y, z.

    Parameters
    ----------
    lattice : {'sc/26n', 'sc/6n', 'sq/8n', 'sq/4n'}
        Named as in SPPARKS; those that begin with sq lie in the plane z = 0.

    Returns
    -------
    numpy.ndarray, int64, shape (n, 3)

    Raises
    ------
    InputError
        If the lattice is unknown.
    """
    if lattice not in LATTICES:
        raise InputError(
            f"the lattice must be one of {', '.join(LATTICES)}; got {lattice!r}"
        )
    return LATTICES[lattice]


def kernel(from_python: bool = False, **options: Any) -> Any:
    """Return numba's decorator for functions that take a `Lattice` or as many arrays.

    The arrays outlive every kernel, so their references are not counted: counting
    inside loops (https://github.com/numba/numba/issues/2345) would take half the time.
    """
    options["_nrt"] = False
    return nb.njit(cache=True, **options) if from_python else inner(**options)


def neighborhood(
    offsets: np.ndarray, stride_x: int, stride_y: int
) -> tuple[np.uint64, np.ndarray, np.ndarray, np.uint64, np.uint64]:
    """Return the five fields of `Lattice` from `near` to `stride_y`.

    Parameters
    ----------
    offsets : numpy.ndarray, int64, shape (n, 3)
        As from `neighbor_offsets`.
    stride_x, stride_y : int
        Steps to the next site along x and y in the flat arrays.
    """
    places = np.array([(x, y, z) for x, y in _ROWS for z in (-1, 0, 1, 2)])
    is_near = (places[:, None] == offsets).all(2).any(1)
    near = sum(1 << int(bit) for bit in np.flatnonzero(is_near))
    steps = (places @ np.array([stride_x, stride_y, 1])).astype(np.uint64)
    return np.uint64(near), places, steps, np.uint64(stride_x), np.uint64(stride_y)


@kernel(forceinline=True)
def flat_index(lattice, x, y, z):
    """Return the index of a site in the flat arrays."""
    return (
        np.uint64(x + 1) * lattice.stride_x
        + np.uint64(y + 1) * lattice.stride_y
        + np.uint64(z + 1)
    )


@kernel()
def ghost_of(x, n, periodic):
    """Return the position of the ghost of site x on an axis of n sites; x if none."""
    if not periodic:
        return x
    return n if x == 0 else (-1 if x == n - 1 else x)
