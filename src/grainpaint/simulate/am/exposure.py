r"""What the scan did to each place: its last melting, and how mobile it was afterwards.

The pool moves along straight tracks, so everything follows from one table of the pool
and its zone on lines along the track: where on a line it is molten, and the mobility
summed up along it. A place is molten last by the last track whose molten part of the
line passes over it; its dose is the sum, over all sweeps since then, of the mobility of
Eq. (19) of Hoffman et al. (Acta Materialia 288, 2025): the number of moves that were
proposed there. No Monte Carlo is needed, and any box can be computed on its own.
"""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numba as nb
import numpy as np

from grainpaint.simulate.am.heat_affected_zone import Haz
from grainpaint.simulate.am.melt_pool import Pool
from grainpaint.simulate.am.scan import SWEEPS_PER_TIME, ScanPath
from grainpaint.simulate.am.zone_table import TableStyle, ZoneTable, tabulate_zone

__all__ = ["Exposure", "expose"]

_FINE = 2  # points of the table a voxel
_COLD = 1e9


@dataclass(frozen=True, eq=False)
class Exposure:
    """What the scan did, arrays of shape (nx, ny, nz).

    Parameters
    ----------
    melted : numpy.ndarray, bool
        Whether the place was ever molten; the next three are 0 where not.
    across : numpy.ndarray, float32
        Position across the track that melted it last, pool widths, positive to the
        left.
    below : numpy.ndarray, float32
        Position below the surface that was scanned, pool depths.
    heading : numpy.ndarray, float32, shape (nx, ny, nz, 2)
        Cosine and sine of the angle between that track and x.
    dose : numpy.ndarray, float32
        Mobility summed over the sweeps since it solidified, or since the start.
    """

    melted: np.ndarray
    across: np.ndarray
    below: np.ndarray
    heading: np.ndarray
    dose: np.ndarray


class _Lines(NamedTuple):
    """The pool and its zone on lines along the track, by place across and below."""

    rear: np.ndarray  # where the molten part of a line begins; _COLD = nowhere
    front: np.ndarray  # and where it ends, voxels ahead of the pool's origin
    mobility: np.ndarray  # summed from a point to the front end of the zone, voxels
    first: float  # place of the first point on a line


@lru_cache(maxsize=8)
def _tabulate(pool: Pool, haz: Haz) -> _Lines:
    """Return the table of a pool and its zone."""
    zone = tabulate_zone(pool, haz, TableStyle())
    distance = zone.distance[:, :, zone.top :]
    for axis in range(3):
        distance = _finer(distance, axis)
    x = zone.first + np.arange(len(distance)) / _FINE
    molten = distance <= 1e-6
    mobility = np.where(molten | _beyond(zone, distance, x), 0, _mobility(zone, distance))
    rear = np.where(molten, x[:, None, None], _COLD).min(0)
    front = np.where(molten, x[:, None, None], -_COLD).max(0)
    total = np.cumsum(mobility[::-1], 0, dtype=np.float64)[::-1] / _FINE
    return _Lines(
        rear.astype(np.float32),
        front.astype(np.float32),
        np.ascontiguousarray(np.moveaxis(total, 0, -1), np.float32),
        float(zone.first),
    )


def _finer(values: np.ndarray, axis: int) -> np.ndarray:
    """Return values interpolated linearly to _FINE points a step along an axis."""
    values = np.moveaxis(values, axis, 0)
    at = np.arange((len(values) - 1) * _FINE + 1) / _FINE
    low = np.minimum(at.astype(int), len(values) - 2)
    share = (at - low).reshape(-1, 1, 1)
    return np.moveaxis(values[low] * (1 - share) + values[low + 1] * share, 0, axis)


def _mobility(zone: ZoneTable, distance: np.ndarray) -> np.ndarray:
    """Return the mobility at distances as a table holds them."""
    if len(zone.shells):
        whole = np.clip(np.ceil(distance), 0, len(zone.shells) - 1).astype(int)
        return zone.shells[whole]
    return np.clip(1 - distance, 0, 1)


def _beyond(zone: ZoneTable, distance: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Return which points of a table lie outside the box of its zone."""
    rear, ahead, side, below, _ = zone.box
    y, z = (np.arange(n) / _FINE for n in distance.shape[1:])
    along = (x < -rear) | (x > ahead)
    return along[:, None, None] | (y > side)[:, None] | (z > below)


def expose(
    axes: tuple[np.ndarray, np.ndarray, np.ndarray],
    path: ScanPath,
    pool: Pool,
    haz: Haz,
) -> Exposure:
    """Return what a scan did at the places of a grid.

    Parameters
    ----------
    axes : three float arrays
        Coordinates along x, y, z in voxels of the path, evenly spaced and rising.
    path : ScanPath
    pool : Pool
    haz : Haz
    """
    x, y, z = (np.asarray(a, float) for a in axes)
    shape = (x.size, y.size, z.size)
    lines = _tabulate(pool, haz)
    _, _, side, below, _ = tabulate_zone(pool, haz, TableStyle()).box
    rear = lines.first
    ahead = rear + (lines.mobility.shape[2] - 1) / _FINE
    reach = max(-rear, ahead, side)
    on = np.flatnonzero(path.on & _near(path, (x, y, z), reach, below))
    track = np.full(shape, -1, np.int32)
    place = np.zeros((*shape, 2), np.float32)
    dose = np.zeros(shape, np.float32)
    segments = np.column_stack(
        [path.start, path.direction[:, :2], path.length, path.speed / SWEEPS_PER_TIME]
    )[on]
    _expose(x, y, z, segments, lines, ahead, side, below, track, place, dose)
    heading = np.zeros((*shape, 2), np.float32)
    melted = track >= 0
    heading[melted] = segments[track[melted], 3:5]
    place /= np.array([pool.width, pool.depth], np.float32)
    return Exposure(melted, place[..., 0], place[..., 1], heading, dose)


def _near(
    path: ScanPath, axes: tuple[np.ndarray, ...], reach: float, below: float
) -> np.ndarray:
    """Return which segments may touch a grid, by their boxes."""
    low, high = np.minimum(path.start, path.end), np.maximum(path.start, path.end)
    first, last = (np.array([a[i] for a in axes]) for i in (0, -1))
    wide, up = np.array([reach, reach, below]), np.array([reach, reach, 0])
    near: np.ndarray = ((low - wide <= last) & (high + up >= first)).all(1)
    return near


@nb.njit(cache=True)
def _range(low, high, axis):
    """Return the range of points of an evenly spaced axis that lie in low..high."""
    step = axis[1] - axis[0] if axis.size > 1 else 1.0
    first = max(0, math.ceil((low - axis[0]) / step - 1e-9))
    last = min(axis.size - 1, math.floor((high - axis[0]) / step + 1e-9))
    return first, last


@nb.njit(cache=True)
def _sum_to(total, at, first):
    """Return the mobility from `at` to the front, by linear interpolation."""
    place = (at - first) * _FINE
    if place <= 0:
        return total[0]
    low = int(place)
    if low >= total.size - 1:
        return np.float32(0)
    share = np.float32(place - low)
    return total[low] * (1 - share) + total[low + 1] * share


@nb.njit(cache=True)
def _expose(x, y, z, segments, lines, ahead, side, below, track, place, dose):
    """Go through the segments in their order."""
    n_aside, n_below = lines.rear.shape
    for s in range(len(segments)):
        sx, sy, sz, ux, uy, length, stride = segments[s]
        z0, z1 = _range(sz - below, sz, z)
        tail = lines.first
        # The strip: from `tail` behind the start to `ahead` of the end, `side` aside.
        ends = (tail, length + ahead)
        x_low = sx + min(ends[0] * ux, ends[1] * ux) - side * abs(uy)
        x_high = sx + max(ends[0] * ux, ends[1] * ux) + side * abs(uy)
        x0, x1 = _range(x_low, x_high, x)
        for i in range(x0, x1 + 1):
            dx = x[i] - sx
            # |ux dy - uy dx| <= side and tail <= ux dx + uy dy <= length + ahead
            low, high = -1e18, 1e18
            if abs(ux) > 1e-9:
                a, b = (uy * dx - side) / ux, (uy * dx + side) / ux
                low, high = max(low, min(a, b)), min(high, max(a, b))
            if abs(uy) > 1e-9:
                a, b = (ends[0] - ux * dx) / uy, (ends[1] - ux * dx) / uy
                low, high = max(low, min(a, b)), min(high, max(a, b))
            y0, y1 = _range(sy + low, sy + high, y)
            for j in range(y0, y1 + 1):
                dy = y[j] - sy
                along, across = ux * dx + uy * dy, ux * dy - uy * dx
                aside = int(abs(across) * _FINE + 0.5)
                if aside >= n_aside:
                    continue
                end = along - length
                for k in range(z0, z1 + 1):
                    deep = int((sz - z[k]) * _FINE + 0.5)
                    if deep >= n_below:
                        continue
                    total = lines.mobility[aside, deep]
                    last = max(lines.rear[aside, deep], np.float32(end))
                    if last <= min(lines.front[aside, deep], np.float32(along)):
                        track[i, j, k] = s
                        place[i, j, k, 0] = across
                        place[i, j, k, 1] = sz - z[k]
                        dose[i, j, k] = 0
                    else:
                        last = np.float32(along)
                    more = _sum_to(total, end, lines.first)
                    more -= _sum_to(total, last, lines.first)
                    dose[i, j, k] += max(more, np.float32(0)) / stride
