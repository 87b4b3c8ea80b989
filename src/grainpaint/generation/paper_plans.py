"""The paper's plans, for models of all kinds: overlapping blocks that fit those before.

Integers only. A block of `edge` voxels a side reads a box of the volume, is given what
earlier blocks wrote there, and writes the rest::

    0        24   32       48   56        80      along one axis, edge 32, overlap 8
    |  stage 1 |            |  stage 1  |
             | 8 known | 16 written | 8 known |   a later stage, offset 24

References
----------
Hoffman et al., "GrainPaint", Acta Materialia 288 (2025): Algorithms 1 and 2 and Table 3
(`grid`), section 3.3 (`center`).
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product

import numpy as np

from grainpaint.errors import InputError

__all__ = ["EDGE", "STAGES", "Block", "batches", "center", "grid", "waves"]

EDGE = 32
# Table 3: an axis with a 1 is offset by half the spacing, and has one point less.
STAGES = (
    (0, 0, 0),
    (0, 0, 1),
    (1, 1, 1),
    (1, 1, 0),
    (1, 0, 1),
    (0, 1, 1),
    (1, 0, 0),
    (0, 1, 0),
)

Shape = tuple[int, int, int]
Slices = tuple[slice, ...]


@dataclass(frozen=True)
class Block:
    """A cube of voxels that is painted at once.

    Parameters
    ----------
    start : three ints
        Its lowest corner, global voxel indices; the cube may stick out of the volume.
    edge : int
        Voxels a side.
    stage : int
        From 0; blocks of one stage may still depend on each other.
    shape : three ints
        Voxels of the volume.
    needs : tuple of int
        The earlier blocks that overlap it, places in the plan.
    given : tuple of slices
        The boxes within the block that those have painted.
    """

    start: Shape
    edge: int
    stage: int
    shape: Shape
    needs: tuple[int, ...] = ()
    given: tuple[Slices, ...] = ()

    @property
    def read(self) -> Slices:
        """Slices of the volume that the block covers."""
        return tuple(
            slice(max(a, 0), min(a + self.edge, n))
            for a, n in zip(self.start, self.shape)
        )

    @property
    def inside(self) -> Slices:
        """Slices of the block that lie in the volume: those of `read`, seen from it."""
        return tuple(
            slice(r.start - a, r.stop - a) for r, a in zip(self.read, self.start)
        )

    def known(self) -> np.ndarray:
        """Return what is given, bool, shape (edge, edge, edge): True = keep."""
        known = np.zeros((self.edge,) * 3, bool)
        for box in self.given:
            known[box] = True
        return known

    def written(self) -> np.ndarray:
        """Return what the block writes, bool, shape (edge, edge, edge)."""
        written = ~self.known()
        outside = np.ones((self.edge,) * 3, bool)
        outside[self.inside] = False
        written[outside] = False
        return written


def _link(
    corners: Iterable[tuple[Shape, int]], edge: int, shape: Shape, mask: np.ndarray
) -> list[Block]:
    """Make blocks of corners and stages in order, without those that write nothing."""
    left = mask.copy()
    blocks: list[Block] = []
    nearby: dict[Shape, list[int]] = defaultdict(list)
    for start, stage in corners:
        block = Block(start, edge, stage, shape)
        if not left[block.read].any():
            continue
        left[block.read] = False
        x, y, z = (a // edge for a in start)
        cells = product((x - 1, x, x + 1), (y - 1, y, y + 1), (z - 1, z, z + 1))
        needs = sorted(
            i
            for cell in cells
            for i in nearby.get(cell, ())
            if max(abs(a - b) for a, b in zip(blocks[i].start, start)) < edge
        )
        given = tuple(_shared(blocks[i], block) for i in needs)
        nearby[x, y, z].append(len(blocks))
        blocks.append(Block(start, edge, stage, shape, tuple(needs), given))
    return blocks


def _shared(earlier: Block, later: Block) -> Slices:
    """Return the slices of a block that an earlier one covers within the volume."""
    return tuple(
        slice(max(e.start, r.start) - a, max(min(e.stop, r.stop), e.start) - a)
        for e, r, a in zip(earlier.read, later.read, later.start)
    )


def _check(
    shape: Shape, mask: np.ndarray | None, edge: int, overlap: int
) -> np.ndarray:
    if len(shape) != 3 or min(shape) < 1:
        raise InputError(f"a volume has three edges of at least 1 voxel, got {shape}")
    if not 0 < overlap < edge / 2:
        raise InputError(
            f"blocks of {edge} voxels may overlap by 1 to {(edge - 1) // 2} voxels, "
            f"got {overlap}"
        )
    if mask is not None and mask.shape != tuple(shape):
        raise InputError(f"the mask must have the shape {shape}, got {mask.shape}")
    return np.ones(shape, bool) if mask is None else mask


def grid(
    shape: Shape, mask: np.ndarray | None = None, edge: int = EDGE, overlap: int = 8
) -> list[Block]:
    """Plan the eight stages of the paper: blocks apart, then those between them.

    Parameters
    ----------
    shape : three ints
        Voxels along x, y, z. The paper's are 48 limit + 32; of others the last blocks
        stick out.
    mask : numpy.ndarray, bool, shape `shape`, optional
        The part; blocks that would write none of it are left out.
    edge : int
        Voxels of a block.
    overlap : int
        Voxels that blocks share with those of the first stage on either side: the gap
        between these is edge - 2 overlap, 16 in the paper.

    Returns
    -------
    list of Block
        Stage by stage; a block depends only on blocks before it.

    Raises
    ------
    InputError
        If a shape or the edge is out of range.

    Notes
    -----
    A block depends on those of earlier stages whose corners are at most one edge away
    in every axis (Algorithm 1). Corners lie edge - overlap apart or multiples of it, so
    these are the blocks that overlap it.

    Examples
    --------
    >>> len(grid((224, 224, 224)))
    729
    """
    mask = _check(shape, mask, edge, overlap)
    offset = edge - overlap
    spacing = 2 * offset
    limit = [max(0, -(-(n - edge) // spacing)) for n in shape]
    corners = (
        ((i * spacing + a, j * spacing + b, k * spacing + c), stage)
        for stage, odd in enumerate(STAGES)
        for a, b, c in [[offset * o for o in odd]]
        for i, j, k in product(*(range(n + 1 - o) for n, o in zip(limit, odd)))
    )
    return _link(corners, edge, shape, mask)


def _outward(middle: int, step: int, edge: int, n: int) -> list[int]:
    """List corners from the middle to both faces of an axis, nearest first."""
    down = range(middle - step, -edge, -step)
    up = range(middle + step, n, step)
    return sorted([middle, *down, *up], key=lambda a: (abs(a - middle), a))


def center(
    shape: Shape, mask: np.ndarray | None = None, edge: int = EDGE, overlap: int = 8
) -> list[Block]:
    """Plan from the center: a block, a cross to the faces, then the rest outwards.

    Parameters
    ----------
    shape : three ints
        Voxels along x, y, z.
    mask : numpy.ndarray, bool, shape `shape`, optional
        The part; blocks that would write none of it are left out.
    edge : int
        Voxels of a block.
    overlap : int
        Voxels that blocks of the rest share with their neighbors; those of the cross
        share twice as many.

    Returns
    -------
    list of Block
        Stage 0 is the center, 1 the cross, 2 the rest, from the center outwards; a
        block depends only on blocks before it.

    Raises
    ------
    InputError
        If a shape or the edge is out of range.

    Notes
    -----
    The paper fixes the order and the overlaps, 16 and 8 (section 3.3); that the rest
    goes by steps counted along the axes, and that the last blocks stick out, is ours.

    Examples
    --------
    >>> [block.start for block in center((64, 32, 32))]
    [(16, 0, 0), (0, 0, 0), (32, 0, 0)]
    """
    mask = _check(shape, mask, edge, overlap)
    middle = [(n - edge) // 2 for n in shape]
    x, y, z = middle
    corners: list[tuple[Shape, int]] = [((x, y, z), 0)]
    step = edge - 2 * overlap
    arms = [
        (abs(a - middle[axis]), axis, a)
        for axis in range(3)
        for a in _outward(middle[axis], step, edge, shape[axis])[1:]
    ]
    for _, axis, a in sorted(arms):
        start = [x, y, z]
        start[axis] = a
        corners.append(((start[0], start[1], start[2]), 1))
    step = edge - overlap
    xs, ys, zs = (_outward(m, step, edge, n) for m, n in zip(middle, shape))
    rest = product(xs, ys, zs)
    corners += [
        (start, 2)
        for start in sorted(
            rest, key=lambda s: (sum(abs(a - m) for a, m in zip(s, middle)), s)
        )
    ]
    return _link(corners, edge, shape, mask)


def waves(blocks: list[Block]) -> list[list[int]]:
    """Group blocks that may be painted at the same time.

    Parameters
    ----------
    blocks : list of Block
        A plan.

    Returns
    -------
    list of lists of int
        Places in the plan, wave by wave: all that a block needs is in waves before.
    """
    found: list[list[int]] = []
    wave: list[int] = []
    for i, block in enumerate(blocks):
        wave.append(max((wave[j] + 1 for j in block.needs), default=0))
        if wave[i] == len(found):
            found.append([])
        found[wave[i]].append(i)
    return found


def batches(blocks: list[Block], size: int) -> list[list[int]]:
    """Cut the waves into batches of at most `size` blocks (section 2.5).

    Raises
    ------
    InputError
        If the size is below 1.
    """
    if size < 1:
        raise InputError(f"a batch holds at least 1 block, got {size}")
    return [
        wave[i : i + size] for wave in waves(blocks) for i in range(0, len(wave), size)
    ]
