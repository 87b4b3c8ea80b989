"""Mobility of the sites around a melt pool, as kernels look it up."""

import math
from typing import NamedTuple

import numba as nb
import numpy as np

from grainpaint.philox import philox4x32

__all__ = [
    "MOLTEN",
    "TO_UNIT",
    "SweepKey",
    "list_warm",
    "mobility_window",
    "random_words",
]

_TOLERANCE = np.float32(1e-4)  # voxels, on the surface of the pool
_ZERO, _ONE = np.float32(0), np.float32(1)
MOLTEN = np.uint8(0x80)  # mark of a molten site in a window
TO_UNIT = 2.0**-32  # scales a random word to 0..1


class SweepKey(NamedTuple):
    """Key and counter of the random numbers of one sweep."""

    k0: np.uint64
    k1: np.uint64
    step: np.uint64


@nb.njit(inline="always")
def random_words(draw, x, y, z):
    """Return four random words of a sweep."""
    c0, c1, c2 = np.uint64(x), np.uint64(y), np.uint64(z)
    return philox4x32(draw.k0, draw.k1, c0, c1, c2, draw.step)


@nb.njit(inline="always")
def _relative(x, y, pool):
    """Return the place of a column relative to the pool: along, across, height."""
    px, py, pz, ux, uy = pool
    dx, dy = x - px, y - py
    return ux * dx + uy * dy, ux * dy - uy * dx, pz


@nb.njit(cache=True)
def _interpolate(found, place, level, zone):
    """Set the distances at levels of the table that begin at `level`, downward."""
    along, across, height = place
    table = zone.distance
    x, y = along - zone.first, abs(across)
    i, j = int(x), int(y)
    a, b = np.float32(x - i), np.float32(y - j)
    w00, w01, w10, w11 = (_ONE - a) * (_ONE - b), (_ONE - a) * b, a * (_ONE - b), a * b
    t00, t01 = table[i, j, level:], table[i, j + 1, level:]
    t10, t11 = table[i + 1, j, level:], table[i + 1, j + 1, level:]
    for m in range(found.size):
        found[m] = w00 * t00[m] + w01 * t01[m] + w10 * t10[m] + w11 * t11[m]
    c = np.float32(height - math.floor(height))
    if c > _ZERO:  # the levels of the table are no layers of sites
        for m in range(found.size):
            d = w00 * t00[m + 1] + w01 * t01[m + 1] + w10 * t10[m + 1]
            found[m] += c * (d + w11 * t11[m + 1] - found[m])


@nb.njit(cache=True)
def _mobility_column(mobility, high_z, place, zone):
    """Set the mobility of the sites high_z - m at `place` relative to the pool.

    1 = molten, 0 = cold.

    Returns
    -------
    tuple of (int, int)
        Range of m that is set; outside it all is cold.
    """
    along, across, height = place
    box = zone.box
    if not (-box[0] < along <= box[1] and abs(across) <= box[2]):
        return 0, 0
    above = high_z - height
    first = max(0, math.ceil(above - box[4]))
    end = min(mobility.size, math.floor(above + box[3]) + 1)
    if first >= end:
        return 0, 0
    found = mobility[first:end]
    level = math.floor(height) - high_z + zone.top + first
    _interpolate(found, place, level, zone)
    if zone.lift > 0:
        for m in range(found.size):
            over = above - first - m
            if over > 0 and found[m] > 0:
                found[m] = math.hypot(found[m], over * zone.lift)
    drawn_in, shells = np.float32(zone.drawn_in), zone.shells
    if shells.size == 0:
        for m in range(found.size):
            d = found[m] + drawn_in
            found[m] = _ONE if d <= _TOLERANCE else max(_ZERO, _ONE - d)
        return first, end
    for m in range(found.size):
        d = found[m] + drawn_in - _TOLERANCE
        shell = math.ceil(d)
        warm = shells[shell] if 0 < shell < shells.size else 0.0
        found[m] = _ONE if d <= _ZERO else np.float32(warm)
    return first, end


@nb.njit(cache=True)
def list_warm(shape, window, pool, zone, site, mobility, molten):
    """List the sites of a window that are not cold.

    Parameters
    ----------
    shape : three ints
        Sites of the box.
    window : numpy.ndarray, int64, shape (2, 3)
        First and last sites.
    pool : five floats
        Its place x, y, z and its heading.
    zone : ZoneTable
    site : numpy.ndarray, int64
        Filled: twice the index of a site in the flat array with ghosts, and whether it
        is molten.
    mobility : numpy.ndarray, float32
        Filled. Both arrays have room for one site more than the window.
    molten : numpy.ndarray, uint8
        Filled: MOLTEN or 0, of the window and one site around it, or of no site.

    Returns
    -------
    int
        Number of sites.
    """
    around = 1 if molten.size > 0 else 0
    low, high = window[0], window[1]
    column = np.empty(high[2] - low[2] + 1 + 2 * around, np.float32)
    n = 0
    for x in range(low[0] - around, high[0] + 1 + around):
        for y in range(low[1] - around, high[1] + 1 + around):
            place = _relative(x, y, pool)
            first, end = _mobility_column(column, high[2] + around, place, zone)
            if around:
                marks = molten[x - low[0] + 1, y - low[1] + 1]
                marks[:] = 0
                for m in range(first, end):
                    marks[marks.size - 1 - m] = MOLTEN if column[m] >= _ONE else 0
                if x < low[0] or x > high[0] or y < low[1] or y > high[1]:
                    continue
                first, end = max(1, first), min(column.size - 1, end)
            top = ((x + 1) * (shape[1] + 2) + y + 1) * (shape[2] + 2) + 1 + high[2]
            top += around
            for m in range(first, end):
                site[n] = 2 * (top - m) + (column[m] >= _ONE)
                mobility[n] = column[m]
                n += column[m] > _ZERO  # a branch would be guessed wrong too often
    return n


@nb.njit(cache=True)
def mobility_window(mobility, plan, low, pool, zone):
    """Set the mobility of all sites of a window, and mark those that are molten."""
    depth = plan.shape[2]
    column = np.empty(depth, np.float32)
    mobility[:] = 0.0
    plan[:] = 0
    for i in range(plan.shape[0]):
        for j in range(plan.shape[1]):
            place = _relative(low[0] + i, low[1] + j, pool)
            first, end = _mobility_column(column, low[2] + depth - 1, place, zone)
            for m in range(first, end):
                mobility[i, j, depth - 1 - m] = column[m]
                plan[i, j, depth - 1 - m] = MOLTEN if column[m] >= _ONE else 0
