import numpy as np
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


def test_cross_sections_of_a_teardrop_shrink_to_its_tip():
    pool = POOLS[2]
    for share in (0.2, 0.5, 0.9):
        half = 12 * (1 - share) * np.sqrt(1 + 2 * share)
        points = [[-30 * share, half * f, 0] for f in (0.999, 1.001)]
        inside, outside = pool.distance(np.array(points))
        assert inside < 0 < outside
