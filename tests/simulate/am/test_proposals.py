import numba as nb
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from naive import proposals

from grainpaint.simulate.am.moves import MOLTEN
from grainpaint.simulate.am.proposals import grid_of, propose, propose_at
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
def _propose(flat, i, grid, rules, hidden, word):
    return propose_at(flat, i, grid, rules, hidden, word)


@given(st.integers(0, 2**32 - 1), st.booleans(), st.integers(0, 2))
@settings(max_examples=60)
def test_both_proposals_are_one_rule(seed, copy_molten, barred):
    """The same spin for the same word, so also the same order of the spins."""
    rng = np.random.default_rng(seed)
    spin = rng.integers(0, rng.choice([2, 5, 40]) + 1, (3, 3, 3), np.int32)
    spin[1, 1, 1] = 1
    plan = np.where(rng.random(spin.shape) < 0.4, MOLTEN, 0).astype(np.uint8)
    rules = move_rules(9, 0.25, copy_molten, barred=barred)
    places = np.flatnonzero(plan) if not copy_molten else []
    hidden = np.uint64(sum(1 << (p // 3 * 4 + p % 3) for p in map(int, places)))
    flat = np.append(spin.ravel(), np.int32(0))
    grid, around = grid_of((1, 1, 1)), np.empty(52, np.int32)
    for word in np.linspace(0, 2**32 - 1, 60).astype(np.uint64):
        known = spin, (1, 1, 1), plan, (1, 1, 1), rules, word, around
        assert _propose(flat, np.uint64(13), grid, rules, hidden, word) == propose(
            *known
        )
