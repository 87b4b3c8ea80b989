import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from naive import proposals

from grainpaint.simulate.am.moves import MOLTEN
from grainpaint.simulate.am.sweeper import move_rules
from grainpaint.simulate.am.sweeps import propose


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
