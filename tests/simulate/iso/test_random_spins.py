import numpy as np
from scipy import stats

from grainpaint.simulate.iso.random_spins import random_spins


def test_random_spins_are_uniform_and_depend_on_their_place_alone():
    """Chi-square over 40 spins in 64,000 sites, alpha = 1e-4."""
    spin = random_spins((40, 40, 40), 40, seed=6)
    assert stats.chisquare(np.bincount(spin.ravel())[1:]).pvalue > 1e-4
    np.testing.assert_array_equal(
        spin[:20, :10, :5], random_spins((20, 10, 5), 40, seed=6)
    )
