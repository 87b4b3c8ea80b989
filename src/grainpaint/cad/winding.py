"""Voxels inside an open surface, by generalized winding numbers, through libigl.

The winding number of a closed surface is 1 inside and 0 outside; that of an open one
lies between near its holes (Jacobson, Kavan, Sorkine-Hornung, ACM Trans. Graph. 32, 33,
2013; fast: Barill et al., 37, 43, 2018). Above 0.5 counts as inside.
"""

import importlib.util
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from grainpaint.cad.solid import Part, refuse_sizes
from grainpaint.cad.voxels import blocks_with_any, no_voxel_inside
from grainpaint.errors import InputError
from grainpaint.microstructure import VoxelBox

__all__ = ["WindingGrid", "doubt_of", "open_part"]

_AT_ONCE = 4_000_000  # voxel centers
_SAMPLE = 2_000_000  # voxels that tell the doubt
_DOUBTFUL = 0.25, 0.75


@dataclass(frozen=True, eq=False)
class WindingGrid:
    """The voxels that cover an open part, as `PartGrid` has them for closed ones.

    Parameters
    ----------
    part : Part
        As `open_part` returns it.
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

    def winding(self, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        """Return the winding numbers at the centers of rows of voxels x, y, z."""
        import igl

        index = np.stack(np.meshgrid(x, y, z, indexing="ij"), -1).reshape(-1, 3)
        # In voxels from the corner of the grid: libigl reckons in single precision.
        corners = (self.part.vertices - np.array(self.origin)) / self.spacing
        faces = np.ascontiguousarray(self.part.faces, np.int64)
        found: np.ndarray = igl.fast_winding_number(corners, faces, index + 0.5)
        return found.reshape(len(x), len(y), len(z))

    def mask(self, box: VoxelBox) -> np.ndarray:
        """Return which voxels of a box are inside; beyond the grid nothing is."""
        mask = np.zeros([b - a for a, b in box], np.bool_)
        inner = [(max(a, 0), min(b, n)) for (a, b), n in zip(box, self.shape)]
        if all(a < b for a, b in inner):
            (x0, x1), *others = inner
            y, z = (np.arange(*span) for span in others)
            step = max(1, _AT_ONCE // (len(y) * len(z)))
            for start in range(x0, x1, step):
                x = np.arange(start, min(start + step, x1))
                here = [
                    slice(v[0] - a, v[-1] + 1 - a) for v, (a, _) in zip((x, y, z), box)
                ]
                mask[tuple(here)] = self.winding(x, y, z) > 0.5
        return mask

    def mask_of_all(self) -> np.ndarray:
        """Return which voxels are inside; errors as `PartGrid.mask_of_all`."""
        mask = self.mask([(0, n) for n in self.shape])
        if not mask.any():
            raise no_voxel_inside(self.spacing)
        return mask

    def touched(self, edge: int) -> np.ndarray:
        """Return which blocks of `edge` voxels contain a voxel that is inside."""
        nx, *others = self.shape
        layers = []
        for x0 in range(0, nx, edge):
            box = [(x0, min(x0 + edge, nx)), *((0, n) for n in others)]
            layers.append(blocks_with_any(self.mask(box), edge))
        return np.concatenate(layers)


def open_part(path: Path, triangles: np.ndarray, edge: float, sha256: str) -> Part:
    """Return triangles as a part that need not be closed, turned right side out.

    Parameters
    ----------
    path : Path
        Of the file, for messages.
    triangles : numpy.ndarray, float64, shape (m, 3, 3)
    edge : float
        Their unit, µm.
    sha256 : str
        SHA-256 of the file, hexadecimal.

    Raises
    ------
    InputError
        If libigl is not installed, or coordinates are not finite or those of no part.
    """
    if importlib.util.find_spec("igl") is None:
        raise InputError(
            f"{path}: open surfaces are repaired with the package libigl, which is "
            "missing: pip install 'grainpaint[repair]'"
        )
    if not np.isfinite(triangles).all():
        raise InputError(f"{path}: coordinates are not finite (NaN): export it again")
    refuse_sizes(path, triangles)
    corners, index = np.unique(triangles.reshape(-1, 3), axis=0, return_inverse=True)
    part = Part(corners * edge, index.reshape(-1, 3).astype(np.int64), (), sha256)
    a, b, c = (
        part.vertices[part.faces[:, i]] - part.vertices.mean(0) for i in range(3)
    )
    if np.einsum("ij,ij->", a, np.cross(b, c)) < 0:
        faces = np.ascontiguousarray(part.faces[:, ::-1])
        return replace(part, faces=faces, notes=("the part was inside out: turned",))
    return part


def doubt_of(grid: WindingGrid) -> str:
    """Say in how many of the voxels inside, or perhaps inside, the answer is open."""
    step = max(1, math.ceil((math.prod(grid.shape) / _SAMPLE) ** (1 / 3)))
    rows = [np.arange(step // 2 if n > step else 0, n, step) for n in grid.shape]
    n_doubtful = n_all = 0
    low, high = _DOUBTFUL
    for x in _pieces(rows[0], _AT_ONCE // (len(rows[1]) * len(rows[2]))):
        winding = grid.winding(x, rows[1], rows[2])
        n_doubtful += int(((winding > low) & (winding < high)).sum())
        n_all += int((winding > low).sum())
    share = n_doubtful / n_all if n_all else 1.0
    return (
        "the surface is open and was filled by its winding number: of the voxels that "
        f"may be inside, {share:.1%} are doubtful (between {low} and {high})"
    )


def _pieces(row: np.ndarray, size: int) -> Iterator[np.ndarray]:
    size = max(1, size)
    return (row[i : i + size] for i in range(0, len(row), size))
