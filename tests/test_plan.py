import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grainpaint.plan import base_shape, windows

edges = st.integers(1, 40)


@given(st.tuples(edges, edges, edges), st.integers(4, 20), st.integers(0, 6))
def test_windows_write_every_voxel_once(shape, core, halo):
    written = np.zeros(shape, int)
    for window in windows(shape, core=core, halo=halo):
        written[window.write] += 1
    assert (written == 1).all()


@given(st.tuples(edges, edges, edges), st.integers(4, 20), st.integers(0, 6))
def test_what_a_window_keeps_is_what_it_writes(shape, core, halo):
    for window in windows(shape, core=core, halo=halo):
        for index, keep, write in zip(window.read(), window.keep, window.write):
            assert len(index) == core + 2 * halo
            np.testing.assert_array_equal(
                index[keep], np.arange(write.start, write.stop)
            )


@given(st.integers(0, 2**32 - 1))
def test_windows_that_miss_the_part_are_left_out(seed):
    mask = np.random.default_rng(seed).random((20, 30, 10)) < 0.001
    kept = list(windows(mask.shape, mask, core=8))
    covered = np.zeros(mask.shape, bool)
    for window in kept:
        assert mask[window.write].any()
        covered[window.write] = True
    assert covered[mask].all()


@given(st.tuples(edges, edges, edges), st.sampled_from([2, 8, 12]))
def test_the_base_covers_the_volume_at_half_resolution(shape, multiple):
    for n, half in zip(shape, base_shape(shape, multiple)):
        assert half % multiple == 0
        assert 2 * half >= n


def test_a_box_of_256_voxels_has_a_base_of_128():
    assert base_shape((256, 256, 256), 8) == (128, 128, 128)
    assert len(list(windows((256,) * 3))) == pytest.approx(64)
