import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from naive import segmentation as naive
from scipy.ndimage import gaussian_filter

from grainpaint.segmentation.necks import (
    _count,
    _squared_depth,
    separate,
    shape_factors,
)
from grainpaint.segmentation.pieces import label_pieces
from grainpaint.simulate.iso.isotropic import isotropic

OPEN, TORUS = (False,) * 3, (True,) * 3
LIMIT = 9.3


@given(
    arrays(
        np.int32,
        array_shapes(min_dims=3, max_dims=3, min_side=2, max_side=5),
        elements=st.integers(0, 3),
    ),
    st.tuples(*[st.booleans()] * 3),
)
def test_shape_factors_are_those_of_counting_faces(ids, periodic):
    faces = np.zeros(ids.max() + 1)
    for place in np.ndindex(ids.shape):
        for axis in range(3):
            for step in (-1, 1):
                there = list(place)
                there[axis] += step
                inside = 0 <= there[axis] < ids.shape[axis]
                there[axis] %= ids.shape[axis]
                other = ids[tuple(there)] if inside or periodic[axis] else 0
                faces[ids[place]] += other != ids[place]
    volume = np.maximum(np.bincount(ids.ravel()), 1)
    np.testing.assert_allclose(
        shape_factors(ids, periodic)[1:], (faces / volume ** (2 / 3))[1:]
    )


def balls(gap, radii=(6, 4), n=32):
    """Two balls along x whose surfaces are `gap` apart (negative: they overlap)."""
    points = np.indices((n, n, n)).reshape(3, -1).T
    first = np.array([9, 16, 16])
    second = np.array([9 + sum(radii) + gap, 16, 16])
    near = [((points - c) ** 2).sum(1) < r**2 for c, r in zip((first, second), radii)]
    return (near[0] | near[1]).reshape(n, n, n).astype(np.int32), near


def test_two_balls_with_a_neck_are_split_there():
    ids, (big, small) = balls(gap=-1)
    parts = separate(ids, OPEN, limit=8.0)
    assert set(np.unique(parts)) == {0, 1, 2}
    flat = parts.ravel()
    assert (flat[big & ~small] == 1).mean() > 0.99
    assert (flat[small & ~big] == 2).mean() > 0.95


def test_a_merged_pair_across_the_faces_is_split_as_in_the_middle():
    ids, _ = balls(gap=-1)
    middle = separate(ids, TORUS, limit=8.0)
    step = (20, 17, -9)
    moved = separate(np.roll(ids, step, (0, 1, 2)), TORUS, limit=8.0)
    np.testing.assert_array_equal(moved, np.roll(middle, step, (0, 1, 2)))


def test_simulated_grains_stay_and_merged_ones_come_apart(rng):
    """Half resolution is where it is used; twenty pairs of neighbors are merged."""
    from grainpaint.palette import contact_graph
    from grainpaint.pyramid import halve

    volume = isotropic((64, 64, 64), time=100, seed=9)
    ids = label_pieces(halve(volume.grain_id), TORUS)
    n_whole = ids.max()
    assert separate(ids, TORUS, LIMIT).max() <= 1.02 * n_whole
    start, neighbor = contact_graph(ids, TORUS)
    size = np.bincount(ids.ravel())
    merged = ids.copy()
    pairs = 0
    for g in rng.permutation(np.arange(1, n_whole + 1)):
        others = neighbor[start[g] : start[g + 1]]
        free = [h for h in others if size[h] > 60 and (merged == h).any()]
        if size[g] > 60 and free and (merged[ids == g] == g).all() and pairs < 20:
            h = free[0]
            if (merged[ids == h] == h).all():
                merged[ids == g] = h
                pairs += 1
    assert pairs == 20
    merged = label_pieces(merged, TORUS)
    touching = n_whole - merged.max()  # some touch at a corner only
    found = separate(merged, TORUS, LIMIT).max() - merged.max()
    assert touching >= 10
    assert found >= 0.5 * touching


@given(
    arrays(bool, array_shapes(min_dims=3, max_dims=3, min_side=1, max_side=7)),
)
def test_depth_is_the_distance_to_the_next_voxel_outside(piece):
    from scipy.ndimage import distance_transform_edt

    inside = (slice(1, -1),) * 3
    distance = distance_transform_edt(np.pad(piece, 1))[inside]
    np.testing.assert_allclose(_squared_depth(piece.astype(np.int64), 1), distance**2)


@given(
    arrays(bool, array_shapes(min_dims=3, max_dims=3, min_side=1, max_side=5)),
)
def test_voxels_and_faces_are_those_of_counting_one_by_one(piece):
    padded = np.pad(piece, 1).astype(int)
    faces = sum(np.abs(np.diff(padded, axis=axis)).sum() for axis in range(3))
    assert _count(piece.astype(np.int64), 1) == (piece.sum(), faces)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("limit", "smallest"), [(7.0, 27), (9.0, 27), (8.2, 4)])
def test_parts_are_those_of_a_slow_reference(seed, limit, smallest):
    noise = np.random.default_rng(seed).random((10, 9, 11))
    ids = label_pieces((gaussian_filter(noise, 1.0) > 0.5).astype(np.int32))
    expected = ids.copy()
    n = new = int(ids.max())
    for grain in range(1, n + 1):
        points = set(map(tuple, np.argwhere(ids == grain).tolist()))
        for part in naive.split(points, limit, smallest)[1:]:
            new += 1
            expected[tuple(np.array(list(part)).T)] = new
    assert new > n
    found = separate(ids, OPEN, limit, smallest)
    pairs = np.unique(np.stack([found.ravel(), expected.ravel()]), axis=1)
    assert len(np.unique(found)) == len(np.unique(expected)) == pairs.shape[1]
