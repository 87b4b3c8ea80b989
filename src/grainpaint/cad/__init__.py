"""From a CAD file to the voxels inside the part: read, check, voxelize."""

from grainpaint.cad.losses import find_losses
from grainpaint.cad.solid import Part, load_part
from grainpaint.cad.voxels import (
    PartGrid,
    VoxelGrid,
    no_voxel_inside,
    plan_grid,
    voxelize,
)

__all__ = [
    "Part",
    "PartGrid",
    "VoxelGrid",
    "find_losses",
    "load_part",
    "no_voxel_inside",
    "plan_grid",
    "voxelize",
]
