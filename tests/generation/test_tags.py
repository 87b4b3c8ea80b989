"""Tags of grains: the same from whichever window, and proper colors in them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grainpaint.generation.tags import color_of, spin_of, tag_grains
from grainpaint.segmentation.fragments import merge_fragments
from grainpaint.segmentation.pieces import label_pieces

seeds = st.integers(0, 2**32 - 1)


def cells(n_grains, shape, n_colors, seed):
    """Color the Voronoi cells of random points at random: some neighbors agree."""
    rng = np.random.default_rng(seed)
    points = rng.uniform(0, shape, (n_grains, 3))
    place = np.stack(np.indices(shape), -1)[..., None, :]
    nearest = ((place - points) ** 2).sum(-1).argmin(-1)
    return rng.integers(n_colors, size=n_grains).astype(np.uint8)[nearest]


@given(seeds)
def test_a_tag_is_one_grain_and_a_grain_has_one_tag(seed):
    color = cells(40, (14, 12, 10), 20, seed)
    grain_id = merge_fragments(label_pieces(color + np.uint8(1)), 2)
    tags = tag_grains(color, 20, [np.arange(n) for n in color.shape], seed)
    pairs = np.unique(np.stack([grain_id.ravel(), tags.ravel()]), axis=1)
    assert pairs.shape[1] == np.unique(grain_id).size
    assert np.unique(tags).size >= pairs.shape[1] - 1  # two of 60,000 may coincide
    assert tags.min() > 0


def test_grains_that_touch_get_different_colors():
    """Nearly all: two that both give way may choose the same. At random 1 in 30 do."""
    chance = found = 0
    for seed in range(20):
        color = cells(40, (14, 12, 10), 30, seed)
        tags = tag_grains(color, 30, [np.arange(n) for n in color.shape], seed)
        own = color_of(tags, 30)
        for axis in range(3):
            a, b = (
                tags.take(range(k, color.shape[axis] - 1 + k), axis) for k in (0, 1)
            )
            c, d = (own.take(range(k, color.shape[axis] - 1 + k), axis) for k in (0, 1))
            found += ((a != b) & (c == d)).sum()
            chance += (a != b).sum() / 30
    assert found < 0.1 * chance


def test_how_large_a_speck_may_be_is_said():
    color = np.zeros((9, 9, 9), np.uint8)
    color[2, 2, 2:5], color[6, 6, 2:6] = 1, 2
    places = [np.arange(9)] * 3
    for least, left in ((2, {0, 1, 2}), (4, {0, 2}), (5, {0})):
        tags = tag_grains(color, 20, places, 1, least=least)
        assert set(np.unique(color_of(tags, 20))) == left


@pytest.mark.parametrize("seed", range(5))
def test_windows_give_the_grains_that_both_see_one_tag(seed):
    """Two windows that overlap by 20 voxels, grains of about 6."""
    color = cells(300, (60, 20, 20), 40, seed)
    places = [np.arange(n) - 5 for n in color.shape]
    left, right = (
        tag_grains(color[a:b], 40, [places[0][a:b], *places[1:]], seed)
        for a, b in ((0, 40), (20, 60))
    )
    assert (left[28:32] == right[8:12]).mean() > 0.95
    assert (left[20:21] == right[0:1]).mean() < 0.9  # cut there: not for granted


@pytest.mark.parametrize("seed", range(5))
def test_tags_do_not_tell_where_a_torus_is_cut(seed):
    """Nearly: which of two grains takes a speck depends on their order."""
    color = cells(40, (14, 12, 10), 20, seed)
    places = [np.arange(n) for n in color.shape]
    wraps, shift = (True, True, True), (5, 7, 3)
    tags = tag_grains(color, 20, places, seed, periodic=wraps)
    rolled = [np.roll(p, s) for p, s in zip(places, shift)]
    there = tag_grains(np.roll(color, shift, (0, 1, 2)), 20, rolled, seed, None, wraps)
    assert (there == np.roll(tags, shift, (0, 1, 2))).mean() > 0.95
    cut = tag_grains(color, 20, places, seed)
    assert (cut == tags).mean() < 0.9  # not for granted


def test_a_speck_takes_the_color_of_its_neighbor():
    color = np.full((4, 4, 4), 3, np.uint8)
    color[0, 0, 0] = 5
    tags = tag_grains(color, 40, [np.arange(4)] * 3, 0)
    assert np.unique(tags).size == 1
    assert color_of(tags, 40)[0, 0, 0] == 3


def spins_of_all_tags(n_spins):
    tags = np.arange(1, 1 + 40 * (65535 // 40), dtype=np.uint16)
    return color_of(tags, 40), spin_of(tags, 40, n_spins).astype(int)


@pytest.mark.parametrize("n_spins", [40, 60, 80, 1000, 65535])
def test_grains_of_different_colors_keep_different_spins(n_spins):
    """There are as many spins as were asked for, but for blocks of 40."""
    color, spin = spins_of_all_tags(n_spins)
    np.testing.assert_array_equal((spin - 1) % 40, color)
    assert n_spins - 40 < np.unique(spin).size <= n_spins + 40


@pytest.mark.parametrize("n_spins", [40, 80, 1000])
def test_grains_of_one_color_have_one_spin_as_often_as_chance_has_it(n_spins):
    color, spin = spins_of_all_tags(n_spins)
    share = np.bincount(spin[color == 7]) / (color == 7).sum()
    assert (share**2).sum() == pytest.approx(40 / n_spins, rel=0.01)


def test_with_fewer_spins_than_colors_some_neighbors_are_alike():
    """Of 40 colors and 38 spins, two pairs."""
    color, spin = spins_of_all_tags(38)
    assert np.unique(spin).size == 38
    np.testing.assert_array_equal(spin, 1 + color % 38)
