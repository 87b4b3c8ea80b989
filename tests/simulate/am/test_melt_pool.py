import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from samples import CURVES

from grainpaint.simulate.am.melt_pool import (
    Bezier,
    DoubleEllipsoid,
    Ellipsoid,
    LinearHaz,
    Teardrop,
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


@given(st.floats(-60, 40), st.floats(-40, 40), st.floats(-40, 0))
def test_shells_of_an_ellipsoid_pass_through_the_point(x, y, z):
    pool = POOLS[1]
    t = float(pool.distance(np.array([[x, y, z]]))[0])
    length = 8 if x >= 0 else 30
    if t > -7.9:  # within all axes
        level = sum((c / (a + t)) ** 2 for c, a in ((x, length), (y, 12), (z, 16)))
        assert level == pytest.approx(1, abs=1e-5)


def test_cross_sections_of_a_teardrop_shrink_to_its_tip():
    pool = POOLS[2]
    for share in (0.2, 0.5, 0.9):
        half = 12 * (1 - share) * np.sqrt(1 + 2 * share)
        points = [[-30 * share, half * f, 0] for f in (0.999, 1.001)]
        inside, outside = pool.distance(np.array(points))
        assert inside < 0 < outside


def test_bezier_pool_is_as_long_as_in_spparks():
    """Its length follows from the width alone: SPPARKS prints 53.9."""
    assert sum(POOLS[3].ends) == pytest.approx(53.92, abs=0.01)


@pytest.mark.parametrize("beta", [(1.0, 0.5), (0.7, 0.6)])
@pytest.mark.parametrize("v", [0.1, 0.4, 0.7, 0.95])
def test_bezier_surface_has_the_cubic_cross_section(v, beta):
    """A cubic Bézier curve with control points (1, 0), (1, bz), (by, 1), (0, 1)."""
    pool = Bezier(width=24, depth=16, beta_y=beta[0], beta_z=beta[1], **CURVES)
    u = np.linspace(0, 1, 2001)[1:-1]
    b = np.stack([c * u**k * (1 - u) ** (4 - k) for k, c in enumerate((1, 4, 6, 4, 1))])
    scale = 12 / (np.array([0, *CURVES["y"], 0]) @ b).max()
    x = (np.array(CURVES["x"]) - np.mean([CURVES["x"][0], CURVES["x"][-1]])) @ b * scale
    y = np.array([0, *CURVES["y"], 0]) @ b * scale
    z = np.array([0, *CURVES["z"], 0]) @ b
    z *= 16 / -z.min()
    cubic = [c * v**k * (1 - v) ** (3 - k) for k, c in enumerate((1, 3, 3, 1))]
    across, below = np.dot(cubic, (1, 1, beta[0], 0)), np.dot(cubic, (0, beta[1], 1, 1))
    points = np.column_stack([x, y * across, z * below])
    assert np.abs(pool.distance(points)).max() < 0.1


def test_zone_is_wider_behind_the_widest_place_only():
    _, behind = POOLS[3].zone(np.array([[30.0, 0, 0], [0.0, 14, 0], [-28.0, 0, 0]]))
    assert behind[0] == 0
    assert behind[1] < 0.2
    assert behind[2] > 0.95


@pytest.mark.parametrize(
    ("curves", "message"),
    [
        (CURVES | {"x": (1, 0, 2, 3, 4)}, "must rise"),
        (CURVES | {"z": (-1, 1, -1)}, "below 0"),
    ],
)
def test_impossible_curves_are_refused(curves, message):
    with pytest.raises(ValidationError, match=message):
        Bezier(width=24, depth=16, **curves)


def test_zone_cannot_be_thinner_at_the_tail():
    with pytest.raises(ValidationError, match="tail"):
        LinearHaz(width=6, tail=5)
