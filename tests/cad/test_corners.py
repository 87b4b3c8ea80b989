"""Corners of separate triangles joined to vertices."""

import time

import numpy as np
import pytest
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st
from naive.cad import single_linkage
from solids import solid_of

from grainpaint.cad.corners import join_equal, join_near, resolution

BALL = trimesh.creation.icosphere(3, radius=5.0)


def test_equal_corners_are_one_vertex_and_zero_has_no_sign():
    soup = np.array(
        [[[0.0, 1, 2], [-0.0, 1, 2], [5, 5, 5]], [[5, 5, 5], [1, 2, 0]] * 2][:1]
    )
    vertices, faces = join_equal(soup)
    assert faces.tolist() == [[0, 0, 1]]
    assert vertices.tolist() == [[0, 1, 2], [5, 5, 5]]


@given(st.integers(0, 2**32 - 1))
def test_vertices_and_faces_give_the_corners_back(seed):
    soup = np.random.default_rng(seed).integers(-2, 3, (50, 3, 3)) / 4
    vertices, faces = join_equal(soup)
    np.testing.assert_array_equal(vertices[faces], soup)
    assert len(np.unique(vertices, axis=0)) == len(vertices)
    first = np.unique(faces, return_index=True)[1]
    assert (np.diff(first) > 0).all()


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=30)
def test_near_points_are_joined_by_distance_chains_too(seed):
    points = np.random.default_rng(seed).random((60, 3))
    np.testing.assert_array_equal(join_near(points, 0.2), single_linkage(points, 0.2))


def test_a_far_outlier_neither_hangs_nor_fills_the_memory(rng):
    """All pairs of 60,000 corners would be 29 GB."""
    points = np.concatenate([rng.random((60_000, 3)), [[1e9, 0, 0]]])
    start = time.process_time()
    joined = join_near(points, 100.0)
    assert time.process_time() - start < 5
    assert np.unique(joined).tolist() == [0, 60_000]


@pytest.mark.parametrize("gap", [5e-9, 5e-8, 9e-8])
def test_gaps_below_1e_7_of_the_size_are_closed_without_a_word(rng, gap):
    """Rounding to a grid opened gaps of 5e-9 where a line of the grid lay between."""
    shift = rng.normal(size=BALL.triangles.shape)
    shift *= gap * 10 / 2 / np.linalg.norm(shift, axis=2, keepdims=True)
    part = solid_of(BALL.triangles + shift)
    assert part.notes == ()
    assert len(part.vertices) == len(BALL.vertices)


@pytest.mark.parametrize("offset", [0.0, 20.0, 150.0, 1000.0])
def test_one_step_of_float32_is_closed_wherever_the_part_lies(rng, offset):
    corners = (BALL.triangles + offset).astype(np.float32)
    way = rng.choice([-np.inf, np.inf], corners.shape).astype(np.float32)
    moved = np.where(
        rng.random(corners.shape) < 0.3, np.nextafter(corners, way), corners
    )
    part = solid_of(moved)
    assert part.volume == pytest.approx(BALL.volume, rel=1e-3)


@pytest.mark.parametrize(
    ("values", "step"),
    [
        (np.float32([0.1, 100.0]), np.spacing(np.float32(100))),
        (np.array([0.1234567, 123.457]), 1e-4),
        (np.array([1.2345, 12.346]), 1e-3),
        (np.array([1 / 3, 200 / 3]), 0.0),
        (np.zeros(3), 0.0),
    ],
)
def test_resolution_is_that_of_the_numbers(values, step):
    assert resolution(np.asarray(values, float)) == pytest.approx(step)
