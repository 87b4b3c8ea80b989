r"""What one site of a Potts lattice does: its rates, its flips.

The energy of a lattice is the number of unlike pairs of neighbors,

.. math:: E = \tfrac12 \sum_i \sum_{j \in N(i)} (1 - \delta_{s_i s_j}),

Eq. (1) of Hoffman et al., Acta Materialia 288 (2025). A site takes another spin at the
rate min(1, exp(-dE / T)) per unit of time, dE being the rise of the energy. Which spins
it may take is the flip rule:

- ``each``: each spin among its neighbors (`potts` and `potts/neighonly` of SPPARKS
  with a rejection-free solver).
- ``any``: each of the Q spins (`potts` of SPPARKS, swept with rejection).
- ``one``: a random one of the spins among its neighbors, tried as many times per unit
  of time as the lattice has neighbors (`potts/neighonly` of SPPARKS, swept with
  rejection).

Spin 0 marks what is no site (outside of a part, beyond an open face): it is nobody's
neighbor and never flips.
"""

import math
from typing import NamedTuple

import numpy as np

from grainpaint.errors import InputError
from grainpaint.philox import philox4x32
from grainpaint.simulate.iso.lattice import count, count_like, first, holding, kernel

__all__ = ["RULES", "Physics", "flip_site", "is_stuck", "physics"]

RULES = ("each", "any", "one")


class Physics(NamedTuple):
    """Rates of a site, by its number of like neighbors; see `physics`."""

    rate: np.ndarray
    bound: np.ndarray
    least: np.ndarray
    far: np.ndarray
    n_spins: int
    one: bool


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
        `rate[m, c]`: of a site with m like neighbors, the rate to a spin that c others
        have (with the rule ``one``: to be divided by the number of different spins
        around); `bound[m]`: what these rates add up to at most, which never rises with
        m; `least[m]`: the c from which on rates are above 0; `far[m]`: the rate to each
        spin that no neighbor has.

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
    boltzmann = np.exp(-rise / temperature) if temperature > 0 else 1.0 * (rise == 0)
    rate = boltzmann * (n_neighbors if rule == "one" else 1)
    rate[(n[:, None] + n > n_neighbors) | (n == 0)] = 0.0
    least = np.where(rate > 0, n, n_neighbors + 1).min(1)
    far = boltzmann[:, 0] * (rule == "any")
    bound = rate.max(1) if rule == "one" else _most(rate)
    return Physics(rate, bound, least, far, n_spins, rule == "one")


def _most(rate: np.ndarray) -> np.ndarray:
    """Return the largest sum of rate[m, c] over numbers c that add up to n - m."""
    n = len(rate)
    most = np.zeros((n, n))  # over m and what the numbers add up to at most
    for total in range(1, n):
        with_last = rate[:, 1 : total + 1] + most[:, total - 1 :: -1]
        most[:, total] = with_last.max(1)
    return np.diag(most[:, ::-1]).copy()


@kernel(forceinline=True)
def _pick(lattice, i, mine, n_like, mark, physics):
    """Return the spin around site i at which the rates add up to more than a mark.

    Returns
    -------
    tuple of (integer, int)
        The spin and the number of neighbors that have it; the site's own if the rates
        add up to less.
    """
    spin = lattice.spin
    left = lattice.near & ~holding(lattice, spin, i, mine)
    while count(left) >= physics.least[n_like]:
        v = spin[i + lattice.steps[first(left)]]
        same = holding(lattice, spin, i, v)
        left &= ~same
        n_new = count(same)
        if v != 0:
            mark -= physics.rate[n_like, n_new]
            if mark < 0.0:
                return v, n_new
    return mine, n_like


@kernel(forceinline=True)
def _count_different(lattice, i, mine):
    """Count the different spins among the neighbors of site i, `mine` left out."""
    spin = lattice.spin
    left = lattice.near & ~holding(lattice, spin, i, mine)
    left &= ~holding(lattice, spin, i, spin.dtype.type(0))
    n = 0
    while left != 0:
        v = spin[i + lattice.steps[first(left)]]
        left &= ~holding(lattice, spin, i, v)
        n += 1
    return n


@kernel(forceinline=True)
def is_stuck(lattice, i, mine, n_like, physics):
    """Tell whether no flip of site i has a rate."""
    if physics.far[n_like] > 0.0:
        return False
    return _pick(lattice, i, mine, n_like, 0.0, physics)[0] == mine


@kernel(forceinline=True)
def flip_site(lattice, i, budget, physics, key, rang):
    """Follow one site for a while, its neighbors held still; `spin` is not changed.

    Parameters
    ----------
    lattice : Lattice
        Sites, and ghosts around them.
    i : uint64
        The site; its spin is not 0.
    budget : float
        Time times mobility, >= 0.
    physics : Physics
        Rates.
    key : tuple of six uint64
        k0, k1 (see `grainpaint.philox.split_key`), x, y, z below 2^24, step: the random
        numbers depend on nothing else.
    rang : bool
        Whether the site is known to try a flip within the budget, by a time drawn with
        as many like neighbors as it has.

    Returns
    -------
    tuple of (int, int, float)
        The spin at the end, its number of like neighbors, and how long after the end
        the site would try its next flip (time times mobility; infinite if it cannot
        flip before a neighbor does).

    Notes
    -----
    The flips are those of the continuous-time Markov chain of the site (Gillespie, J.
    Phys. Chem. 81, 1977), thinned (Lewis and Shedler, Nav. Res. Logist. Q. 26, 1979): a
    flip is tried at the most that the rates can add up to, and its mark among them lies
    beyond their end when they add up to less.
    """
    k0, k1, x, y, z, step = key
    bound, far, n_spins = physics.bound, physics.far, physics.n_spins
    mine = lattice.spin[i]
    n_like = count_like(lattice, i, mine)
    rate = bound[n_like] + far[n_like] * n_spins
    if rate == 0.0 or (not rang and is_stuck(lattice, i, mine, n_like, physics)):
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
            if physics.one:
                mark *= _count_different(lattice, i, mine)
            mine, n_like = _pick(lattice, i, mine, n_like, mark, physics)
        else:
            place = np.int64((mark - bound[n_like]) / far[n_like])
            v = lattice.spin.dtype.type(1 + min(place, n_spins - 1))
            if v != mine and holding(lattice, lattice.spin, i, v) == 0:
                mine, n_like = v, 0
        rate = bound[n_like] + far[n_like] * n_spins
        if rate == 0.0 or is_stuck(lattice, i, mine, n_like, physics):
            return mine, n_like, math.inf
        wait = -math.log((word[2] + 0.5) * 2.0**-32) / rate
    return mine, n_like, wait - budget
