"""Tracks along the edge of an area."""

import itertools

import numpy as np
from contourpy import contour_generator

from grainpaint.simulate.am.scan import Segment

__all__ = ["contours"]

_CHORD = 4.0  # voxels of a straight piece of a contour


def contours(
    area: np.ndarray, n: int, spacing: float, speed: float
) -> tuple[list[Segment], np.ndarray]:
    """Return closed tracks along the edge of an area, and the area left to fill.

    Parameters
    ----------
    area : numpy.ndarray, bool, shape (nx, ny)
    n : int
        Number of nested loops, the outermost half a spacing from the edge.
    spacing, speed : float
        Distance between loops, voxels; voxels per unit of time.

    Returns
    -------
    segments : list of Segment
        Chords of about 4 voxels.
    inner : numpy.ndarray, bool, shape (nx, ny)
        Voxels farther than n spacings from the edge.
    """
    if n == 0:
        return [], area
    from scipy.ndimage import distance_transform_edt

    padded = np.pad(area, 1)
    # 0 on the edge between the voxels, positive inside.
    depth = distance_transform_edt(padded) - distance_transform_edt(~padded)
    depth -= 0.5 * np.sign(depth)
    lines = contour_generator(z=depth.T)
    segments = []
    for i in range(n):
        for loop in lines.lines((i + 0.5) * spacing):
            segments += _chords(np.asarray(loop) - 1, speed)
    return segments, depth[1:-1, 1:-1] > n * spacing


def _chords(loop: np.ndarray, speed: float) -> list[Segment]:
    """Return straight pieces of a loop, each about _CHORD long."""
    length = np.r_[0, np.cumsum(np.linalg.norm(np.diff(loop, axis=0), axis=1))]
    n = max(3, round(length[-1] / _CHORD))
    if length[-1] < _CHORD:
        return []
    s = np.linspace(0, length[-1], n + 1)
    x, y = (np.interp(s, length, c) for c in loop.T)
    points = list(zip(x.tolist(), y.tolist()))
    return [Segment(a, b, speed) for a, b in itertools.pairwise(points) if a != b]
