import numba as nb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from naive.simulate import proposals

from grainpaint.simulate.am.mobility import MOLTEN
from grainpaint.simulate.am.proposals import grid_of, propose, taken_at
from grainpaint.simulate.am.sweeper import move_rules


@given(st.integers(0, 2**32 - 1), st.booleans())
@settings(max_examples=30)
def test_proposals_are_those_of_the_slow_rule(seed, copy_molten):
    rng = np.random.default_rng(seed)
    spin = rng.integers(0, 5, (3, 3, 3), np.int32)
    spin[1, 1, 1] = rng.integers(1, 5)
    plan = np.where(rng.random(spin.shape) < 0.4, MOLTEN, 0).astype(np.uint8)
    molten = [] if copy_molten else list(zip(*np.nonzero(plan)))
    expected = proposals(spin, 1, 1, 1, molten)
    around = np.empty(52, np.int32)
    rules = move_rules(9, 0.25, copy_molten)
    here = (1, 1, 1)
    found = {}
    for word in np.linspace(0, 2**32 - 1, 60).astype(np.uint64):
        new, rise = propose(spin, here, plan, here, rules, word, around)
        if new:
            found[int(new)] = int(rise)
    assert found == expected


@nb.njit
def _taken(flat, grid, rules, hidden, words):
    """Return what the site in the middle takes for each pair of words."""
    found = np.empty(len(words), np.int32)
    for k in range(len(words)):
        word, u = np.uint64(words[k, 0]), words[k, 1] * 2.0**-32
        found[k] = taken_at(flat, np.uint64(13), grid, rules, hidden, word, u)
    return found


@pytest.mark.parametrize("temperature", [0.0, 2.0])
@pytest.mark.parametrize("n_spins", [2, 5, 40])
def test_each_spin_of_the_neighbors_is_taken_with_its_chance(n_spins, temperature):
    """n = 20,000, alpha = 1e-5 (4.4 sigma); like neighbors must not weigh more."""
    rng = np.random.default_rng(n_spins)
    words = rng.integers(0, 2**32, (20_000, 2), np.uint64)
    for copy_molten in (True, False):
        spin = rng.integers(0, n_spins + 1, (3, 3, 3), np.int32)
        spin[1, 1, 1] = 1
        molten = rng.random(spin.shape) < 0.3
        hidden = np.uint64(0)
        if not copy_molten:
            rows = [*range(4), *range(5, 9), 4]  # of neighbor_set
            bits = [4 * rows.index(p // 3) + p % 3 for p in np.flatnonzero(molten)]
            hidden = np.uint64(sum(1 << bit for bit in bits))
        barred = int(rng.integers(2, n_spins + 1))
        rules = move_rules(9, temperature, copy_molten, barred=barred)
        places = [] if copy_molten else list(zip(*np.nonzero(molten)))
        proposed = proposals(spin, 1, 1, 1, places)
        proposed.pop(barred, None)
        flat = np.append(spin.ravel(), np.int32(0))
        taken = _taken(flat, grid_of((1, 1, 1)), rules, hidden, words)
        rest = set(np.unique(taken)) - {0, *proposed}
        assert not rest
        for value, rise in proposed.items():
            warm = temperature > 0
            chance = np.exp(-max(rise, 0) / temperature) if warm else rise <= 0
            share = chance / len(proposed)
            sigma = np.sqrt(share * (1 - share) / len(words))
            assert abs((taken == value).mean() - share) <= 4.4 * sigma + 1e-9
