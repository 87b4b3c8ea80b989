"""DBSCAN on the lattice, against scikit-learn."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from scipy.spatial import cKDTree
from sklearn.cluster import DBSCAN

from grainpaint.errors import InputError
from grainpaint.segmentation.dbscan import dbscan

# Few distinct values make ties, chains and grains of every density.
fields = arrays(
    np.float32,
    array_shapes(min_dims=3, max_dims=3, max_side=7),
    elements=st.integers(0, 6).map(lambda v: v / 64),
)


def oracle(field, scale, eps, min_samples):
    """Scikit-learn on the same points, and its core points."""
    points = np.argwhere(np.ones(field.shape))
    values = field.ravel().astype(float) * scale
    found = DBSCAN(eps=eps, min_samples=min_samples, algorithm="kd_tree").fit(
        np.column_stack([points, values])
    )
    return found.labels_.reshape(field.shape) + 1


def painted(rng, shape, noise, per_grain=80):
    """Grains of one random value each, and noise upon them, as a sampler leaves it."""
    seeds = rng.random((np.prod(shape) // per_grain, 3)) * shape
    grain = cKDTree(seeds).query(np.argwhere(np.ones(shape)))[1].reshape(shape)
    value = rng.uniform(-1, 1, len(seeds))[grain] + rng.normal(0, noise, shape)
    return value.astype(np.float32)


@given(
    fields,
    st.floats(1, 60),
    st.sampled_from([0.5, 1.0, 1.2, 1.5, 1.9, 1.99]),
    st.integers(1, 27),
    st.integers(1, 8),
)
@settings(max_examples=100)
def test_labels_are_those_of_scikit_learn_for_every_tiling(
    field, scale, eps, min_samples, block
):
    labels = dbscan(field, scale, eps, min_samples, block)
    np.testing.assert_array_equal(labels, oracle(field, scale, eps, min_samples))


@pytest.mark.parametrize("noise", [0.005, 0.02, 0.03])
def test_a_painted_volume_has_the_labels_of_scikit_learn(rng, noise):
    field = painted(rng, (26, 24, 31), noise)
    labels = dbscan(field, 32.0, block=11)
    np.testing.assert_array_equal(labels, oracle(field, 32.0, 1.9, 15))
    assert labels.max() > 50
    assert (labels == 0).any()


def test_the_scale_is_the_mean_edge_of_a_sub_volume(rng):
    field = painted(rng, (20, 20, 35), 0.02)
    for block, scale in ((100, 25.0), (20, 20.0)):
        labels = dbscan(field, block=block)
        np.testing.assert_array_equal(labels, dbscan(field, scale))
    assert (dbscan(field, 25.0) != dbscan(field, 20.0)).any()


def test_two_grains_with_a_wide_gap_in_value_come_back_exactly():
    field = np.zeros((10, 10, 12))
    field[..., 5:] = 0.1
    np.testing.assert_array_equal(dbscan(field, scale=32), 1 + (field > 0))
    assert (dbscan(field, scale=10) == 1).all()  # 0.1 x 10 = 1 < sqrt(1.9^2 - 1)


@given(fields, st.data(), st.integers(1, 27), st.integers(1, 8))
def test_in_a_part_the_labels_are_those_of_its_points_alone(
    field, data, min_samples, block
):
    mask = data.draw(arrays(bool, field.shape))
    labels = dbscan(field, 20.0, 1.9, min_samples, block, mask)
    assert (labels[~mask] == 0).all()
    points = np.column_stack([np.argwhere(mask), field[mask].astype(float) * 20])
    assume(len(points) > 0)
    found = DBSCAN(eps=1.9, min_samples=min_samples, algorithm="kd_tree")
    np.testing.assert_array_equal(labels[mask], found.fit(points).labels_ + 1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"eps": 2.0}, "below 2"),
        ({"eps": 0.0}, "above 0"),
        ({"eps": float("nan")}, "below 2"),
        ({"min_samples": 28}, "1..27"),
        ({"min_samples": 0}, "1..27"),
        ({"block": 0}, "at least 1"),
        ({"scale": -1.0}, "above 0"),
        ({"field": np.zeros((3, 3, 3), int)}, "floats"),
        ({"field": np.zeros((3, 3))}, "floats"),
        ({"field": np.full((3, 3, 3), np.nan)}, "not finite"),
    ],
)
def test_what_it_cannot_do_exactly_it_refuses(change, message):
    with pytest.raises(InputError, match=message):
        dbscan(**({"field": np.zeros((3, 3, 3))} | change))
