"""A solid from triangles: corners are joined, holes refused, orientation mended."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from grainpaint.cad.amounts import shell_volumes
from grainpaint.cad.closing import close
from grainpaint.cad.facing import face_by_depth
from grainpaint.cad.shells import find_shells
from grainpaint.cad.walls import drop_walls
from grainpaint.errors import InputError
from grainpaint.units import UNITS

__all__ = ["Part", "refuse_sizes", "solid"]

# Coordinate, and size of a part: volumes are far from the largest number and from 0.
_LARGEST, _SMALLEST = 1e60, 1e-60


@dataclass(frozen=True, eq=False)
class Part:
    """Closed, consistently oriented triangle mesh.

    Parameters
    ----------
    vertices : numpy.ndarray, float64, shape (n, 3)
        µm.
    faces : numpy.ndarray, int64, shape (m, 3)
        Vertices of each triangle, counter-clockwise seen from outside.
    notes : tuple of str
        What was mended, in words.
    sha256 : str
        SHA-256 of the file, hexadecimal; empty if there is no file.
    bodies : numpy.ndarray, int64, shape (m,)
        Body of each triangle, counted from 0: an outer shell and the cavities in it.
        All triangles are one body if it is left out.
    """

    vertices: np.ndarray
    faces: np.ndarray
    notes: tuple[str, ...] = ()
    sha256: str = ""
    bodies: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))

    def __post_init__(self) -> None:
        if len(self.bodies) != len(self.faces):
            object.__setattr__(self, "bodies", np.zeros(len(self.faces), np.int64))

    @property
    def bounds(self) -> tuple[np.ndarray, np.ndarray]:
        """Lowest and highest corner, µm."""
        return self.vertices.min(0), self.vertices.max(0)

    @property
    def volume(self) -> float:
        """Signed volume, µm^3 (overlaps count twice)."""
        return float(self.body_volumes.sum())

    @property
    def body_volumes(self) -> np.ndarray:
        """Signed volume of each body without its cavities, µm^3, shape (n_bodies,)."""
        return shell_volumes(self.vertices, self.faces, self.bodies)


def solid(
    path: Path,
    triangles: np.ndarray,
    unit: str,
    sha256: str = "",
    notes: Sequence[str] = (),
    n_solids: int = 0,
) -> Part:
    """Make triangles bound a solid: join corners, refuse holes, mend orientation.

    Parameters
    ----------
    path : Path
        Of the file, for messages.
    triangles : numpy.ndarray, float64, shape (m, 3, 3)
        Corners of each triangle.
    unit : str
        Unit of the coordinates, one of `units.UNITS`.
    sha256 : str
        SHA-256 of the file, hexadecimal.
    notes : sequence of str
        What reading the file has mended already.
    n_solids : int
        That the file states, 0 if it states none: see `face_by_depth`.

    Raises
    ------
    InputError
        If coordinates are not finite, or are those of no part, or the surface is open
        or cannot be oriented.
    """
    n_bad = int((~np.isfinite(triangles)).any((1, 2)).sum())
    if n_bad:
        raise InputError(
            f"{path}: {n_bad} of {len(triangles)} triangles have coordinates that are "
            "not finite (NaN): export the part again"
        )
    refuse_sizes(path, triangles)
    surface = close(path, triangles, unit, notes)
    vertices = surface.vertices
    faces, shell, n_turned = find_shells(
        path, vertices, surface.faces, surface.edges, unit
    )
    mended = [*notes, *surface.notes]
    if n_turned:
        mended.append("some triangles faced the wrong way: turned")
    faces, shell, walls = drop_walls(path, vertices, faces, shell, unit)
    faces, bodies, turned = face_by_depth(
        vertices, faces, shell, surface.near, unit, n_solids
    )
    used = np.zeros(len(vertices), np.bool_)
    used[faces] = True
    faces = np.ascontiguousarray((np.cumsum(used) - 1)[faces])
    return Part(
        vertices[used] * UNITS[unit],
        faces,
        (*mended, *walls, *turned),
        sha256,
        bodies,
    )


def refuse_sizes(path: Path, triangles: np.ndarray) -> None:
    """Refuse coordinates, or a size, with which volumes cannot be reckoned.

    Parameters
    ----------
    path : Path
        Of the file, for messages.
    triangles : numpy.ndarray, float64, shape (m, 3, 3)

    Raises
    ------
    InputError
        If a coordinate is above 1e60, or the size below 1e-60.
    """
    largest = float(np.abs(triangles).max(initial=0.0))
    if largest > _LARGEST:
        raise InputError(
            f"{path}: coordinates up to {largest:.3g} are not those of a part: export "
            "it again"
        )
    size = float(np.ptp(triangles.reshape(-1, 3), axis=0).max()) if largest else 0.0
    if 0 < size < _SMALLEST:
        raise InputError(
            f"{path}: a size of {size:.3g} is not that of a part: export it again"
        )
