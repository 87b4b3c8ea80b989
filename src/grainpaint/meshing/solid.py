"""Grains filled with tetrahedra, of good shapes and with the volumes of the voxels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from grainpaint.cad import Part
from grainpaint.meshing.improving import GOOD, contents, improved, shapes
from grainpaint.meshing.order import in_order
from grainpaint.meshing.surfaces import Surfaces, check_fit, surfaces_of
from grainpaint.meshing.tetrahedra import (
    Filling,
    filling_of,
    having,
    without_unused,
)
from grainpaint.meshing.triangles import triangulated
from grainpaint.meshing.volumes import grain_volumes, shifts_for
from grainpaint.microstructure import Microstructure
from grainpaint.progress import Progress, silent

__all__ = ["SolidMesh", "solid_mesh", "untangled"]

_LEAST = 0.25  # shape below which nodes of boundaries move, too
_COARSE, _FINE = (0.15, 0.05), (0.15, 0.05, 0.02)  # voxels: steps of nodes
_ROUNDS = 3
_FLAT = 1e-3  # shape of tetrahedra that count as inside out
_HALVES = 4  # rounds in which nodes go half the way back, later all of it
_CLOSE, _NEAR = 1e-3, 5e-3  # of a volume: near enough, while and after shaping
_POOR, _WORSE = 0.15, 0.7  # shape that is not made much worse for volumes


@dataclass(frozen=True, eq=False)
class SolidMesh:
    """Tetrahedra that fill all grains of a volume; they share nodes.

    Parameters
    ----------
    points : numpy.ndarray, float64, shape (n, 3)
        Nodes, µm.
    tetrahedra : numpy.ndarray, int32, shape (m, 4)
        Nodes; the last one sees the first three turn to the left. By grain.
    grain : numpy.ndarray, int32, shape (m,)
        Grain IDs, ascending.
    box_sides : numpy.ndarray, int8, shape (n, 3)
        Whether a node lies in the low (-1) or high (1) face of the box across x, y, z.
    """

    points: np.ndarray
    tetrahedra: np.ndarray
    grain: np.ndarray
    box_sides: np.ndarray

    def volumes(self) -> np.ndarray:
        """Return the volumes of the tetrahedra, µm^3; negative inside out."""
        return contents(self.points, self.tetrahedra)


def solid_mesh(
    volume: Microstructure, part: Part | None = None, progress: Progress = silent
) -> SolidMesh:
    """Return tetrahedra in all grains, whose boundaries are those of `grain_mesh`.

    Where tetrahedra at a boundary would be flat, its nodes have moved.

    Parameters
    ----------
    volume, part, progress
        As `grain_mesh` takes them.

    Returns
    -------
    SolidMesh
        Nodes on opposite periodic faces match.

    Raises
    ------
    InputError
        As `grain_mesh`.
    """
    check_fit(volume)
    with progress("mesh", 6) as bar:
        made = surfaces_of(volume, part, bar)
        bar.update(4, "tetrahedra")
        faces = triangulated(made.net, made.points, volume.spacing)
        filling = filling_of(made.cubes, made.net, made.points, faces[0])
        bar.update(5, "shapes")
        points = _shaped(filling, made, faces, volume.spacing)
    order = in_order(filling.grain)
    used, tetrahedra = without_unused(filling.tetrahedra, order, len(points))
    return SolidMesh(
        points[used] * volume.spacing + volume.origin,
        tetrahedra,
        made.ids[filling.grain[order]].astype(np.int32),
        filling.sides[used],
    )


def _shaped(
    filling: Filling,
    made: Surfaces,
    faces: tuple[np.ndarray, np.ndarray],
    spacing: tuple[float, ...],
) -> np.ndarray:
    """Return where the nodes are best: those within grains, then of boundaries."""
    net, rows = made.net, filling.tetrahedra
    n = len(made.points)
    movable = filling.sides == 0
    within, off_part = movable.copy(), movable.copy()
    within[:n] = False
    off_part[:n][made.held] = False
    points = filling.points
    near = filling.twin, np.floor(filling.start[:, 0]).astype(np.int64)
    others = [off_part, movable] if made.held.any() else [movable]
    for turn in range(_ROUNDS):
        # Later they are near.
        least, steps = (GOOD, _COARSE) if turn == 0 else (_LEAST, _FINE)
        points = improved(points, rows, within, *near, spacing, least, steps)
        for some in others:
            points = improved(points, rows, some, *near, spacing, _LEAST, _FINE)
        missing = made.sizes - grain_volumes(points[:n], *faces, made.sizes.size)
        if turn == _ROUNDS - 1 or (np.abs(missing) <= _CLOSE * abs(made.sizes)).all():
            break
        shift = shifts_for(missing, net, points[:n], faces, off_part[:n])
        points = points.copy()
        points[:n] += shift
    points = untangled(filling, points, spacing)
    # What gets better in steps is not turned inside out again.
    points = improved(points, rows, movable, *near, spacing, _LEAST, _FINE)
    return _with_volumes(filling, points, made, faces, off_part[:n], spacing)


def _with_volumes(
    filling: Filling,
    points: np.ndarray,
    made: Surfaces,
    faces: tuple[np.ndarray, np.ndarray],
    movable: np.ndarray,
    spacing: tuple[float, ...],
) -> np.ndarray:
    """Return the nodes with boundaries moved where grains miss their volumes by far.

    That happens where voxels are far from cubes, whose tetrahedra are poor everywhere.
    Nodes stay where a poor tetrahedron would get much worse.
    """
    n, rows = len(movable), filling.tetrahedra
    before = shapes(points * spacing, rows)
    for _ in range(_ROUNDS):
        missing = made.sizes - grain_volumes(points[:n], *faces, made.sizes.size)
        if (np.abs(missing) <= _NEAR * abs(made.sizes)).all():
            break
        goes = np.zeros_like(points)
        goes[:n] = shifts_for(missing, made.net, points[:n], faces, movable)
        while True:
            after = shapes((points + goes) * spacing, rows)
            worse = rows[after < np.minimum(_POOR, _WORSE * before)]
            stays = np.zeros(len(points), bool)
            stays[filling.twin[worse]] = True
            stays = stays[filling.twin]
            if not goes[stays].any():
                break
            goes[stays] = 0
        points, before = points + goes, after
    return points


def untangled(
    filling: Filling, points: np.ndarray, spacing: tuple[float, ...]
) -> np.ndarray:
    """Return the nodes with those of flat tetrahedra taken back to where they began.

    That ends: there, no tetrahedron is flat.

    Parameters
    ----------
    filling : Filling
    points : numpy.ndarray, float64, shape (n, 3)
        Where its nodes lie, voxels.
    spacing : three floats
        Edges of a voxel.
    """
    turn, near = 0, filling.tetrahedra
    while True:
        flat = near[shapes(points * spacing, near) <= _FLAT]
        touched = np.zeros(len(points), bool)
        touched[filling.twin[flat]] = True
        touched = touched[filling.twin]
        way = points[touched] - filling.start[touched]
        if not way.any():
            return points
        points = points.copy()
        points[touched] -= way / 2 if turn < _HALVES else way
        turn, near = turn + 1, having(filling.tetrahedra, touched)
