r"""What one site of a Potts lattice does: its neighbours, its rates, its flips.

The energy of a lattice is the number of unlike pairs of neighbours,

.. math:: E = \tfrac12 \sum_i \sum_{j \in N(i)} (1 - \delta_{s_i s_j}),

Eq. (1) of Hoffman et al., Acta Materialia 288 (2025). A site takes another spin at the
rate min(1, exp(-dE / T)) per unit of time, dE being the rise of the energy. Which spins
it may take is the flip rule:

- ``each``: each spin among its neighbours (`potts` and `potts/neighonly` of SPPARKS with
  a rejection-free solver).
- ``any``: each of the Q spins (`potts` of SPPARKS, swept with rejection).
- ``one``: a random one of the spins among its neighbours, tried as many times per unit
  of time as the lattice has neighbours (`potts/neighonly` of SPPARKS, swept with
  rejection).

Spin 0 marks what is no site (outside of a part, beyond an open face): it is no neighbour
to anybody and never flips.
"""

import itertools
import math
from typing import NamedTuple

import numba as nb
import numpy as np

from grainpaint.errors import InputError
from grainpaint.philox import philox4x32

__all__ = [
    "LATTICES",
    "RULES",
    "Physics",
    "count_like",
    "flip_site",
    "neighbor_offsets",
    "physics",
]

_CUBE = [o for o in itertools.product((-1, 0, 1), repeat=3) if any(o)]
LATTICES = {
    "sc/26n": np.array(_CUBE),
    "sc/6n": np.array([o for o in _CUBE if sum(map(abs, o)) == 1]),
    "sq/8n": np.array([o for o in _CUBE if o[2] == 0]),
    "sq/4n": np.array([o for o in _CUBE if o[2] == 0 and sum(map(abs, o)) == 1]),
}
RULES = ("each", "any", "one")


class Physics(NamedTuple):
    """Rates of a site, by its number of like neighbours; see `physics`."""

    bound: np.ndarray
    chance: np.ndarray
    far: np.ndarray
    n_spins: int
    one: bool


def neighbor_offsets(lattice: str) -> np.ndarray:
    """Return the neighbours of a site as steps along x, y, z.

    Parameters
    ----------
    lattice : {'sc/26n', 'sc/6n', 'sq/8n', 'sq/4n'}
        As SPPARKS names them; those that begin with sq lie in the plane z = 0.

    Returns
    -------
    numpy.ndarray, int64, shape (n, 3)

    Raises
    ------
    InputError
        If the lattice is unknown.
    """
    if lattice not in LATTICES:
        raise InputError(f"the lattice is one of {', '.join(LATTICES)}; got {lattice!r}")
    return LATTICES[lattice]


def physics(
    n_neighbors: int, temperature: float = 0.0, rule: str = "each", n_spins: int = 0
) -> Physics:
    """Return the tables that `flip_site` works by.

    Parameters
    ----------
    n_neighbors : int
        Of a site: 26, 8, 6 or 4.
    temperature : float
        T >= 0, in units of the energy of an unlike pair.
    rule : {'each', 'any', 'one'}
        Which spins a site may take, see the module.
    n_spins : int
        Q, for the rule ``any`` alone.

    Returns
    -------
    Physics
        `bound[m]`: the rate at which each neighbour of a site with m like neighbours is
        proposed; `chance[m, c]`: the probability to accept a spin that c neighbours
        have, so that bound times c times chance is the rate to that spin (times
        n_neighbors with the rule ``one``, over the number of different spins);
        `far[m]`: the rate to each spin that no neighbour has.

    Raises
    ------
    InputError
        If the temperature is negative or not finite, or the rule is unknown.
    """
    if not 0 <= temperature < math.inf:
        raise InputError(f"the temperature must be >= 0, got {temperature}")
    if rule not in RULES:
        raise InputError(f"the flip rule is one of {', '.join(RULES)}; got {rule!r}")
    n = np.arange(n_neighbors + 1)
    rise = np.maximum(n[:, None] - n, 0)  # of the energy, from m like ones to c
    boltzmann = np.exp(-rise / temperature) if temperature > 0 else rise == 0
    share = boltzmann / np.maximum(n, 1)  # of each of the c neighbours
    share[(n[:, None] + n > n_neighbors) | (n == 0)] = 0.0
    bound = share.max(1)
    chance = share / np.where(bound > 0, bound, 1.0)[:, None]
    far = boltzmann[:, 0] * (rule == "any")
    one = rule == "one"
    return Physics(bound * (n_neighbors if one else 1), chance, far, n_spins, one)


@nb.njit(cache=True, inline="always")
def count_like(spin, i, steps, value):
    """Count the neighbours of site i that have a spin."""
    n = 0
    for s in range(steps.size):
        n += spin[i + steps[s]] == value
    return n


@nb.njit(cache=True)
def _count_different(spin, i, steps, mine):
    """Count the different spins among the neighbours of site i, `mine` left out."""
    n = 0
    for s in range(steps.size):
        v = spin[i + steps[s]]
        fresh = v != 0 and v != mine
        for r in range(s):
            fresh &= spin[i + steps[r]] != v
        n += fresh
    return n


@nb.njit(cache=True)
def _can_flip(spin, i, steps, mine, chance):
    """Tell whether a neighbour has a spin that the site could accept."""
    for s in range(steps.size):
        v = spin[i + steps[s]]
        if v != 0 and v != mine and chance[count_like(spin, i, steps, v)] > 0.0:
            return True
    return False


@nb.njit(cache=True)
def flip_site(spin, i, steps, budget, physics, key):
    """Follow one site for a while, its neighbours held still; `spin` is not changed.

    Parameters
    ----------
    spin : numpy.ndarray, integer, shape (n,)
        Flat view of a lattice with a layer of ghosts around it; 0 = no site.
    i : uint64
        The site; spin[i] is not 0.
    steps : numpy.ndarray, uint64, shape (n_neighbors,)
        Where its neighbours are, seen from i, modulo 2^64.
    budget : float
        Time times mobility, >= 0.
    physics : Physics
        Rates.
    key : tuple of six uint64
        k0, k1 (see `grainpaint.philox.split_key`), x, y, z below 2^24, step: the random
        numbers depend on nothing else.

    Returns
    -------
    tuple of (int, bool)
        The spin at the end, and whether the site surely keeps it until a neighbour
        flips.

    Notes
    -----
    The flips are those of the continuous-time Markov chain of the site (Gillespie, J.
    Phys. Chem. 81, 1977), thinned (Lewis and Shedler, Nav. Res. Logist. Q. 26, 1979): a
    random neighbour's spin is proposed at a rate that is never too small, and accepted
    with what is left of its own rate.
    """
    k0, k1, x, y, z, step = key
    bound, chance, far = physics.bound, physics.chance, physics.far
    mine = spin[i]
    n_like = count_like(spin, i, steps, mine)
    draw = np.uint64(0)
    while True:
        near = bound[n_like] * steps.size
        total = near + far[n_like] * physics.n_spins
        if total == 0.0:
            return mine, True
        word = philox4x32(k0, k1, x, y, z | (draw << np.uint64(24)), step)
        draw += np.uint64(1)
        left = 1.0 - (word[0] + 0.5) * 2.0**-32
        if left > total * budget:  # -log(1 - left) is larger still
            return mine, False
        budget += math.log1p(-left) / total
        if budget < 0.0:
            return mine, False
        place = word[1] * 2.0**-32 * total
        if place < near:
            v = spin[i + steps[np.int64(place / bound[n_like])]]
            n_new = count_like(spin, i, steps, v)
            accepted = v != 0 and v != mine
            accepted = accepted and word[2] * 2.0**-32 < chance[n_like, n_new]
            if accepted and physics.one:
                n = _count_different(spin, i, steps, mine)
                accepted = word[3] * n < 2.0**32
        else:
            v = spin.dtype.type(1 + ((word[2] * np.uint64(physics.n_spins)) >> np.uint64(32)))
            n_new = count_like(spin, i, steps, v)
            accepted = v != mine and n_new == 0
        if accepted:
            mine, n_like = v, n_new
        elif far[n_like] == 0.0 and not _can_flip(spin, i, steps, mine, chance[n_like]):
            return mine, True
