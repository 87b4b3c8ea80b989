"""Hatch lines at any angle that fill an area, whole or in islands.

Coordinates are in voxels; the area is a mask of one layer, and voxel (i, j) covers
i ± 0.5, j ± 0.5.
"""

import math
from typing import NamedTuple

import numpy as np

from grainpaint.simulate.am.scan import Corner, Point, Segment

__all__ = ["Hatch", "fill_area"]

_SAMPLE = 0.25  # voxels between the points that clip a line


class Hatch(NamedTuple):
    """How an area is filled; fields as in `grainpaint.simulate.am.recipe.HatchScan`."""

    speed: float
    spacing: float
    start: Corner
    serpentine: bool
    overrun: float
    island: float


def fill_area(area: np.ndarray, hatch: Hatch, angle: float) -> list[Segment]:
    """Return hatch lines clipped to an area and half a spacing around it.

    Parameters
    ----------
    area : numpy.ndarray, bool, shape (nx, ny)
        True = to be scanned.
    hatch : Hatch
        Spacing, order and speed. Without islands the lines are centered on the box and
        start at its corner `start`. With islands the box is cut into squares of edge
        `island`, which are scanned one after another, every other one at right angles
        to its neighbors.
    angle : float
        Angle between the lines and x, degrees.

    Returns
    -------
    list of Segment
    """
    along = np.array([math.cos(math.radians(angle)), math.sin(math.radians(angle))])
    across = np.array([-along[1], along[0]])
    size = np.array(area.shape, float)
    middle = (size - 1) / 2
    corner = np.array([hatch.start[1] == "R", hatch.start[0] == "U"]) * size - 0.5
    inward = middle - corner
    # The axes point from the corner into the box, so that lines begin there.
    along, across = (v if inward @ v >= -1e-9 else -v for v in (along, across))
    half = np.array([abs(v) @ size / 2 for v in (along, across)])
    # Up to half a spacing outside the edge a line still melts voxels of the area.
    near = _distance_outside(area, _margin(hatch)) <= hatch.spacing / 2
    if not hatch.island:
        longer = half + np.array([hatch.spacing / 2, 0])
        return _lines(near, hatch, middle, along, across, longer)
    # An island that reaches far beyond the box is cut, as all its lines are.
    island = min(hatch.island, 2 * float(np.hypot(*size)) + 2 * hatch.spacing)
    n = np.ceil(2 * half / island - 1e-9).astype(int)
    segments = []
    for j in range(n[1]):
        for i in range(n[0]):
            place = (np.array([i, j]) - (n - 1) / 2) * island
            center = middle + place[0] * along + place[1] * across
            axes = (along, across) if (i + j) % 2 == 0 else (across, along)
            cell = np.full(2, island / 2)
            segments += _lines(near, hatch, center, *axes, cell)
    return segments


def _distance_outside(area: np.ndarray, margin: int) -> np.ndarray:
    """Return the distance to the nearest pixel of an area, which gets a margin."""
    from scipy.ndimage import distance_transform_edt

    if not area.all():
        found: np.ndarray = distance_transform_edt(~np.pad(area, margin))
        return found
    beyond = []
    for n in area.shape:
        at = np.arange(-margin, n + margin)
        beyond.append(np.maximum(np.maximum(-at, at - (n - 1)), 0))
    whole: np.ndarray = np.hypot(beyond[0][:, None], beyond[1])
    return whole


def _lines(
    near: np.ndarray,
    hatch: Hatch,
    center: np.ndarray,
    along: np.ndarray,
    across: np.ndarray,
    half: np.ndarray,
) -> list[Segment]:
    """Return the lines of one rectangle, clipped to the area and its margin."""
    n = math.ceil(2 * half[1] / hatch.spacing - 1e-9)
    segments = []
    for i in range(n):
        line = center + (i - (n - 1) / 2) * hatch.spacing * across
        ways = -1 if hatch.serpentine and i % 2 == 1 else 1
        segments += _clip(near, hatch, line, ways * along, half[0])
    return segments


def _margin(hatch: Hatch) -> int:
    """Return the margin in voxels by which the area is padded for clipping."""
    return math.ceil(hatch.spacing / 2) + 1


def _clip(
    near: np.ndarray, hatch: Hatch, line: np.ndarray, way: np.ndarray, half: float
) -> list[Segment]:
    """Return the pieces of a line, |s| <= half, inside the area and its margin."""
    s = np.arange(-half + _SAMPLE / 2, half, _SAMPLE)
    margin = _margin(hatch)
    voxel = np.floor(line + s[:, None] * way + 0.5).astype(int) + margin
    inside = ((voxel >= 0) & (voxel < near.shape)).all(1)
    inside[inside] = near[tuple(voxel[inside].T)]
    turns = np.flatnonzero(np.diff(np.concatenate([[False], inside, [False]])))
    segments = []
    for first, end in turns.reshape(-1, 2):
        a = s[first] - _SAMPLE / 2 - hatch.overrun
        b = s[end - 1] + _SAMPLE / 2 + hatch.overrun
        segments.append(
            Segment(_point(line + a * way), _point(line + b * way), hatch.speed)
        )
    return segments


def _point(place: np.ndarray) -> Point:
    return float(place[0]), float(place[1])
