"""Any field into grains."""

import numpy as np
import pytest

from grainpaint import InputError, segment
from grainpaint.palette import palette
from grainpaint.segmentation.colors import grains
from grainpaint.segmentation.dbscan import dbscan


def test_vectors_are_grains_of_their_nearest_colors(rng):
    color = rng.integers(0, 12, (4, 5, 6))
    noisy = palette(3)[color] + rng.normal(0, 0.05, (4, 5, 6, 3))
    found = segment(noisy, spacing=(2.0, 2.0, 2.0))
    np.testing.assert_array_equal(found.grain_id, grains(color + 1))
    assert found.spacing == (2.0, 2.0, 2.0)


def test_unclean_colors_are_connected_pieces(rng):
    color = rng.integers(1, 4, (6, 6, 6))
    pieces = segment(color, clean=False)
    assert pieces.n_grains > segment(color).n_grains
    np.testing.assert_array_equal(pieces.grain_id, grains(color, min_voxels=1))


def test_values_are_clusters_with_or_without_their_noise(rng):
    field = np.zeros((8, 8, 12))
    field[..., 6:] = 1.0
    field[4, 4, 6] = 40.0
    noisy = segment(field, method="dbscan", clean=False)
    np.testing.assert_array_equal(noisy.grain_id, dbscan(field))
    assert noisy.grain_id[4, 4, 6] == 0
    assert segment(field, method="dbscan").grain_id[4, 4, 6] == 2


def test_periodic_axes_may_be_text():
    field = np.ones((5, 4, 4), int)
    field[2] = 2
    assert segment(field).n_grains == 3
    assert segment(field, periodic="x").n_grains == 2


@pytest.mark.parametrize(
    ("field", "settings", "message"),
    [
        (np.ones((3, 3)), {}, "got shape"),
        (np.ones((3, 3, 3)), {}, "dbscan takes one float"),
        (np.full((3, 3, 3, 3), np.nan), {}, "not finite"),
        (np.full((3, 3, 3), 2**40), {}, "within int32"),
        (np.ones((3, 3, 3), int), {"method": "kmeans"}, "colors or dbscan"),
        (np.ones((3, 3, 3), int), {"eps": 1.5}, "of the method dbscan"),
        (np.arange(27.0).reshape(3, 3, 3), {"method": "dbscan"}, "noise"),
        (np.ones((3, 3, 3), int), {"periodic": "q"}, "letters of xyz"),
        (np.ones((3, 3, 3), int), {"spacing": 2.0}, "three numbers of µm"),
        (
            np.ones((3, 3, 3)),
            {"method": "dbscan", "periodic": (True, False, False)},
            "periodic",
        ),
    ],
)
def test_fields_that_cannot_be_grains(field, settings, message):
    with pytest.raises(InputError, match=message):
        segment(field, **settings)
