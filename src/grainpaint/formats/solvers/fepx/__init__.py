"""FEPX: a mesh of quadratic tetrahedra (.msh), orientations as Rodrigues vectors.

FEPX reads no voxels, so each becomes six tetrahedra. Lengths are in µm. Rodrigues
vectors are what FEPX calls active: from the axes of the sample to those of the crystal.
"""

from grainpaint.formats.solvers.fepx.mesh import write

__all__ = ["write"]
