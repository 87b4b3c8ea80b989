import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from samples import CURVES

from grainpaint.simulate.am.melt_pool import (
    Bezier,
    DoubleEllipsoid,
    Ellipsoid,
    Teardrop,
    Weld,
)

POOLS = [
    Ellipsoid(width=24, depth=16, length=30),
    DoubleEllipsoid(width=24, depth=16, front=8, rear=30),
    Teardrop(width=24, depth=16, front=8, rear=30),
    Bezier(width=24, depth=16, **CURVES),
]


by_shape = pytest.mark.parametrize("pool", POOLS, ids=lambda p: p.shape)


@by_shape
def test_pool_has_the_width_the_depth_and_the_ends_asked_for(pool):
    front, rear = pool.ends
    x = np.linspace(-rear, front, 4001)
    zero = np.zeros_like(x)
    for y, z in ((0.4999 * pool.width, 0), (0, -0.9999 * pool.depth)):
        line = np.column_stack([x, zero + y, zero + z])
        assert (pool.distance(line) < 0).any()
        assert not (pool.distance(line * (1, 1.0003, 1.0003)) < 0).any()
    tips = np.array([[front, 0, 0], [-rear, 0, 0]], float)
    assert (pool.distance(tips * 0.98) < 0).all()
    assert (pool.distance(tips * 1.001) > 0).all()


@by_shape
@settings(max_examples=30)
@given(y=st.floats(-13, 13), z=st.floats(-17, 0))
def test_reach_is_where_the_distance_changes_sign(pool, y, z):
    assume(abs(y) < 11.99)  # but for the ties on the very edge
    front, rear = (float(r) for r in pool.reach(np.array(y), np.array(z)))
    x = np.linspace(-40, 40, 801)
    inside = pool.distance(np.column_stack([x, x * 0 + y, x * 0 + z])) < 0
    if np.isnan(front):
        assert not inside.any()
    else:
        near = 0.15  # of the steps of the curves where the pool is nearly tangent
        assert inside[(x > -rear + near) & (x < front - near)].all()
        assert not inside[(x < -rear - near) | (x > front + near)].any()


WELDS = [Weld(width=24, depth=16, length=40), Weld(width=24, depth=16, beta=0.3)]


@pytest.mark.parametrize("pool", [*POOLS, *WELDS], ids=lambda p: p.shape)
def test_growth_is_the_normal_of_the_rear_surface(pool):
    """By differences of its reach, whose slopes across and up it has."""
    rng = np.random.default_rng(0)
    y, z = rng.uniform(-10, 10, 200), rng.uniform(-13, -0.5, 200)
    step = 0.05
    y_up, y_down, z_up, z_down = (
        pool.reach(y + a * step, z + b * step)[1]
        for a, b in ((1, 0), (-1, 0), (0, 1), (0, -1))
    )
    slopes = [np.ones(200), (y_up - y_down) / 2 / step, (z_up - z_down) / 2 / step]
    normal = np.stack(slopes, -1)
    normal /= np.linalg.norm(normal, axis=1)[:, None]
    found = pool.growth(y, z)
    known = ~np.isnan(normal).any(1)
    assert known.sum() > 100
    cosine = (normal * found).sum(1)[known]
    angle = np.degrees(np.arccos(np.minimum(cosine, 1)))
    assert np.median(angle) < 0.5
    assert np.quantile(angle, 0.95) < 2
    # Toward the melt: ahead, up, and to the middle of the track.
    assert (found[known] * np.stack([y * 0 + 1, -y, -z], -1)[known] >= -1e-9).all()
    missed = pool.growth(np.array([13.0, 0]), np.array([0.0, -17]))
    assert np.isnan(missed).all()
