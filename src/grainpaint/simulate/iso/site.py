"""Flips of one site of a Potts lattice, drawn at their rates."""

import math

import numpy as np

from grainpaint.philox import philox4x32
from grainpaint.simulate.iso.lattice import kernel
from grainpaint.simulate.iso.neighbor_set import (
    count_like,
    holding,
    lowest_place,
    n_places,
)

__all__ = ["flip_site", "is_stuck"]


@kernel(forceinline=True)
def _pick(lattice, i, mine, n_like, mark, rates):
    """Return the neighboring spin at which the cumulated rates exceed a mark.

    Returns
    -------
    tuple of (integer, int)
        The spin and the number of neighbors that have it; the site's own if the rates
        add up to less than the mark.
    """
    spin = lattice.spin
    left = lattice.near & ~holding(lattice, spin, i, mine)
    while n_places(left) >= rates.least[n_like]:
        v = spin[i + lattice.steps[lowest_place(left)]]
        same = holding(lattice, spin, i, v)
        left &= ~same
        n_new = n_places(same)
        if v != 0:
            mark -= rates.rate[n_like, n_new]
            if mark < 0.0:
                return v, n_new
    return mine, n_like


@kernel(forceinline=True)
def _count_different(lattice, i, mine):
    """Count the different spins other than `mine` among the neighbors of site i."""
    spin = lattice.spin
    left = lattice.near & ~holding(lattice, spin, i, mine)
    left &= ~holding(lattice, spin, i, spin.dtype.type(0))
    n = 0
    while left != 0:
        v = spin[i + lattice.steps[lowest_place(left)]]
        left &= ~holding(lattice, spin, i, v)
        n += 1
    return n


@kernel(forceinline=True)
def is_stuck(lattice, i, mine, n_like, rates):
    """Return whether all flips of site i have rate 0."""
    if rates.far[n_like] > 0.0:
        return False
    return _pick(lattice, i, mine, n_like, 0.0, rates)[0] == mine


@kernel(forceinline=True)
def flip_site(lattice, i, budget, rates, key, rang):
    """Simulate the flips of one site while its neighbors stand still.

    The array `lattice.spin` is not changed.

    Parameters
    ----------
    lattice : Lattice
    i : uint64
        Index of the site in the flat arrays; its spin is not 0.
    budget : float
        Time times mobility, >= 0.
    rates : Rates
    key : tuple of six uint64
        k0, k1 (see `grainpaint.philox.split_key`), x, y, z below 2^24, step: the random
        numbers depend on nothing else.
    rang : bool
        Whether the site is known to attempt a flip within the budget, from a time drawn
        for its present number of like neighbors.

    Returns
    -------
    tuple of (int, int, float)
        The spin at the end, its number of like neighbors, and the wait from the end to
        the next attempted flip (time times mobility; infinite if the site cannot flip
        before a neighbor does).

    Notes
    -----
    The flips are those of the continuous-time Markov chain of the site (Gillespie, J.
    Phys. Chem. 81, 1977), thinned (Lewis and Shedler, Nav. Res. Logist. Q. 26, 1979):
    flips are attempted at an upper bound of the total rate, and an attempt whose mark
    lies beyond the sum of the rates is rejected.
    """
    k0, k1, x, y, z, step = key
    bound, far, n_spins = rates.bound, rates.far, rates.n_spins
    mine = lattice.spin[i]
    n_like = count_like(lattice, i, mine)
    rate = bound[n_like] + far[n_like] * n_spins
    if rate == 0.0 or (not rang and is_stuck(lattice, i, mine, n_like, rates)):
        return mine, n_like, math.inf
    word = philox4x32(k0, k1, x, y, z, step)
    if rang:
        wait = word[0] * 2.0**-32 * budget
    else:
        wait = -math.log((word[0] + 0.5) * 2.0**-32) / rate
    draw = np.uint64(0)
    while wait <= budget:
        budget -= wait
        if draw > 0:
            word = philox4x32(k0, k1, x, y, z | (draw << np.uint64(24)), step)
        draw += np.uint64(1)
        mark = word[1] * 2.0**-32 * rate
        if mark < bound[n_like]:
            if rates.one:
                mark *= _count_different(lattice, i, mine)
            mine, n_like = _pick(lattice, i, mine, n_like, mark, rates)
        else:
            place = np.int64((mark - bound[n_like]) / far[n_like])
            v = lattice.spin.dtype.type(1 + min(place, n_spins - 1))
            if v != mine and holding(lattice, lattice.spin, i, v) == 0:
                mine, n_like = v, 0
        rate = bound[n_like] + far[n_like] * n_spins
        if rate == 0.0 or is_stuck(lattice, i, mine, n_like, rates):
            return mine, n_like, math.inf
        wait = -math.log((word[2] + 0.5) * 2.0**-32) / rate
    return mine, n_like, wait - budget
