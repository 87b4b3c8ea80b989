"""Straight tracks in closed form: where they melt, and how mobile they make sites.

The pool moves along straight tracks, so everything follows from one table of the pool
and its zone on lines along the track: where on a line it is molten, and the mobility
summed up along it, the number of moves that a sweep proposes there.
"""

import math
from functools import lru_cache
from typing import NamedTuple

import numba as nb
import numpy as np

from grainpaint.compiled import inner
from grainpaint.simulate.am.heat_affected_zone import Haz
from grainpaint.simulate.am.melt_pool import Pool
from grainpaint.simulate.am.scan import SWEEPS_PER_TIME, ScanPath
from grainpaint.simulate.am.zone_table import (
    TableStyle,
    ZoneTable,
    shrinking_zones,
    tabulate_zone,
)
from grainpaint.simulate.iso.lattice import kernel

__all__ = [
    "FINE",
    "Lines",
    "at_rest",
    "columns",
    "find_rates",
    "frozen_mobility",
    "is_cold",
    "near_segments",
    "room_for_rates",
    "span",
    "summed",
    "sweeps_at_rest",
    "sweeps_in_melt",
    "sweeps_near",
    "tabulate_lines",
]

FINE = 2  # points of the table a voxel, along the track and below it
ACROSS = 16  # and across it, as tracks lie between voxels
_COLD = 1e9
_TOUCH = 1e-6  # distance from the pool that counts as none


class Lines(NamedTuple):
    """The pool and its zone on lines along the track, by place across and below."""

    rear: np.ndarray  # where the molten part of a line begins; _COLD = nowhere
    front: np.ndarray  # and where it ends, voxels ahead of the pool's origin
    tail: np.ndarray  # where the mobile part of a line begins
    nose: np.ndarray  # and where it ends
    rate: np.ndarray  # mobility, also in the melt: that of its surface
    mobility: np.ndarray  # summed from a point to the front end of the zone, voxels
    distance: np.ndarray  # from the pool, negative inside, as the zone counts it
    shells: np.ndarray  # mobility by whole distances; empty for the linear law
    first: float  # place of the first point on a line
    ahead: float  # and of the last one
    side: float  # reach of the zone across
    below: float  # and below


@lru_cache(maxsize=8)
def tabulate_lines(pool: Pool, haz: Haz) -> Lines:
    """Return the table of a pool and its zone."""
    zone = tabulate_zone(pool, haz, TableStyle())
    distance = _fine(zone)
    x = zone.first + np.arange(len(distance)) / FINE
    molten = distance <= _TOUCH
    beyond = _beyond(zone, distance, x)
    cold = beyond & ~molten
    mobility = np.where(cold, 0, _mobility(zone, np.maximum(distance, _TOUCH)))
    signed = _fine(tabulate_zone(pool, haz, TableStyle("signed")))
    signed[beyond] = _COLD
    rear, front = _molten_part(distance, molten, x)
    steps = (mobility[1:] + mobility[:-1]) / (2 * FINE)
    total = np.zeros_like(mobility)
    total[:-1] = np.cumsum(steps[::-1], 0, dtype=np.float64)[::-1]
    return Lines(
        rear,
        front,
        *_mobile_part(mobility, x),
        np.ascontiguousarray(np.moveaxis(mobility, 0, -1), np.float32),
        np.ascontiguousarray(np.moveaxis(total, 0, -1), np.float32),
        np.ascontiguousarray(np.moveaxis(signed, 0, -1), np.float32),
        zone.shells,
        float(zone.first),
        float(x[-1]),
        float(zone.box[2]),
        float(zone.box[3]),
    )


def _fine(zone: ZoneTable) -> np.ndarray:
    """Return the distances of a zone at more points, from the surface down."""
    values = zone.distance[:, :, zone.top :]
    for axis, fine in enumerate((FINE, ACROSS, FINE)):
        values = np.moveaxis(values, axis, 0)
        at = np.arange((len(values) - 1) * fine + 1) / fine
        low = np.minimum(at.astype(int), len(values) - 2)
        share = (at - low).reshape(-1, 1, 1)
        values = values[low] * (1 - share) + values[low + 1] * share
        values = np.moveaxis(values, 0, axis)
    result: np.ndarray = values
    return result


def _molten_part(
    distance: np.ndarray, molten: np.ndarray, x: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return where the molten part of each line begins and ends (float32)."""
    some, n = molten.any(0), len(x)
    parts = []
    for first, outward in ((molten.argmax(0), -1), (n - 1 - molten[::-1].argmax(0), 1)):
        at = np.clip(first, 1, n - 2)[None]
        inside = np.take_along_axis(distance, at, 0)[0]
        outside = np.take_along_axis(distance, at + outward, 0)[0]
        depth = np.maximum(-inside, 0)
        share = depth / np.maximum(depth + outside, 1e-9)
        end = x[at[0]] + outward * share / FINE
        parts.append(np.where(some, end, -outward * _COLD).astype(np.float32))
    return parts[0], parts[1]


def _mobile_part(mobility: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return between which places of each line there is mobility (float32)."""
    mobile, n = mobility > 0, len(x)
    some = mobile.any(0)
    first = np.maximum(mobile.argmax(0) - 2, 0)  # a step of interpolation, one to spare
    last = np.minimum(n + 1 - mobile[::-1].argmax(0), n - 1)
    tail, nose = np.where(some, x[first], _COLD), np.where(some, x[last], -_COLD)
    return tail.astype(np.float32), nose.astype(np.float32)


def _mobility(zone: ZoneTable, distance: np.ndarray) -> np.ndarray:
    """Return the mobility at distances as a table holds them."""
    if len(zone.shells):
        whole = np.clip(np.ceil(distance), 0, len(zone.shells) - 1).astype(int)
        found: np.ndarray = zone.shells[whole]
        return found
    linear: np.ndarray = np.clip(1 - distance, 0, 1)
    return linear


def _beyond(zone: ZoneTable, distance: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Return which points of a table lie outside the box of its zone."""
    rear, ahead, side, below, _ = zone.box
    y, z = (np.arange(n) / f for n, f in zip(distance.shape[1:], (ACROSS, FINE)))
    along = (x <= -rear) | (x > ahead)
    found: np.ndarray = along[:, None, None] | (y > side)[:, None] | (z > below)
    return found


def near_segments(
    axes: tuple[np.ndarray, ...], path: ScanPath, pool: Pool, haz: Haz, freeze: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Return the segments that may touch a grid, in their order.

    Returns
    -------
    numbers : numpy.ndarray, int64, shape (n,)
        Of the segments in the path.
    segments : numpy.ndarray, float64, shape (n, 10)
        Start x, y, z; direction x, y; length; stride a sweep, of which there are a
        whole number; the sweeps in which the melt freezes at its end, how much it
        shrinks in each, and where the pool then is, from the start. They start half a
        stride before those of the path, so that the places of the pool in its sweeps
        lie in the middles of the strides.
    """
    lines = tabulate_lines(pool, haz)
    reach = max(-lines.first, lines.ahead, lines.side)
    low, high = np.minimum(path.start, path.end), np.maximum(path.start, path.end)
    first, last = (np.array([a[i] for a in axes]) for i in (0, -1))
    wide, up = np.array([reach, reach, lines.below]), np.array([reach, reach, 0])
    near: np.ndarray = ((low - wide <= last) & (high + up >= first)).all(1)
    numbers = np.flatnonzero(path.on & near)
    stride = path.speed[numbers] / SWEEPS_PER_TIME
    sweeps, shrinking = np.zeros(len(numbers)), np.zeros(len(numbers))
    if freeze:
        for value in np.unique(stride):
            zones = shrinking_zones(pool, haz, float(value))
            ends = (stride == value) & ~path.goes_on[numbers]
            sweeps[ends], shrinking[ends] = len(zones), zones[0].drawn_in
    known = numbers if path.number is None else path.number[numbers]
    direction = path.direction[numbers]
    return known, np.column_stack(
        [
            path.start[numbers] - direction * stride[:, None] / 2,
            direction[:, :2],
            path.n_sweeps[numbers] * stride,
            stride,
            sweeps,
            shrinking,
            path.length[numbers] + stride / 2,
        ]
    )


@inner()
def span(low, high, axis):
    """Return the range of points of an evenly spaced axis that lie in low..high."""
    step = axis[1] - axis[0] if axis.size > 1 else 1.0
    first = max(0, math.ceil((low - axis[0]) / step - 1e-9))
    last = min(axis.size - 1, math.floor((high - axis[0]) / step + 1e-9))
    return first, last


@nb.njit  # numba loses generators that it caches: KeyError where one is used again
def columns(segment, lines, x, y):
    """Yield the columns of a grid that a segment may reach.

    Yields
    ------
    i, j : int
    along, across : float
        Where the column lies from the start of the segment, voxels.
    aside : int
        Row of the table of lines.
    """
    sx, sy, ux, uy, length = segment[0], segment[1], segment[3], segment[4], segment[5]
    tail, nose = lines.first, length + segment[6] / 2 + lines.ahead
    side = lines.side
    low = sx + min(tail * ux, nose * ux) - side * abs(uy)
    high = sx + max(tail * ux, nose * ux) + side * abs(uy)
    x0, x1 = span(low, high, x)
    for i in range(x0, x1 + 1):
        dx = x[i] - sx
        low, high = -1e18, 1e18
        if abs(ux) > 1e-9:  # |ux dy - uy dx| <= side
            a, b = (uy * dx - side) / ux, (uy * dx + side) / ux
            low, high = max(low, min(a, b)), min(high, max(a, b))
        if abs(uy) > 1e-9:  # tail <= ux dx + uy dy <= nose
            a, b = (tail - ux * dx) / uy, (nose - ux * dx) / uy
            low, high = max(low, min(a, b)), min(high, max(a, b))
        y0, y1 = span(sy + low, sy + high, y)
        for j in range(y0, y1 + 1):
            dy = y[j] - sy
            across = ux * dy - uy * dx
            aside = int(abs(across) * ACROSS + 0.5)
            if aside < lines.mobility.shape[0]:
                yield i, j, ux * dx + uy * dy, across, aside


@kernel()
def at_rest(segment, lines, line):
    """Return the distance of a site from the pool at rest at the end; inf = none near.

    It is signed; the distance in the first sweep that follows is larger by one step.
    """
    along, aside, deep = line
    place = (along - segment[9] - lines.first) * FINE
    low = int(place)
    if segment[7] == 0 or place < 0 or low >= lines.distance.shape[2] - 1:
        return np.float32(np.inf)
    share = np.float32(place - low)
    near, far = lines.distance[aside, deep, low], lines.distance[aside, deep, low + 1]
    # Not near + share * (far - near), which is 0 where near is _COLD and share is 1.
    return near * (np.float32(1) - share) + far * share


@inner()
def sweeps_at_rest(segment, distance):
    """Return in how many sweeps the freezing melt still covers a site."""
    return math.floor(-distance / segment[8]) if distance < 0 else 0


@kernel()
def sweeps_in_melt(segment, lines, line):
    """Return the first sweep in which the pool is at a site, and the first thereafter.

    In sweep i the pool is (i + 1/2) strides from the start of the segment; in those
    that follow its last one it freezes. Both are the same where nothing melts. A pool
    at rest is larger than a moving one, whose distances are never negative, so it may
    reach a site that the moving one has just left: that counts as one stay.
    """
    along, aside, deep = line
    rear, front = lines.rear[aside, deep], lines.front[aside, deep]
    n_sweeps = round(segment[5] / segment[6])
    first, stop = n_sweeps, n_sweeps
    if rear <= front:
        first = max(0, math.ceil((along - front) / segment[6] - 0.5))
        stop = math.floor((along - rear) / segment[6] + 0.5)
        first, stop = min(first, n_sweeps), min(stop, n_sweeps)
    more = sweeps_at_rest(segment, at_rest(segment, lines, line))
    if more > 0:
        stop = n_sweeps + more
    return first, max(first, stop)


@nb.njit(inline="always")
def sweeps_near(segment, lines, line):
    """Return the first sweep in which the zone is at a site, and the first thereafter.

    The first may be the later one, where it never is.
    """
    along, aside, deep = line
    first = math.ceil((along - lines.nose[aside, deep]) / segment[6] - 0.5)
    stop = math.floor((along - lines.tail[aside, deep]) / segment[6] + 0.5)
    return max(0, first), min(round(segment[5] / segment[6]), stop)


@inner()
def room_for_rates(segments, lines):
    """Return an array that holds the rates of any site in any segment (float32)."""
    most = 0.0
    for s in range(len(segments)):
        moving = (lines.ahead - lines.first) / segments[s, 6]
        most = max(most, moving + segments[s, 7])
    return np.empty(int(most) + 4, np.float32)


@kernel()
def find_rates(segment, lines, line, near, melt, rates):
    """Put the mobility of a site in the sweeps of a segment into `rates`; melt has 0.

    Parameters
    ----------
    near, melt : tuple of two ints
        The first sweep, and the first thereafter, in which the zone is near
        (`sweeps_near`) or the site is molten (`sweeps_in_melt`).

    Returns
    -------
    n_moving, n : int
        Entries: of the sweeps from near[0] on, and with those in which the melt
        freezes, which follow the last one of the segment.
    """
    along, aside, deep = line
    rate, stride = lines.rate[aside, deep], segment[6]
    (first, stop), (melting, solid) = near, melt
    n_moving = max(0, stop - first)
    for m in range(n_moving):
        at = (along - (first + m + 0.5) * stride - lines.first) * FINE
        low = min(max(int(at), 0), rate.size - 2)
        rates[m] = rate[low] + np.float32(at - low) * (rate[low + 1] - rate[low])
    for m in range(max(0, melting - first), min(n_moving, solid - first)):
        rates[m] = 0
    n = n_moving
    distance = at_rest(segment, lines, line)
    if distance < np.inf:
        for _ in range(int(segment[7])):
            distance += segment[8]
            if is_cold(distance, lines.shells):
                break
            rates[n] = frozen_mobility(distance, lines.shells)
            n += 1
    return n_moving, n


@kernel()
def summed(total, at, first):
    """Return the mobility summed from `at` to the front, by linear interpolation."""
    place = (at - first) * FINE
    if place <= 0:
        return total[0]
    low = int(place)
    if low >= total.size - 1:
        return np.float32(0)
    share = np.float32(place - low)
    return total[low] * (1 - share) + total[low + 1] * share


@nb.njit(inline="always")
def is_cold(distance, shells):
    """Return whether a site so far from a pool that shrinks is never mobile again."""
    return distance > (shells.size - 1 if shells.size > 0 else 1)


@inner()
def frozen_mobility(distance, shells):
    """Return the mobility at a distance from a pool that shrinks; 0 inside it."""
    if distance <= 0:
        return 0.0
    if shells.size > 0:
        shell = math.ceil(distance)
        return shells[shell] if shell < shells.size else 0.0
    return max(0.0, 1.0 - distance)
