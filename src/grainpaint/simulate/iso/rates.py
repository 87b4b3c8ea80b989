r"""Rates of the Potts model: how fast a site takes another spin.

The energy of a lattice is the number of unlike pairs of neighbors,

.. math:: E = \tfrac12 \sum_i \sum_{j \in N(i)} (1 - \delta_{s_i s_j}),

Eq. (1) of Hoffman et al., Acta Materialia 288 (2025). A site takes another spin at the
rate min(1, exp(-dE / T)) per unit of time, where dE is the change in energy. The flip
rule says which spins it may take:

- ``each``: each spin among its neighbors (SPPARKS' `potts` and `potts/neighonly` with a
  rejection-free solver).
- ``any``: each of the Q spins (SPPARKS' `potts`, swept with rejection).
- ``one``: a random one of the spins among its neighbors, attempted as many times per
  unit of time as a site has neighbors (SPPARKS' `potts/neighonly`, swept with
  rejection).

Spin 0 marks the absence of a site (outside a part, beyond an open face): it never flips
and is not counted as a neighbor.
"""

from typing import NamedTuple

import numpy as np

from grainpaint.arguments import as_number
from grainpaint.errors import InputError

__all__ = ["RULES", "Rates", "potts_rates"]

RULES = ("each", "any", "one")


class Rates(NamedTuple):
    """Rates of a site by its number of like neighbors; see `potts_rates`."""

    rate: np.ndarray
    bound: np.ndarray
    least: np.ndarray
    far: np.ndarray
    n_spins: int
    one: bool


def potts_rates(
    n_neighbors: int, temperature: float = 0.0, rule: str = "each", n_spins: int = 0
) -> Rates:
    """Return the rates of the Potts model as tables for `site.flip_site`.

    Parameters
    ----------
    n_neighbors : int
        Neighbors of a site: 26, 8, 6 or 4.
    temperature : float
        T >= 0, in units of the energy of an unlike pair; if it is infinite, flips that
        raise the energy are as frequent as others.
    rule : {'each', 'any', 'one'}
        Which spins a site may take, see the module docstring.
    n_spins : int
        Q; only used by the rule ``any``.

    Returns
    -------
    Rates
        `rate[m, c]`: rate at which a site with m like neighbors takes a spin that c
        neighbors have (with the rule ``one``: to be divided by the number of different
        spins around); `bound[m]`: upper bound on the sum of these rates, which never
        increases with m; `least[m]`: smallest c with a rate above 0; `far[m]`: rate to
        each spin that no neighbor has.

    Raises
    ------
    InputError
        If the temperature is negative or not a number, or the rule is unknown.
    """
    if as_number(temperature, "temperature") < 0:
        raise InputError(f"the temperature must be >= 0, got {temperature}")
    if rule not in RULES:
        raise InputError(
            f"the flip rule must be one of {', '.join(RULES)}; got {rule!r}"
        )
    n = np.arange(n_neighbors + 1)
    rise = np.maximum(n[:, None] - n, 0)  # in energy, from m like neighbors to c
    boltzmann = np.exp(-rise / temperature) if temperature > 0 else 1.0 * (rise == 0)
    rate = boltzmann * (n_neighbors if rule == "one" else 1)
    rate[(n[:, None] + n > n_neighbors) | (n == 0)] = 0.0
    least = np.where(rate > 0, n, n_neighbors + 1).min(1)
    far = boltzmann[:, 0] * (rule == "any")
    bound = rate.max(1) if rule == "one" else _most(rate)
    return Rates(rate, bound, least, far, n_spins, rule == "one")


def _most(rate: np.ndarray) -> np.ndarray:
    """Return the largest sum of rate[m, c] over counts c that add up to n - m."""
    n = len(rate)
    most = np.zeros((n, n))  # by m and the largest allowed sum of counts
    for total in range(1, n):
        with_last = rate[:, 1 : total + 1] + most[:, total - 1 :: -1]
        most[:, total] = with_last.max(1)
    return np.diag(most[:, ::-1]).copy()
