"""Abaqus: a deck (.inp) with a C3D8 element for each voxel in a grain.

It is flat, without parts, so that a deck with steps can ``*Include`` it. Lengths are in
µm, so that stresses in MPa go with forces in µN. Elements and nodes are numbered with x
fastest, then y; nodes that no element has are left out. Grain 7 is the element set
GRAIN7_SET and the material GRAIN7_MAT.
"""

from grainpaint.formats.solvers.abaqus.deck import write

__all__ = ["write"]
