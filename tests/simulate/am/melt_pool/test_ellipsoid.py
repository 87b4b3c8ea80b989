import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
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


@given(st.floats(-60, 40), st.floats(-40, 40), st.floats(-40, 0))
def test_shells_of_an_ellipsoid_pass_through_the_point(x, y, z):
    pool = POOLS[1]
    t = float(pool.distance(np.array([[x, y, z]]))[0])
    length = 8 if x >= 0 else 30
    if t > -7.9:  # within all axes
        level = sum((c / (a + t)) ** 2 for c, a in ((x, length), (y, 12), (z, 16)))
        assert level == pytest.approx(1, abs=1e-5)
