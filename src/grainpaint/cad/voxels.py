"""The voxels inside a part.

A voxel is inside if its center is. Along each column of voxel centers, the triangles
that it crosses are counted with their orientation: the column is inside where the
winding number is positive. Overlapping bodies thus count as their union, and
inward-facing shells as cavities.
"""

import math
from dataclasses import dataclass

import numpy as np

from grainpaint.cad.columns import add_repeats, cross, fill_columns, touch
from grainpaint.cad.solid import Part
from grainpaint.errors import InputError, brief
from grainpaint.microstructure import VoxelBox

__all__ = [
    "PartGrid",
    "VoxelGrid",
    "blocks_with_any",
    "no_voxel_inside",
    "plan_grid",
    "voxelize",
]

_FINEST = 1e-15  # of the size of a part: finer voxels cannot be told apart
_LAYERS = 64  # along x, whose columns are held at a time


@dataclass(frozen=True, eq=False)
class VoxelGrid:
    """Which voxels are inside a part.

    Parameters
    ----------
    mask : numpy.ndarray, bool, shape (nx, ny, nz)
        True = inside.
    spacing : float
        Edge of a voxel, µm.
    origin : three floats
        Corner of voxel (0, 0, 0), µm.
    """

    mask: np.ndarray
    spacing: float
    origin: tuple[float, float, float]


@dataclass(frozen=True, eq=False)
class PartGrid:
    """The voxels that cover a part; which are inside is found on demand.

    Parameters
    ----------
    part : Part
    shape : three ints
        Voxels along x, y, z.
    spacing : float
        Edge of a voxel, µm.
    origin : three floats
        Corner of voxel (0, 0, 0), µm.
    """

    part: Part
    shape: tuple[int, int, int]
    spacing: float
    origin: tuple[float, float, float]

    def mask(self, box: VoxelBox) -> np.ndarray:
        """Return which voxels of a box are inside.

        Parameters
        ----------
        box : three pairs of ints
            Voxel ranges, half open; beyond the grid nothing is inside.

        Returns
        -------
        numpy.ndarray, bool, shape of the box
        """
        mask = np.zeros([b - a for a, b in box], np.bool_)
        inner = [(max(a, 0), min(b, n)) for (a, b), n in zip(box, self.shape)]
        if all(a < b for a, b in inner):
            (x0, x1), (y0, y1), (z0, z1) = inner
            found = np.zeros((x1 - x0, y1 - y0, z1 - z0), np.bool_)
            fill_columns(*self._crossings(x0, x1, y0, y1), found, z0)
            here = tuple(slice(p - a, q - a) for (p, q), (a, _) in zip(inner, box))
            mask[here] = found
        return mask

    def mask_of_all(self) -> np.ndarray:
        """Return which voxels of the whole grid are inside.

        Returns
        -------
        numpy.ndarray, bool, shape `shape`

        Raises
        ------
        InputError
            If none is.
        """
        mask = self.mask([(0, n) for n in self.shape])
        if not mask.any():
            raise no_voxel_inside(self.spacing)
        return mask

    def touched(self, edge: int) -> np.ndarray:
        """Return which blocks of `edge` voxels contain a voxel that is inside.

        Returns
        -------
        numpy.ndarray, bool, shape (ceil(nx / edge), ceil(ny / edge), ceil(nz / edge))
        """
        nx, ny, nz = self.shape
        found = np.zeros([-(-n // edge) for n in self.shape], np.bool_)
        for i, x0 in enumerate(range(0, nx, edge)):
            x1 = min(x0 + edge, nx)
            touch(*self._crossings(x0, x1, 0, ny), ny, nz, edge, found[i])
        return found

    def repeats(self) -> tuple[int, int]:
        """Return the voxels that bodies hold, and cavities take, once too often.

        Of those that three bodies hold, two are too many. Both are 0 if no two bodies
        and no two cavities overlap.
        """
        nx, ny, _ = self.shape
        found = np.zeros(2, np.int64)
        for x0 in range(0, nx, _LAYERS):
            add_repeats(*self._crossings(x0, min(x0 + _LAYERS, nx), 0, ny), found)
        return int(found[0]), int(found[1])

    def _crossings(
        self, x0: int, x1: int, y0: int, y1: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return where the columns of voxels (y fastest) enter and leave bodies."""
        # Coordinates in which voxel centers are whole numbers.
        corners = (self.part.vertices - np.array(self.origin)) / self.spacing - 0.5
        faces, n_z = self.part.faces, self.shape[2]
        found: tuple[np.ndarray, np.ndarray] = cross(
            corners, faces, x0, x1, y0, y1, n_z
        )
        return found


def blocks_with_any(inside: np.ndarray, edge: int) -> np.ndarray:
    """Return which blocks of `edge` voxels contain a voxel that is inside.

    Parameters
    ----------
    inside : numpy.ndarray, bool, shape (nx, ny, nz)
    edge : int

    Returns
    -------
    numpy.ndarray, bool, shape (ceil(nx / edge), ceil(ny / edge), ceil(nz / edge))
    """
    for axis, n in enumerate(inside.shape):
        inside = np.logical_or.reduceat(inside, np.arange(0, n, edge), axis)
    return inside


def no_voxel_inside(spacing: float) -> InputError:
    """Return the error that voxels (edge `spacing`, µm) are too large for a part."""
    return InputError(
        f"no voxel center lies inside the part: use voxels below {spacing:g} µm"
    )


def plan_grid(part: Part, voxel: float | None = None, longest: int = 128) -> PartGrid:
    """Return the voxels of a part: its box, each side rounded to whole voxels.

    All voxels whose centers lie inside the part are among them.

    Parameters
    ----------
    part : Part
    voxel : float, optional
        Edge of a voxel, µm.
    longest : int
        Voxels along the longest side, if `voxel` is not given.

    Raises
    ------
    InputError
        If `longest` is no whole number from 2 on, the voxel is not positive or beyond
        what numbers can tell apart, or the part is thinner than a voxel.
    """
    low, high = part.bounds
    size = high - low
    if not isinstance(longest, int | np.integer) or longest < 2:
        raise InputError(
            "the voxels along the longest side are a whole number from 2 on; got "
            f"{brief(repr(longest), 50)}"
        )
    if voxel is None:
        voxel = float(size.max()) / longest
    if not 0 < voxel < float("inf"):
        raise InputError(f"the voxel size must be above 0, got {voxel:g} µm")
    if voxel < _FINEST * size.max():
        raise InputError(
            f"a voxel of {voxel:g} µm is too small for a part of {size.max():g} µm: "
            "use larger voxels"
        )
    if size.min() < voxel:
        raise InputError(
            f"the part is thinner than a voxel: it measures "
            f"{' x '.join(f'{s:g}' for s in size)} µm, a voxel {voxel:g} µm; use a "
            f"voxel below {size.min():g} µm (and check the unit)"
        )
    # Rounded, not up: what sticks out, up to a quarter of a voxel on either side, has
    # no center of a voxel in it, and a box of 10.1 voxels would be made 11 otherwise.
    x, y, z = (max(1, math.ceil(s / voxel - 0.5 - 1e-6)) for s in size)
    corner = (low + high) / 2 - np.array([x, y, z]) * voxel / 2
    ox, oy, oz = corner.tolist()
    return PartGrid(part, (x, y, z), voxel, (ox, oy, oz))


def voxelize(part: Part, voxel: float | None = None, longest: int = 128) -> VoxelGrid:
    """Return the voxels whose centers lie inside a part.

    Parameters
    ----------
    part, voxel, longest
        As in `plan_grid`.

    Raises
    ------
    InputError
        As `plan_grid`, and if no center lies inside.
    """
    grid = plan_grid(part, voxel, longest)
    return VoxelGrid(grid.mask_of_all(), grid.spacing, grid.origin)
