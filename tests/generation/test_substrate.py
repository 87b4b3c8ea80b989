"""Grains of a substrate, made in any box of it."""

import numpy as np

from grainpaint.generation.substrate import substrate_tags
from grainpaint.simulate.am.recipe import Substrate

SHAPE = (96, 80, 60)
LOWEST, N_TAGS = 41, 60_000


def grains_of(box, seed=1, height=24, grain=9.0, still=None, tags=None, shape=SHAPE):
    """Return the tags of a box that holds the tag 7 where nothing else is said."""
    n = [b - a for a, b in box]
    tags = np.full(n, 7, np.uint16) if tags is None else tags
    if still is None:
        still = np.zeros(n, bool)
        still[:, :, : max(0, height - box[2][0])] = True
    given = Substrate(height=height, grain=grain)
    return substrate_tags(tags, still, box, shape, given, seed, LOWEST, N_TAGS)


def test_a_box_holds_what_the_whole_holds_there():
    whole = grains_of([(0, n) for n in SHAPE])
    box = [(30, 70), (20, 61), (0, 40)]
    part = grains_of(box)
    np.testing.assert_array_equal(part, whole[30:70, 20:61, :40])
    assert (grains_of(box, seed=2) != part).any()


def test_what_melted_keeps_its_tags():
    whole = grains_of([(0, n) for n in SHAPE])
    assert (whole[:, :, 24:] == 7).all()
    box = [(0, 40), (0, 40), (30, 60)]  # above the substrate
    assert (grains_of(box) == 7).all()


def test_as_many_grains_as_their_diameter_says():
    """Points are independent: 3,650 of them scatter by 60; five standard deviations."""
    shape = (160, 160, 64)
    still = np.ones(shape, bool)
    box = [(0, n) for n in shape]
    found = grains_of(box, height=64, grain=9.5, still=still, shape=shape)
    n_grains = len(np.unique(found))
    expected = np.prod(shape) * 6 / np.pi / 9.5**3
    pairs = expected**2 / 2 / N_TAGS  # that have the same tag
    assert abs(n_grains + pairs - expected) < 5 * np.sqrt(expected)


def test_grains_at_the_melt_go_on_in_what_grew_from_them():
    """Under each half of the melt the highest grains have the tag of that half."""
    tags = np.full(SHAPE, 7, np.uint16)
    tags[48:] = 8
    found = grains_of([(0, n) for n in SHAPE], tags=tags)
    top = found[:, :, 23]
    assert (top[:40] == 7).mean() > 0.8
    assert (top[56:] == 8).mean() > 0.8
    assert (found[:, :, :8] >= LOWEST).all()  # 16 voxels under the melt, at least


def test_a_slab_smaller_than_a_grain_is_one_grain():
    shape = (6, 6, 20)
    found = grains_of([(0, n) for n in shape], height=3, grain=60.0, shape=shape)
    assert len(np.unique(found[:, :, :3])) == 1
