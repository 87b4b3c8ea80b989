"""Solids, sections and lines: what grains of volumes with flat axes are measured in.

A volume that is one voxel thick is a **section**, such as a micrograph or an EBSD map:
its grains have areas, perimeters and equivalent circles, and its flat axis is closed.
One with two flat axes is a **line**, whose grains have lengths. Nothing depends on the
edge of a voxel along a flat axis.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from grainpaint.diameter import long_axes
from grainpaint.measure.perimeter import edge_lengths, perimeter
from grainpaint.measure.surface import face_areas, surface_area

__all__ = [
    "BOUNDARY",
    "CONTENT",
    "boundary_size",
    "boundary_size_of_faces",
    "cell_size",
    "described",
    "diameters_are",
    "named",
]

# By dimension: the columns of the size of a grain, and of its boundary in voxel faces.
CONTENT = {3: "volume_um3", 2: "area_um2", 1: "length_um"}
BOUNDARY = {3: "face_area_um2", 2: "edge_length_um", 1: "ends"}


def cell_size(spacing: Sequence[float], axes: tuple[int, ...]) -> float:
    """Return the volume, area or length of a voxel, µm³, µm² or µm."""
    return float(np.prod([spacing[axis] for axis in axes]))


def boundary_size(
    crossings: np.ndarray, spacing: tuple[float, ...], axes: tuple[int, ...]
) -> np.ndarray:
    """Return the surface area, the perimeter, or the number of ends.

    Parameters
    ----------
    crossings : numpy.ndarray, shape (..., 7)
        Unlike neighbors in each of `grainpaint.measure.surface.DIRECTION_CLASSES`.
    spacing : three floats
        Edges of a voxel, µm.
    axes : tuple of int
        From `grainpaint.microstructure.long_axes`.

    Returns
    -------
    numpy.ndarray, float64, shape (...)
        Smoothed, in µm² or µm.
    """
    if len(axes) == 3:
        return surface_area(crossings, spacing)
    if len(axes) == 2:
        return perimeter(crossings, spacing, axes)
    ends: np.ndarray = crossings[..., axes[0]].astype(float)
    return ends


def boundary_size_of_faces(
    faces: np.ndarray, spacing: tuple[float, ...], axes: tuple[int, ...]
) -> np.ndarray:
    """Return the area of voxel faces, the length of pixel edges, or the number of ends.

    Parameters
    ----------
    faces : numpy.ndarray, int, shape (..., 3)
        Number of faces with normals x, y, z.
    spacing, axes
        See `boundary_size`.

    Returns
    -------
    numpy.ndarray, float64 (ends: int64), shape (...)
        µm² or µm.
    """
    if len(axes) == 1:
        ends: np.ndarray = faces[..., axes[0]]
        return ends
    per_face = face_areas(spacing) if len(axes) == 3 else edge_lengths(spacing, axes)
    size: np.ndarray = faces @ per_face
    return size


def named(shape: Sequence[int]) -> str:
    """Return what volumes of a shape are: a solid, a section across z, a line along x.

    Examples
    --------
    >>> named((8, 1, 8)), named((8, 1, 1)), named((8, 8, 8))
    ('a section across y', 'a line along x', 'a solid')
    """
    axes = long_axes(shape)
    if len(axes) == 2:
        return f"a section across {'xyz'[3 - sum(axes)]}"
    return f"a line along {'xyz'[axes[0]]}" if len(axes) == 1 else "a solid"


def described(shape: Sequence[int]) -> str | None:
    """Return what a reader should know of a flat volume, None for a solid.

    Examples
    --------
    >>> described((64, 1, 48))
    'a section of 64 x 48 voxels: circles, areas'
    >>> described((1, 1, 9))
    'a line of 9 voxels: lengths'
    """
    axes = long_axes(shape)
    voxels = " x ".join(f"{shape[axis]}" for axis in axes)
    return {
        3: None,
        2: f"a section of {voxels} voxels: circles, areas",
        1: f"a line of {voxels} voxels: lengths",
    }[len(axes)]


def diameters_are(axes: tuple[int, ...]) -> str:
    """Return what the diameters of grains in a volume with these long axes are.

    Examples
    --------
    >>> diameters_are((0, 1))
    'of circles of equal area (a section)'
    """
    return {
        3: "of balls of equal volume",
        2: "of circles of equal area (a section)",
        1: "lengths (a line)",
    }[len(axes)]
