"""Colors of orientations, one at a time."""

import numpy as np
from scipy.spatial.transform import Rotation

from grainpaint.orientations.ipf import sector_corners
from grainpaint.orientations.symmetry import operators


def ipf_color(quaternion, symmetry, axis):
    """Return the color of one orientation: every equivalent direction is tried."""
    sample = np.eye(3)["xyz".index(axis)]
    one = Rotation.from_quat(quaternion, scalar_first=True)
    for operator in operators(symmetry):
        turned = one * Rotation.from_quat(operator, scalar_first=True)
        for mirror in (1, -1):
            direction = mirror * turned.inv().apply(sample)
            for flip in (1, -1):  # a mirror of the Laue class, across x = y or y = 0
                other = direction if flip == 1 else _mirrored(direction, symmetry)
                parts = np.linalg.solve(sector_corners(symmetry).T, other)
                if parts.min() > -1e-9:
                    roots = np.sqrt(np.clip(parts, 0, None))
                    return np.round(255 * roots / roots.max())
    raise AssertionError("no equivalent direction lies in the sector")


def _mirrored(direction, symmetry):
    x, y, z = direction
    return np.array([y, x, z] if symmetry == "432" else [x, -y, z])
