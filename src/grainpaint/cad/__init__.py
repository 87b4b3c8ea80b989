"""From a CAD file to the voxels inside the part: read, check, voxelize."""

from grainpaint.cad.inspection import (
    bodies_of,
    overlap_of,
    thinnest_place,
    unit_doubt,
)
from grainpaint.cad.load import load_open_part, load_part, unit_of
from grainpaint.cad.losses import find_losses
from grainpaint.cad.masks import MaskGrid, is_mask, load_mask_file
from grainpaint.cad.pose import AS_IT_IS, Pose, make_pose, parse_rotations
from grainpaint.cad.solid import Part
from grainpaint.cad.voxels import (
    PartGrid,
    VoxelGrid,
    no_voxel_inside,
    plan_grid,
    voxelize,
)
from grainpaint.cad.winding import WindingGrid, doubt_of

__all__ = [
    "AS_IT_IS",
    "MaskGrid",
    "Part",
    "PartGrid",
    "Pose",
    "VoxelGrid",
    "WindingGrid",
    "bodies_of",
    "doubt_of",
    "find_losses",
    "is_mask",
    "load_mask_file",
    "load_open_part",
    "load_part",
    "make_pose",
    "no_voxel_inside",
    "overlap_of",
    "parse_rotations",
    "plan_grid",
    "thinnest_place",
    "unit_doubt",
    "unit_of",
    "voxelize",
]
