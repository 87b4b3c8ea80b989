"""Grains from colors."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from samples import axes, few_values, noisy_values

from grainpaint.segmentation.colors import grains
from grainpaint.segmentation.fragments import cut_by_faces, merge_fragments
from grainpaint.segmentation.pieces import label_pieces


@given(noisy_values(), st.integers(1, 8))
def test_grains_are_the_merged_pieces_renumbered(values, least):
    """Pieces are those of 26 neighbors, as in the simulator."""
    merged = merge_fragments(label_pieces(values, corners=True), least)
    np.testing.assert_array_equal(
        grains(values, min_voxels=least), label_pieces(merged, corners=True)
    )


@given(few_values, st.integers(1, 6))
@settings(max_examples=150)
def test_cleaning_leaves_connected_grains_and_no_fragment_that_could_go(values, least):
    result = grains(values, min_voxels=least)
    np.testing.assert_array_equal(result > 0, values > 0)
    np.testing.assert_array_equal(label_pieces(result, corners=True), result)  # 1..n
    # What is still small touches no other grain.
    for g in np.flatnonzero(np.bincount(result.ravel()) < least):
        if g == 0:
            continue
        for axis in range(3):
            a, b = np.moveaxis(result, axis, 0)[:-1], np.moveaxis(result, axis, 0)[1:]
            assert not ((a == g) & (b > 0) & (b != g)).any()
            assert not ((b == g) & (a > 0) & (a != g)).any()


@given(few_values, axes, st.integers(1, 6))
def test_small_grains_stay_where_a_face_cuts_them_and_only_there(
    values, periodic, least
):
    piece = label_pieces(values, periodic, corners=True)
    n_voxels = np.bincount(piece.ravel())
    cut = cut_by_faces(piece, periodic)
    large = np.flatnonzero(n_voxels >= least)
    stays = np.union1d(large, cut)
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
