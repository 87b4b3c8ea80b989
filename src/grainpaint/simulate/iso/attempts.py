"""Attempts at a flip: what a site proposes, what it costs, and whether it is accepted.

One kernel serves the Potts models that SPPARKS sweeps with rejection. What they add to
the number of unlike neighbors is in the `Law`: mobilities, energies by misorientation,
an energy of phases.
"""

import math
from typing import NamedTuple

import numpy as np

from grainpaint.philox import philox4x32
from grainpaint.simulate.iso.ghosts import put
from grainpaint.simulate.iso.lattice import kernel

__all__ = [
    "NO_CRYSTALS",
    "NO_PHASES",
    "Crystals",
    "Law",
    "Phases",
    "attempt",
    "pair_energy",
]


class Crystals(NamedTuple):
    """Energies by misorientation (Read and Shockley); empty arrays = none.

    Parameters
    ----------
    orientation : numpy.ndarray, int32, shape (n_padded,)
        Row of `quaternions` of each site, with ghosts; it goes with the spin that a
        site takes from a neighbor.
    quaternions : numpy.ndarray, float64, shape (n, 4)
    operators : numpy.ndarray, float64, shape (4, n)
        Rotations that leave the crystal as it is.
    cutoff : float
        Angle in rad from which on a pair has the energy 1.
    cosine : float
        Of half the cutoff.
    """

    orientation: np.ndarray
    quaternions: np.ndarray
    operators: np.ndarray
    cutoff: float
    cosine: float


class Phases(NamedTuple):
    """Energies of two phases at a composition; empty arrays = none.

    Parameters
    ----------
    composition : numpy.ndarray, float64, shape (n_padded,)
        Of each site, with ghosts.
    phase : numpy.ndarray, int32, shape (n_padded,)
        0 or 1; follows from the spin as soon as a site attempts a flip.
    half : int
        Spins above are of phase 0.
    curvature : float
        Energy curvature * (composition - minimum)^2 of a site.
    minima : two floats
        Of phases 0 and 1.
    """

    composition: np.ndarray
    phase: np.ndarray
    half: int
    curvature: float
    minima: tuple[float, float]


NO_CRYSTALS = Crystals(
    np.zeros(0, np.int32), np.zeros((0, 4)), np.zeros((4, 0)), 1.0, 0.0
)
NO_PHASES = Phases(np.zeros(0), np.zeros(0, np.int32), 0, 0.0, (0.0, 0.0))


class Law(NamedTuple):
    """The rule of a sweep.

    Parameters
    ----------
    n_spins : int
        Propose one of the spins 1..n_spins; 0 = one of the spins of the neighbors.
    void : bool
        Whether an attempt may be void: a proposal may be the site's own spin, or one of
        the places of neighbors beyond the number of different spins.
    beta : float
        1 / T.
    mobility : numpy.ndarray, float64, shape (n_padded,)
        Factor of the probabilities of each site, with ghosts; empty = 1. From sites
        below 0 no neighbor takes a spin.
    hot : bool
        Whether the mobility is a factor of beta, not of the probability, of flips that
        raise the energy: the site is hotter.
    crystals : Crystals
    phases : Phases
    """

    n_spins: int
    void: bool
    beta: float
    mobility: np.ndarray
    hot: bool
    crystals: Crystals
    phases: Phases


@kernel()
def _candidates(spin, i, steps, law, found):
    """Find the first neighbor with each different spin; return their number."""
    mine = spin[i]
    n = 0
    for step in steps:
        j = i + step
        v = spin[j]
        if v == 0 or v == mine:
            continue
        if law.mobility.size > 0 and law.mobility[j] < 0.0:
            continue
        for w in range(n):
            if spin[found[w]] == v:
                break
        else:
            found[n] = j
            n += 1
    return n


@kernel()
def _propose(spin, i, steps, law, word, n, found):
    """Return a spin and the neighbor that has it (-1 if any spin is proposed)."""
    mine = spin[i]
    half = np.uint64(32)
    if law.n_spins > 0:
        if law.void:
            return 1 + np.int64((word * np.uint64(law.n_spins)) >> half), -1
        other = np.int64((word * np.uint64(law.n_spins - 1)) >> half)
        return 1 + (mine + other) % law.n_spins, -1
    slots = len(steps) if law.void else n
    k = np.int64((word * np.uint64(slots)) >> half)
    if k >= n:
        return np.int64(mine), -1
    return np.int64(spin[found[k]]), found[k]


@kernel()
def pair_energy(crystals, a, b):
    """Return the energy of a pair of orientations, half of it: a site's own share."""
    if a == b:
        return 0.0
    p, q = crystals.quaternions[a], crystals.quaternions[b]
    # The rotation from one crystal to the other, in the axes of the crystal.
    d0 = q[0] * p[0] + q[1] * p[1] + q[2] * p[2] + q[3] * p[3]
    d1 = q[0] * p[1] - q[1] * p[0] - q[2] * p[3] + q[3] * p[2]
    d2 = q[0] * p[2] - q[2] * p[0] - q[3] * p[1] + q[1] * p[3]
    d3 = q[0] * p[3] - q[3] * p[0] - q[1] * p[2] + q[2] * p[1]
    s = crystals.operators
    most = 0.0
    for k in range(s.shape[1]):
        dot = abs(d0 * s[0, k] + d1 * s[1, k] + d2 * s[2, k] + d3 * s[3, k])
        most = max(most, dot)
    if most <= crystals.cosine:
        return 0.5
    if most >= 1.0 - 1.25e-7:  # SPPARKS: a trace of 3 but for 1e-6
        return 0.0
    ratio = 2.0 * math.acos(most) / crystals.cutoff
    return 0.5 * ratio * (1.0 - math.log(ratio))


@kernel()
def _rise(spin, i, steps, law, new, source):
    """Return by how much a flip of site i raises the energy."""
    mine = spin[i]
    crystals, phases = law.crystals, law.phases
    rise = 0.0
    if crystals.orientation.size > 0:
        turn = crystals.orientation
        before, after = 0.0, 0.0
        for step in steps:
            j = i + step
            if spin[j] != 0:
                before += pair_energy(crystals, turn[i], turn[j])
                after += pair_energy(crystals, turn[source], turn[j])
        rise = after - before
        if abs(rise) < 1e-12:
            rise = 0.0
    else:
        n = 0
        for step in steps:
            v = spin[i + step]
            n += (v == mine) - (v == new)
        rise = float(n)
    if phases.composition.size > 0:
        was, will = phases.phase[i], 0 if new > phases.half else 1
        if was != will:
            c = phases.composition[i]
            d0, d1 = c - phases.minima[0], c - phases.minima[1]
            excess = phases.curvature * (d1 * d1 - d0 * d0)  # of phase 1
            rise += excess if will == 1 else -excess
    return rise


@kernel()
def _probability(law, i, rise):
    """Return the probability that a proposal is accepted."""
    m = law.mobility[i] if law.mobility.size > 0 else 1.0
    if rise <= 0.0:
        return m
    if law.hot:
        return math.exp(-law.beta * m * rise)
    return m * math.exp(-law.beta * rise)


@kernel()
def attempt(spin, shape, place, periodic, steps, law, key, found):
    """Attempt a flip of one site, in place.

    Parameters
    ----------
    spin : numpy.ndarray, int32, shape (n_padded,)
        With ghosts; 0 = no site.
    shape : three ints
        Sites along x, y, z.
    place : three ints
        The site.
    periodic : numpy.ndarray, int, shape (3,)
    steps : numpy.ndarray, int64, shape (n_neighbors,)
        From a site to its neighbors.
    law : Law
    key : tuple of six uint64
        Key and counter of the random numbers.
    found : numpy.ndarray, int64, shape (n_neighbors,)
        Scratch.
    """
    x, y, z = place
    i = ((x + 1) * (shape[1] + 2) + y + 1) * (shape[2] + 2) + z + 1
    mine = spin[i]
    if mine == 0 or (law.mobility.size > 0 and law.mobility[i] <= 0.0):
        return
    n = 0
    if law.n_spins == 0:
        n = _candidates(spin, i, steps, law, found)
        if n == 0:
            return
    words = philox4x32(key[0], key[1], key[2], key[3], key[4], key[5])
    new, source = _propose(spin, i, steps, law, words[0], n, found)
    if new == mine:
        return
    rise = _rise(spin, i, steps, law, new, source)
    u = np.float64(words[1]) * 2.0**-32
    accepted = u < _probability(law, i, rise)
    if accepted:
        put(spin, shape, place, np.int32(new), periodic)
        if law.crystals.orientation.size > 0:
            turn = law.crystals.orientation
            put(turn, shape, place, turn[source], periodic)
    if law.phases.composition.size > 0:
        now = np.int32(0 if spin[i] > law.phases.half else 1)
        put(law.phases.phase, shape, place, now, periodic)
