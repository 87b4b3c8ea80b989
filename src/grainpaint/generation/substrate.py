"""Grains of the substrate of a build, in any box of it.

As in the simulator they are the Voronoi cells of points that lie anywhere in the slab
with the same chance. Here each voxel draws the point that it may hold, so the grains of
a box need only the voxels around it.
"""

import numpy as np

from grainpaint.microstructure import VoxelBox
from grainpaint.philox import normal_field
from grainpaint.simulate.am.recipe import Substrate

__all__ = ["substrate_tags"]

_STREAM = 16  # of random numbers
_AROUND = 1.5  # grain diameters around a box in which the points of its grains lie
_UNDER = 0.65  # grain diameters under the melt to which the point of a grain there lies


def substrate_tags(
    tags: np.ndarray,
    still: np.ndarray,
    box: VoxelBox,
    shape: tuple[int, int, int],
    substrate: Substrate,
    seed: int,
    lowest: int,
    n_tags: int,
) -> np.ndarray:
    """Return tags in which what never melted has the grains of the substrate.

    Melt solidifies onto the grains under it, so a grain that reaches the melt has the
    tag of the grain above its point; two grains under a wide one become one.

    Parameters
    ----------
    tags : numpy.ndarray, uint16, shape (nx, ny, nz)
        Of a box of the build; 0 = no material.
    still : numpy.ndarray, bool, shape (nx, ny, nz)
        The voxels of the substrate that never melted.
    box : VoxelBox
        Where the box lies.
    shape : three ints
        Voxels of the build.
    substrate : Substrate
    seed : int
    lowest, n_tags : int
        The other grains have random tags lowest..lowest + n_tags - 1.
    """
    from scipy.spatial import cKDTree

    rows = np.flatnonzero(still.any((0, 1)))
    if not rows.size:
        return tags
    corner = np.array([a for a, _ in box])
    ends = [(a, b) for a, b in box[:2]] + [(box[2][0], box[2][0] + rows[-1] + 1)]
    points, drawn = _points(ends, (*shape[:2], substrate.height), substrate.grain, seed)
    own = lowest + (drawn * n_tags).astype(np.int64)
    most = _UNDER * substrate.grain
    tag = np.where(*_above(tags, still, points - corner, most), own)
    nearest = cKDTree(points).query(np.argwhere(still) + corner)[1]
    found = tags.copy()
    found[still] = tag[nearest]
    return found


def _points(
    box: VoxelBox, slab: tuple[int, int, int], grain: float, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the points of a slab around a box (n, 3), and a number 0..1 for each."""
    from scipy.special import ndtr

    more = int(np.ceil(_AROUND * grain))
    ends = [(max(0, a - more), min(b + more, n)) for (a, b), n in zip(box, slab)]
    numbers = normal_field(seed, _STREAM, [np.arange(a, b) for a, b in ends], 5)
    held = np.argwhere(ndtr(numbers[..., 0]) < 6 / np.pi / grain**3)
    held = held if held.size else np.zeros((1, 3), int)  # a slab smaller than a grain
    drawn = ndtr(numbers[tuple(held.T)].astype(float))
    return held + [a for a, _ in ends] + drawn[:, 1:4] - 0.5, drawn[:, 4]


def _above(
    tags: np.ndarray, still: np.ndarray, points: np.ndarray, most: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return which points lie at most so far under the melt, and the tags above all."""
    n = np.array(still.shape)
    i, j, _ = np.clip(np.rint(points).astype(int), 0, n - 1).T
    top = n[2] - np.argmax(still[:, :, ::-1], axis=2)[i, j]
    above = tags[i, j, np.minimum(top, n[2] - 1)]
    below = np.any(still, axis=2)[i, j]
    reaches = below & (top < n[2]) & (top - points[:, 2] <= most)
    return reaches & (above > 0), above
