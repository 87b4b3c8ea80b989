"""Connected pieces, against a flood fill and skimage."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from naive.segmentation import pieces
from samples import axes, few_values
from skimage.measure import label as skimage_label

from grainpaint.errors import InputError
from grainpaint.segmentation.pieces import label_pieces


@given(few_values, axes, st.booleans())
@settings(max_examples=150)
def test_pieces_are_those_of_a_flood_fill(values, periodic, corners):
    labels = label_pieces(values, periodic, corners)
    np.testing.assert_array_equal(labels, pieces(values, periodic, corners))


@pytest.mark.parametrize("corners", [False, True])
def test_pieces_are_those_of_skimage(rng, corners):
    values = rng.integers(0, 4, (40, 41, 42))
    theirs = skimage_label(values, connectivity=3 if corners else 1)
    np.testing.assert_array_equal(label_pieces(values, corners=corners), theirs)


@given(few_values, axes, st.booleans())
def test_pieces_do_not_depend_on_how_the_values_are_stored(values, periodic, corners):
    labels = label_pieces(values, periodic, corners)
    for same in (values.astype(np.uint8), np.asfortranarray(values.astype(np.uint16))):
        np.testing.assert_array_equal(label_pieces(same, periodic, corners), labels)


def test_a_volume_too_large_for_int32_is_refused():
    values = np.broadcast_to(np.uint8(1), (2**11, 2**10, 2**10))
    with pytest.raises(InputError, match="fewer than 2\\^31 voxels"):
        label_pieces(values)
