"""Cavities that no voxel shows."""

import numpy as np

from grainpaint.cad.amounts import shell_volumes
from grainpaint.cad.bodies import count_voxels_of
from grainpaint.cad.edges import connected
from grainpaint.cad.voxels import PartGrid
from grainpaint.units import length_text, place_text

__all__ = ["filled_cavities"]


def filled_cavities(grid: PartGrid) -> str:
    """Say which closed cavities hold no center of a voxel and so come out filled.

    Returns
    -------
    str
        One line, empty if there are none.
    """
    part = grid.part
    pairs = np.concatenate([part.faces[:, :2], part.faces[:, 1:]])
    label = connected(pairs, len(part.vertices))[1][part.faces[:, 0]]
    shell = np.unique(label, return_inverse=True)[1]
    inward = shell_volumes(part.vertices, part.faces, shell) < 0
    n = int(inward.sum())
    if not n:
        return ""
    some = inward[shell]
    number = (np.cumsum(inward) - 1)[shell[some]]
    filled = np.flatnonzero(count_voxels_of(grid, part.faces[some], number, n) == 0)
    if not filled.size:
        return ""
    first = part.vertices[part.faces[some][number == filled[0]]].reshape(-1, 3)
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
