import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grainpaint.simulate.am.heat_affected_zone import LinearHaz
from grainpaint.simulate.am.melt_pool import Weld
from grainpaint.simulate.am.zone_table import TableStyle, tabulate_zone

ELLIPSE = Weld(width=30, depth=10, length=44, alpha=0.6, beta=0.75)
DROP = Weld(width=30, depth=10, case="II", alpha=0.6, beta=0.75)


def surface(pool, n=400):
    """Points of the surface, from the definition, and the outline's half widths."""
    t = np.linspace(0, np.pi, n)
    v = np.linspace(0, 1, n)[:, None]
    a = pool.alpha - 1
    scale = 1 + v * a * (2 - v + 2 * (v - 1) * pool.beta)
    x, y = -pool.length / 2 * np.cos(t), pool.width / 2 * np.sin(t)
    z = np.broadcast_to(-pool.depth * v, scale.shape) + 0 * t
    return np.stack([scale * x, scale * y, z], axis=-1).reshape(-1, 3)


@settings(max_examples=30, deadline=None)
@given(x=st.floats(-34, 34), y=st.floats(-26, 26), z=st.floats(-9, -6))
def test_outside_an_elliptical_pool_the_distance_is_that_of_the_nearest_point(x, y, z):
    point = np.array([[x, y, z]])
    (found,) = ELLIPSE.distance(point)
    gaps = np.linalg.norm(
        surface(ELLIPSE) - np.abs(point) * [np.sign(x), 1, -1], axis=1
    )
    nearest = surface(ELLIPSE)[gaps.argmin()]
    if found > 0 and -9.9 < nearest[2] < -0.1:  # neither at the top nor at the bottom
        assert found == pytest.approx(gaps.min(), abs=0.05)


# Distances that SPPARKS (October 2025) dumps as d1 at the first step of potts/weld with
# alpha 0.6 and beta 0.75 in a plate of 10: along, across, below the surface.
IN_SPPARKS = {
    ELLIPSE: [
        (15, 6, -8, 1.0881), (-24, -15, -6, 10.4215), (13, 12, -2, 0.6457),
        (-1, 15, -2, 0.6803), (-8, 15, -6, 3.3676), (8, -23, -5, 9.9571),
        (-14, 12, -5, 2.4668), (22, -5, -8, 5.2141),
    ],
    DROP: [
        (20, -16, -8, 6.6614), (-28, 6, -6, 5.9904), (17, -21, -2, 7.2666),
        (0, 25, -2, 10.7466), (-7, 10, -6, 0.0401), (10, -14, -5, 1.1926),
        (-14, -19, -5, 9.2083), (27, -12, -8, 7.642),
    ],
}  # fmt: skip


@pytest.mark.parametrize("pool", IN_SPPARKS, ids=["ellipse", "teardrop"])
def test_distances_are_those_of_spparks(pool):
    *place, theirs = np.array(IN_SPPARKS[pool]).T
    np.testing.assert_allclose(pool.distance(np.stack(place, 1)), theirs, atol=0.01)


@pytest.mark.parametrize("pool", [ELLIPSE, DROP], ids=["ellipse", "teardrop"])
def test_a_weld_pool_has_the_width_asked_for_and_reaches_as_far_as_it_says(pool):
    front, rear = pool.ends
    for edge in ([front, 0, 0], [-rear, 0, 0]):
        assert abs(pool.distance(np.array([edge]))[0]) < 1e-6
    x = np.linspace(-rear, front, 2001)
    y = np.full_like(x, pool.width / 2)
    for share, some in ((0.9999, True), (1.0001, False)):
        line = np.column_stack([x, share * y, 0 * x])
        assert (pool.distance(line) < 0).any() == some


@pytest.mark.parametrize("pool", [ELLIPSE, DROP], ids=["ellipse", "teardrop"])
@settings(max_examples=30, deadline=None)
@given(y=st.floats(-15, 15), z=st.floats(-10, 0))
def test_reach_is_where_the_distance_changes_sign(pool, y, z):
    front, rear = (float(r) for r in pool.reach(np.array(y), np.array(z)))
    x = np.linspace(-40, 40, 801)
    inside = pool.distance(np.column_stack([x, x * 0 + y, x * 0 + z])) < 0
    if np.isnan(front):
        assert not inside.any()
    else:
        near = 0.15
        assert inside[(x > -rear + near) & (x < front - near)].all()
        assert not inside[(x < -rear - near) | (x > front + near)].any()


def test_at_the_bottom_of_the_plate_the_outline_is_alpha_times_as_large():
    for pool in (ELLIPSE, DROP):
        top, bottom = (pool.reach(np.zeros(1), np.array([z])) for z in (0.0, -10.0))
        for a, b in zip(top, bottom):
            np.testing.assert_allclose(b, pool.alpha * a, rtol=1e-6)


def test_the_zone_of_a_weld_reaches_above_the_surface():
    pool = Weld(width=30, depth=10, length=45, alpha=0.6, beta=0.75)
    zone = tabulate_zone(pool, LinearHaz(width=5), TableStyle("signed"))
    level = {z: zone.distance[:, 0, zone.top - z] for z in (-9, 0, 5)}
    assert (level[0] < 0).sum() == 45  # half an axis is 22.5
    # The pool goes on above the surface: B(-0.5) = 1.05, B(0.9) = 0.658.
    assert (level[5] < 0).sum() == 47
    assert (level[-9] < 0).sum() == 29
