"""Moves of sites since their last melting: listed segment by segment, then made."""

import math
from typing import NamedTuple

import numba as nb
import numpy as np

from grainpaint.compiled import inner
from grainpaint.philox import philox4x32
from grainpaint.simulate.am.mobility import TO_UNIT
from grainpaint.simulate.am.proposals import taken_at
from grainpaint.simulate.am.tracks import (
    FINE,
    columns,
    find_rates,
    room_for_rates,
    span,
    sweeps_in_melt,
    sweeps_near,
)
from grainpaint.simulate.iso.lattice import kernel

__all__ = [
    "Lives",
    "RelivedMoves",
    "draw_melting",
    "list_moves",
    "make_moves",
    "scatter",
    "skip_dose",
]

_PARTS = 256  # of a sweep, in which moves are put in order; with 8 columns widen
_ROOM = 1 << 18  # moves, at first
_MOST = 248  # moves of a site in one segment
_DRAWN = 8  # moves whose words are drawn at once
_MELTING = np.uint64(255)  # counter of the words of a melting
_U32 = np.uint64(0xFFFFFFFF)
_NO_SEGMENT = np.uint64(0xFFFFFFFF)  # counter of the words of powder


class Lives(NamedTuple):
    """What the sites relive, arrays of shape (nx, ny, nz)."""

    inside: np.ndarray  # bool: there is material
    since: np.ndarray  # int64: segment from which on the site makes moves
    skipped: np.ndarray  # float32: dose in that segment without moves; empty: none
    track: np.ndarray  # int64: segment that melted the site last; empty: none is known
    fresh: np.ndarray  # bool: it melts as it is drawn; empty: all sites do


class RelivedMoves(NamedTuple):
    """Moves in their order."""

    site: np.ndarray  # int64: index in the flat spins; ~index: melting, see `words`
    words: np.ndarray  # uint32, shape (n, 2); (word, 1): it solidifies, (0, 0): melts


@nb.njit(inline="always")
def _words(key, place, counter):
    """Return four random words of a site."""
    mask = np.int64(0xFFFFFFFF)
    x, y, z = np.int64(place[0]), np.int64(place[1]), np.int64(place[2])
    c0, c1, c2 = np.uint64(x & mask), np.uint64(y & mask), np.uint64(z & mask)
    return philox4x32(key[0], key[1], c0, c1, c2, counter)


@kernel()
def _draw(key, place, counter, drawn):
    """Draw the words of some moves.

    That all numbers are below 2^32 is said to the compiler, which then draws several at
    once.
    """
    mask = np.int64(0xFFFFFFFF)
    x, y, z = np.int64(place[0]), np.int64(place[1]), np.int64(place[2])
    c0, c1, c2 = np.uint64(x & mask), np.uint64(y & mask), np.uint64(z & mask)
    k0, k1, c3 = key[0] & _U32, key[1] & _U32, counter & _U32
    for p in range(_DRAWN):
        w = philox4x32(k0, k1, c0, c1, c2, c3 + np.uint64(p))
        drawn[0, p], drawn[1, p], drawn[2, p] = w[0], w[1], w[2]


@nb.njit(inline="always")
def _counter(number):
    """Return the counter of a segment; its last eight bits are free."""
    return np.uint64(number) * np.uint64(0x9E3779B1) & np.uint64(0xFFFFFF00)


@nb.njit(cache=True)
def scatter(spin, powder, axes, rules, key):
    """Give the sites of powder random spins."""
    x, y, z = axes
    for i in range(spin.shape[0]):
        for j in range(spin.shape[1]):
            for k in range(spin.shape[2]):
                if powder[i, j, k]:
                    w = _words(key, (x[i], y[j], z[k]), _NO_SEGMENT)
                    drawn = (w[0] * rules.n_spins) >> np.uint64(32)
                    spin[i, j, k] = rules.lowest + np.int64(drawn)


@nb.njit(cache=True)
def draw_melting(axes, numbers, segments, lines, key, most):
    """Return the last segment up to `most` that melts each site, -1 = none does."""
    x, y, z = axes
    last = np.full(most.shape, -1)
    for s in range(len(segments)):
        segment = segments[s]
        k0, k1 = span(segment[2] - lines.below, segment[2], z)
        for i, j, along, _, aside in columns(segment, lines, x, y):
            for k in range(k0, k1 + 1):
                deep = int((segment[2] - z[k]) * FINE + 0.5)
                if deep >= lines.mobility.shape[1] or most[i, j, k] < numbers[s]:
                    continue
                place, line = (x[i], y[j], z[k]), (along, aside, deep)
                if _melts(segment, numbers[s], lines, line, place, key):
                    last[i, j, k] = numbers[s]
    return last


@kernel()
def _melts(segment, number, lines, line, place, key):
    """Return whether a segment melts a site.

    A site melts in a sweep that attempts it while the pool is there. That happens once
    a sweep on average, so a pool may pass a site in n sweeps and leave its grain, with
    the probability exp(-n).
    """
    melting, solid = sweeps_in_melt(segment, lines, line)
    if melting == solid:
        return False
    word = _words(key, place, _counter(number) | _MELTING)[1]
    return np.float64(word) * TO_UNIT >= math.exp(melting - solid)


@nb.njit(cache=True)
def skip_dose(axes, numbers, segments, lines, track, limit, since, skipped):
    """Find where sites begin that relive only the end of their dose.

    Parameters
    ----------
    axes, numbers, segments, lines
        As in `list_moves`.
    track : numpy.ndarray, int64, shape (nx, ny, nz)
        Segment that melted the site last.
    limit : numpy.ndarray, float32, shape (nx, ny, nz)
        Dose that it relives; 0 = none.
    since, skipped : numpy.ndarray, shape (nx, ny, nz)
        Set to those of `Lives`; what they held does not matter.
    """
    x, y, z = axes
    left, rates = limit.copy(), room_for_rates(segments, lines)
    never = numbers.max() + 1 if numbers.size else 0
    since[:] = np.where(limit > 0, track, never)
    skipped[:] = 0
    for s in range(len(segments) - 1, -1, -1):
        segment, number = segments[s], numbers[s]
        k0, k1 = span(segment[2] - lines.below, segment[2], z)
        for i, j, along, _, aside in columns(segment, lines, x, y):
            for k in range(k0, k1 + 1):
                deep = int((segment[2] - z[k]) * FINE + 0.5)
                if deep >= lines.mobility.shape[1] or left[i, j, k] <= 0:
                    continue
                if track[i, j, k] > number or left[i, j, k] == np.inf:
                    continue
                melts = track[i, j, k] == number
                line = (along, aside, deep)
                left[i, j, k] -= _dose(segment, lines, line, melts, rates)
                if left[i, j, k] <= 0:
                    since[i, j, k], skipped[i, j, k] = number, -left[i, j, k]


@kernel()
def _dose(segment, lines, line, melts, rates):
    """Return the dose of a site in a segment, since it solidified if that melts it."""
    first, stop = sweeps_near(segment, lines, line)
    melt = sweeps_in_melt(segment, lines, line)
    if melts:
        first = max(first, melt[1])
    dose = np.float32(0)
    for m in range(find_rates(segment, lines, line, (first, stop), melt, rates)[1]):
        dose += rates[m]
    return dose


@nb.njit(cache=True, nogil=True)
def list_moves(axes, numbers, segments, lines, lives, key):
    """List the moves of some segments, one after another.

    Parameters
    ----------
    axes : three float64 arrays
        Coordinates of the sites in voxels of the path.
    numbers, segments, lines
        See `grainpaint.simulate.am.tracks`.
    lives : Lives
    key : two uint64
        Of the random numbers.

    Returns
    -------
    RelivedMoves
    """
    x, y, z = axes
    stride_x, stride_y = (y.size + 2) * (z.size + 2), z.size + 2
    when, site = np.empty(_ROOM, np.int32), np.empty(_ROOM, np.int64)
    words = np.empty((_ROOM, 2), np.uint32)
    in_order, their_words = np.empty(_ROOM, np.int64), words.copy()
    drawn = np.empty((3, _DRAWN), np.uint32)
    rates = room_for_rates(segments, lines)
    n_listed = 0
    for s in range(len(segments)):
        segment = segments[s]
        k0, k1 = span(segment[2] - lines.below, segment[2], z)
        n = 0
        for i, j, along, _, aside in columns(segment, lines, x, y):
            for k in range(k0, k1 + 1):
                if lives.since[i, j, k] > numbers[s] or not lives.inside[i, j, k]:
                    continue
                deep = int((segment[2] - z[k]) * FINE + 0.5)
                if deep >= lines.mobility.shape[1]:
                    continue
                if n + _MOST + 2 > when.size:
                    when, site, words = _longer(when), _longer(site), _longer(words)
                first = n
                n = _moves(
                    segment, numbers[s], lines, (along, aside, deep), lives, (i, j, k),
                    (x[i], y[j], z[k]), key, drawn, rates, when, words, n,
                )  # fmt: skip
                flat = (i + 1) * stride_x + (j + 1) * stride_y + k + 1
                for m in range(first, n):
                    site[m] = flat if when[m] >= 0 else ~flat
        while n_listed + n > in_order.size:
            in_order, their_words = _longer(in_order), _longer(their_words)
        _put_in_order(
            when[:n], site, words, in_order[n_listed:], their_words[n_listed:]
        )
        n_listed += n
    return RelivedMoves(in_order[:n_listed], their_words[:n_listed])


@inner()
def _longer(rows):
    """Return an array of twice as many rows that begins with these."""
    shape = (2 * len(rows),) + rows.shape[1:]  # noqa: RUF005
    result = np.empty(shape, rows.dtype)
    result[: len(rows)] = rows
    return result


@kernel()
def _moves(
    segment, number, lines, line, lives, here, place, key, drawn, rates, when, words, n
):  # fmt: skip
    """List the moves that a segment makes at a site; return how many there are now.

    Times are parts of a sweep since the segment began; -1 - time: it solidifies, or
    melts.
    """
    counter = _counter(number)
    first, stop = sweeps_near(segment, lines, line)
    melting, solid = sweeps_in_melt(segment, lines, line)
    if lives.track.size and not lives.fresh[here]:
        melts = lives.track[here] == number
    else:
        melts = _melts(segment, number, lines, line, place, key)
    if melts:
        if lives.since[here] == number:
            first = max(first, solid)
        if lives.fresh.size == 0 or lives.fresh[here]:
            when[n] = -1 - melting * _PARTS
            words[n, 0] = words[n, 1] = 0
            n += 1
            when[n] = -1 - solid * _PARTS
            words[n, 0] = _words(key, place, counter | _MELTING)[0]
            words[n, 1] = 1
            n += 1
    reached, count, begun = np.float32(0), 0, np.float32(0)  # doses
    if lives.skipped.size and lives.since[here] == number:
        reached = lives.skipped[here]
    near, melt = (first, stop), (melting, solid)
    n_moving, n_rates = find_rates(segment, lines, line, near, melt, rates)
    # How far the numbers of the sweeps in which the melt freezes are from those before.
    apart = round(segment[5] / segment[6]) - first - n_moving
    _draw(key, place, counter, drawn)
    reached += _gap(drawn[0, 0])
    for m in range(n_rates):
        mobility = rates[m]
        while reached < begun + mobility and count < _MOST:
            at = count % _DRAWN
            part = int((reached - begun) / mobility * _PARTS)
            sweep = first + m + (apart if m >= n_moving else 0)
            when[n] = sweep * _PARTS + min(part, _PARTS - 1)
            words[n, 0], words[n, 1] = drawn[1, at], drawn[2, at]
            n, count = n + 1, count + 1
            if count % _DRAWN == 0:
                _draw(key, place, counter | np.uint64(count), drawn)
            reached += _gap(drawn[0, count % _DRAWN])
        begun += mobility
    return n


@nb.njit(inline="always")
def _gap(word):
    """Return the dose from a move to the next one."""
    return np.float32(-math.log((np.float64(word) + 1.0) * TO_UNIT))


@inner()
def _put_in_order(when, site, words, in_order, their_words):
    """Copy the moves of a segment in the order of their times."""
    n_parts = 1
    for m in range(when.size):
        when[m] = max(when[m], -1 - when[m])
        n_parts = max(n_parts, when[m] + 1)
    start = np.zeros(n_parts + 1, np.int64)
    for m in range(when.size):
        start[when[m] + 1] += 1
    for p in range(n_parts):
        start[p + 1] += start[p]
    for m in range(when.size):
        to = start[when[m]]
        start[when[m]] += 1
        in_order[to] = site[m]
        their_words[to, 0], their_words[to, 1] = words[m, 0], words[m, 1]


@kernel(from_python=True, nogil=True)
def make_moves(spin, moves, grid, rules):
    """Make moves in their order; melt has spin 0, as what is no site.

    Parameters
    ----------
    spin : numpy.ndarray, int32, shape (n,)
        Flat, with ghosts; it changes.
    moves : RelivedMoves
    grid : Grid
    rules : MoveRules
    """
    none = np.uint64(0)
    for m in range(moves.site.size):
        i, word = moves.site[m], np.uint64(moves.words[m, 0])
        if i < 0:
            drawn = (word * rules.n_spins) >> np.uint64(32)
            solid = moves.words[m, 1] == 1
            spin[~i] = rules.lowest + np.int64(drawn) if solid else 0
            continue
        if spin[i] == 0:
            continue
        u = np.float64(moves.words[m, 1]) * TO_UNIT
        new = taken_at(spin, np.uint64(i), grid, rules, none, word, u)
        if new > 0:
            spin[i] = new
