import numpy as np
import pytest
from pydantic import ValidationError
from samples import CURVES

from grainpaint.simulate.am.melt_pool import (
    Bezier,
    DoubleEllipsoid,
    Ellipsoid,
    Teardrop,
)

POOLS = [
    Ellipsoid(width=24, depth=16, length=30),
    DoubleEllipsoid(width=24, depth=16, front=8, rear=30),
    Teardrop(width=24, depth=16, front=8, rear=30),
    Bezier(width=24, depth=16, **CURVES),
]


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
        (CURVES | {"x": (1, 0, 2, 3, 4)}, "must increase"),
        (CURVES | {"z": (-1, 1, -1)}, "below 0"),
    ],
)
def test_impossible_curves_are_refused(curves, message):
    with pytest.raises(ValidationError, match=message):
        Bezier(width=24, depth=16, **curves)


def test_equal_pools_can_be_compared_after_they_were_used():
    pools = [Bezier(width=24, depth=16, **CURVES) for _ in range(2)]
    points = np.array([[0.0, 1.0, -2.0]])
    first, second = (pool.distance(points) for pool in pools)
    np.testing.assert_array_equal(first, second)
    assert pools[0] == pools[1]
