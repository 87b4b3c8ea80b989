"""Sweeps that attempt one site after another, as SPPARKS does.

`grainpaint.simulate.am.sweeps` makes the moves of many sites at once and is the better
choice where sites are picked at random. Two settings of SPPARKS' ``sweep`` depend on
the order of the sites:

- ``raster`` attempts each site once, x fastest, so a site can copy a spin that the
  site before it has just taken.
- ``mask yes`` passes over a site with less than half of its neighbors unlike, from its
  first attempt until a neighbor changes. A masked site does not even melt where the
  application melts sites in their attempts.
"""

from typing import NamedTuple

import numba as nb
import numpy as np

from grainpaint.simulate.am.mobility import (
    MOLTEN,
    TO_UNIT,
    mobility_window,
    random_words,
)
from grainpaint.simulate.am.proposals import propose
from grainpaint.simulate.am.sweeps import window_of

__all__ = ["SiteOrder", "ordered_sweep"]

_PICK, _MOVE = 8 << 28, 9 << 28  # counters beyond any z


class SiteOrder(NamedTuple):
    """How a sweep goes through the sites.

    Parameters
    ----------
    raster : bool
        Each site once, x fastest; otherwise as many random sites as there are.
    sectors : bool
        Whether the halves of each axis are swept in turn (``sector yes``).
    masked : numpy.ndarray, uint8, shape of the box or (0, 0, 0)
        1 = passed over, changed by the sweeps; empty = nothing is masked.
    melting_unmasks : bool
        Whether a site that melts is treated like one that flips (``potts/weld/jom``).
    """

    raster: bool
    sectors: bool
    masked: np.ndarray
    melting_unmasks: bool = False


@nb.njit(cache=True)
def _put(spin, site, value, periodic):
    """Set the spin of a site and of its ghosts across periodic faces."""
    x, y, z = site
    nx, ny, nz = spin.shape[0] - 2, spin.shape[1] - 2, spin.shape[2] - 2
    for a in range(-1, 2):
        if a != 0 and not (periodic[0] and x == (1 if a > 0 else nx)):
            continue
        for b in range(-1, 2):
            if b != 0 and not (periodic[1] and y == (1 if b > 0 else ny)):
                continue
            for c in range(-1, 2):
                if c != 0 and not (periodic[2] and z == (1 if c > 0 else nz)):
                    continue
                spin[x + a * nx, y + b * ny, z + c * nz] = value


@nb.njit(cache=True)
def _mask(spin, site, before, order, periodic):
    """Mask a site that has been attempted, and unmask the neighbors if it changed."""
    x, y, z = site
    masked = order.masked
    n_near, n_unlike = -1, 0  # the site itself is among those counted below
    for a in range(-1, 2):
        for b in range(-1, 2):
            for c in range(-1, 2):
                v = spin[x + a, y + b, z + c]
                own = a == 0 and b == 0 and c == 0
                n_near += v != 0
                n_unlike += v != 0 and v != before and not own
    if 2 * n_unlike < n_near:
        masked[x - 1, y - 1, z - 1] = 1
    if spin[x, y, z] == before:
        return
    for a in range(-1, 2):
        for b in range(-1, 2):
            for c in range(-1, 2):
                i, j, k = x - 1 + a, y - 1 + b, z - 1 + c
                if periodic[0]:
                    i %= masked.shape[0]
                if periodic[1]:
                    j %= masked.shape[1]
                if periodic[2]:
                    k %= masked.shape[2]
                outside = min(i, j, k) < 0 or i >= masked.shape[0]
                if outside or j >= masked.shape[1] or k >= masked.shape[2]:
                    continue
                if not (a == 0 and b == 0 and c == 0):
                    masked[i, j, k] = 0


@nb.njit(cache=True)
def _attempt(spin, site, window, rules, order, words, around, periodic):
    """Attempt a move of one site."""
    x, y, z = site
    mobility, plan, low = window
    i, j, k = x - 1 - low[0], y - 1 - low[1], z - 1 - low[2]
    m = mobility[i, j, k]
    before = spin[x, y, z]
    if m <= 0.0 or before == 0:
        return
    if order.masked.size > 0 and order.masked[x - 1, y - 1, z - 1]:
        return
    if plan[i, j, k] & MOLTEN:
        drawn = (words[0] * rules.n_spins) >> np.uint64(32)
        _put(spin, site, np.int32(rules.lowest + np.int64(drawn)), periodic)
        if order.masked.size > 0 and order.melting_unmasks:
            _mask(spin, site, before, order, periodic)
        return
    new, rise = propose(spin, site, plan, (i, j, k), rules, words[0], around)
    if new == 0:
        return
    u = np.float64(words[1]) * TO_UNIT
    if u < m * (1.0 if rise <= 0 else rules.chances[rise]):
        _put(spin, site, new, periodic)
    if order.masked.size > 0:
        _mask(spin, site, before, order, periodic)


@nb.njit(cache=True)
def _unmask_border(masked, start, stop):
    """Unmask the sites of a sector that have neighbors in other sectors."""
    for axis in range(3):
        for face in (start[axis], stop[axis] - 1):
            inner = face > 0 if face == start[axis] else face < masked.shape[axis] - 1
            if not inner:
                continue
            if axis == 0:
                masked[face, start[1] : stop[1], start[2] : stop[2]] = 0
            elif axis == 1:
                masked[start[0] : stop[0], face, start[2] : stop[2]] = 0
            else:
                masked[start[0] : stop[0], start[1] : stop[1], face] = 0


@nb.njit(cache=True)
def _sweep_box(spin, box, part, window, rules, order, draw, periodic):
    """Attempt the sites of a box that begins at box[0] and ends before box[1]."""
    around = np.empty(52, np.int32)
    n0, n1, n2 = box[1] - box[0]
    if order.raster:
        for z in range(box[0, 2] + 1, box[1, 2] + 1):
            for y in range(box[0, 1] + 1, box[1, 1] + 1):
                for x in range(box[0, 0] + 1, box[1, 0] + 1):
                    words = random_words(draw, x, y, z + _MOVE)
                    site = (x, y, z)
                    _attempt(spin, site, window, rules, order, words, around, periodic)
        return
    for i in range(n0 * n1 * n2):
        picks = random_words(draw, i, part, _PICK)
        x = box[0, 0] + 1 + np.int64((picks[0] * np.uint64(n0)) >> np.uint64(32))
        y = box[0, 1] + 1 + np.int64((picks[1] * np.uint64(n1)) >> np.uint64(32))
        z = box[0, 2] + 1 + np.int64((picks[2] * np.uint64(n2)) >> np.uint64(32))
        words = random_words(draw, i, part, _MOVE)
        _attempt(spin, (x, y, z), window, rules, order, words, around, periodic)


@nb.njit(cache=True)
def ordered_sweep(spin, pool, zone, rules, draw, order, periodic):
    """Run one sweep with the pool at rest at (x, y, z), heading along (ux, uy)."""
    shape = np.array(spin.shape) - 2
    reach = np.empty((2, 3), np.int64)
    if not window_of((shape[0], shape[1], shape[2]), zone.box, pool, reach):
        return
    n = reach[1] - reach[0] + 3
    plan = np.empty((n[0], n[1], n[2]), np.uint8)
    mobility = np.empty((n[0], n[1], n[2]))
    low = reach[0] - 1
    mobility_window(mobility, plan, low, pool, zone)
    window = (mobility, plan, low)
    half = (shape + 1) // 2 if order.sectors else shape.copy()
    box = np.empty((2, 3), np.int64)
    sector = np.empty((2, 3), np.int64)
    for part in range(8):
        for axis in range(3):
            second = (part >> axis) & 1
            sector[0, axis] = half[axis] if second else 0
            sector[1, axis] = shape[axis] if second else half[axis]
        if (sector[0] >= sector[1]).any():
            continue
        if order.masked.size > 0 and order.sectors:
            _unmask_border(order.masked, sector[0], sector[1])
        box[0] = np.maximum(sector[0], reach[0])
        box[1] = np.minimum(sector[1], reach[1] + 1)
        if (box[0] < box[1]).all():
            _sweep_box(spin, box, part, window, rules, order, draw, periodic)
