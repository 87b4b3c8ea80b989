"""A volume slab by slab, so that what is written may be larger than memory."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from grainpaint.diameter import long_axes
from grainpaint.errors import InputError
from grainpaint.formats.raw import in_order
from grainpaint.microstructure import Microstructure
from grainpaint.orientations import Orientations

__all__ = ["Slabs", "of_volume"]

_SLAB = 1 << 23  # voxels
_CHUNK = 64  # slabs end where chunks of a store do
_FEW = 1 << 25  # IDs up to these are counted by indexing


@dataclass(frozen=True, eq=False)
class Slabs:
    """A box of voxels that is read as it is needed.

    Parameters
    ----------
    shape : three ints
    spacing, origin : three floats
        Edges of a voxel and lower corner of voxel (0, 0, 0), µm.
    periodic : three bools
    fetch : callable
        Returns the grain IDs (int32, [x, y, z]) in three slices of the box, which
        have steps > 0.
    orientations : Orientations, optional
        Those of grains 1..n, n at least the largest ID.
    whole : bool
        Whether every grain is known to be one connected piece.
    """

    shape: tuple[int, int, int]
    spacing: tuple[float, ...]
    origin: tuple[float, ...]
    periodic: tuple[bool, ...]
    fetch: Callable[[tuple[slice, slice, slice]], np.ndarray]
    orientations: Orientations | None = None
    whole: bool = False

    @property
    def axes(self) -> tuple[int, ...]:
        """Axes with more than one voxel; see `grainpaint.diameter.long_axes`."""
        return long_axes(self.shape)

    def layers(self, axis: int = 2) -> Iterator[np.ndarray]:
        """Yield the grain IDs in slabs across an axis, from its low end.

        Yields
        ------
        numpy.ndarray, int32, shape (nx, ny, nz) but for the axis
        """
        n = self.shape[axis]
        plane = int(np.prod(self.shape, dtype=np.int64)) // n
        thick = max(1, _SLAB // plane)
        if thick > _CHUNK:
            thick -= thick % _CHUNK
        for start in range(0, n, thick):
            here = [slice(0, m) for m in self.shape]
            here[axis] = slice(start, min(start + thick, n))
            yield self.fetch((here[0], here[1], here[2]))

    def rows(self) -> Iterator[np.ndarray]:
        """Yield slabs across z in the order of most files, x fastest.

        Yields
        ------
        numpy.ndarray, int32, shape (some, ny, nx), C order
            0 = outside, i = the grain with ID ``ids[i - 1]``.
        """
        for layer in self.layers():
            yield in_order(self.index(layer).transpose(2, 1, 0), "<i4")

    @cached_property
    def counted(self) -> tuple[np.ndarray, np.ndarray]:
        """Return IDs, and voxels of each.

        Returns
        -------
        ids : numpy.ndarray, int64, shape (n,)
            Those that voxels have, ascending; 0 is the first one if voxels are outside.
        counts : numpy.ndarray, int64, shape (n,)
        """
        few = np.zeros(0, np.int64)  # voxels of the IDs 0, 1, 2, ...
        known, counts = np.zeros(0, np.int64), np.zeros(0, np.int64)
        for block in self._blocks():
            flat = block.ravel(order="K")
            if int(flat.max()) < _FEW:
                found = np.bincount(flat)
                few, less = (found, few) if found.size > few.size else (few, found)
                few[: less.size] += less
            else:
                here, found = np.unique(flat, return_counts=True)
                known, counts = _added(known, counts, here, found)
        here = np.flatnonzero(few)
        return (
            _added(known, counts, here, few[here]) if known.size else (here, few[here])
        )

    def _blocks(self) -> Iterator[np.ndarray]:
        """Yield the grain IDs in blocks that end where chunks of a store do."""
        edge = [min(n, _CHUNK) for n in self.shape]
        for axis in (2, 1, 0):
            others = int(np.prod(edge)) // edge[axis]
            fits = max(_CHUNK, _SLAB // others // _CHUNK * _CHUNK)
            edge[axis] = min(self.shape[axis], fits)
        starts = (range(0, n, step) for n, step in zip(self.shape, edge))
        for low in itertools.product(*starts):
            x, y, z = (
                slice(a, min(a + step, n)) for a, step, n in zip(low, edge, self.shape)
            )
            yield self.fetch((x, y, z))

    @property
    def n_outside(self) -> int:
        """Voxels outside the part."""
        ids, counts = self.counted
        return int(counts[ids == 0].sum())

    @property
    def ids(self) -> np.ndarray:
        """Return the grain IDs that voxels have, ascending (int64, shape (n,))."""
        ids, _ = self.counted
        return ids[ids > 0]

    @property
    def n_grains(self) -> int:
        """Number of grains."""
        return int(self.ids.size)

    @property
    def numbered(self) -> bool:
        """Whether the grain IDs are 1..n without a gap."""
        return self.n_grains == 0 or int(self.ids[-1]) == self.n_grains

    @property
    def n_voxels(self) -> int:
        """Voxels of the box."""
        return int(np.prod(self.shape, dtype=np.int64))

    @property
    def known(self) -> Orientations | None:
        """Orientations of the grains in the order of `ids`, if there are any."""
        return self.orientations and self.orientations.rows(self.ids)

    def index(self, grain_id: np.ndarray) -> np.ndarray:
        """Return 1 + the place of each ID in `ids`, 0 outside (int32)."""
        if self.numbered:
            return grain_id
        ids = np.append(0, self.ids)
        if ids[-1] < _FEW:
            table = np.zeros(int(ids[-1]) + 1, np.int32)
            table[ids] = np.arange(ids.size)
            return np.take(table, grain_id)
        return np.searchsorted(ids, grain_id).astype(np.int32)

    def part(self, box: Sequence[tuple[int, int]] | None, stride: int = 1) -> Slabs:
        """Return a box of it, and of that every `stride`-th voxel along each axis.

        Parameters
        ----------
        box : three pairs of int, optional
            First voxel and last voxel + 1 along x, y, z.
        stride : int
            A voxel is the middle one of a cube of so many voxels an edge; what is left
            at the high ends is cut off. Axes of a single voxel keep it.

        Raises
        ------
        InputError
            If the box reaches beyond the volume, or the stride is below 1, or larger
            than an axis of several voxels.
        """
        ranges = [(0, n) for n in self.shape] if box is None else list(box)
        for (a, b), n, x in zip(ranges, self.shape, "xyz"):
            if not 0 <= a < b <= n:
                raise InputError(
                    f"the region {a}:{b} along {x} is not within the volume, 0:{n}"
                )
        if stride < 1:
            raise InputError(f"a stride is a number of voxels, 1 or more; got {stride}")
        for (a, b), x in zip(ranges, "xyz"):
            if 1 < b - a < stride:
                raise InputError(
                    f"a stride of {stride} is larger than the {b - a} voxels along "
                    f"{x}: take {b - a} or less"
                )
        steps = [min(stride, b - a) for a, b in ranges]
        shape = [(b - a) // step for (a, b), step in zip(ranges, steps)]
        starts = [a + step // 2 for (a, _), step in zip(ranges, steps)]

        def fetch(here: tuple[slice, slice, slice]) -> np.ndarray:
            inner = [
                slice(
                    start + s.start * step,
                    start + (s.stop - 1) * step + 1,
                    step * (s.step or 1),
                )
                for s, start, step in zip(here, starts, steps)
            ]
            return self.fetch((inner[0], inner[1], inner[2]))

        return replace(
            self,
            shape=(shape[0], shape[1], shape[2]),
            spacing=tuple(s * step for s, step in zip(self.spacing, steps)),
            origin=tuple(
                o + a * s for o, (a, _), s in zip(self.origin, ranges, self.spacing)
            ),
            periodic=tuple(
                p and m * step == n
                for p, m, step, n in zip(self.periodic, shape, steps, self.shape)
            ),
            fetch=fetch,
        )

    def volume(self) -> Microstructure:
        """Return it as a whole."""
        whole = tuple(slice(0, n) for n in self.shape)
        grain_id = self.fetch((whole[0], whole[1], whole[2]))
        return Microstructure(
            grain_id, self.spacing, self.origin, self.periodic, self.orientations
        )


def _added(
    known: np.ndarray, counts: np.ndarray, here: np.ndarray, found: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the IDs of both, ascending, and their counts added up."""
    both, place = np.unique(np.append(known, here), return_inverse=True)
    total = np.zeros(both.size, np.int64)
    np.add.at(total, place, np.append(counts, found))
    return both, total


def of_volume(volume: Microstructure) -> Slabs:
    """Return a volume in memory as slabs."""
    return Slabs(
        volume.shape,
        volume.spacing,
        volume.origin,
        volume.periodic,
        lambda here: volume.grain_id[here],
        volume.orientations,
    )
