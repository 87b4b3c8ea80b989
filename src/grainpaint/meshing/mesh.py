"""Meshes of the boundaries of grains: smooth, with the volumes of the voxels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from grainpaint.cad import Part
from grainpaint.meshing.smoothing import kinds_of
from grainpaint.meshing.surfaces import check_fit, surfaces_of
from grainpaint.meshing.triangles import folded, outward, triangulated
from grainpaint.meshing.volumes import grain_volumes
from grainpaint.microstructure import Microstructure
from grainpaint.progress import Progress, silent

__all__ = ["GrainMesh", "grain_mesh"]


@dataclass(frozen=True, eq=False)
class GrainMesh:
    """Triangles between all grains of a volume; they share nodes.

    Parameters
    ----------
    points : numpy.ndarray, float64, shape (n, 3)
        Nodes, µm.
    kinds : numpy.ndarray, int64, shape (n,)
        Grains around each node, the outside counted as one: 2, on a face, 3, on a
        triple line, 4, where four or more meet.
    triangles : numpy.ndarray, int64, shape (m, 3)
        Nodes; their normals point from the inside to the outside.
    inside, outside : numpy.ndarray, int32, shape (m,)
        Grain IDs, inside < outside, or outside = 0: outside the part or the box.
    twin : numpy.ndarray, int64, shape (n,)
        The least node that is the same one through periodic faces.
    box_sides : numpy.ndarray, int8, shape (n, 3)
        Whether a node lies in the low (-1) or high (1) face of the box across x, y, z.
    """

    points: np.ndarray
    kinds: np.ndarray
    triangles: np.ndarray
    inside: np.ndarray
    outside: np.ndarray
    twin: np.ndarray
    box_sides: np.ndarray

    def folded(self) -> np.ndarray:
        """Return which triangles in a face of the box face inwards (bool, (m,))."""
        return folded(self.points, self.triangles, self.box_sides)

    def volumes(self, ids: np.ndarray) -> np.ndarray:
        """Return the volumes of grains of these IDs, ascending, µm^3."""
        both = np.stack([self.inside, self.outside], 1)
        every = np.append(0, ids)
        pairs = np.searchsorted(every, both)
        return grain_volumes(self.points, self.triangles, pairs, every.size)[1:]


def grain_mesh(
    volume: Microstructure, part: Part | None = None, progress: Progress = silent
) -> GrainMesh:
    """Return smooth conforming boundaries of all grains.

    Parameters
    ----------
    volume : Microstructure
    part : Part, optional
        What the volume fills: its surface is that of the mesh, where the box does not
        cut it. Without it, that of the voxels is smoothed.
    progress : Progress

    Returns
    -------
    GrainMesh
        Along periodic axes from the centers of the first voxels to those of their
        images, otherwise of the box of the volume.

    Raises
    ------
    InputError
        If the volume has no grain or is one voxel thick.
    """
    check_fit(volume)
    with progress("mesh", 4) as bar:
        made = surfaces_of(volume, part, bar)
    net = made.net
    triangles, pairs = triangulated(net, made.points, volume.spacing)
    triangles, pairs = outward(triangles, pairs)
    grains = made.ids[pairs].astype(np.int32)
    return GrainMesh(
        made.points * volume.spacing + volume.origin,
        kinds_of(net),
        triangles,
        grains[:, 0],
        grains[:, 1],
        net.twin,
        net.sides,
    )
