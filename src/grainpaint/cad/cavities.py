"""Cavities that no voxel shows, or that overlap."""

import numpy as np

from grainpaint.cad.amounts import shell_volumes
from grainpaint.cad.bodies import count_voxels_of
from grainpaint.cad.edges import connected
from grainpaint.cad.solid import Part
from grainpaint.cad.voxels import PartGrid
from grainpaint.units import length_text, place_text

__all__ = ["cavities_overlap", "filled_cavities"]


def cavities_overlap(grid: PartGrid) -> bool:
    """Return whether voxels are taken by more cavities than bodies hold them."""
    return _cavities(grid.part)[2] > 1 and grid.repeats()[1] > 0


def _cavities(part: Part) -> tuple[np.ndarray, np.ndarray, int]:
    """Return the triangles of closed cavities, their numbers, and how many there are.

    Returns
    -------
    faces : numpy.ndarray, int64, shape (m, 3)
    number : numpy.ndarray, int64, shape (m,)
        Cavity of each triangle, counted from 0.
    n : int
    """
    pairs = np.concatenate([part.faces[:, :2], part.faces[:, 1:]])
    label = connected(pairs, len(part.vertices))[1][part.faces[:, 0]]
    shell = np.unique(label, return_inverse=True)[1]
    inward = shell_volumes(part.vertices, part.faces, shell) < 0
    some = inward[shell]
    return part.faces[some], (np.cumsum(inward) - 1)[shell[some]], int(inward.sum())


def filled_cavities(grid: PartGrid) -> str:
    """Say which closed cavities hold no center of a voxel and so come out filled.

    Returns
    -------
    str
        One line, empty if there are none.
    """
    part = grid.part
    faces, number, n = _cavities(part)
    if not n:
        return ""
    filled = np.flatnonzero(count_voxels_of(grid, faces, number, n) == 0)
    if not filled.size:
        return ""
    first = part.vertices[faces[number == filled[0]]].reshape(-1, 3)
    low, high = first.min(0), first.max(0)
    size = " x ".join(length_text(s) for s in (high - low).tolist())
    part_low, part_high = part.bounds
    where = place_text(((low + high) / 2).tolist(), float((part_high - part_low).max()))
    what = "a cavity holds" if n == 1 else f"{filled.size} of {n} cavities hold"
    which = "it lies" if filled.size == 1 else "the first lies"
    return (
        f"{what} no voxel and will be filled with grains: {which} at {where} and "
        f"measures {size}, a voxel {length_text(grid.spacing)}"
    )
