import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grainpaint import InputError
from grainpaint.generation.windows import (
    BaseAxis,
    BasePlan,
    Window,
    base_shape,
    boxes_under,
    cells_of,
    lead_of,
    whole,
    windowed,
    windows,
)

edges = st.integers(1, 40)


@given(st.tuples(edges, edges, edges), st.integers(4, 20), st.integers(0, 6))
def test_windows_write_every_voxel_once(shape, core, halo):
    written = np.zeros(shape, int)
    for window in windows(shape, core=(core,) * 3, halo=halo):
        written[window.write] += 1
    assert (written == 1).all()


@given(
    st.tuples(*[st.integers(-200, 200)] * 3),
    st.integers(4, 20),
    st.integers(0, 6),
    st.integers(0, 5),
)
def test_every_level_computes_what_the_next_one_needs(start, core, halo, levels):
    """Down to the base, with the halo that each level loses."""
    window = Window(start, tuple(a + core for a in start), (core,) * 3, halo)
    boxes = boxes_under(window, levels)
    assert list(boxes) == (list(range(levels, 0, -1)) if levels else [0])
    top = boxes[levels]
    rim = {level: {0: halo // 2, 1: halo}.get(level, 8) for level in boxes}
    assert top == [(a - rim[levels], a + core + rim[levels]) for a in start]
    for upper, lower in itertools.pairwise(boxes):
        for (a, b), (c, d) in zip(boxes[upper], boxes[lower]):
            scale = 2.0 ** (lower - upper)
            assert c + rim[lower] <= a * scale
            assert b * scale <= d - rim[lower]
            assert d - c <= (b - a) * scale + 2 * rim[lower] + 2
    scale = 2 if levels else 1
    for cells, (a, b) in zip(cells_of(window, levels), boxes[min(levels, 1)]):
        assert cells[0] == a // scale - 4
        assert cells[-1] == (b - 1) // scale + 4


@given(st.integers(0, 2**32 - 1))
def test_windows_that_miss_the_part_are_left_out(seed):
    mask = np.random.default_rng(seed).random((20, 30, 10)) < 0.001
    kept = list(windows(mask.shape, mask, core=(8,) * 3))
    covered = np.zeros(mask.shape, bool)
    for window in kept:
        assert mask[window.write].any()
        covered[window.write] = True
    assert covered[mask].all()


@given(st.tuples(edges, edges, edges), st.sampled_from([2, 8, 12]), st.integers(0, 4))
def test_the_base_covers_the_volume(shape, multiple, levels):
    for n, coarse in zip(shape, base_shape(shape, multiple, levels)):
        assert coarse % multiple == 0
        assert coarse * 2**levels >= n


def test_a_box_of_256_voxels_has_a_base_of_128():
    assert base_shape((256, 256, 256), 8) == (128, 128, 128)
    assert len(list(windows((256,) * 3))) == pytest.approx(64)


axes = st.one_of(
    st.builds(lambda b: BaseAxis(8 * b), st.integers(2, 5)),
    st.builds(
        lambda b, h, lead: BaseAxis(8 * b, 4 * h, lead),
        *(st.integers(2, 5), st.integers(1, 3), st.integers(0, 24)),
    ),
    st.builds(
        lambda b, h, more: BaseAxis(8 * b, 4 * h, around=8 * (b + more)),
        *(st.integers(2, 5), st.integers(1, 3), st.integers(1, 30)),
    ),
)
plans = st.builds(lambda x, y, z: BasePlan((x, y, z)), axes, axes, axes)
places = st.tuples(*[st.integers(-10_000, 10_000)] * 3)


@given(plans, places, st.tuples(*[st.integers(1, 60)] * 3))
def test_each_base_voxel_is_written_by_one_window(plan, start, extent):
    """Checked against the blocks themselves, along closed axes around the torus."""
    voxels = [np.arange(a, a + n) for a, n in zip(start, extent)]
    for axis, v in zip(plan.axes, voxels):
        block, place = axis.find(v)
        for k, p, voxel in zip(block.tolist(), place.tolist(), v.tolist()):
            assert 0 <= p < axis.written(k) <= axis.block
            assert axis.wrap(np.array(voxel)) == axis.wrap(np.array(axis.start(k) + p))
            assert not axis.period or 0 <= k < axis.n_blocks


@given(plans, places, st.tuples(*[st.integers(1, 60)] * 3))
def test_a_gathered_box_holds_what_the_windows_wrote(plan, start, extent):
    """Each window writes the sum of its voxels' indices, modulo 251."""
    voxels = [np.arange(a, a + n) for a, n in zip(start, extent)]

    def number(x, y, z):
        return ((x[:, None, None] + 3 * y[:, None] + 7 * z) % 251).astype(np.uint8)

    def written(key):
        own = [
            np.arange(axis.start(k), axis.start(k) + axis.written(k))
            for axis, k in zip(plan.axes, key)
        ]
        return number(*own)

    wrapped = [axis.wrap(v) for axis, v in zip(plan.axes, voxels)]
    np.testing.assert_array_equal(plan.gather(voxels, written), number(*wrapped))


@given(plans, st.tuples(*[st.integers(-9, 9)] * 3))
def test_what_a_base_window_keeps_is_what_it_writes(plan, key):
    key = tuple(k % a.n_blocks if a.period else k for a, k in zip(plan.axes, key))
    computed, most = plan.computed(key), plan.computed_shape
    assert all(v.size <= n for v, n in zip(computed, most))
    kept = zip(plan.axes, key, computed, plan.keep(key), plan.written(key))
    for axis, k, v, keep, n in kept:
        assert v.size % 8 == 0 or not axis.period
        np.testing.assert_array_equal(v[keep], axis.start(k) + np.arange(n))


@given(
    st.tuples(*[st.integers(1, 900)] * 3),
    st.integers(5, 16).map(lambda n: 8 * n),
    st.sampled_from([4, 8, 12]),
)
def test_a_windowed_plan_covers_the_volume_with_windows_of_the_asked_size(
    shape, window, halo
):
    plan = windowed(shape, 8, window, halo)
    for n, axis in zip(shape, plan.axes):
        assert axis.block + 2 * axis.halo <= window
        assert (axis.block + 2 * axis.halo) % 8 == 0
        if axis.closed:
            assert 2 * axis.block >= n
        else:
            assert axis.start(0) == -24  # with the halos of the refinement, and more
            last = axis.find(np.array([(n + 1) // 2 + 23]))[0][0]
            assert last + 1 == -(-((n + 1) // 2 + 48) // axis.block)


def test_a_volume_that_fits_into_a_window_has_one():
    assert windowed((256, 200, 3), 8) == whole((256, 200, 3), 8)
    assert [axis.closed for axis in windowed((257, 256, 3), 8).axes] == [
        False,
        True,
        True,
    ]


@pytest.mark.parametrize("halo", [8, 24, 32, 72])
@pytest.mark.parametrize("levels", [0, 1, 2, 3])
def test_no_window_of_a_volume_reads_the_base_beyond_the_lead(halo, levels):
    last = None
    for last in windows((256, 256, 256), core=(128,) * 3, halo=halo):
        first_cells = cells_of(last, levels)
        assert min(c[0] for c in first_cells) >= -lead_of(halo)
    end = 256 >> levels
    assert max(c[-1] for c in cells_of(last, levels)) < end + lead_of(halo)


def test_a_window_reads_the_base_under_its_halo_and_four_voxels_more():
    (first,) = windows((64, 64, 64))
    assert [(c[0], c[-1]) for c in cells_of(first)] == [(-8, 39)] * 3
    tall = cells_of(first, stretch=3)  # -8..71 are voxels of the base voxels -2..11
    assert [(c[0], c[-1]) for c in tall] == [(-8, 39), (-8, 39), (-6, 15)]


@pytest.mark.parametrize(
    ("window", "halo", "reason"),
    [(60, 8, "window"), (24, 8, "window"), (64, 6, "halo"), (32, 16, "halo")],
)
def test_windows_and_halos_that_do_not_suit_the_network_are_refused(
    window, halo, reason
):
    with pytest.raises(InputError, match=reason):
        windowed((300, 300, 300), 8, window, halo)
