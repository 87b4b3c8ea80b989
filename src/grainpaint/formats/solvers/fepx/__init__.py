"""FEPX: a mesh of quadratic tetrahedra (.msh), orientations as Rodrigues vectors.

FEPX reads no voxels, so each becomes six tetrahedra. Lengths are in µm. Rodrigues
vectors are those of passive rotations, which meshes up to version 2.2 call active.
"""

from grainpaint.formats.solvers.fepx.mesh import write

__all__ = ["write"]
