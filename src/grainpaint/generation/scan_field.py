"""What a scan did to the voxels that are to be filled, box by box."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from grainpaint.generation.grain_size import Axes
from grainpaint.generation.margin import Inside
from grainpaint.microstructure import VoxelBox
from grainpaint.simulate.am.channels import channels, stretched
from grainpaint.simulate.am.exposure import Exposure, expose
from grainpaint.simulate.am.heat_affected_zone import zone_box
from grainpaint.simulate.am.plan_path import heights_of, plan_layers
from grainpaint.simulate.am.recipe import AmRecipe
from grainpaint.simulate.am.scan import ScanPath

__all__ = ["ScanField"]


@dataclass(frozen=True, eq=False)
class ScanField:
    """A scan, and the box or part that it builds.

    Parameters
    ----------
    recipe : AmRecipe
    shape : three ints
        Voxels of the volume.
    whole : ScanPath, optional
        The path, if it comes from a file; otherwise it is planned where it is needed.
    part : callable, optional
        Returns which voxels of a box of the volume are inside the part; without it, all
        are.
    stretch : int
        Height of a base voxel over its width.
    """

    recipe: AmRecipe
    shape: tuple[int, int, int]
    whole: ScanPath | None = None
    part: Inside | None = None
    stretch: int = 1

    @property
    def slab(self) -> tuple[int, int, int]:
        """Voxels of the substrate along x, y, z."""
        nx, ny, nz = self.shape
        return nx, ny, min(self.recipe.ground, nz)

    def path(self, low: float, high: float) -> ScanPath:
        """Return the segments that reach the heights low..high, voxels; others may be.

        The layers of a part or a box are planned when they are asked for.
        """
        if self.whole is not None:
            return self.whole
        below = zone_box(self.recipe.pool, self.recipe.haz)[3]
        layers = heights_of(self.recipe, self.shape[2])
        near = [i for i, z in layers if low <= z <= high + below]
        first, last = (near[0], near[-1] + 1) if near else (0, 1)
        return self._planned(first, last)

    @lru_cache(maxsize=4)  # noqa: B019
    def _planned(self, first: int, last: int) -> ScanPath:
        """Return the path of the layers first..last - 1."""
        layers = heights_of(self.recipe, self.shape[2])[first:last]
        return plan_layers(self.recipe, layers, self._area)

    def _area(self, low: int, high: int) -> np.ndarray:
        """Return what is built between two heights (bool, shape (nx, ny))."""
        nx, ny, _ = self.shape
        if self.part is None:
            return np.ones((nx, ny), bool)
        return np.asarray(self.part([(0, nx), (0, ny), (low, high)]).any(axis=2))

    def inside(self, box: VoxelBox) -> np.ndarray:
        """Return which voxels of a box are to be filled; it may leave the volume."""
        found = np.zeros([b - a for a, b in box], bool)
        within = [(max(a, 0), min(b, n)) for (a, b), n in zip(box, self.shape)]
        if all(a < b for a, b in within):
            here = tuple(slice(a - c, b - c) for (a, b), (c, _) in zip(within, box))
            found[here] = True if self.part is None else self.part(within)
        return found

    def maps(self, voxels: Axes) -> np.ndarray:
        """Return what the network reads at base voxels (`channels`).

        Parameters
        ----------
        voxels : three int arrays
            Base voxels along x, y, z, consecutive; base voxel i holds the voxels 2 i
            and 2 i + 1 along x and y, and `stretch` times as many along z.
        """
        i, j, k = voxels
        tall = np.arange(self.stretch * k[0], self.stretch * (k[-1] + 1))
        return stretched(self._halved((i, j, tall)), self.stretch)

    def _halved(self, voxels: Axes) -> np.ndarray:
        """Return what the network reads at half resolution."""
        box = [(2 * int(v[0]), 2 * int(v[-1]) + 2) for v in voxels]
        nx, ny, nz = (v.size for v in voxels)
        cells = self.inside(box).reshape(nx, 2, ny, 2, nz, 2)
        inside = cells.sum((1, 3, 5)) >= 4
        x, y, z = (2.0 * v + 0.5 for v in voxels)
        recipe = self.recipe
        exposure = self._exposed((x, y, z))
        return channels(recipe, exposure, inside, z)

    def exposure(self, box: VoxelBox) -> Exposure:
        """Return what the scan did to the voxels of a box."""
        x, y, z = (np.arange(a, b, dtype=float) for a, b in box)
        return self._exposed((x, y, z))

    def _exposed(self, axes: Axes) -> Exposure:
        path = self.path(axes[2][0], axes[2][-1])
        recipe = self.recipe
        return expose(axes, path, recipe.pool, recipe.haz, recipe.freeze)
