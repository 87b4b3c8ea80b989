"""One axis of the base: how it is cut into the blocks that windows write."""

import math
from dataclasses import dataclass

import numpy as np

from grainpaint.errors import InputError

__all__ = ["MIN_BASE", "BaseAxis", "check_window", "closed_length", "windowed_axis"]

MIN_BASE = 32  # edge of the volumes that the base network was trained on


@dataclass(frozen=True)
class BaseAxis:
    """How one axis of the base is cut into blocks.

    An axis is closed: one block that repeats; or around: several blocks, after which it
    repeats; or open: a block for any integer, without an end.

    Parameters
    ----------
    block : int
        Base voxels that a window writes; the most, where blocks differ.
    halo : int
        Base voxels that it computes on either side of them; 0 along a closed axis.
    lead : int
        Base voxels of block 0 that lie before the volume, see `lead_of`.
    around : int
        Base voxels after which several blocks repeat; 0 = never. Block and length are
        multiples of what the network needs, and so are the blocks that it is cut into.
    """

    block: int
    halo: int = 0
    lead: int = 0
    around: int = 0

    @property
    def closed(self) -> bool:
        """Whether the axis is one block that repeats."""
        return self.halo == 0

    @property
    def period(self) -> int:
        """Base voxels after which the axis repeats; 0 = never."""
        return self.block if self.closed else self.around

    @property
    def n_blocks(self) -> int:
        """Number of blocks of an axis that repeats."""
        return -(-self.period // self.block)

    @property
    def _units(self) -> tuple[int, int]:
        """How long the units are that blocks consist of, and how many there are."""
        unit = math.gcd(self.block, self.period)
        return unit, self.period // unit

    def start(self, k: int) -> int:
        """Return the first base voxel of a block."""
        if not self.period:
            return k * self.block - self.lead
        unit, n_units = self._units
        return unit * (n_units * k // self.n_blocks)

    def written(self, k: int) -> int:
        """Return how many base voxels the window of a block writes."""
        return self.start(k + 1) - self.start(k)

    def computed(self, k: int) -> np.ndarray:
        """Return the base voxels that the window of a block computes."""
        first = self.start(k) - self.halo
        least = min(self.block + 2 * self.halo, MIN_BASE)
        return first + np.arange(max(self.written(k) + 2 * self.halo, least))

    def wrap(self, voxels: np.ndarray) -> np.ndarray:
        """Return base voxels as they repeat along an axis that does."""
        return voxels % self.period if self.period else voxels

    def find(self, voxels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the block of each base voxel and its place in the block."""
        if not self.period:
            block, place = np.divmod(voxels + self.lead, self.block)
            return block, place
        unit, n_units = self._units
        voxels = self.wrap(voxels)
        # The last block that starts at this unit or before it.
        block = ((voxels // unit + 1) * self.n_blocks - 1) // n_units
        return block, voxels - unit * (n_units * block // self.n_blocks)


def windowed_axis(
    length: int,
    multiple: int,
    window: int,
    halo: int,
    levels: int,
    lead: int,
    least: int = MIN_BASE,
) -> BaseAxis:
    """Return how an axis is cut.

    Parameters
    ----------
    length : int
        Of the volume, voxels.
    multiple : int
        Edges of windows must be multiples of this.
    window, halo : int
        What a window computes at most, and how much of it on either side it does not
        write, base voxels.
    levels : int
        Times that the base is doubled.
    lead : int
        Base voxels before and after the volume that its windows read.
    least : int
        Base voxels of a closed axis, at least.

    Raises
    ------
    InputError
        If window or halo do not suit the network.
    """
    check_window(window, halo, multiple)
    closed = closed_length(length, multiple, levels, least)
    if closed <= window:
        return BaseAxis(closed)
    need = lead + -(-length // 2**levels) + lead
    blocks = -(-need // (window - 2 * halo))
    computed = max(-(-need // blocks) + 2 * halo, MIN_BASE)
    block = -(-computed // multiple) * multiple - 2 * halo
    return BaseAxis(block, halo, lead)


def closed_length(
    length: int, multiple: int, levels: int, least: int = MIN_BASE
) -> int:
    """Return the base voxels of a closed axis that covers a length in voxels."""
    coarse: int = max(least, -(-length // 2**levels))
    return -(-coarse // multiple) * multiple


def check_window(window: int, halo: int, multiple: int) -> None:
    """Raise InputError unless a window, with its halo, suits the network."""
    whole = isinstance(window, int | np.integer)
    if not whole or window < MIN_BASE or window % multiple:
        raise InputError(
            f"the base window must be a multiple of {multiple} and at least "
            f"{MIN_BASE} base voxels, got {window!r}"
        )
    largest = (window - multiple) // 2
    if not 0 < halo <= largest or 2 * halo % multiple:
        raise InputError(
            f"the halo of a base window of {window} must be a multiple of "
            f"{multiple // 2} from {multiple // 2} to {largest} base voxels, got {halo}"
        )
