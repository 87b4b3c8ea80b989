"""Cavities that no voxel shows, or that overlap."""

from typing import NamedTuple

import numpy as np

from grainpaint.cad.amounts import shell_volumes
from grainpaint.cad.bodies import count_voxels_of
from grainpaint.cad.edges import connected
from grainpaint.cad.solid import Part
from grainpaint.cad.voxels import PartGrid
from grainpaint.units import length_text, place_text

__all__ = ["Cavities", "cavities_overlap", "filled_cavities", "find_cavities"]


class Cavities(NamedTuple):
    """The closed cavities of a part.

    Parameters
    ----------
    faces : numpy.ndarray, int64, shape (m, 3)
        Their triangles.
    number : numpy.ndarray, int64, shape (m,)
        Cavity of each triangle, counted from 0.
    n : int
        How many there are.
    """

    faces: np.ndarray
    number: np.ndarray
    n: int


def cavities_overlap(grid: PartGrid, cavities: Cavities) -> bool:
    """Return whether voxels are taken by more cavities than bodies hold them."""
    return cavities.n > 1 and grid.repeats()[1] > 0


def find_cavities(part: Part) -> Cavities:
    """Return the closed cavities of a part."""
    pairs = np.concatenate([part.faces[:, :2], part.faces[:, 1:]])
    label = connected(pairs, len(part.vertices))[1][part.faces[:, 0]]
    shell = np.unique(label, return_inverse=True)[1]
    inward = shell_volumes(part.vertices, part.faces, shell) < 0
    some = inward[shell]
    number = (np.cumsum(inward) - 1)[shell[some]]
    return Cavities(part.faces[some], number, int(inward.sum()))


def filled_cavities(grid: PartGrid, cavities: Cavities) -> str:
    """Say which closed cavities hold no center of a voxel and so come out filled.

    Returns
    -------
    str
        One line, empty if there are none.
    """
    part = grid.part
    faces, number, n = cavities
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
