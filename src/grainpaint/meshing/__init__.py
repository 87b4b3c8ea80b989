"""Boundaries of grains as meshes: made, checked, written."""

from grainpaint.meshing.files import check_mesh_output, write_mesh
from grainpaint.meshing.mesh import GrainMesh, grain_mesh
from grainpaint.meshing.quality import Quality, VolumeCheck, quality_of
from grainpaint.meshing.solid import SolidMesh, solid_mesh
from grainpaint.meshing.solid_quality import SolidQuality, solid_quality_of

__all__ = [
    "GrainMesh",
    "Quality",
    "SolidMesh",
    "SolidQuality",
    "VolumeCheck",
    "check_mesh_output",
    "grain_mesh",
    "quality_of",
    "solid_mesh",
    "solid_quality_of",
    "write_mesh",
]
