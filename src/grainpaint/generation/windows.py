"""Windows of the base and of the refinement: which voxels each computes and writes.

Integer geometry only: no arrays of values, no torch.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Literal

import numpy as np

from grainpaint.generation.base_axis import BaseAxis, closed_length, windowed_axis
from grainpaint.generation.paper_plans import Block, center, grid
from grainpaint.microstructure import VoxelBox

__all__ = [
    "HALO",
    "OVERLAP",
    "WINDOW",
    "BaseAxis",
    "BasePlan",
    "Key",
    "Order",
    "Shape",
    "Window",
    "base_shape",
    "boxes_under",
    "cells_of",
    "lead_of",
    "whole",
    "windowed",
    "windows",
]

WINDOW = 128  # largest edge of what a base window computes, base voxels
HALO = 8  # base voxels around what a base window writes
OVERLAP = 8  # base voxels that blocks of an order share
_CONTEXT = 4  # base voxels around those under a refinement window that it reads too
_HALO = 8  # voxels, of levels above 1

Shape = tuple[int, int, int]
Key = tuple[int, int, int]


@dataclass(frozen=True)
class Window:
    """A box of voxels that is generated on its own.

    Parameters
    ----------
    start, stop : three ints
        What the window writes, global voxel indices, half open.
    core : three ints
        From its start the window computes so many voxels, even where it writes fewer
        (equal shapes give equal floating-point results),
    halo : int
        and a halo around them, see `boxes_under`.
    """

    start: Shape
    stop: Shape
    core: Shape
    halo: int

    @property
    def write(self) -> tuple[slice, ...]:
        """Slices of what the window writes into the volume."""
        return tuple(slice(a, b) for a, b in zip(self.start, self.stop))


@dataclass(frozen=True)
class Order:
    """Blocks of a base, made one after the other, each fitting those before it.

    Parameters
    ----------
    kind : {'grid', 'center'}
        See `grainpaint.generation.paper_plans`.
    edge, overlap : int
        Edge and overlap of the blocks, base voxels.
    halo : int
        Base voxels around a block that are computed with it.
    """

    kind: Literal["grid", "center"]
    edge: int
    overlap: int
    halo: int

    def blocks(self, shape: Shape) -> list[Block]:
        """Return the blocks in their order.

        Raises
        ------
        InputError
            If the overlap is out of range.
        """
        plan = grid if self.kind == "grid" else center
        return plan(shape, None, self.edge, self.overlap)


@dataclass(frozen=True)
class BasePlan:
    """The windows of the base; a window is named by its blocks along x, y and z.

    Windows do not depend on each other: each also computes a halo around what it
    writes, from the same noise as its neighbors. With an order, the base is one window
    made of blocks that do depend on each other.
    """

    axes: tuple[BaseAxis, BaseAxis, BaseAxis]
    order: Order | None = None
    stretch: int = 1  # height of a base voxel over its width

    def period(self, level: int) -> Shape:
        """Return after how many voxels of a level the volume repeats; 0 = never."""
        x, y, z = (axis.period << level for axis in self.axes)
        return x, y, z * self.stretch

    @property
    def shape(self) -> Shape:
        """Base voxels that a window writes along x, y, z, at most."""
        x, y, z = (axis.block for axis in self.axes)
        return x, y, z

    @property
    def computed_shape(self) -> Shape:
        """Base voxels that a window computes along x, y, z, at most."""
        x, y, z = (axis.block + 2 * axis.halo for axis in self.axes)
        return x, y, z

    @property
    def seen_shape(self) -> Shape:
        """Base voxels along x, y, z that the network sees at once."""
        if self.order is None:
            return self.computed_shape
        return (self.order.edge + 2 * self.order.halo,) * 3

    def n_seen(self, keys: Sequence[Key]) -> int:
        """Return how many base voxels the network sees in all for some windows."""
        if self.order is not None:
            return len(keys) * math.prod(self.seen_shape) * self.n_runs
        return sum(math.prod(v.size for v in self.computed(key)) for key in keys)

    @property
    def n_runs(self) -> int:
        """How often the network samples for one window."""
        return 1 if self.order is None else len(self.order.blocks(self.shape))

    def written(self, key: Key) -> Shape:
        """Return how many base voxels along x, y, z a window writes."""
        x, y, z = (axis.written(k) for axis, k in zip(self.axes, key))
        return x, y, z

    def keep(self, key: Key) -> tuple[slice, ...]:
        """Return the slices of what a window writes within what it computes."""
        return tuple(
            slice(axis.halo, axis.halo + n)
            for axis, n in zip(self.axes, self.written(key))
        )

    def computed(self, key: Key) -> list[np.ndarray]:
        """Return the base voxels along x, y, z that a window computes."""
        return [axis.computed(k) for axis, k in zip(self.axes, key)]

    def find(self, voxels: Sequence[np.ndarray]) -> list[Key]:
        """Return the windows that write a box of base voxels (indices x, y, z)."""
        found = [axis.find(v)[0] for axis, v in zip(self.axes, voxels)]
        return [
            (x, y, z) for x, y, z in product(*(np.unique(k).tolist() for k in found))
        ]

    def gather(
        self, voxels: Sequence[np.ndarray], written: Callable[[Key], np.ndarray]
    ) -> np.ndarray:
        """Return a box of the base (uint8, indexed x, y, z) from its windows.

        Parameters
        ----------
        voxels : three int arrays
            Base voxels along x, y, z, in any order.
        written : callable
            Returns what a window wrote.
        """
        result = np.empty([v.size for v in voxels], np.uint8)
        found = [axis.find(v) for axis, v in zip(self.axes, voxels)]
        for key in product(*(np.unique(k).tolist() for k, _ in found)):
            chosen = [np.flatnonzero(k == own) for (k, _), own in zip(found, key)]
            places = [place[c] for (_, place), c in zip(found, chosen)]
            result[np.ix_(*chosen)] = written(key)[np.ix_(*places)]
        return result


def whole(shape: Shape, multiple: int, levels: int = 1) -> BasePlan:
    """Return the plan of one window, a torus that covers the volume.

    Parameters
    ----------
    shape : three ints
        Voxels of the result along x, y, z.
    multiple : int
        Edges of windows must be multiples of this.
    levels : int
        Times that the base is doubled.
    """
    x, y, z = (BaseAxis(n) for n in base_shape(shape, multiple, levels))
    return BasePlan((x, y, z))


def windowed(
    shape: Shape,
    multiple: int,
    window: int = WINDOW,
    halo: int = HALO,
    levels: int = 1,
    lead: int = 24,
) -> BasePlan:
    """Return a plan of windows that compute no more than `window` base voxels a side.

    An axis that fits into one window is closed; the others are cut into blocks of equal
    length, as short as their number allows, and have no end.

    Parameters
    ----------
    shape : three ints
        Voxels of the result along x, y, z.
    multiple : int
        Edges of windows must be multiples of this.
    window, halo : int
        Base voxels.
    levels : int
        Times that the base is doubled.
    lead : int
        Base voxels before and after the volume that its windows read, see `lead_of`.

    Raises
    ------
    InputError
        If window or halo do not suit the network.

    Examples
    --------
    >>> windowed((1024, 200, 64), multiple=8).axes[0]
    BaseAxis(block=112, halo=8, lead=24, around=0)
    """
    x, y, z = (windowed_axis(n, multiple, window, halo, levels, lead) for n in shape)
    return BasePlan((x, y, z))


def lead_of(halo: int) -> int:
    """Return how many base voxels before the volume its windows read, at most.

    Half the halo, plus what the levels above 1 and `cells_of` add.
    """
    return halo // 2 + 8


def base_shape(shape: Shape, multiple: int, levels: int = 1) -> Shape:
    """Return the shape of the torus with which the base network covers a volume.

    Parameters
    ----------
    shape : three ints
        Voxels of the result along x, y, z.
    multiple : int
        The network needs edges that are multiples of this.
    levels : int
        Times that the base is doubled.

    Examples
    --------
    >>> base_shape((128, 100, 3), multiple=8)
    (64, 56, 32)
    """
    x, y, z = (closed_length(n, multiple, levels) for n in shape)
    return x, y, z


def boxes_under(window: Window, levels: int) -> dict[int, VoxelBox]:
    """Return the box that a window computes at each level, halos included.

    Level k has 2^k voxels per base voxel; each level is the one below it, doubled.

    Parameters
    ----------
    window : Window
    levels : int
        Level of the result.

    Examples
    --------
    >>> boxes_under(Window((0, 0, 0), (64, 64, 64), (64, 64, 64), 16), 2)[1][0]
    (-20, 52)
    """
    box = [(a, a + n) for a, n in zip(window.start, window.core)]
    found: dict[int, VoxelBox] = {}
    for level in range(levels, 0, -1) if levels else [0]:
        halo = {0: window.halo // 2, 1: window.halo}.get(level, _HALO)
        found[level] = [(a - halo, b + halo) for a, b in box]
        box = [(a // 2, -(-b // 2)) for a, b in found[level]]
    return found


def cells_of(window: Window, levels: int = 1, stretch: int = 1) -> list[np.ndarray]:
    """Return the base voxels along x, y, z that a window reads.

    Those under what it computes, and a few around them, so that grains are whole.
    """
    first = min(levels, 1)
    box = boxes_under(window, levels)[first]
    edges = (1 << first, 1 << first, stretch << first)
    cells = [(a // edge, -(-b // edge)) for (a, b), edge in zip(box, edges)]
    return [np.arange(a - _CONTEXT, b + _CONTEXT) for a, b in cells]


def windows(
    shape: Shape,
    mask: np.ndarray | None = None,
    core: Shape = (64, 64, 64),
    halo: int = 8,
) -> Iterator[Window]:
    """Yield the windows that together write every voxel of a volume once.

    Parameters
    ----------
    shape : three ints
        Voxels along x, y, z.
    mask : numpy.ndarray, bool, shape `shape`, optional
        The part; windows without a True voxel are left out.
    core, halo
        See `Window`; core + 2 halo must suit the network.

    Examples
    --------
    >>> [w.start for w in windows((100, 64, 64))]
    [(0, 0, 0), (64, 0, 0)]
    """
    for start in product(*(range(0, n, edge) for n, edge in zip(shape, core))):
        stop = tuple(min(a + c, n) for a, c, n in zip(start, core, shape))
        window = Window(start, stop, core, halo)  # type: ignore[arg-type]
        if mask is None or mask[window.write].any():
            yield window
