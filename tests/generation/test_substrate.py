"""Grains of a substrate, made at any places of it."""

import numpy as np
import pytest
from scipy.spatial import cKDTree

from grainpaint.generation.substrate import _points, substrate_colors
from grainpaint.palette import contact_graph
from grainpaint.segmentation.pieces import label_pieces
from grainpaint.simulate.am.recipe import Substrate

SLAB = (96, 80, 24)
N_COLORS = 40


def colors_in(box, seed=1, grain=9.0, slab=SLAB):
    """Return the colors of a box of a slab."""
    places = np.argwhere(np.ones([b - a for a, b in box])) + [a for a, _ in box]
    given = Substrate(height=slab[2], grain=grain)
    found = substrate_colors(places, slab, given, seed, N_COLORS)
    return found.reshape([b - a for a, b in box])


@pytest.fixture(scope="module")
def whole():
    return colors_in([(0, n) for n in SLAB])


def test_a_box_holds_what_the_whole_holds_there(whole):
    box = [(30, 70), (20, 61), (5, 20)]
    part = colors_in(box)
    np.testing.assert_array_equal(part, whole[30:70, 20:61, 5:20])
    assert (colors_in(box, seed=2) != part).any()


def test_single_places_have_the_colors_of_the_box_around_them(whole, rng):
    places = rng.uniform(0, np.array(SLAB) - 1, (5, 3))
    given = Substrate(height=SLAB[2], grain=9.0)
    found = [substrate_colors(p[None], SLAB, given, 1, N_COLORS)[0] for p in places]
    together = substrate_colors(places, SLAB, given, 1, N_COLORS)
    np.testing.assert_array_equal(found, together)
    grid = np.rint(places).astype(int)
    at_voxels = substrate_colors(grid, SLAB, given, 1, N_COLORS)
    np.testing.assert_array_equal(at_voxels, whole[tuple(grid.T)])


def test_as_many_grains_as_their_diameter_says():
    """Points are independent: 3,650 of them scatter by 60; five standard deviations.

    Grains that touch have different colors: pieces of one color are grains.
    """
    slab = (160, 160, 64)
    found = colors_in([(0, n) for n in slab], grain=9.5, slab=slab)
    n_grains = label_pieces(found + np.uint8(1), (False,) * 3).max()
    expected = np.prod(slab) * 6 / np.pi / 9.5**3
    assert abs(n_grains - expected) < 5 * np.sqrt(expected)


def test_hardly_two_grains_that_touch_have_one_color():
    """Colors of grains that are told apart by position, not by color."""
    slab, grain = (160, 160, 64), 9.5
    places = np.argwhere(np.ones(slab))
    points, _ = _points(places, slab, grain, 1)
    cell = cKDTree(points).query(places)[1].reshape(slab).astype(np.int32) + 1
    color = np.zeros(len(points) + 1, int)
    color[cell] = colors_in([(0, n) for n in slab], grain=grain, slab=slab)
    start, neighbor = contact_graph(cell, (False,) * 3)
    own = np.repeat(np.arange(len(color)), np.diff(start))
    assert len(neighbor) > 50_000
    assert np.mean(color[own] == color[neighbor]) < 2e-3


def test_a_slab_smaller_than_a_grain_is_one_grain():
    slab = (6, 6, 3)
    found = colors_in([(0, n) for n in slab], grain=60.0, slab=slab)
    assert len(np.unique(found)) == 1
