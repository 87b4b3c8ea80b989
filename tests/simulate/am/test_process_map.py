import numpy as np
import pytest
from naive.simulate import melted_last
from samples import CURVES

from grainpaint.simulate.am.melt_pool import (
    Bezier,
    DoubleEllipsoid,
    Ellipsoid,
    Teardrop,
)
from grainpaint.simulate.am.process_map import process_map
from grainpaint.simulate.am.scan import ScanPath, Segment, make_path

POOLS = [
    Ellipsoid(width=7, depth=4, length=9),
    DoubleEllipsoid(width=7, depth=5, front=3, rear=8),
    Teardrop(width=7, depth=5, front=3, rear=8),
    Bezier(width=5, depth=4, **CURVES),
]


@pytest.mark.parametrize("pool", POOLS, ids=lambda p: p.shape)
def test_map_is_that_of_a_pool_moved_step_by_step(pool):
    shape = (14, 13, 9)
    tracks = [Segment((1.3, 2.1), (12.2, 9.7), 5.0), Segment((12.0, 2.2), (3, 4.7), 7)]
    path = make_path(tracks, [6.5, 7.3])
    track, time = melted_last(shape, path, pool, n=120)
    found = process_map(shape, path, pool)
    np.testing.assert_array_equal(found.track, track)
    np.testing.assert_allclose(found.time, time, atol=0.03)  # its steps are 0.022


def test_single_straight_track_in_closed_form():
    """Melted where (2 y / w)^2 + (z / d)^2 < 1, until the tail has passed."""
    width, depth, rear, speed = 9.0, 6.0, 7.0, 4.0
    pool = DoubleEllipsoid(width=width, depth=depth, front=3, rear=rear)
    path = make_path([Segment((60.0, 10.0), (-20.0, 10.0), speed)], [8.0])
    m = process_map((20, 20, 12), path, pool)
    x, y, z = np.indices((20, 20, 12)).astype(float)
    left = 1 - (2 * (y - 10) / width) ** 2 - ((8 - z) / depth) ** 2
    melted = (left > 0) & (z <= 8)
    np.testing.assert_array_equal(m.track >= 0, melted)
    across = (10 - y) / width  # the track runs down x: its left is -y
    np.testing.assert_allclose(m.across[melted], across[melted], atol=1e-6)
    np.testing.assert_allclose(m.below[melted], (8 - z[melted]) / depth, atol=1e-6)
    np.testing.assert_allclose(np.abs(m.direction[melted]), np.pi, rtol=1e-6)
    time = (60 - x + rear * np.sqrt(np.maximum(left, 0))) / speed
    np.testing.assert_allclose(m.time[melted], time[melted], rtol=1e-5)
    assert np.isnan(m.time[~melted]).all()
    # The normal of (x / r)^2 + (2 y / w)^2 + (z / d)^2 = 1, forward, which is -x here.
    forward = np.sqrt(np.maximum(left, 0)) / rear
    normal = np.stack([-forward, -4 * (y - 10) / width**2, (8 - z) / depth**2], -1)
    normal = normal[melted] / np.linalg.norm(normal[melted], axis=1)[:, None]
    np.testing.assert_allclose(m.growth[melted], normal, atol=1e-6)
    assert np.isnan(m.growth[~melted]).all()


def test_nothing_melts_while_the_beam_is_off():
    start = np.array([[0.0, 5, 5], [0.0, 5, 5]])
    end = np.array([[10.0, 5, 5], [10.0, 5, 5]])
    path = ScanPath(start, end, np.array([2.0, 2.0]), np.array([False, True]))
    m = process_map((10, 10, 6), path, POOLS[0])
    assert set(np.unique(m.track)) == {-1, 1}
    assert np.nanmin(m.time) >= path.n_sweeps[0] / 26
