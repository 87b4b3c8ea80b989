"""Boundaries of grains as meshes: made, checked, written."""

from grainpaint.meshing.files import check_mesh_output, write_mesh
from grainpaint.meshing.mesh import GrainMesh, grain_mesh
from grainpaint.meshing.quality import Quality, quality_of

__all__ = [
    "GrainMesh",
    "Quality",
    "check_mesh_output",
    "grain_mesh",
    "quality_of",
    "write_mesh",
]
