"""Noise takes the labels of its neighbors."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from naive.segmentation import fill_noise as naive_fill

from grainpaint.segmentation.noise import fill_noise


def test_noise_takes_no_label_through_what_is_outside():
    label = np.array([[[1, 0, 0, 0, 2, 0]]], np.int32)
    mask = np.array([[[1, 1, 0, 1, 1, 0]]], bool)
    assert fill_noise(label, mask).tolist() == [[[1, 1, 0, 2, 2, 0]]]
    lonely = np.array([[[1, 0, 0, 0, 0, 0]]], np.int32)
    assert fill_noise(lonely, mask).tolist() == [[[1, 1, 0, 0, 0, 0]]]


@given(
    arrays(
        np.int32,
        array_shapes(min_dims=3, max_dims=3, max_side=6),
        elements=st.sampled_from([0, 0, 0, 1, 2, 3]),
    )
)
def test_noise_takes_the_commonest_neighbor_as_in_the_slow_version(label):
    filled = fill_noise(label)
    np.testing.assert_array_equal(filled, naive_fill(label))
    np.testing.assert_array_equal(filled[label > 0], label[label > 0])
    assert (filled > 0).all() or not label.any()
