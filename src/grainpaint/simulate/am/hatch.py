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


class _Near(NamedTuple):
    """The pixels that lines may cross: those of an area, and others in its reach.

    Parameters
    ----------
    size : tuple of int
        Pixels of the area's box.
    reach : float
        From the middle of a pixel of the area.
    margin : int
        Pixels around the box that `mask` holds.
    mask : numpy.ndarray, bool, optional
        Without it the area is its whole box, of any size.
    """

    size: tuple[int, ...]
    reach: float
    margin: int
    mask: np.ndarray | None

    def holds(self, pixel: np.ndarray) -> np.ndarray:
        """Return which pixels are among them (integer, shape (n, 2))."""
        if self.mask is None:
            beyond = np.maximum(np.maximum(-pixel, pixel - np.array(self.size) + 1), 0)
            return np.asarray(np.hypot(beyond[:, 0], beyond[:, 1]) <= self.reach)
        pixel = pixel + self.margin
        in_box = (pixel >= 0) & (pixel < self.mask.shape)
        found: np.ndarray = np.all(in_box, axis=1)
        found[found] = self.mask[tuple(pixel[found].T)]
        return found

    def crossing(
        self, line: np.ndarray, way: np.ndarray, s: np.ndarray
    ) -> tuple[slice, slice]:
        """Return which points of a line may be, and which surely are, among them.

        The latter among the former.
        """
        most = _within(line, way, s, -self.margin - 1.0, self.margin + 1.0, self.size)
        if self.mask is not None:
            return most, slice(0, 0)
        return most, _within(line, way, s[most], 0.0, 0.0, self.size)


def _within(
    line: np.ndarray,
    way: np.ndarray,
    s: np.ndarray,
    low: float,
    beyond: float,
    size: tuple[int, ...],
) -> slice:
    """Return which points of a line lie in a box: low to size - 1 + beyond."""
    first, last = -math.inf, math.inf
    for p, v, n in zip(line.tolist(), way.tolist(), size):
        high = n - 1 + beyond
        if abs(v) > 1e-9:
            ends = sorted(((low - p) / v, (high - p) / v))
            first, last = max(first, ends[0]), min(last, ends[1])
        elif not low <= p <= high:
            return slice(0, 0)
    if s.size and first <= s[0] and last > s[-1]:
        return slice(0, s.size)
    start, end = np.searchsorted(s, [first, last]).tolist()
    return slice(start, max(start, end))


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
        None in an area without a pixel.
    """
    if not area.any():
        return []
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
    near = _around(area, hatch.spacing / 2)
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


def _around(area: np.ndarray, reach: float) -> _Near:
    """Return the pixels of an area and those around it."""
    from scipy.ndimage import distance_transform_edt

    margin = math.ceil(reach) + 1
    if area.all():
        return _Near(area.shape, reach, margin, None)
    outside = distance_transform_edt(~np.pad(area, margin))
    return _Near(area.shape, reach, margin, outside <= reach)


def _lines(
    near: _Near,
    hatch: Hatch,
    center: np.ndarray,
    along: np.ndarray,
    across: np.ndarray,
    half: np.ndarray,
) -> list[Segment]:
    """Return the lines of one rectangle, clipped to the area and its margin."""
    n = math.ceil(2 * half[1] / hatch.spacing - 1e-9)
    s = np.arange(-half[0] + _SAMPLE / 2, half[0], _SAMPLE)
    segments = []
    for i in range(n):
        line = center + (i - (n - 1) / 2) * hatch.spacing * across
        ways = -1 if hatch.serpentine and i % 2 == 1 else 1
        segments += _clip(near, hatch, line, ways * along, s)
    return segments


def _clip(
    near: _Near, hatch: Hatch, line: np.ndarray, way: np.ndarray, s: np.ndarray
) -> list[Segment]:
    """Return the pieces of a line, in steps of s, inside the area and its reach."""
    most, sure = near.crossing(line, way, s)
    s = s[most]
    if sure == slice(0, s.size):
        pieces = [[0, s.size]] if s.size else []
    else:
        inside = np.ones(s.size, bool)
        for part in (slice(0, sure.start), slice(sure.stop, None)):
            pixel = np.floor(line + s[part, None] * way + 0.5).astype(int)
            inside[part] = near.holds(pixel)
        turns = np.diff(np.concatenate([[False], inside, [False]]))
        pieces = np.flatnonzero(turns).reshape(-1, 2).tolist()
    segments = []
    for first, end in pieces:
        a = s[first] - _SAMPLE / 2 - hatch.overrun
        b = s[end - 1] + _SAMPLE / 2 + hatch.overrun
        segments.append(
            Segment(_point(line + a * way), _point(line + b * way), hatch.speed)
        )
    return segments


def _point(place: np.ndarray) -> Point:
    return float(place[0]), float(place[1])
