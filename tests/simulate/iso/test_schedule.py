import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from grainpaint.philox import split_key
from grainpaint.simulate.iso.checkerboard import row_blocks
from grainpaint.simulate.iso.lattice import LATTICES
from grainpaint.simulate.iso.random_spins import random_spins
from grainpaint.simulate.iso.rates import potts_rates
from grainpaint.simulate.iso.schedule import PHASES, begin, make_schedule, turns_between
from grainpaint.simulate.iso.slots import TICKS, TURN_SLOTS
from grainpaint.simulate.iso.state import make_lattice
from grainpaint.simulate.iso.turns import run_blocks

PERIODIC = (True, True, True)


def schedule_of(shape, periodic=PERIODIC, n_threads=1, stop=4.0):
    colors = row_blocks(shape, periodic)
    key = split_key(3, 1)
    schedule = make_schedule(colors, shape[:2], periodic, key, n_threads)
    return begin(schedule, turns_between(0, int(stop * TICKS), True))


@given(
    st.tuples(*[st.integers(1, 90)] * 2),
    st.tuples(*[st.booleans()] * 3),
    st.integers(1, 5),
)
@settings(max_examples=25)
def test_blocks_that_touch_know_each_other_and_differ_in_color(
    shape, periodic, n_threads
):
    schedule = schedule_of((*shape, 3), periodic, n_threads)
    touching = set()
    for a, (x0, x1, y0, y1) in enumerate(schedule.blocks.tolist()):
        assert sorted(schedule.near[a])[0] >= -1
        for b, (u0, u1, v0, v1) in enumerate(schedule.blocks.tolist()):
            gaps = []
            for n, wraps, *ends in (
                (shape[0], periodic[0], x0, x1, u0, u1),
                (shape[1], periodic[1], y0, y1, v0, v1),
            ):
                shifts = (-n, 0, n) if wraps else (0,)
                gaps.append(
                    min(
                        max(ends[0] - ends[3] - s, ends[2] + s - ends[1])
                        for s in shifts
                    )
                )
            if a != b and max(gaps) < 1:
                touching.add((a, b))
                assert schedule.color[a] != schedule.color[b]
    known = {(a, int(b)) for a, row in enumerate(schedule.near) for b in row if b >= 0}
    assert known == touching


def test_turns_follow_each_other_and_windows_begin_with_new_alarms():
    turns = turns_between(0, 12 * TICKS, True)
    ends = turns[:, 0] + TURN_SLOTS * turns[:, 2]
    np.testing.assert_array_equal(turns[1:, 0], ends[:-1])
    assert ends[-1] == 12 * TICKS
    np.testing.assert_array_equal(turns[:, 3] == 1, turns[:, 1] == 0)
    assert turns_between(TICKS // 4, TICKS, True)[0, 3] == 1
    assert turns_between(TICKS // 4 + 8, TICKS, False)[0, 3] == 0


def run_to_end(held):
    """Grow in 96 x 96, one block held for a while; return spins and phases then."""
    shape = (96, 96, 1)
    schedule = schedule_of(shape)
    spin = random_spins(shape, 50, 1)
    lattice = make_lattice(
        spin, LATTICES["sq/8n"], PERIODIC, None, (0, 0, 0), (0, 0, 0)
    )
    rates = potts_rates(len(LATTICES["sq/8n"]), 0.0)
    everything = np.array([0, len(schedule.blocks)])
    if held is not None:
        schedule.taken[held] = 1
    while run_blocks(lattice, rates, schedule, everything, 10_000):
        pass
    phases = schedule.phase.copy()
    schedule.taken[:] = 0
    while run_blocks(lattice, rates, schedule, everything, 10_000):
        pass
    assert (schedule.phase == len(schedule.turns) * PHASES).all()
    return lattice.spin.copy(), phases, schedule


def test_a_block_that_is_held_up_holds_up_those_around_it_alone():
    """And changes nothing in the end: blocks see what they would have seen."""
    spin, phases, schedule = run_to_end(None)
    assert (phases == len(schedule.turns) * PHASES).all()
    held = 5
    same, phases, _ = run_to_end(held)
    np.testing.assert_array_equal(same, spin)
    near = schedule.near[held]
    assert phases[held] == 0
    assert (phases[near[near >= 0]] < PHASES).all()
    centers = schedule.blocks[:, ::2] + 6
    away = abs(centers - centers[held])
    away = np.minimum(away, 96 - away).max(1) // 12
    reached = [phases[away == d].max() for d in range(5)]
    assert reached == sorted(reached)
    assert reached[4] > 2 * PHASES  # turns ahead, though only four blocks away
