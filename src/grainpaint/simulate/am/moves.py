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
MOLTEN = np.uint8(0x80)  # bit of a site's plan; bit i = an attempt in slot i
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
    chance = math.exp(-mobility)
    total = chance
    n = 0
    while u >= total and n < N_SLOTS:
        n += 1
        chance *= mobility / n
        total += chance
    plan = 0
    word = second
    for used in range(n):
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
def _mobility_column(mobility, low_z, place, zone):
    """Set the mobility of the sites low_z + k at `place` relative to the pool."""
    along, across, height = place
    box, table = zone.box, zone.distance
    mobility[:] = 0.0
    if not (-box[0] < along <= box[1] and abs(across) <= box[2]):
        return False
    x, y = along - zone.first, abs(across)
    i, j = int(x), int(y)
    a, b = x - i, y - j
    w00, w01, w10, w11 = (1 - a) * (1 - b), (1 - a) * b, a * (1 - b), a * b
    for k in range(mobility.size):
        below = height - (low_z + k)
        if below < -box[4] or below > box[3]:
            continue
        level = below + zone.top
        m = int(level)
        d = (
            w00 * table[i, j, m]
            + w01 * table[i, j + 1, m]
            + w10 * table[i + 1, j, m]
            + w11 * table[i + 1, j + 1, m]
        )
        if level > m:
            c = level - m
            d = (1 - c) * d + c * (
                w00 * table[i, j, m + 1]
                + w01 * table[i, j + 1, m + 1]
                + w10 * table[i + 1, j, m + 1]
                + w11 * table[i + 1, j + 1, m + 1]
            )
        if below < 0 and zone.lift > 0 and d > 0:
            d = math.hypot(d, below * zone.lift)
        mobility[k] = max(0.0, _mobility(d + zone.drawn_in, zone.shells))
    return True


@nb.njit(cache=True)
def _plan_column(plan, mobility, low, draw):
    """Plan the sites (low[0], low[1], low[2] + k) with the given mobilities."""
    pair = -1
    words = random_words(draw, 0, 0, 0)
    for k in range(plan.size):
        if mobility[k] <= 0.0:
            continue
        z = low[2] + k + 1  # >= 0, as the window begins one site outside the box
        if z >> 1 != pair:  # four words serve two sites
            pair = z >> 1
            words = random_words(draw, low[0] + 1, low[1] + 1, pair)
        if z & 1:
            plan[k] = _plan_site(mobility[k], words[2], words[3])
        else:
            plan[k] = _plan_site(mobility[k], words[0], words[1])
        if mobility[k] >= 1.0:
            plan[k] |= MOLTEN


@nb.njit(inline="always")
def _relative(x, y, pool):
    """Return the place of a column relative to the pool: along, across, height."""
    px, py, pz, ux, uy = pool
    dx, dy = x - px, y - py
    return ux * dx + uy * dy, ux * dy - uy * dx, pz


@nb.njit(cache=True, parallel=True)
def plan_window(plan, low, pool, zone, draw):
    """Plan the moves of one sweep for all sites of the window that begins at `low`."""
    for i in nb.prange(plan.shape[0]):
        x = low[0] + i
        mobility = np.empty(plan.shape[2])
        for j in range(plan.shape[1]):
            y = low[1] + j
            plan[i, j] = 0
            if _mobility_column(mobility, low[2], _relative(x, y, pool), zone):
                _plan_column(plan[i, j], mobility, (x, y, low[2]), draw)


@nb.njit(cache=True)
def mobility_window(mobility, plan, low, pool, zone):
    """Set the mobility of all sites of a window, and mark those that are molten."""
    for i in range(plan.shape[0]):
        for j in range(plan.shape[1]):
            place = _relative(low[0] + i, low[1] + j, pool)
            _mobility_column(mobility[i, j], low[2], place, zone)
            for k in range(plan.shape[2]):
                plan[i, j, k] = MOLTEN if mobility[i, j, k] >= 1.0 else 0
