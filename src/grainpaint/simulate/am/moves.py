"""Plans of a sweep: which sites make a move, and in which part of the sweep."""

import math
from typing import NamedTuple

import numba as nb
import numpy as np

from grainpaint.philox import philox4x32

__all__ = [
    "MOLTEN",
    "N_SLOTS",
    "TO_UNIT",
    "SweepKey",
    "mobility_window",
    "plan_window",
    "random_words",
]

_TOLERANCE = 1e-4  # voxels, on the surface of the pool
N_SLOTS = 4  # parts of a sweep; fewer would give more grains than a random order does
_SLOTS = np.uint64(N_SLOTS)
MOLTEN = np.uint8(0x80)  # bit of a site's plan; bit i = an attempt in slot i
TO_UNIT = 2.0**-32  # scales a random word to 0..1
_U32 = np.uint64(0xFFFFFFFF)
_ALL_SLOTS = 15  # bits of a plan
_NO_MOVE = math.exp(-1.0)  # chance of a molten site


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
def _mobility(distance, shells):
    """Return the mobility at a distance: 1 = molten, 0 = cold."""
    if distance <= _TOLERANCE:
        return 1.0
    if shells.size > 0:
        shell = math.ceil(distance - _TOLERANCE)
        return shells[shell] if shell < shells.size else 0.0
    return 1.0 - distance


@nb.njit(inline="always")
def _plan_site(mobility, first, second):
    """Return the slots in which a site makes a move, as bits.

    Attempts come at rate 1 and succeed with probability `mobility`, so the number of
    moves in a sweep has a Poisson distribution of that mean; each gets its own slot.
    """
    u = np.float64(first) * TO_UNIT
    if u < 1.0 - mobility:  # below exp(-mobility): no move
        return np.uint8(0)
    chance = _NO_MOVE if mobility == 1.0 else math.exp(-mobility)
    total = chance
    n = 0
    while u >= total and n < N_SLOTS:
        n += 1
        chance *= mobility / n
        total += chance
    if n == 0:
        return np.uint8(0)
    word = np.uint64(second)
    plan = 1 << np.int64(word % _SLOTS)
    word //= _SLOTS
    for used in range(1, n):
        free = np.uint64(N_SLOTS - used)
        skip = np.int64(word % free)
        word //= free
        for slot in range(N_SLOTS):
            if plan & (1 << slot):
                continue
            if skip == 0:
                plan |= 1 << slot
                break
            skip -= 1
    return np.uint8(plan)


@nb.njit(cache=True)
def _layers_within(box, height, low_z, n):
    """Return the range of the layers low_z + k, k < n, that lie within a zone's box."""
    first = max(0, math.floor(height - box[3]) - low_z - 1)
    while first < n and height - (low_z + first) > box[3]:
        first += 1
    end = min(n, math.ceil(height + box[4]) - low_z + 2)
    while end > first and height - (low_z + end - 1) < -box[4]:
        end -= 1
    return first, end


@nb.njit(cache=True)
def _mobility_column(mobility, low_z, place, zone):
    """Set the mobility of the sites low_z + k at `place` relative to the pool.

    Returns
    -------
    tuple of (int, int)
        Range of k outside which all is cold.
    """
    along, across, height = place
    box, table = zone.box, zone.distance
    mobility[:] = 0.0
    if not (-box[0] < along <= box[1] and abs(across) <= box[2]):
        return 0, 0
    first, end = _layers_within(box, height, low_z, mobility.size)
    x, y = along - zone.first, abs(across)
    i, j = int(x), int(y)
    a, b = x - i, y - j
    w00, w01, w10, w11 = (1 - a) * (1 - b), (1 - a) * b, a * (1 - b), a * b
    t00, t01, t10, t11 = (
        table[i, j],
        table[i, j + 1],
        table[i + 1, j],
        table[i + 1, j + 1],
    )
    if height == math.floor(height):  # the levels of the table are layers of sites
        below = int(height) - (low_z + end - 1) + zone.top  # level of the last
        above = below + end - first
        t00, t01 = t00[below:above], t01[below:above]
        t10, t11 = t10[below:above], t11[below:above]
        found = mobility[first:end]
        for m in range(end - first):
            found[m] = w00 * t00[m] + w01 * t01[m] + w10 * t10[m] + w11 * t11[m]
        found[:] = found[::-1].copy()
    else:
        for k in range(first, end):
            level = height - (low_z + k) + zone.top
            m = int(level)
            d = w00 * t00[m] + w01 * t01[m] + w10 * t10[m] + w11 * t11[m]
            if level > m:
                c = level - m
                e = m + 1
                d = (1 - c) * d + c * (
                    w00 * t00[e] + w01 * t01[e] + w10 * t10[e] + w11 * t11[e]
                )
            mobility[k] = d
    if zone.lift > 0:
        for k in range(first, end):
            below = height - (low_z + k)
            if below < 0 and mobility[k] > 0:
                mobility[k] = math.hypot(mobility[k], below * zone.lift)
    for k in range(first, end):
        mobility[k] = max(0.0, _mobility(mobility[k] + zone.drawn_in, zone.shells))
    return first, end


@nb.njit(inline="always")
def _relative(x, y, pool):
    """Return the place of a column relative to the pool: along, across, height."""
    px, py, pz, ux, uy = pool
    dx, dy = x - px, y - py
    return ux * dx + uy * dy, ux * dy - uy * dx, pz


@nb.njit(cache=True)
def _fill_words(words, n, draw, x, ys, pairs):
    """Set the random words of n pairs of sites in a plane.

    That all numbers are below 2^32 is said to the compiler, which then draws several at
    once.
    """
    k0, k1, step = draw.k0 & _U32, draw.k1 & _U32, draw.step & _U32
    c0 = np.uint64(x) & _U32
    w0, w1, w2, w3 = words[0, :n], words[1, :n], words[2, :n], words[3, :n]
    for p in range(n):
        c1, c2 = np.uint64(ys[p]), np.uint64(pairs[p])
        word = philox4x32(k0, k1, c0, c1, c2, step)
        w0[p], w1[p], w2[p], w3[p] = word[0], word[1], word[2], word[3]


@nb.njit(cache=True)
def _plan_column(plan, mobility, span, words, shift):
    """Plan the sites of a column; `shift` leads from z // 2 to their random words."""
    for k in range(span[0], span[1]):
        m = mobility[k]
        if m > 0.0:
            z = span[2] + k
            p, w = np.uint64((z >> 1) + shift), np.uint64(2 * (z & 1))
            slots = _plan_site(m, words[w, p], words[w + np.uint64(1), p])
            plan[k] = slots | MOLTEN if m >= 1.0 else slots


@nb.njit(cache=True)
def _list_column(plan, column, sites, n):
    """Append the sites of a column that make moves to `sites`; return their number."""
    for k in range(1, plan.size - 1):
        slots = np.int64(plan[k])
        sites[n] = ((slots & _ALL_SLOTS) << 59) | column | (k << 2) | (slots >> 7)
        n += (slots & _ALL_SLOTS) != 0  # a branch would be guessed wrong too often
    return n


@nb.njit(cache=True)
def plan_window(plan, low, pool, zone, draw, sites):
    """Plan the moves of one sweep for all sites of the window that begins at `low`.

    Parameters
    ----------
    plan : numpy.ndarray, uint8, shape of the window
        Filled: the slots of each site, as bits, and MOLTEN.
    low : three ints
    pool : five floats
        Its place x, y, z and its heading.
    zone : ZoneTable
    draw : SweepKey
    sites : numpy.ndarray, int64
        Filled: the sites within the faces of the window that make moves: slots (four
        bits), x, y, z in the window (19 bits each), 0, and whether it is molten.

    Returns
    -------
    int
        Number of sites filled in; one more may be changed.
    """
    n1, n2 = plan.shape[1:]
    mobility = np.empty((n1, n2))
    spans = np.empty((n1, 3), np.int64)  # of warm sites; shift from pairs to words
    most = n1 * (n2 // 2 + 2)
    words = np.empty((4, most), np.uint32)
    ys, pairs = np.empty(most, np.uint32), np.empty(most, np.uint32)
    plan[:] = 0
    z0 = low[2] + 1  # a window begins at most one site outside the box: >= 0
    n_sites = 0
    for i in range(plan.shape[0]):
        n = 0
        for j in range(n1):
            place = _relative(low[0] + i, low[1] + j, pool)
            first, end = _mobility_column(mobility[j], low[2], place, zone)
            while first < end and mobility[j, first] <= 0.0:
                first += 1
            while first < end and mobility[j, end - 1] <= 0.0:
                end -= 1
            spans[j, 0], spans[j, 1] = first, end
            if first == end:
                continue
            pair = (z0 + first) >> 1  # four words serve two sites
            spans[j, 2] = n - pair
            for p in range(pair, ((z0 + end - 1) >> 1) + 1):
                ys[n], pairs[n] = low[1] + j + 1, p
                n += 1
        _fill_words(words, n, draw, low[0] + i + 1, ys, pairs)
        inside = 0 < i < plan.shape[0] - 1
        for j in range(n1):
            if spans[j, 0] == spans[j, 1]:
                continue
            span = spans[j, 0], spans[j, 1], z0
            _plan_column(plan[i, j], mobility[j], span, words, spans[j, 2])
            if inside and 0 < j < n1 - 1:
                column = (i << 40) | (j << 21)
                n_sites = _list_column(plan[i, j], column, sites, n_sites)
    return n_sites


@nb.njit(cache=True)
def mobility_window(mobility, plan, low, pool, zone):
    """Set the mobility of all sites of a window, and mark those that are molten."""
    for i in range(plan.shape[0]):
        for j in range(plan.shape[1]):
            place = _relative(low[0] + i, low[1] + j, pool)
            _mobility_column(mobility[i, j], low[2], place, zone)
            for k in range(plan.shape[2]):
                plan[i, j, k] = MOLTEN if mobility[i, j, k] >= 1.0 else 0
