"""The last moves of every site, in the order in which the scan made them.

A site takes part from the moment it solidified for the last time; from then on its
moves are a Poisson process whose rate is the mobility of Eq. (19), a closed form for
straight tracks (`grainpaint.simulate.am.tracks`). So the end of a simulation can be
played again on grains that are known except for their last moves: each site relives the
last `limit` units of its dose. A site whose whole dose is smaller begins as melt, which
makes the fine grains of places that cooled fast; the others begin as they are, and only
their boundaries move.

Melt, and sites that the scan will melt again, are no neighbors.
"""

import math

import numba as nb
import numpy as np

from grainpaint.philox import philox4x32, split_key
from grainpaint.simulate.am.exposure import Exposure
from grainpaint.simulate.am.heat_affected_zone import Haz
from grainpaint.simulate.am.melt_pool import Pool
from grainpaint.simulate.am.moves import TO_UNIT
from grainpaint.simulate.am.proposals import propose
from grainpaint.simulate.am.scan import ScanPath
from grainpaint.simulate.am.sweeper import move_rules
from grainpaint.simulate.am.tracks import (
    ACROSS,
    FINE,
    frozen_mobility,
    near_segments,
    span,
    spot,
    strip,
    summed,
    tabulate_lines,
)

__all__ = ["replay"]

_STREAM = 9
_ALL = np.float32(1e9)  # more than any dose
_ROUNDING = np.float32(1e-3)  # of doses
_PARTS = 8  # of a sweep, in which moves are put in order


def replay(
    spin: np.ndarray,
    exposure: Exposure,
    path: ScanPath,
    shapes: tuple[Pool, Haz],
    fresh: np.ndarray,
    limit: float,
    *,
    n_spins: int,
    lowest: int = 1,
    temperature: float = 0.25,
    freeze: bool = True,
    seed: int = 0,
    origin: tuple[int, int, int] = (0, 0, 0),
) -> np.ndarray:
    """Play the last moves of a build again.

    Parameters
    ----------
    spin : numpy.ndarray, integer, shape (nx, ny, nz)
        Grains by spins >= 1; 0 = no material.
    exposure : Exposure
        Of the sites.
    path : ScanPath
    shapes : Pool, Haz
    fresh : numpy.ndarray, bool, shape (nx, ny, nz)
        Sites that begin as melt or powder, and relive everything since then.
    limit : float
        Units of dose that each of the other sites relives.
    n_spins, lowest : int
        Melt and powder have random spins lowest..lowest + n_spins - 1.
    temperature : float
        Of the Potts model.
    freeze : bool
        Whether the melt freezes where the beam goes off.
    seed : int
    origin : three ints
        Site (0, 0, 0) in voxels of the path, on which random numbers depend.

    Returns
    -------
    numpy.ndarray, int32, shape (nx, ny, nz)
    """
    pool, haz = shapes
    x, y, z = (np.arange(n, dtype=float) + o for n, o in zip(spin.shape, origin))
    numbers, segments = near_segments((x, y, z), path, pool, haz, freeze)
    padded = np.zeros([n + 2 for n in spin.shape], np.int32)
    inner = padded[1:-1, 1:-1, 1:-1]
    fresh = fresh & (spin != 0)
    inner[:] = np.where(fresh & exposure.melted, 0, spin)
    key = split_key(seed, _STREAM)
    rules = move_rules(n_spins, temperature, True)._replace(lowest=lowest)
    _scatter(inner, fresh & ~exposure.melted, origin, rules, key)
    relived = np.where(fresh, _ALL, np.float32(limit))
    so_far = np.zeros(spin.shape, np.float32)
    _replay(
        padded, spin != 0, (x, y, z), numbers, segments, tabulate_lines(pool, haz),
        exposure.track, exposure.dose, so_far, relived, rules, key,
    )  # fmt: skip
    return inner


@nb.njit(cache=True)
def _scatter(spin, powder, origin, rules, key):
    """Give the sites of powder random spins."""
    mask = np.int64(0xFFFFFFFF)
    for i in range(spin.shape[0]):
        for j in range(spin.shape[1]):
            for k in range(spin.shape[2]):
                if powder[i, j, k]:
                    x, y, z = i + origin[0], j + origin[1], k + origin[2]
                    w = philox4x32(
                        key[0], key[1], np.uint64(x & mask), np.uint64(y & mask),
                        np.uint64(z & mask), np.uint64(0xFFFFFFFF),
                    )  # fmt: skip
                    drawn = (w[0] * rules.n_spins) >> np.uint64(32)
                    spin[i, j, k] = rules.lowest + np.int64(drawn)


@nb.njit(cache=True)
def _replay(
    spin, inside, axes, numbers, segments, lines, track, dose, so_far, limit, rules, key
):
    """Go through the segments: list the moves of each, and make them in their order."""
    x, y, z = axes
    when = np.empty(1 << 16, np.int32)
    site = np.empty((1 << 16, 3), np.int16)
    words = np.empty((1 << 16, 2), np.uint32)
    around = np.empty(52, np.int32)
    plan = np.zeros((3, 3, 3), np.uint8)
    for s in range(len(segments)):
        segment = segments[s]
        sz, length, stride = segment[2], segment[5], segment[6]
        n_parts = int((math.ceil(length / stride) + segment[7] + 1) * _PARTS) + 1
        n = 0
        z0, z1 = span(sz - lines.below, sz, z)
        x0, x1 = strip(segment, lines, x, y, -1)
        for i in range(x0, x1 + 1):
            y0, y1 = strip(segment, lines, x, y, i)
            for j in range(y0, y1 + 1):
                along, across = spot(segment, x[i], y[j])
                aside = int(abs(across) * ACROSS + 0.5)
                if aside >= lines.mobility.shape[0]:
                    continue
                for k in range(z0, z1 + 1):
                    if track[i, j, k] > numbers[s] or not inside[i, j, k]:
                        continue  # it will be molten again
                    deep = int((sz - z[k]) * FINE + 0.5)
                    if deep >= lines.mobility.shape[1]:
                        continue
                    if n + 4096 > when.size:
                        when, site, words = _longer(when), _longer(site), _longer(words)
                    place = (x[i], y[j], z[k])
                    first = n
                    n = _moves(
                        segment, lines, (along, aside, deep), numbers[s], place,
                        track[i, j, k] == numbers[s], dose[i, j, k], so_far, (i, j, k),
                        limit[i, j, k], key, when, words, n,
                    )  # fmt: skip
                    for m in range(first, n):
                        site[m, 0], site[m, 1], site[m, 2] = i, j, k
        _make(spin, when[:n], site[:n], words[:n], n_parts, rules, around, plan)


@nb.njit(cache=True)
def _longer(rows):
    """Return an array of twice as many rows that begins with these."""
    shape = (2 * len(rows),) + rows.shape[1:]  # noqa: RUF005
    result = np.empty(shape, rows.dtype)
    result[: len(rows)] = rows
    return result


@nb.njit(cache=True)
def _moves(
    segment, lines, line, number, place, melts, dose, so_far, here, limit, key, when,
    words, n,
):  # fmt: skip
    """List the moves that a segment makes at a site; return how many there are now."""
    along, aside, deep = line
    length, stride, sweeps, shrinking = segment[5], segment[6], segment[7], segment[8]
    end = along - length
    total = lines.mobility[aside, deep]
    last = np.float32(along)
    at = int((end - lines.first) * FINE + 0.5)
    frozen = sweeps > 0 and 0 <= at < total.size
    count = np.uint64(0)
    mask = np.int64(0xFFFFFFFF)
    cx, cy = np.uint64(np.int64(place[0]) & mask), np.uint64(np.int64(place[1]) & mask)
    cz = np.uint64(np.int64(place[2]) & mask)
    step = np.uint64(number) * np.uint64(0x9E3779B1) & np.uint64(0xFFFFFF00)
    if melts:
        last = max(lines.rear[aside, deep], np.float32(end))
        so_far[here] = 0
        if limit == _ALL:  # it begins as melt
            t = (along - last) / stride
            if frozen and last == np.float32(end):
                distance = lines.distance[aside, deep, at]
                while distance <= 0 and shrinking > 0:
                    distance += shrinking
                    t += 1
            w = philox4x32(key[0], key[1], cx, cy, cz, step | np.uint64(255))
            when[n] = -int(t * _PARTS) - 1
            words[n, 0] = w[0]
            n += 1
    at_last = summed(total, last, lines.first)
    more = max((summed(total, end, lines.first) - at_last) / stride, np.float32(0))
    frozen_dose = np.float32(0)
    if frozen:
        distance = lines.distance[aside, deep, at]
        for _ in range(int(sweeps)):
            distance += shrinking
            frozen_dose += frozen_mobility(distance, lines.shells)
    skip = max(dose - limit, np.float32(0)) - so_far[here]
    so_far[here] += more + frozen_dose
    if more + frozen_dose <= skip + _ROUNDING:
        return n
    w = philox4x32(key[0], key[1], cx, cy, cz, step)
    reached = max(np.float32(0), skip) + _gap(w[0])
    while reached < more and count < 254:
        where = _place_of(total, at_last + reached * stride, lines.first)
        when[n] = int((along - where) / stride * _PARTS)
        words[n, 0], words[n, 1] = w[1], w[2]
        n += 1
        count += np.uint64(1)
        w = philox4x32(key[0], key[1], cx, cy, cz, step | count)
        reached += _gap(w[0])
    if not frozen:
        return n
    distance = lines.distance[aside, deep, at]
    t = length / stride
    for _ in range(int(sweeps)):
        distance += shrinking
        t += 1
        mobility = frozen_mobility(distance, lines.shells)
        while reached < more + mobility and count < 254:
            when[n] = int((t + (reached - more) / mobility) * _PARTS)
            words[n, 0], words[n, 1] = w[1], w[2]
            n += 1
            count += np.uint64(1)
            w = philox4x32(key[0], key[1], cx, cy, cz, step | count)
            reached += _gap(w[0])
        more += mobility
    return n


@nb.njit(inline="always")
def _gap(word):
    """Return the dose from a move to the next one."""
    return np.float32(-math.log((np.float64(word) + 1.0) * TO_UNIT))


@nb.njit(cache=True)
def _place_of(total, wanted, first):
    """Return where on a line the mobility summed to the front reaches a value."""
    low, high = 0, total.size - 1  # total falls along the line
    while high - low > 1:
        middle = (low + high) >> 1
        if total[middle] >= wanted:
            low = middle
        else:
            high = middle
    fall = total[low] - total[high]
    share = (total[low] - wanted) / fall if fall > 0 else 0.0
    return first + (low + share) / FINE


@nb.njit(cache=True)
def _make(spin, when, site, words, n_parts, rules, around, plan):
    """Make the moves of a segment in the order of their times."""
    start = np.zeros(n_parts + 1, np.int64)
    for m in range(when.size):
        part = when[m] if when[m] >= 0 else -when[m] - 1
        start[min(part, n_parts - 1) + 1] += 1
    for p in range(n_parts):
        start[p + 1] += start[p]
    order = np.empty(when.size, np.int64)
    for m in range(when.size):
        part = min(when[m] if when[m] >= 0 else -when[m] - 1, n_parts - 1)
        order[start[part]] = m
        start[part] += 1
    for q in range(order.size):
        m = order[q]
        i, j, k = site[m, 0] + 1, site[m, 1] + 1, site[m, 2] + 1
        if when[m] < 0:
            drawn = (np.uint64(words[m, 0]) * rules.n_spins) >> np.uint64(32)
            spin[i, j, k] = rules.lowest + np.int64(drawn)
            continue
        if spin[i, j, k] == 0:
            continue
        word = np.uint64(words[m, 0])
        new, rise = propose(spin, (i, j, k), plan, (1, 1, 1), rules, word, around)
        u = np.float64(words[m, 1]) * TO_UNIT
        if new > 0 and (rise <= 0 or u < math.exp(-rules.beta * rise)):
            spin[i, j, k] = new
