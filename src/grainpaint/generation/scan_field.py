"""What a scan did to the voxels that are to be filled, box by box."""

from dataclasses import dataclass

import numpy as np

from grainpaint.generation.grain_size import Axes
from grainpaint.generation.margin import Inside
from grainpaint.microstructure import VoxelBox
from grainpaint.simulate.am.channels import channels
from grainpaint.simulate.am.exposure import Exposure, expose
from grainpaint.simulate.am.recipe import AmRecipe
from grainpaint.simulate.am.scan import ScanPath

__all__ = ["ScanField"]


@dataclass(frozen=True, eq=False)
class ScanField:
    """A scan, and the box or part that it builds.

    Parameters
    ----------
    recipe : AmRecipe
    path : ScanPath
        In voxels of the volume.
    shape : three ints
        Voxels of the volume.
    part : callable, optional
        Returns which voxels of a box of the volume are inside the part; without it, all
        are.
    """

    recipe: AmRecipe
    path: ScanPath
    shape: tuple[int, int, int]
    part: Inside | None = None

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
            and 2 i + 1.
        """
        box = [(2 * int(v[0]), 2 * int(v[-1]) + 2) for v in voxels]
        nx, ny, nz = (v.size for v in voxels)
        cells = self.inside(box).reshape(nx, 2, ny, 2, nz, 2)
        inside = cells.sum((1, 3, 5)) >= 4
        x, y, z = (2.0 * v + 0.5 for v in voxels)
        recipe = self.recipe
        exposure = expose((x, y, z), self.path, recipe.pool, recipe.haz, recipe.freeze)
        return channels(recipe, exposure, inside, z)

    def exposure(self, box: VoxelBox) -> Exposure:
        """Return what the scan did to the voxels of a box."""
        x, y, z = (np.arange(a, b, dtype=float) for a, b in box)
        recipe = self.recipe
        return expose((x, y, z), self.path, recipe.pool, recipe.haz, recipe.freeze)
