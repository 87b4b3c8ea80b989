"""Volumes with orientations, and places of numbers in files of text."""

import numpy as np

from grainpaint.microstructure import Microstructure
from grainpaint.orientations import Orientations

SHAPE = (5, 4, 3)
SPACING, ORIGIN = (2.0, 3.0, 4.0), (1.0, 0.0, -5.0)


def oriented(void=False, gaps=False, shape=SHAPE, n=7):
    """Return a box of n grains in two phases; perhaps with voxels outside, or gaps."""
    rng = np.random.default_rng(7)
    ids = rng.integers(1, n + 1, shape)
    ids.flat[:n] = np.arange(1, n + 1)
    if gaps:
        ids = ids * 3
        n *= 3
    if void:
        ids[0, 0, 0] = ids[2, 1, 1] = 0
        ids[:, :, -1][ids[:, :, -1] % 2 == 0] = 0
    quaternion = rng.normal(size=(n, 4))
    quaternion /= np.linalg.norm(quaternion, axis=1)[:, None]
    phase = np.arange(n) % 2 + 1
    known = Orientations(quaternion, ("432", "622"), phase, ("Al", "Ti alpha"))
    return Microstructure(ids, SPACING, ORIGIN, (True, False, True), known)


def without(volume):
    """Return the volume without its orientations."""
    return Microstructure(
        volume.grain_id, volume.spacing, volume.origin, volume.periodic
    )


def numbers_of(volume):
    """Return grain IDs as 1..n in their order, 0 outside, and the IDs."""
    ids = volume.ids()
    table = np.zeros(ids.max() + 1, int)
    table[ids] = np.arange(1, ids.size + 1)
    return table[volume.grain_id], ids


def x_fastest(values):
    """Return an array [x, y, z] in the order of most files."""
    return values.ravel(order="F")


def centers(volume):
    """Return the centers of voxels (n, 3), x fastest."""
    place = np.indices(volume.shape).reshape(3, -1, order="F").T
    return volume.origin + (place + 0.5) * volume.spacing
