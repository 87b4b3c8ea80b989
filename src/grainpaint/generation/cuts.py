"""Cut a box into windows such that little is computed twice.

A box repeats at the length of its base, so its windows need no more of the base than
there is of the box, and an axis that one window spans needs no halo. What a window may
compute at most is fixed, and so is how many windows there are at least: how a box is
cut depends on nothing but the box.
"""

import math

import numpy as np

from grainpaint.generation.base_axis import BaseAxis, check_window
from grainpaint.generation.windows import WINDOW, base_shape
from grainpaint.store import SHARD

__all__ = ["GRADED_VOXELS", "GROWN_VOXELS", "LARGE_CORE", "base_around", "cores"]

LARGE_CORE = 256  # edge of what large refinement windows write, at least
GROWN_VOXELS = 116_000_000  # of the result, that a refinement window computes at most
GRADED_VOXELS = 20_000_000  # where each voxel has a grain size of its own
_BASE_VOXELS = 9_500_000  # that a window of the base computes at most
_LEAST_BASE, _LEAST = 4, 2  # windows of larger boxes: workers share them
_MORE = 1.03  # times the least work that smaller windows may cost

Shape = tuple[int, int, int]


def base_around(
    shape: Shape, multiple: int, levels: int, halo: int, window: int | None = None
) -> tuple[BaseAxis, BaseAxis, BaseAxis]:
    """Return how the base of a box is cut along each axis.

    Parameters
    ----------
    shape : three ints
        Voxels of the box along x, y, z.
    multiple : int
        Edges of windows must be multiples of this.
    levels : int
        Times that the base is doubled.
    halo : int
        Base voxels around what a window writes.
    window : int, optional
        Longest edge of what a window computes, base voxels; without it, windows are as
        they cost least.

    Raises
    ------
    InputError
        If window or halo do not suit the network.

    Examples
    --------
    >>> base_around((512, 512, 512), multiple=8, levels=1, halo=8)[0]
    BaseAxis(block=64, halo=8, lead=0, around=256)
    """
    length = base_shape(shape, multiple, levels)
    check_window(window or WINDOW, halo, multiple)
    blocks = length
    if window is not None:
        i, j, k = (n if n <= window else window - 2 * halo for n in length)
        blocks = i, j, k
    elif math.prod(length) > WINDOW**3:
        blocks = _best(length, multiple, halo, _BASE_VOXELS, _LEAST_BASE)
    x, y, z = (
        BaseAxis(n) if block >= n else BaseAxis(block, halo, around=n)
        for block, n in zip(blocks, length)
    )
    return x, y, z


def cores(
    period: Shape, levels: int, halo: int, most: int, longest: int | None = None
) -> Shape:
    """Return the edges of what the refinement windows of a box write: whole shards.

    Parameters
    ----------
    period : three ints
        Voxels after which the box repeats along x, y, z.
    levels : int
        Times that the base is doubled.
    halo : int
        Voxels of level 1 around what a window writes.
    most : int
        Voxels that a window computes at most.
    longest : int, optional
        Longest edge of what a window writes.

    Examples
    --------
    >>> cores((512, 512, 512), levels=1, halo=32, most=GROWN_VOXELS)
    (256, 512, 512)
    """
    at_the_top = halo // 2 if levels == 0 else halo << (levels - 1)
    return _best(period, SHARD, at_the_top, most, _LEAST, longest)


def _best(
    length: Shape,
    unit: int,
    halo: int,
    most: int,
    least_windows: int,
    longest: int | None = None,
) -> Shape:
    """Return the blocks whose windows compute least, or little more and are smaller.

    A block that is as long as its axis needs no halo. Where no windows are small
    enough, the smallest that there are.
    """
    blocks, numbers, edges, work = [], [], [], []
    for n in length:
        block = np.array(_even_blocks(n, unit))
        if longest is not None and (block <= longest).any():
            block = block[block <= longest]
        number = -(-n // block)
        rim = np.where(number > 1, 2 * halo, 0)
        blocks.append(block)
        numbers.append(number)
        edges.append(np.minimum(block, n) + rim)
        work.append(n + number * rim)
    n_windows, largest, total = (
        np.einsum("i,j,k->ijk", *(np.asarray(row, float) for row in rows))
        for rows in (numbers, edges, work)
    )
    fits = (largest <= most) & (n_windows >= least_windows)
    if not fits.any():
        fits = largest == largest.min()
    near = fits & (total <= _MORE * total[fits].min())
    i, j, k = min(np.argwhere(near).tolist(), key=lambda p: (largest[*p], total[*p], p))
    return int(blocks[0][i]), int(blocks[1][j]), int(blocks[2][k])


def _even_blocks(length: int, unit: int) -> list[int]:
    """Return how long the blocks of an axis may be, as equal as units allow."""
    units = -(-length // unit)
    return sorted({unit * -(-units // n) for n in range(1, units + 1)})
