"""Nodes moved until grains have their volumes and no triangle is bad."""

from __future__ import annotations

import numpy as np

from grainpaint.meshing.crossings import crossing
from grainpaint.meshing.edges import check_edges
from grainpaint.meshing.nets import Net
from grainpaint.meshing.part_surface import PartSurface
from grainpaint.meshing.triangles import (
    folded,
    outward,
    smallest_angles,
    triangulated,
)
from grainpaint.meshing.volumes import grain_volumes, shifts_for

__all__ = ["mended", "with_volumes"]

_SHARPEST = np.deg2rad(5.0)  # angle of triangles that are kept
_THINNEST = np.deg2rad(15.0)  # angle between triangles that are kept
_FOLDED = np.deg2rad(1.0)
_GENTLE = 5  # rounds in which sharp triangles are taken back, not crossing ones alone
_ROUNDS = 30
_ON_PART = 3  # rounds in which nodes of the part's surface stay on it
_HALVES = 9  # rounds in which nodes are taken half the way back, later all of it
_VOLUME_STEPS = 2
_CLOSE = 1e-4  # of a volume: near enough
_FARTHEST = 0.3  # that a node goes in one of the steps, voxels


def with_volumes(
    net: Net,
    points: np.ndarray,
    sizes: np.ndarray,
    spacing: tuple[float, ...],
    held: np.ndarray,
) -> np.ndarray:
    """Return the nodes moved so that grains have their volumes.

    Parameters
    ----------
    net : Net
    points : numpy.ndarray, float64, shape (n, 3)
        Voxels.
    sizes : numpy.ndarray, float64
        Volume of each grain, voxels.
    spacing : three floats
        Edges of a voxel.
    held : numpy.ndarray, bool, shape (n,)
        Nodes that stay.
    """
    movable = ~net.fixed & ~held[:, None]
    for _ in range(_VOLUME_STEPS):
        faces = triangulated(net, points, spacing)
        missing = sizes - grain_volumes(points, *faces, sizes.size)
        if (np.abs(missing) <= _CLOSE * np.abs(sizes)).all():
            break
        shift = shifts_for(missing, net, points, faces, movable)
        length = np.linalg.norm(shift, axis=1, keepdims=True)
        points = points + shift * (_FARTHEST / np.maximum(length, _FARTHEST))
    return points


def mended(
    net: Net,
    points: np.ndarray,
    sizes: np.ndarray,
    spacing: tuple[float, ...],
    held: np.ndarray,
    surface: PartSurface | None,
) -> np.ndarray:
    """Return the nodes with those of bad triangles taken back toward the voxels.

    The net as it began has no triangles that cross.

    Parameters
    ----------
    net, points, sizes, spacing, held
        See `with_volumes`.
    surface : PartSurface, optional
        What the nodes that are held lie on.
    """
    on_part = held
    for turn in range(_ROUNDS):
        triangles, pairs = triangulated(net, points, spacing)
        bad = crossing(points, triangles)
        bad |= folded(points, outward(triangles, pairs)[0], net.sides)
        at = points * spacing
        dihedral = check_edges(at, triangles, pairs).dihedral
        if turn < _GENTLE:
            bad |= smallest_angles(at, triangles) < _SHARPEST
            bad |= dihedral < _THINNEST
        else:
            bad |= dihedral < _FOLDED
        if not bad.any():
            break
        touched = np.zeros(len(points), bool)
        touched[net.twin[triangles[bad]]] = True
        touched = touched[net.twin]
        way = points[touched] - net.points[touched]
        points = points.copy()
        points[touched] -= way / 2 if turn < _HALVES else way
        if surface is not None and turn < _ON_PART:
            back = touched & on_part
            there = surface.nearest(points[back])
            points[back] = np.where(net.fixed[back], points[back], there)
        if turn >= _GENTLE:
            held = held | touched
        if turn < _HALVES:
            points = with_volumes(net, points, sizes, spacing, held)
    return points
