"""Meshes of the boundaries of grains: nets, smoothed, with the volumes of the voxels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from grainpaint.errors import InputError
from grainpaint.meshing.crossings import crossing
from grainpaint.meshing.edges import check_edges
from grainpaint.meshing.nets import Net, net_of
from grainpaint.meshing.smoothing import kinds_of, smoothed
from grainpaint.meshing.triangles import folded, outward, smallest_angles, triangulated
from grainpaint.meshing.volumes import grain_volumes, shifts_for
from grainpaint.microstructure import Microstructure
from grainpaint.progress import Progress, silent

__all__ = ["GrainMesh", "grain_mesh"]

_SHARPEST = np.deg2rad(5.0)  # angle of triangles that are kept
_THINNEST = np.deg2rad(15.0)  # angle between triangles that are kept
_GENTLE = 5  # rounds in which sharp triangles are taken back, and not only crossing ones
_ROUNDS = 12
_LAST = 3  # rounds in which they are taken back all the way
_VOLUME_STEPS = 2
_CLOSE = 1e-4  # of a volume: near enough
_NEAR = 2.0  # voxels: nodes farther from the surface of the part stay

Lay = Callable[[np.ndarray], np.ndarray]


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
    volume: Microstructure, lay: Lay | None = None, progress: Progress = silent
) -> GrainMesh:
    """Return smooth conforming boundaries of all grains.

    Parameters
    ----------
    volume : Microstructure
    lay : callable, optional
        Returns the nearest points on the surface of the part (n, 3) to points (n, 3),
        µm. Without it, the surface of the part is that of its voxels, smoothed.
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
    if not volume.mask.any():
        raise InputError("the volume has no grain")
    if len(volume.axes) < 3:
        shape = " x ".join(map(str, volume.shape))
        raise InputError(
            f"boundaries are meshed in three dimensions, and {shape} voxels are one "
            "voxel thick"
        )
    ids, index = np.unique(volume.grain_id, return_inverse=True)
    if ids[0] != 0:
        ids, index = np.append(0, ids), index + 1
    labels = Microstructure(
        index.reshape(volume.shape), volume.spacing, periodic=volume.periodic
    )
    sizes = np.bincount(index.ravel(), minlength=ids.size).astype(float)
    sizes[0] = -sizes[1:].sum()
    with progress("mesh", 4) as bar:
        net = net_of(labels)
        bar.update(1, "smooth")
        points = smoothed(net)
        bar.update(2, "volumes")
        points = _with_volumes(net, points, sizes, volume.spacing, ~net.fixed)
        held = np.zeros(len(points), bool)
        if lay is not None:
            points, held = _laid(net, points, volume, lay)
            sizes = _volumes(net, points, sizes, volume.spacing)
        bar.update(3, "crossings")
        points = _mended(net, points, held, sizes, volume.spacing)
        triangles, pairs = triangulated(net, points, volume.spacing)
        triangles, pairs = outward(triangles, pairs)
    grains = ids[pairs].astype(np.int32)
    return GrainMesh(
        points * volume.spacing + volume.origin,
        kinds_of(net),
        triangles,
        grains[:, 0],
        grains[:, 1],
        net.twin,
        net.sides,
    )


def _volumes(
    net: Net, points: np.ndarray, sizes: np.ndarray, spacing: tuple[float, ...]
) -> np.ndarray:
    """Return the volumes of the grains, voxels."""
    return grain_volumes(points, *triangulated(net, points, spacing), sizes.size)


def _with_volumes(
    net: Net,
    points: np.ndarray,
    sizes: np.ndarray,
    spacing: tuple[float, ...],
    movable: np.ndarray,
) -> np.ndarray:
    """Return the nodes moved so that grains have their volumes."""
    for _ in range(_VOLUME_STEPS):
        faces = triangulated(net, points, spacing)
        missing = sizes - grain_volumes(points, *faces, sizes.size)
        if (np.abs(missing) <= _CLOSE * np.abs(sizes)).all():
            break
        points = points + shifts_for(missing, net, points, faces, movable)
    return points


def _laid(
    net: Net, points: np.ndarray, volume: Microstructure, lay: Lay
) -> tuple[np.ndarray, np.ndarray]:
    """Return the nodes with those of the part's surface on it, and which these are."""
    free = np.zeros(len(points), bool)
    for rows, pairs in (
        (net.quads, net.quad_pairs),
        (net.triangles, net.triangle_pairs),
    ):
        free[rows[(pairs == 0).any(1)]] = True
    free &= ~net.fixed.any(1)
    there = (lay(points[free] * volume.spacing + volume.origin) - volume.origin) / (
        np.array(volume.spacing)
    )
    near = np.linalg.norm(there - points[free], axis=1) <= _NEAR
    free[free] = near
    points = points.copy()
    points[free] = there[near]
    return points, free


def _mended(
    net: Net,
    points: np.ndarray,
    held: np.ndarray,
    sizes: np.ndarray,
    spacing: tuple[float, ...],
) -> np.ndarray:
    """Return the nodes with those of bad triangles taken back towards the voxels.

    The net as it began has no triangles that cross.
    """
    for turn in range(_ROUNDS):
        triangles, pairs = triangulated(net, points, spacing)
        bad = crossing(points, triangles)
        bad |= folded(points, outward(triangles, pairs)[0], net.sides)
        if turn < _GENTLE:
            at = points * spacing
            bad |= smallest_angles(at, triangles) < _SHARPEST
            bad |= check_edges(at, triangles, pairs).dihedral < _THINNEST
        if not bad.any():
            break
        touched = np.zeros(len(points), bool)
        touched[net.twin[triangles[bad]]] = True
        touched = touched[net.twin]
        way = points[touched] - net.points[touched]
        points = points.copy()
        points[touched] -= way if turn >= _ROUNDS - _LAST else way / 2
        if turn >= _GENTLE:
            held = held | touched
        movable = ~net.fixed & ~held[:, None]
        points = _with_volumes(net, points, sizes, spacing, movable)
    return points
