"""Sweeps of the sites around a moving melt pool: melting and Potts moves.

A sweep attempts as many sites as there are around the pool, each picked at random, so
that a site is attempted once on average. Which sites make a move, when, and with which
random numbers depends on the pool alone, not on the spins: `list_moves` lists the moves
of sweeps to come, in any thread, and `make_moves` makes them.
"""

import math
from typing import NamedTuple

import numba as nb
import numpy as np

from grainpaint.philox import philox4x32
from grainpaint.simulate.am.mobility import TO_UNIT, SweepKey, list_warm
from grainpaint.simulate.am.proposals import taken_at
from grainpaint.simulate.iso.ghosts import put
from grainpaint.simulate.iso.lattice import kernel

__all__ = ["Moves", "list_moves", "make_moves", "window_of"]

_U32 = np.uint64(0xFFFFFFFF)
_32_BITS = np.uint64(32)
_PICKS, _MOVES = np.uint64(0), np.uint64(1)  # uses of random numbers


class Moves(NamedTuple):
    """The moves of some sweeps, in their order.

    Parameters
    ----------
    site : numpy.ndarray, int64, shape (n,)
        Twice the index of the site in the flat array of spins, and whether it melts.
    first, second : numpy.ndarray, uint32, shape (n,)
        Random words.
    hidden : numpy.ndarray, uint64, shape (n,) or (0,)
        Molten neighbors whose spin is not taken, see `taken_at`; empty = none.
    ends : numpy.ndarray, int64, shape (n_sweeps,)
        Where the moves of each sweep end.
    """

    site: np.ndarray
    first: np.ndarray
    second: np.ndarray
    hidden: np.ndarray
    ends: np.ndarray


@nb.njit(cache=True)
def window_of(shape, box, pool, window):
    """Set the range of sites in the box around the pool; return whether it has any."""
    px, py, pz, ux, uy = pool
    reach_x0 = min(-box[0] * ux, box[1] * ux) - box[2] * abs(uy)
    reach_x1 = max(-box[0] * ux, box[1] * ux) + box[2] * abs(uy)
    reach_y0 = min(-box[0] * uy, box[1] * uy) - box[2] * abs(ux)
    reach_y1 = max(-box[0] * uy, box[1] * uy) + box[2] * abs(ux)
    window[0, 0] = max(0, math.ceil(px + reach_x0))
    window[0, 1] = max(0, math.ceil(py + reach_y0))
    window[0, 2] = max(0, math.ceil(pz - box[3]))
    window[1, 0] = min(shape[0] - 1, math.floor(px + reach_x1))
    window[1, 1] = min(shape[1] - 1, math.floor(py + reach_y1))
    window[1, 2] = min(shape[2] - 1, math.floor(pz + box[4]))
    return (window[0] <= window[1]).all()


@nb.njit(cache=True)
def _fill_words(words, draw, use):
    """Set random words, shape (4, n).

    That all numbers are below 2^32 is said to the compiler, which then draws several at
    once.
    """
    k0, k1, step = draw.k0 & _U32, draw.k1 & _U32, draw.step & _U32
    w0, w1, w2, w3 = words[0], words[1], words[2], words[3]
    for p in range(w0.size):
        c0 = np.uint64(p) & _U32
        word = philox4x32(k0, k1, c0, use, np.uint64(0), step)
        w0[p], w1[p], w2[p], w3[p] = word[0], word[1], word[2], word[3]


@nb.njit(cache=True)
def _pick(site, mobility, words, picked):
    """Attempt sites picked at random; return how many of them make a move.

    The high part of a random word times the number of sites is the site, the low part
    a number that is compared with its mobility.
    """
    n = np.uint64(site.size)
    n_moves = 0
    for a in range(site.size):
        word = np.uint64(words[a]) * n
        i = word >> _32_BITS
        picked[n_moves] = site[i]
        # a branch would be guessed wrong too often
        n_moves += np.float64(word & _U32) * TO_UNIT < mobility[i]
    return n_moves


@nb.njit(cache=True)
def _hide(shape, window, molten, site, hidden):
    """Set which neighbors of sites are molten, as sets of `neighbor_set`."""
    hidden[:] = 0
    for m in range(site.size):
        if site[m] & 1:  # it melts
            continue
        i = site[m] >> 1
        z = i % (shape[2] + 2) - window[0, 2]
        i //= shape[2] + 2
        x, y = i // (shape[1] + 2) - window[0, 0], i % (shape[1] + 2) - window[0, 1]
        for row in range(9):  # the row through the site comes last
            place = 4 if row == 8 else row + (row >= 4)
            for c in range(3):
                if molten[x + place // 3 - 1, y + place % 3 - 1, z + c - 1]:
                    hidden[m] |= np.uint64(1) << np.uint64(4 * row + c)


@nb.njit(cache=True, nogil=True)
def list_moves(shape, places, steps, zone, rules, key):
    """List the moves of some sweeps in a box.

    Parameters
    ----------
    shape : three ints
        Sites of the box.
    places : numpy.ndarray, float64, shape (n_sweeps, 5)
        Of the pool: x, y, z and its heading (ux, uy).
    steps : numpy.ndarray, uint64, shape (n_sweeps,)
        Numbers of the sweeps, on which their random numbers depend.
    zone : ZoneTable
    rules : MoveRules
    key : two uint64
        Of the random numbers.

    Returns
    -------
    Moves
    """
    window = np.zeros((len(steps), 2, 3), np.int64)
    ends = np.empty(len(steps), np.int64)
    near = np.zeros(len(steps), np.bool_)
    most, most_at_once = 1, 0  # sites
    for s in range(len(steps)):
        near[s] = window_of(shape, zone.box, _pool(places[s]), window[s])
        if near[s]:
            n_sites = (window[s, 1] - window[s, 0] + 1).prod()
            most, most_at_once = most + n_sites, max(most_at_once, n_sites)
    warm = np.empty(most_at_once + 1, np.int64)
    mobility = np.empty(most_at_once + 1, np.float32)
    words = np.empty(2 * most_at_once + 8, np.uint32)
    site = np.empty(most, np.int64)
    first, second = np.empty(most, np.uint32), np.empty(most, np.uint32)
    hidden = np.empty(0 if rules.copy_molten else most, np.uint64)
    molten = np.empty((0, 0, 0), np.uint8)
    a = 0
    for s in range(len(steps)):
        if near[s]:
            if not rules.copy_molten:
                n = window[s, 1] - window[s, 0] + 3
                molten = np.empty((n[0], n[1], n[2]), np.uint8)
            around = shape, window[s], _pool(places[s]), zone
            n_warm = list_warm(*around, warm, mobility, molten)
            draw = SweepKey(key[0], key[1], steps[s])
            some = words[: (n_warm + 3) // 4 * 4]
            _fill_words(some.reshape((4, some.size // 4)), draw, _PICKS)
            n = _pick(warm[:n_warm], mobility[:n_warm], words, site[a:])
            b = a + n
            half = (n + 1) // 2
            _fill_words(words[: 4 * half].reshape((4, half)), draw, _MOVES)
            first[a:b], second[a:b] = words[:n], words[2 * half : 2 * half + n]
            if not rules.copy_molten:
                _hide(shape, window[s], molten, site[a:b], hidden[a:b])
            a = b
        ends[s] = a
    return Moves(site[:a], first[:a], second[:a], hidden[:a], ends)


@nb.njit(inline="always")
def _pool(place):
    return place[0], place[1], place[2], place[3], place[4]


@kernel()
def _move(spin, m, moves, grid, rules):
    """Make a move of a site; return whether it has a new spin."""
    site, word = moves.site[m], np.uint64(moves.first[m])
    i = np.uint64(site >> 1)
    if spin[i] == 0:
        return False
    if site & 1:
        spin[i] = rules.lowest + np.int64((word * rules.n_spins) >> _32_BITS)
        return True
    hidden = moves.hidden[m] if moves.hidden.size > 0 else np.uint64(0)
    u = np.float64(moves.second[m]) * TO_UNIT
    new = taken_at(spin, i, grid, rules, hidden, word, u)
    if new != 0:
        spin[i] = new
    return new != 0


@kernel(from_python=True, nogil=True)
def make_moves(spin, shape, moves, grid, rules, periodic):
    """Make moves, in place.

    Parameters
    ----------
    spin : numpy.ndarray, int32, shape (n,)
        Flat, with ghosts and one place more; 0 = no site.
    shape : three ints
        Sites of the box.
    moves : Moves
    grid : Grid
    rules : MoveRules
    periodic : three bools
    """
    wraps = periodic[0] or periodic[1] or periodic[2]
    row = shape[2] + 2
    for m in range(moves.site.size):
        if _move(spin, m, moves, grid, rules) and wraps:
            i = moves.site[m] >> 1
            x, y = i // (row * (shape[1] + 2)), i // row % (shape[1] + 2)
            put(spin, shape, (x - 1, y - 1, i % row - 1), spin[i], periodic)
