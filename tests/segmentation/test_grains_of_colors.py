import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from naive import merge_fragments as merge_by_counting
from naive import pieces
from skimage.measure import label as skimage_label

from grainpaint.errors import InputError
from grainpaint.segmentation.colors import grains
from grainpaint.segmentation.fragments import MIN_CUT, cut_by_faces, merge_fragments
from grainpaint.segmentation.pieces import label_pieces

volumes = arrays(
    np.int32,
    array_shapes(min_dims=3, max_dims=3, max_side=7),
    elements=st.integers(0, 3),
)
axes = st.tuples(*[st.booleans()] * 3)


@st.composite
def noisy_volumes(draw):
    """Draw many fragments: hypothesis alone likes volumes of mostly one value."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    shape = draw(array_shapes(min_dims=3, max_dims=3, max_side=8))
    return rng.integers(draw(st.integers(0, 1)), draw(st.integers(2, 30)), shape)


@given(volumes, axes, st.booleans())
@settings(max_examples=150)
def test_pieces_are_those_of_a_flood_fill(values, periodic, corners):
    labels = label_pieces(values, periodic, corners)
    np.testing.assert_array_equal(labels, pieces(values, periodic, corners))


@pytest.mark.parametrize("corners", [False, True])
def test_pieces_are_those_of_skimage(rng, corners):
    values = rng.integers(0, 4, (40, 41, 42))
    theirs = skimage_label(values, connectivity=3 if corners else 1)
    np.testing.assert_array_equal(label_pieces(values, corners=corners), theirs)


@given(volumes, axes, st.booleans())
def test_pieces_do_not_depend_on_how_the_values_are_stored(values, periodic, corners):
    labels = label_pieces(values, periodic, corners)
    for same in (values.astype(np.uint8), np.asfortranarray(values.astype(np.uint16))):
        np.testing.assert_array_equal(label_pieces(same, periodic, corners), labels)


def test_a_volume_too_large_for_int32_is_refused():
    values = np.broadcast_to(np.uint8(1), (2**11, 2**10, 2**10))
    with pytest.raises(InputError, match="fewer than 2\\^31 voxels"):
        label_pieces(values)


@given(noisy_volumes(), axes, st.integers(1, 8))
@settings(max_examples=150)
def test_fragments_go_where_counting_all_faces_sends_them(values, periodic, least):
    grain_id = label_pieces(values, periodic)
    merged = merge_fragments(grain_id, least, periodic)
    assert merged.dtype == np.int32
    np.testing.assert_array_equal(merged, merge_by_counting(grain_id, least, periodic))


@given(noisy_volumes(), st.integers(1, 8))
def test_grains_are_the_merged_pieces_renumbered(values, least):
    merged = merge_fragments(label_pieces(values), least)
    np.testing.assert_array_equal(
        grains(values, min_voxels=least), label_pieces(merged)
    )


@given(volumes, st.integers(1, 6))
@settings(max_examples=150)
def test_cleaning_leaves_connected_grains_and_no_fragment_that_could_go(values, least):
    result = grains(values, min_voxels=least)
    np.testing.assert_array_equal(result > 0, values > 0)
    np.testing.assert_array_equal(label_pieces(result), result)  # connected, 1..n
    # What is still small touches no other grain.
    for g in np.flatnonzero(np.bincount(result.ravel()) < least):
        if g == 0:
            continue
        for axis in range(3):
            a, b = np.moveaxis(result, axis, 0)[:-1], np.moveaxis(result, axis, 0)[1:]
            assert not ((a == g) & (b > 0) & (b != g)).any()
            assert not ((b == g) & (a > 0) & (a != g)).any()


def test_a_fragment_goes_to_the_neighbor_that_it_touches_most():
    grain_id = np.ones((5, 5, 5), np.int32)
    grain_id[:, 3:] = 2
    grain_id[2, 2, 2] = 3  # five faces to 1, one to 2
    merged = merge_fragments(grain_id, min_voxels=2)
    assert merged[2, 2, 2] == 1
    assert (merged[grain_id != 3] == grain_id[grain_id != 3]).all()


@given(volumes, axes, st.integers(1, 6))
def test_small_grains_stay_where_a_face_cuts_them_and_only_there(
    values, periodic, least
):
    """Single voxels go, there too."""
    piece = label_pieces(values, periodic)
    n_voxels = np.bincount(piece.ravel())
    cut = cut_by_faces(piece, periodic)
    large = np.flatnonzero(n_voxels >= least)
    stays = np.union1d(large, cut[n_voxels[cut] >= MIN_CUT])
    result = grains(values, periodic, least, keep_cut=True)
    if stays[stays > 0].size:  # each is a grain, and there are no others
        own = [np.unique(result[piece == p]) for p in stays[stays > 0]]
        assert all(ids.size == 1 for ids in own)
        assert np.unique(own).size == len(own)
        near = [p for p in range(1, n_voxels.size) if p not in stays]
        alone = [np.unique(result[piece == p]) for p in near]
        assert all(ids.size == 1 for ids in alone)
    np.testing.assert_array_equal(result > 0, values > 0)


def test_noise_alone_still_ends_as_grains(rng):
    result = grains(rng.integers(1, 30, (12, 12, 12)))
    assert np.bincount(result.ravel())[1:].min() >= 5
