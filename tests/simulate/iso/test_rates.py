import itertools

import numpy as np
import pytest

from grainpaint.simulate.iso.rates import potts_rates


@pytest.mark.parametrize("temperature", [0.0, 0.5, 3.0])
@pytest.mark.parametrize("rule", ["each", "any", "one"])
def test_no_neighborhood_has_more_rates_than_the_bound(temperature, rule, rng):
    """Random neighborhoods of each number of like ones; the bound never rises."""
    n = 26
    rates = potts_rates(n, temperature, rule, n_spins=30)
    assert (np.diff(rates.bound) <= 0).all()
    for m, _ in itertools.product(range(n + 1), range(50)):
        n_kinds = rng.integers(1, 9)
        counts = rng.multinomial(n - m, rng.dirichlet(np.ones(n_kinds)))
        counts = counts[counts > 0]
        total = rates.rate[m, counts].sum() / max(1, counts.size if rates.one else 1)
        assert total <= rates.bound[m] * (1 + 1e-12)
        assert (rates.rate[m, counts[counts < rates.least[m]]] == 0).all()
    if temperature == 0 and rule != "one":
        m = np.arange(1, n + 1)
        np.testing.assert_array_equal(rates.bound[1:], (n - m) // m)
