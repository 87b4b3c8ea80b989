"""Fragments and the grains that they go to."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from naive.segmentation import merge_fragments as merge_by_counting
from samples import axes, noisy_values

from grainpaint.segmentation.fragments import merge_fragments
from grainpaint.segmentation.pieces import label_pieces


@given(noisy_values(), axes, st.integers(1, 8))
@settings(max_examples=150)
def test_fragments_go_where_counting_all_faces_sends_them(values, periodic, least):
    grain_id = label_pieces(values, periodic)
    merged = merge_fragments(grain_id, least, periodic)
    assert merged.dtype == np.int32
    np.testing.assert_array_equal(merged, merge_by_counting(grain_id, least, periodic))


def test_a_fragment_goes_to_the_neighbor_that_it_touches_most():
    grain_id = np.ones((5, 5, 5), np.int32)
    grain_id[:, 3:] = 2
    grain_id[2, 2, 2] = 3  # five faces to 1, one to 2
    merged = merge_fragments(grain_id, min_voxels=2)
    assert merged[2, 2, 2] == 1
    assert (merged[grain_id != 3] == grain_id[grain_id != 3]).all()
