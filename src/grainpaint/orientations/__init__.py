"""Crystal orientations of grains: symmetry, storage by grain.

A quaternion (w, x, y, z) is the passive rotation of Bunge, which turns sample
coordinates into crystal coordinates: Euler angles (phi1, 0, 0) are
(cos(phi1 / 2), 0, 0, sin(phi1 / 2)), and `scipy.spatial.transform.Rotation` of the same
four numbers turns the axes of the sample onto those of the crystal. A symmetry operator
s makes the equivalent quaternion q s.
"""

from grainpaint.orientations.by_grain import Orientations
from grainpaint.orientations.symmetry import GROUPS, operators

__all__ = ["GROUPS", "Orientations", "operators"]
