"""The margin around a part: voxels outside it that grow along with it.

Grains of the part would miss their neighbors without it; what is farther away is left
out, in cells of eight voxels of the result.
"""

from collections.abc import Callable

import numpy as np

from grainpaint.microstructure import VoxelBox

__all__ = ["CELL", "Inside", "margin", "near_part", "widened"]

CELL = 8  # edge of the cells of voxels that grow, or not, in a part

# Tells which voxels of a box of the result are inside the part.
Inside = Callable[[VoxelBox], np.ndarray]


def margin(halo: int, level: int) -> int:
    """Return how far around a part voxels of a level grow: half the halo there.

    What is farther away does not affect the grains of the part.
    """
    return {0: halo // 4, 1: halo // 2}.get(level, CELL)


def widened(cells: np.ndarray, margin: int, edge: int) -> np.ndarray:
    """Return the cells (edge `edge` voxels) within a margin of True ones."""
    from scipy.ndimage import binary_dilation

    near: np.ndarray = binary_dilation(cells, np.ones((3, 3, 3)), -(-margin // edge))
    return near


def near_part(
    levels: int, halo: int, box: VoxelBox, level: int, inside: Inside
) -> np.ndarray:
    """Return which voxels of a box of a level are inside the part or near it."""
    edge = CELL << (levels - level)
    span = [(a // CELL, -(-b // CELL)) for a, b in box]
    mask = inside([(a * edge, b * edge) for a, b in span])
    x, y, z = (b - a for a, b in span)
    blocks = mask.reshape(x, edge, y, edge, z, edge)
    cells: np.ndarray = np.any(blocks, axis=(1, 3, 5))
    near = widened(cells, margin(halo, level), CELL)
    i, j, k = (np.arange(a, b) // CELL - c for (a, b), (c, _) in zip(box, span))
    return near[np.ix_(i, j, k)]
