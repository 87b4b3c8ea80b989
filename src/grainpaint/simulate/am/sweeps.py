"""Sweeps of the sites around a moving melt pool: melting and Potts moves."""

import math
from typing import NamedTuple

import numba as nb
import numpy as np

from grainpaint.simulate.am.moves import (
    MOLTEN,
    N_SLOTS,
    TO_UNIT,
    SweepKey,
    plan_window,
    random_words,
)

__all__ = [
    "MoveRules",
    "propose",
    "run_sweep",
    "scan_segment",
    "window_of",
    "wrap_ghosts",
]


class MoveRules(NamedTuple):
    """Parameters of the moves."""

    n_spins: np.uint64
    beta: float
    copy_molten: bool
    lowest: int = 1  # of the spins that molten sites take
    barred: int = 0  # a spin that no site takes from a neighbor; 0 = none


@nb.njit(cache=True)
def propose(spin, site, plan, here, rules, word, around):
    """Return the spin that a site may take (0: none) and the change in energy."""
    x, y, z = site
    i, j, k = here
    mine = spin[x, y, z]
    unique = around[26:]
    n, n_unique, n_like = 0, 0, -1  # the site itself is counted below
    for a in range(-1, 2):
        for b in range(-1, 2):
            for c in range(-1, 2):
                v = spin[x + a, y + b, z + c]
                if v == mine:
                    n_like += 1
                    continue
                if v == 0:
                    continue
                around[n] = v
                n += 1
                if v == rules.barred:
                    continue
                if not rules.copy_molten and plan[i + a, j + b, k + c] & MOLTEN:
                    continue
                for w in range(n_unique):
                    if unique[w] == v:
                        break
                else:
                    unique[n_unique] = v
                    n_unique += 1
    if n_unique == 0:
        return np.int32(0), 0
    chosen = unique[(word * np.uint64(n_unique)) >> np.uint64(32)]
    rise = n_like
    for w in range(n):
        rise -= around[w] == chosen
    return chosen, rise


@nb.njit(cache=True, parallel=True)
def _sweep(spin, plan, low, parity, slot, rules, draw):
    """Make the moves of one slot on one sublattice of the window."""
    n0, n1, n2 = plan.shape
    x0 = 1 + ((low[0] + 1 + parity) & 1)
    y0 = 1 + ((low[1] + 1 + (parity >> 1)) & 1)
    z0 = 1 + ((low[2] + 1 + (parity >> 2)) & 1)
    bit = np.uint8(1 << slot)
    for row in nb.prange((n0 - x0) // 2):
        i = x0 + 2 * row
        around = np.empty(52, np.int32)
        for j in range(y0, n1 - 1, 2):
            for k in range(z0, n2 - 1, 2):
                if not plan[i, j, k] & bit:
                    continue
                # The array has ghosts: site (x, y, z) is at (x + 1, y + 1, z + 1).
                x, y, z = low[0] + i + 1, low[1] + j + 1, low[2] + k + 1
                if spin[x, y, z] == 0:
                    continue
                words = random_words(draw, x, y, z + ((slot + 1) << 28))  # beyond any z
                if plan[i, j, k] & MOLTEN:
                    drawn = (words[0] * rules.n_spins) >> np.uint64(32)
                    spin[x, y, z] = rules.lowest + np.int64(drawn)
                    continue
                here, site = (i, j, k), (x, y, z)
                new, rise = propose(spin, site, plan, here, rules, words[0], around)
                u = np.float64(words[1]) * TO_UNIT
                if new > 0 and (rise <= 0 or u < math.exp(-rules.beta * rise)):
                    spin[x, y, z] = new


@nb.njit(cache=True)
def _shuffle(order, slot, draw):
    """Put the eight sublattices in a random order."""
    for a in range(8):
        order[a] = a
    word = random_words(draw, 0, 0, (slot + 1) << 28)[0]
    for a in range(7, 0, -1):
        choice = np.int64(word % np.uint64(a + 1))
        word //= np.uint64(a + 1)
        order[a], order[choice] = order[choice], order[a]


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
def wrap_ghosts(spin, periodic):
    """Copy the sites at periodic faces into the ghosts beyond the opposite faces."""
    if periodic[0]:
        spin[0], spin[-1] = spin[-2], spin[1]
    if periodic[1]:
        spin[:, 0], spin[:, -1] = spin[:, -2], spin[:, 1]
    if periodic[2]:
        spin[:, :, 0], spin[:, :, -1] = spin[:, :, -2], spin[:, :, 1]


@nb.njit(cache=True)
def run_sweep(spin, pool, zone, rules, draw, periodic):
    """Run one sweep with the pool at rest at (x, y, z), heading along (ux, uy)."""
    shape = (spin.shape[0] - 2, spin.shape[1] - 2, spin.shape[2] - 2)
    window = np.empty((2, 3), np.int64)
    if not window_of(shape, zone.box, pool, window):
        return
    n = window[1] - window[0] + 3
    plan = np.empty((n[0], n[1], n[2]), np.uint8)
    low = window[0] - 1
    order = np.empty(8, np.int64)
    plan_window(plan, low, pool, zone, draw)
    for slot in range(N_SLOTS):
        _shuffle(order, slot, draw)
        for parity in order:
            _sweep(spin, plan, low, parity, slot, rules, draw)
            wrap_ghosts(spin, periodic)


@nb.njit(cache=True)
def scan_segment(spin, segment, steps, zone, rules, key, periodic):
    """Run the sweeps steps[0]..steps[1] - 1 of a segment that began at steps[2]."""
    px, py, pz, ux, uy, stride = segment
    for step in range(steps[0], steps[1]):
        gone = (step - steps[2]) * stride
        pool = (px + gone * ux, py + gone * uy, pz, ux, uy)
        draw = SweepKey(key[0], key[1], np.uint64(step))
        run_sweep(spin, pool, zone, rules, draw, periodic)
