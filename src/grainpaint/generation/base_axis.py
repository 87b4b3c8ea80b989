"""One axis of the base: how it is cut into the blocks that windows write."""

import math
from dataclasses import dataclass

import numpy as np

__all__ = ["MIN_BASE", "BaseAxis"]

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
