"""The nodes of a mesh on the surface of a part."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from grainpaint.cad import Part
from grainpaint.meshing.nets import Net
from grainpaint.meshing.smoothing import FACE, LINE, Smoother
from grainpaint.microstructure import Microstructure

__all__ = ["PartSurface", "laid", "released"]

_NEAR = 2.0  # voxels: nodes farther from the surface stay
_N_LAYINGS = 6
_N_AFTER = 5  # steps in which the nodes inside follow


def released(net: Net, volume: Microstructure, part: Part) -> Net:
    """Return the net with nodes free on the faces of the box that do not cut the part.

    There the surface is that of the part, less than a voxel away.
    """
    low, high = (
        (corner - volume.origin) / np.array(volume.spacing) for corner in part.bounds
    )
    sides = net.sides.copy()
    sides[(sides < 0) & (low > net.box[0] - 1)] = 0
    sides[(sides > 0) & (high < net.box[1] + 1)] = 0
    return replace(net, sides=sides)


class PartSurface:
    """The surface of a part, in voxels of a volume.

    Parameters
    ----------
    part : Part
    volume : Microstructure
    """

    def __init__(self, part: Part, volume: Microstructure) -> None:
        from pyvista import PolyData

        vertices = (part.vertices - volume.origin) / volume.spacing
        self._surface: Any = PolyData.from_regular_faces(vertices, part.faces)

    def nearest(self, points: np.ndarray) -> np.ndarray:
        """Return the nearest points of the surface (float64, shape (n, 3))."""
        if not len(points):
            return points
        _, there = self._surface.find_closest_cell(points, return_closest_point=True)
        found: np.ndarray = np.asarray(there, np.float64)
        return found


def laid(
    net: Net, points: np.ndarray, surface: PartSurface
) -> tuple[np.ndarray, np.ndarray]:
    """Return the nodes with those of the outer surface on the surface of a part.

    They are evened out along it, and nodes inside follow.

    Parameters
    ----------
    net : Net
    points : numpy.ndarray, float64, shape (n, 3)
        Voxels.
    surface : PartSurface

    Returns
    -------
    points : numpy.ndarray, float64, shape (n, 3)
    on_part : numpy.ndarray, bool, shape (n,)
        Which nodes lie on it.
    """
    outer = np.zeros(len(points), bool)
    for rows, pairs in (
        (net.quads, net.quad_pairs),
        (net.triangles, net.triangle_pairs),
    ):
        in_box = net.fixed[rows].all(1).any(1)
        outer[rows[(pairs == 0).any(1) & ~in_box]] = True
    away = surface.nearest(points[outer]) - points[outer]
    outer[outer] = np.linalg.norm(away, axis=1) <= _NEAR
    smoother = Smoother(net)
    for turn in range(_N_LAYINGS):
        if turn > 0:
            for kind in (LINE, FACE):
                points = smoother.relaxed(points, kind, outer, outer)
        there = surface.nearest(points[outer])
        points = points.copy()
        points[outer] = np.where(net.fixed[outer], points[outer], there)
    for kind in (LINE, FACE):
        points = smoother.faired(points, kind, ~outer, _N_AFTER)
    return points, outer
