"""The corners of voxels as nodes: their numbers, layer by layer, and sets of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, product

import numpy as np

from grainpaint.formats.slabs import Slabs
from grainpaint.formats.solvers.numbering import numbered

__all__ = ["Layer", "NodeFaces", "layers"]

_SIDES = ("MIN", "MAX")


@dataclass(frozen=True)
class Layer:
    """A layer of voxels, and the numbers of the nodes below and above it.

    Parameters
    ----------
    z : int
        Place of the layer.
    cells : numpy.ndarray, int32, shape (ny, nx)
        0 = outside, else the place of the grain in the order of IDs, from 1.
    low, high : numpy.ndarray, int64, shape (ny + 1, nx + 1)
        Numbers from 1, 0 where no voxel in a grain has the node.
    """

    z: int
    cells: np.ndarray
    low: np.ndarray
    high: np.ndarray


def layers(slabs: Slabs) -> Iterator[Layer]:
    """Yield the layers of a volume; nodes are numbered as they come, x fastest."""
    nx, ny, nz = slabs.shape
    count = 0
    cells: np.ndarray | None = None
    low = np.zeros((ny + 1, nx + 1), np.int64)
    z = 0
    for slab in slabs.rows():
        for here in slab:
            used = _touched(here) | (_touched(cells) if cells is not None else False)
            numbers, count = numbered(used, count)
            if cells is not None:
                yield Layer(z - 1, cells, low, numbers)
            cells, low = here, numbers
            z += 1
    assert cells is not None
    yield Layer(nz - 1, cells, low, numbered(_touched(cells), count)[0])


def _touched(cells: np.ndarray) -> np.ndarray:
    """Return the corners (ny + 1, nx + 1) of the voxels of a layer that are inside."""
    inside = cells > 0
    touched = np.zeros(tuple(n + 1 for n in cells.shape), bool)
    for j, i in product((0, 1), repeat=2):
        touched[j : j + cells.shape[0], i : i + cells.shape[1]] |= inside
    return touched


class NodeFaces:
    """The numbers of the nodes on the six faces of the box, gathered layer by layer.

    Parameters
    ----------
    slabs : Slabs
    """

    def __init__(self, slabs: Slabs) -> None:
        self.shape = tuple(n + 1 for n in slabs.shape)
        nx, ny, nz = self.shape
        # By axis and side; each is indexed by the two other axes, x before y before z.
        self.faces = [
            [np.zeros(size, np.int64) for _ in _SIDES]
            for size in ((ny, nz), (nx, nz), (nx, ny))
        ]

    def add(self, z: int, numbers: np.ndarray) -> None:
        """Take in a plane of nodes (shape (ny + 1, nx + 1)) at z."""
        plane = numbers.T
        for side, at in enumerate((0, -1)):
            self.faces[0][side][:, z] = plane[at]
            self.faces[1][side][:, z] = plane[:, at]
        if z in (0, self.shape[2] - 1):
            self.faces[2][int(z > 0)][:] = plane

    def at(self, place: dict[int, int]) -> np.ndarray:
        """Return the nodes at the low (0) or high (1) end of some axes.

        Returns
        -------
        numpy.ndarray, int64
            Indexed by the other axes, in their order.
        """
        first, *others = sorted(place)
        rest = [axis for axis in range(3) if axis != first]
        index = tuple(-place[axis] if axis in others else slice(None) for axis in rest)
        return self.faces[first][place[first]][index]

    def sets(self) -> Iterator[tuple[str, np.ndarray]]:
        """Yield names, such as XMIN and XMIN_YMAX, and numbers of those that exist.

        The sets are those of faces, edges and corners; edges are part of faces.
        """
        for n in (1, 2, 3):
            for axes in combinations(range(3), n):
                for sides in product((0, 1), repeat=n):
                    numbers = np.ravel(self.at(dict(zip(axes, sides))))
                    name = "_".join("XYZ"[a] + _SIDES[s] for a, s in zip(axes, sides))
                    if (numbers > 0).any():
                        yield name, np.sort(numbers[numbers > 0])
