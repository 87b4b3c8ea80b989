"""Grids from coordinates: square ones in any order, hexagonal ones, no grids."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grainpaint import InputError
from grainpaint.formats.ebsd.grid import Stated, point_grid


@given(
    shape=st.tuples(st.integers(1, 7), st.integers(1, 7)),
    step=st.floats(0.01, 100),
    low=st.floats(-1000, 1000),
    swapped=st.booleans(),
)
def test_points_go_to_their_places(shape, step, low, swapped):
    i, j = np.indices(shape if swapped else shape[::-1]).reshape(2, -1)
    x, y = (i, j) if swapped else (j, i)
    grid = point_grid(low + x * step, y * 2 * step)
    assert grid.point.shape == (*shape, 1)
    np.testing.assert_array_equal(grid.point[x, y, 0], np.arange(x.size))
    if shape[0] > 1:
        assert grid.spacing[0] == pytest.approx(step)
    assert grid.origin[0] == pytest.approx(low - grid.spacing[0] / 2)


def test_points_in_any_order_and_rounded_coordinates(rng):
    y, x = np.indices((20, 30)).reshape(2, -1)
    order = rng.permutation(x.size)
    grid = point_grid(np.round(x * 0.3333, 2)[order], np.round(y * 0.3333, 2)[order])
    np.testing.assert_array_equal(grid.point[x[order], y[order], 0], np.arange(600))


@pytest.mark.parametrize("shape", [(5, 8), (2, 3), (7, 11), (40, 9)])
def test_points_of_small_maps_in_any_order(rng, shape):
    """A step that is a guess from the order, such as 7/8 of it, must not count."""
    y, x = np.indices(shape).reshape(2, -1)
    for _ in range(20):
        order = rng.permutation(x.size)
        grid = point_grid(x[order] * 0.5, y[order] * 0.5)
        assert grid.spacing == (0.5, 0.5, 0.5)
        np.testing.assert_array_equal(
            grid.point[x[order], y[order], 0], np.arange(x.size)
        )


def test_coordinates_rounded_to_a_third_of_a_step():
    y, x = np.indices((5, 8)).reshape(2, -1)
    grid = point_grid(np.round(x / 3, 1), np.round(y / 3, 1))
    np.testing.assert_array_equal(grid.point[x, y, 0], np.arange(40))


def hexagonal(rows=6, columns=8, step=2.0, shorter=1):
    """Return points of rows shifted by half a step, odd rows perhaps shorter."""
    points = [
        (j * step + (i % 2) * step / 2, i * step * 3**0.5 / 2)
        for i in range(rows)
        for j in range(columns - shorter * (i % 2))
    ]
    return np.array(points).T


@pytest.mark.parametrize("shorter", [0, 1])
def test_a_hexagonal_grid_becomes_squares_of_the_nearest_points(shorter):
    x, y = hexagonal(shorter=shorter)
    grid = point_grid(x, y)
    height = 3**0.5
    assert grid.spacing == pytest.approx((height,) * 3)
    assert grid.point.shape == (9, 6, 1)
    assert (grid.point >= 0).all()
    for i in range(9):
        for j in range(6):
            center = [o + (n + 0.5) * height for o, n in zip(grid.origin, (i, j))]
            distance = np.hypot(x - center[0], y - center[1])
            found = distance[grid.point[i, j, 0]]
            assert found == pytest.approx(distance.min(), abs=1e-9)
    assert f"hexagonal grid of {x.size} points, 2 apart: resampled" in grid.notes[0]


def test_a_hexagonal_grid_cut_off_is_refused():
    x, y = hexagonal()
    stated = Stated(8, 7, 6, 2.0, 3**0.5, True)
    assert point_grid(x, y, stated=stated).point.shape == (9, 6, 1)
    with pytest.raises(InputError, match="40 of 45 points"):
        point_grid(x[:40], y[:40], stated=stated)


def test_places_without_a_point_are_outside():
    y, x = np.indices((4, 5)).reshape(2, -1).astype(float)
    keep = np.arange(20) != 7
    grid = point_grid(x[keep], y[keep], stated=Stated(5, None, 4, 1.0, 1.0))
    assert np.argwhere(grid.point < 0).tolist() == [[2, 1, 0]]
    assert grid.notes == ("1 of its 20 places have no point",)


def test_points_on_no_grid_are_refused(rng):
    with pytest.raises(InputError, match="not on a grid"):
        point_grid(*rng.uniform(0, 10, (2, 50)))
