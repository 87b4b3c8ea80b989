"""Exact volume, voxels and surface of a part, in blocks of voxels.

Where bodies overlap, both count, in the exact volume as in the voxels.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from grainpaint.cad.blocks import add_exact, add_voxels, take_above
from grainpaint.cad.voxels import PartGrid

__all__ = ["Layers", "block_edge", "block_layers"]

_MOST_BLOCKS = 4_000_000  # held at a time, unless a layer has more
_MOST_IN_LAYER = 4_000_000
_DEPTH = 0.5  # voxels from a surface to the blocks that it is counted to


def block_edge(shape: tuple[int, int, int]) -> int:
    """Return the edge of blocks that are few enough, voxels."""
    edge = 4 if max(shape) <= 1024 else 8 if max(shape) <= 4096 else 16
    while -(-shape[1] // edge) * -(-shape[2] // edge) > _MOST_IN_LAYER:
        edge *= 2
    return edge


@dataclass(frozen=True, eq=False)
class Layers:
    """A few layers of blocks.

    Parameters
    ----------
    exact, voxels : numpy.ndarray, float64, shape (layers, n_y, n_z)
        Volume of the part in each block, and that of its voxels, in voxels.
    inner_area, outer_area : numpy.ndarray, float64, same shape
        Surface of the part in the blocks that it lies in, and in those of the room
        before it, faces of voxels.
    of_body : numpy.ndarray, int64, shape (bodies,)
        Voxels of each body in these layers.
    """

    exact: np.ndarray
    voxels: np.ndarray
    inner_area: np.ndarray
    outer_area: np.ndarray
    of_body: np.ndarray


def block_layers(grid: PartGrid) -> Iterator[Layers]:
    """Yield the volumes of all blocks, a few layers along x at a time.

    The memory is bounded by the blocks of one layer, whatever the length along x.
    """
    part, shape, edge = grid.part, grid.shape, block_edge(grid.shape)
    n_x, n_y, n_z = (-(-n // edge) for n in shape)
    corners = (part.vertices - np.array(grid.origin)) / grid.spacing
    across = corners[part.faces, 0]
    low, high = across.min(1), across.max(1)
    step = max(1, min(n_x, _MOST_BLOCKS // (n_y * n_z)))
    for x0 in range(0, n_x, step):
        x1 = min(x0 + step, n_x)
        first = -np.inf if x0 == 0 else edge * (x0 - 1)
        last = np.inf if x1 == n_x else edge * (x1 + 1)
        here = np.flatnonzero((low <= last) & (high >= first))
        exact, below, *areas = np.zeros((4, x1 - x0, n_y, n_z))
        depth = _DEPTH / edge
        add_exact(
            corners / edge, part.faces[here], x0, n_x, depth, exact, below, *areas
        )
        take_above(exact, below)
        voxels, of_body = np.zeros_like(exact), np.zeros(part.bodies.max() + 1, int)
        below[:] = 0
        add_voxels(
            corners - 0.5,
            part.faces[here],
            part.bodies[here],
            edge * x0,
            min(edge * x1, shape[0]),
            shape,
            edge,
            voxels,
            below,
            of_body,
        )
        take_above(voxels, below)
        inner, outer = (area * edge**2 for area in areas)
        yield Layers(exact * edge**3, voxels, inner, outer, of_body)
