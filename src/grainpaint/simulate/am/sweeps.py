"""Sweeps of the sites around a moving melt pool: melting and Potts moves.

Which sites make a move in a sweep, when, and with which random numbers depends on the
pool alone, not on the spins: `list_moves` lists the moves of sweeps to come, in any
thread, and `make_moves` makes them. In each of the slots of a sweep the sites whose
coordinates are alike modulo 2 move together, since none is the neighbor of another.
"""

import math
from typing import NamedTuple

import numba as nb
import numpy as np

from grainpaint.philox import philox4x32
from grainpaint.simulate.am.moves import (
    MOLTEN,
    N_SLOTS,
    TO_UNIT,
    SweepKey,
    plan_window,
    random_words,
)
from grainpaint.simulate.am.proposals import propose_at
from grainpaint.simulate.iso.ghosts import put
from grainpaint.simulate.iso.lattice import kernel
from grainpaint.simulate.iso.neighbor_set import lowest_place

__all__ = ["Moves", "list_moves", "make_moves", "window_of"]

_19_BITS = 2**19 - 1
_MELTS, _AT_FACE = 1, 2  # bits of a move's site, below its index
_N_SETS = 8 * N_SLOTS  # sets of sites that move together
_U32 = np.uint64(0xFFFFFFFF)


class Moves(NamedTuple):
    """The moves of some sweeps, in their order.

    Parameters
    ----------
    site : numpy.ndarray, int64, shape (n,)
        Index of the site in the flat array of spins, times four, and bits.
    first, second : numpy.ndarray, uint32, shape (n,)
        Random words; of a site that melts, the first is its new spin.
    hidden : numpy.ndarray, uint64, shape (n,) or (0,)
        Molten neighbors whose spin is not taken, see `propose_at`; empty = none.
    bounds : numpy.ndarray, int64, shape (n_sweeps, 33)
        Where the sets of moves begin and end.
    """

    site: np.ndarray
    first: np.ndarray
    second: np.ndarray
    hidden: np.ndarray
    bounds: np.ndarray


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
def _shuffle(rank, slot, draw):
    """Draw the order of the eight sublattices in a slot: the rank of each."""
    order = np.arange(8)
    word = random_words(draw, 0, 0, (slot + 1) << 28)[0]
    for a in range(7, 0, -1):
        choice = np.int64(word % np.uint64(a + 1))
        word //= np.uint64(a + 1)
        order[a], order[choice] = order[choice], order[a]
    for a in range(8):
        rank[order[a]] = 8 * slot + a


@nb.njit(inline="always")
def _place(spot):
    """Return where a site lies in its window."""
    return (spot >> 40) & _19_BITS, (spot >> 21) & _19_BITS, (spot >> 2) & _19_BITS


@nb.njit(inline="always")
def _sublattice(spot, low):
    """Return the number of the sublattice of a site: its coordinates modulo 2."""
    i, j, k = _place(spot)
    return ((low[0] + i) & 1) + 2 * ((low[1] + j) & 1) + 4 * ((low[2] + k) & 1)


@nb.njit(cache=True)
def _count(spots, low, rank, n_moves):
    """Count the moves of each set in a window."""
    for spot in spots:
        sublattice = _sublattice(spot, low)
        slots = np.uint64(spot >> 59)
        while slots != 0:
            slot = lowest_place(slots)
            slots &= slots - np.uint64(1)
            n_moves[rank[slot, sublattice]] += 1


@nb.njit(cache=True)
def _molten_around(plan, i, j, k):
    """Return the set of molten neighbors, in the order x, y, z."""
    places = np.uint64(0)
    for a in range(3):
        for b in range(3):
            for c in range(3):
                if plan[i + a - 1, j + b - 1, k + c - 1] & MOLTEN:
                    places |= np.uint64(1) << np.uint64(12 * a + 4 * b + c)
    return places


@nb.njit(cache=True)
def _collect(spots, plan, low, rank, ends, periodic, shape, found, hidden):
    """Write the place of each move, set by set, and its hidden neighbors.

    `ends` is where each set has got to. A place is that of its site with the number of
    the slot, and the bits of a move's site.
    """
    wraps = periodic[0] or periodic[1] or periodic[2]
    for spot in spots:
        sublattice = _sublattice(spot, low)
        slots = np.uint64(spot >> 59)
        spot &= (1 << 59) - 1
        i, j, k = _place(spot)
        if wraps:
            x, y, z = low[0] + i, low[1] + j, low[2] + k
            if (
                (periodic[0] and (x == 0 or x == shape[0] - 1))
                or (periodic[1] and (y == 0 or y == shape[1] - 1))
                or (periodic[2] and (z == 0 or z == shape[2] - 1))
            ):
                spot |= _AT_FACE
        around = np.uint64(0)
        if hidden.size > 0 and not spot & _MELTS:
            around = _molten_around(plan, i, j, k)
        while slots != 0:
            slot = lowest_place(slots)
            slots &= slots - np.uint64(1)
            number = rank[slot, sublattice]
            m = np.uint64(ends[number])
            ends[number] += 1
            found[m] = spot | (np.int64(slot) << 59)
            if hidden.size > 0:
                hidden[m] = around


@nb.njit(cache=True)
def _draw(spots, low, shape, rules, draw, first, second):
    """Draw the random words of moves, and replace their places by their sites.

    That all numbers are below 2^32 is said to the compiler, which then draws several at
    once.
    """
    k0, k1, step = draw.k0 & _U32, draw.k1 & _U32, draw.step & _U32
    x0, y0, z0 = low[0] + 1, low[1] + 1, low[2] + 1
    stride_x, stride_y = (shape[1] + 2) * (shape[2] + 2), shape[2] + 2
    for m in range(spots.size):
        spot = spots[m]
        i, j, k = _place(spot)
        x, y, z = x0 + i, y0 + j, z0 + k
        beyond = z + (((spot >> 59) + 1) << 28)  # beyond any z
        c0, c1, c2 = np.uint64(x) & _U32, np.uint64(y) & _U32, np.uint64(beyond) & _U32
        words = philox4x32(k0, k1, c0, c1, c2, step)
        first[m], second[m] = words[0], words[1]
    for m in range(spots.size):
        spot = spots[m]
        i, j, k = _place(spot)
        x, y, z = x0 + i, y0 + j, z0 + k
        spots[m] = 4 * (x * stride_x + y * stride_y + z) + (spot & 3)
        drawn = rules.lowest + np.int64(
            (np.uint64(first[m]) * rules.n_spins) >> np.uint64(32)
        )
        first[m] = drawn if spot & _MELTS else first[m]


class _Plans(NamedTuple):
    """The plans of some sweeps."""

    window: np.ndarray  # int64, shape (n_sweeps, 2, 3): first and last sites
    begin: np.ndarray  # int64, shape (n_sweeps + 1,): of each plan
    plan: np.ndarray  # uint8, plan after plan, see `plan_window`
    rank: np.ndarray  # int64, shape (n_sweeps, N_SLOTS, 8): order of the sublattices
    first: np.ndarray  # int64, shape (n_sweeps + 1,): of the sites of each plan
    sites: np.ndarray  # int64, those of `plan_window`


@nb.njit(inline="always")
def _pool(place):
    return place[0], place[1], place[2], place[3], place[4]


@nb.njit(inline="always")
def _plan_of(plans, s):
    """Return the plan of a sweep's window."""
    n = plans.window[s, 1] - plans.window[s, 0] + 3
    plan = plans.plan[plans.begin[s] : plans.begin[s + 1]]
    return plan.reshape((n[0], n[1], n[2]))


@nb.njit(cache=True)
def _room(shape, places, zone):
    """Return room for the plans of sweeps."""
    n = len(places)
    window, begin = np.zeros((n, 2, 3), np.int64), np.zeros(n + 1, np.int64)
    for s in range(n):
        if window_of(shape, zone.box, _pool(places[s]), window[s]):
            begin[s + 1] = (window[s, 1] - window[s, 0] + 3).prod()
        begin[s + 1] += begin[s]
    return _Plans(
        window,
        begin,
        np.empty(begin[-1], np.uint8),
        np.empty((n, N_SLOTS, 8), np.int64),
        np.zeros(n + 1, np.int64),
        np.empty(begin[-1] + 1, np.int64),
    )


@nb.njit(cache=True)
def _plan_sweeps(plans, places, steps, zone, key):
    """Fill the plans of sweeps; return where each set of moves begins and ends."""
    bounds = np.zeros((len(steps), _N_SETS + 1), np.int64)
    n_moves, first = 0, plans.first
    for s in range(len(steps)):
        draw = SweepKey(key[0], key[1], steps[s])
        for slot in range(N_SLOTS):
            _shuffle(plans.rank[s, slot], slot, draw)
        first[s + 1] = first[s]
        if plans.begin[s] < plans.begin[s + 1]:
            low, plan = plans.window[s, 0] - 1, _plan_of(plans, s)
            sites = plans.sites[first[s] :]
            n = plan_window(plan, low, _pool(places[s]), zone, draw, sites)
            _count(sites[:n], low, plans.rank[s], bounds[s, 1:])
            first[s + 1] += n
        bounds[s, 0] = n_moves
        for c in range(_N_SETS):
            bounds[s, c + 1] += bounds[s, c]
        n_moves = bounds[s, _N_SETS]
    return bounds


@nb.njit(cache=True, nogil=True)
def list_moves(shape, places, steps, zone, rules, key, periodic):
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
    periodic : three bools

    Returns
    -------
    Moves
    """
    plans = _room(shape, places, zone)
    bounds = _plan_sweeps(plans, places, steps, zone, key)
    n = bounds[-1, _N_SETS]
    site = np.empty(n, np.int64)
    first, second = np.empty(n, np.uint32), np.empty(n, np.uint32)
    hidden = np.empty(0 if rules.copy_molten else n, np.uint64)
    for s in range(len(steps)):
        if plans.begin[s] == plans.begin[s + 1]:
            continue
        low, plan, rank = plans.window[s, 0] - 1, _plan_of(plans, s), plans.rank[s]
        sites, ends = plans.sites[plans.first[s] : plans.first[s + 1]], bounds[s].copy()
        _collect(sites, plan, low, rank, ends, periodic, shape, site, hidden)
        a, b = bounds[s, 0], bounds[s, _N_SETS]
        draw = SweepKey(key[0], key[1], steps[s])
        _draw(site[a:b], low, shape, rules, draw, first[a:b], second[a:b])
    return Moves(site, first, second, hidden, bounds)


@kernel()
def _move(spin, m, moves, grid, rules):
    """Make a move of a site."""
    site = moves.site[m]
    i = np.uint64(site >> 2)
    if spin[i] == 0:
        return
    if site & _MELTS:
        spin[i] = moves.first[m]
        return
    hidden = moves.hidden[m] if moves.hidden.size > 0 else np.uint64(0)
    new, rise = propose_at(spin, i, grid, rules, hidden, np.uint64(moves.first[m]))
    if new == 0:
        return
    u = np.float64(moves.second[m]) * TO_UNIT
    if rise <= 0 or u < math.exp(-rules.beta * rise):
        spin[i] = new


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
    row = shape[2] + 2
    for s in range(moves.bounds.shape[0]):
        for c in range(moves.bounds.shape[1] - 1):
            span = range(moves.bounds[s, c], moves.bounds[s, c + 1])
            for m in span:
                _move(spin, m, moves, grid, rules)
            if not (periodic[0] or periodic[1] or periodic[2]):
                continue
            for m in span:  # after the others: a ghost may be their neighbor
                if moves.site[m] & _AT_FACE:
                    i = moves.site[m] >> 2
                    x, y = i // (row * (shape[1] + 2)), i // row % (shape[1] + 2)
                    put(spin, shape, (x - 1, y - 1, i % row - 1), spin[i], periodic)
