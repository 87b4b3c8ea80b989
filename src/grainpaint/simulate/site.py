r"""What one site of a Potts lattice does: its neighbours, its rates, its flips.

The energy of a lattice is the number of unlike pairs of neighbours,

.. math:: E = \tfrac12 \sum_i \sum_{j \in N(i)} (1 - \delta_{s_i s_j}),

Eq. (1) of Hoffman et al., Acta Materialia 288 (2025). A site takes another spin at the
rate min(1, exp(-dE / T)) per unit of time, dE being the rise of the energy. Which spins
it may take is the flip rule:

- ``each``: each spin among its neighbours (`potts` and `potts/neighonly` of SPPARKS
  with a rejection-free solver).
- ``any``: each of the Q spins (`potts` of SPPARKS, swept with rejection).
- ``one``: a random one of the spins among its neighbours, tried as many times per unit
  of time as the lattice has neighbours (`potts/neighonly` of SPPARKS, swept with
  rejection).

Spin 0 marks what is no site (outside of a part, beyond an open face): it is nobody's
neighbour and never flips.
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
    "is_stuck",
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
    share: np.ndarray
    far: np.ndarray
    n_spins: int
    one: bool
    cold: bool


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
        raise InputError(
            f"the lattice is one of {', '.join(LATTICES)}; got {lattice!r}"
        )
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
        `share[m, c]`: of a site with m like neighbours, the rate to a spin that c
        neighbours have, over c (with the rule ``one``: to be divided by the number of
        different spins too); `bound[m]`: its maximum over c, which never rises with m;
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
    share = boltzmann / np.maximum(n, 1)
    share[(n[:, None] + n > n_neighbors) | (n == 0)] = 0.0
    one, cold = rule == "one", temperature == 0 and rule != "any"
    share *= n_neighbors if one else 1
    far = boltzmann[:, 0] * (rule == "any")
    return Physics(share.max(1), share, far, n_spins, one, cold)


@nb.njit(cache=True, forceinline=True)
def count_like(spin, i, steps, value):
    """Count the neighbours of site i that have a spin."""
    n = 0
    for s in range(steps.size):
        n += spin[i + steps[s]] == value
    return n


@nb.njit(cache=True, forceinline=True)
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


@nb.njit(cache=True, forceinline=True)
def is_stuck(spin, i, steps, mine, n_like, cold):
    """Tell whether a site at T = 0 surely has no spin to take (no = do not know)."""
    first = second = mine
    left = steps.size - n_like  # neighbours whose spins are not ruled out
    for _ in range(3):
        if not cold or left < n_like:
            break
        v = mine
        for s in range(steps.size):
            v = spin[i + steps[s]]
            if v != 0 and v != mine and v != first and v != second:
                break
            v = mine
        n = count_like(spin, i, steps, v)
        if v == mine:
            return True
        if n >= n_like:
            return False
        left -= n
        first, second = v, first
    return cold and left < n_like


@nb.njit(cache=True, forceinline=True)
def flip_site(spin, i, steps, budget, physics, key, rang):
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
    rang : int
        -1. Or: the site is known to try a flip within the budget, by a time drawn when
        it had this many like neighbours (it never had fewer since).

    Returns
    -------
    tuple of (int, int, float)
        The spin at the end, its number of like neighbours, and how long after the end
        the site would try its next flip (time times mobility; infinite if it cannot
        flip before a neighbour does).

    Notes
    -----
    The flips are those of the continuous-time Markov chain of the site (Gillespie, J.
    Phys. Chem. 81, 1977), thinned (Lewis and Shedler, Nav. Res. Logist. Q. 26, 1979): a
    random neighbour's spin is tried at a rate that is never too small, and taken with
    the probability that makes its own rate right.
    """
    k0, k1, x, y, z, step = key
    bound, share, far = physics.bound, physics.share, physics.far
    mine = spin[i]
    n_like = drawn = count_like(spin, i, steps, mine)
    if rang >= 0:
        drawn = rang
    rate = bound[drawn] * steps.size + far[drawn] * physics.n_spins
    if rate == 0.0 or (
        rang < 0 and is_stuck(spin, i, steps, mine, n_like, physics.cold)
    ):
        return mine, n_like, math.inf
    word = philox4x32(k0, k1, x, y, z, step)
    if rang >= 0:
        wait = word[0] * 2.0**-32 * budget
    else:
        wait = -math.log((word[3] + 0.5) * 2.0**-32) / rate
    draw = np.uint64(0)
    while wait <= budget:
        budget -= wait
        if rang < 0:
            draw += np.uint64(1)
            word = philox4x32(k0, k1, x, y, z | (draw << np.uint64(24)), step)
        rang = -1
        place = word[1] * 2.0**-32 * rate
        limit = word[2] * 2.0**-32
        if place < bound[drawn] * steps.size:
            s = min(np.int64(place / bound[drawn]), steps.size - 1)
            v = spin[i + steps[s]]
            n_new = count_like(spin, i, steps, v)
            if physics.one:
                limit *= _count_different(spin, i, steps, mine)
            taken = v != 0 and v != mine
            taken = taken and limit * bound[drawn] < share[n_like, n_new]
        else:
            place -= bound[drawn] * steps.size
            s = min(np.int64(place / far[drawn]), physics.n_spins - 1)
            v = spin.dtype.type(1 + s)
            n_new = count_like(spin, i, steps, v)
            taken = v != mine and n_new == 0 and limit * far[drawn] < far[n_like]
        if taken:
            mine, n_like = v, n_new
        drawn = n_like
        rate = bound[drawn] * steps.size + far[drawn] * physics.n_spins
        if rate == 0.0 or is_stuck(spin, i, steps, mine, n_like, physics.cold):
            return mine, n_like, math.inf
        wait = -math.log((word[3] + 0.5) * 2.0**-32) / rate
    return mine, n_like, wait - budget
