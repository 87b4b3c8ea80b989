from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from naive.paper import paper_points

from grainpaint.errors import InputError
from grainpaint.generation.paper_plans import batches, center, grid, waves

edges = st.integers(1, 130)
shapes = st.tuples(edges, edges, edges)
plans = st.builds(
    lambda plan, edge, share: partial(
        plan, edge=edge, overlap=max(1, int(share * (edge - 1) / 2))
    ),
    st.sampled_from([grid, center]),
    st.integers(20, 40),
    st.floats(0, 1),
)


@pytest.mark.parametrize("limit", [(0, 0, 0), (1, 2, 3), (3, 0, 1), (4, 4, 4)])
def test_the_grid_is_that_of_the_pseudo_code(limit):
    blocks = grid(tuple(48 * n + 32 for n in limit))
    theirs = paper_points(limit)
    assert len(blocks) == len(theirs)
    for block, (point, near) in zip(blocks, theirs):
        assert block.start == tuple(32 * a for a in point)
        starts = {blocks[i].start for i in block.needs}
        assert starts == {tuple(32 * a for a in q) for q in near}


@given(shapes, plans)
@settings(max_examples=30)
def test_every_voxel_is_written_once_after_what_is_known(shape, plan):
    blocks = plan(shape)
    written = np.zeros(shape, int)
    for i, block in enumerate(blocks):
        assert all(j < i for j in block.needs)
        here = written[block.read]
        assert (here <= 1).all()
        # What the block is given is just what earlier blocks wrote.
        np.testing.assert_array_equal(here == 1, block.known()[block.inside])
        assert block.known().sum() == here.sum()  # nothing outside the volume
        assert block.written().any()
        written[block.read] += block.written()[block.inside]
    assert (written == 1).all()


@given(shapes, plans, st.integers(1, 9))
@settings(max_examples=30)
def test_a_wave_never_overlaps_and_a_batch_finds_what_it_needs(shape, plan, size):
    blocks = plan(shape)
    for wave in waves(blocks):
        seen = np.zeros(shape, bool)
        for i in wave:
            assert not seen[blocks[i].read].any()
            seen[blocks[i].read] = True
    done = set()
    for batch in batches(blocks, size):
        assert 1 <= len(batch) <= size
        assert all(set(blocks[i].needs) <= done for i in batch)
        done |= set(batch)
    assert done == set(range(len(blocks)))


@given(shapes, plans, st.integers(0, 2**32 - 1))
@settings(max_examples=30)
def test_a_part_is_written_whole_by_blocks_that_meet_it(shape, plan, seed):
    mask = np.random.default_rng(seed).random(shape) < 1e-3
    written = np.zeros(shape, int)
    for block in plan(shape, mask):
        new = block.written()[block.inside]
        assert (new & mask[block.read]).any()
        written[block.read] += new
    assert (written[mask] == 1).all()
    assert written.max() <= 1


def test_the_eight_stages_take_eight_waves():
    blocks = grid((224, 224, 224))
    assert len(waves(blocks)) == 8
    assert {block.stage for block in blocks} == set(range(8))


def test_the_center_comes_first_then_a_cross_then_the_rest():
    shape = (128, 112, 96)
    blocks = center(shape)
    assert blocks[0].start == (48, 40, 32)
    assert [b.stage for b in blocks] == sorted(b.stage for b in blocks)
    cross = [b for b in blocks if b.stage == 1]
    for axis, n in enumerate(shape):
        arm = sorted(
            b.start[axis]
            for b in [blocks[0], *cross]
            if all(b.start[k] == blocks[0].start[k] for k in range(3) if k != axis)
        )
        assert set(np.diff(arm)) == {16}  # 32 less an overlap of 16
        assert arm[0] <= 0
        assert arm[-1] + 32 >= n
    for block in blocks[1:]:  # 8 voxels or more of its neighbor toward the center
        thick = [min(s.stop - s.start for s in box) for box in block.given]
        assert max(thick) >= 8


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: grid((0, 3, 3)), "at least 1 voxel"),
        (lambda: grid((9, 9, 9), overlap=16), "overlap by 1 to 15 voxels, got 16"),
        (lambda: center((9, 9, 9), edge=17, overlap=0), "overlap by 1 to 8"),
        (lambda: center((9, 9, 9), np.ones((9, 9, 8), bool)), "mask"),
        (lambda: batches([], 0), "at least 1 block"),
    ],
)
def test_impossible_plans_are_refused(call, message):
    with pytest.raises(InputError, match=message):
        call()
