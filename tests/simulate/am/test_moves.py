import numpy as np
import pytest

from grainpaint.simulate.am.moves import N_SLOTS, _plan_site


@pytest.mark.parametrize("mobility", [0.05, 0.4, 0.8, 1.0])
def test_moves_of_a_sweep_are_a_poisson_number_of_mean_mobility(mobility):
    """n = 100,000, alpha = 1e-4 (3.9 sigma); the words are uniform."""
    n = 100_000
    words = np.random.default_rng(1).integers(0, 2**32, (n, 2), np.uint64)
    plans = np.array([_plan_site(mobility, w[0], w[1]) for w in words])
    slots = np.array([[p >> s & 1 for s in range(N_SLOTS)] for p in plans])
    for slot in slots.T:  # all slots alike
        share = mobility / N_SLOTS
        assert abs(slot.mean() - share) < 3.9 * np.sqrt(share / n) + 2e-3 * mobility**4
    idle = np.exp(-mobility)
    assert abs((plans == 0).mean() - idle) < 3.9 * np.sqrt(idle * (1 - idle) / n)
