import numpy as np

from grainpaint.simulate.spparks.regions import (
    BlockRegion,
    CylinderRegion,
    RegionMix,
    in_region,
)


def test_regions_contain_what_they_should(rng):
    x, y, z = rng.uniform(-5, 5, (3, 1000))
    rod = CylinderRegion(1, (1.0, 2.0), 3.0, -2.0, 4.0)
    expected = (np.hypot(x - 1, z - 2) <= 3) & (y >= -2) & (y <= 4)
    np.testing.assert_array_equal(in_region(rod, x, y, z), expected)
    cube = BlockRegion((-1, -1, -1), (1, 1, 1), outside=True)
    both = in_region(RegionMix((rod, cube), union=False), x, y, z)
    np.testing.assert_array_equal(both, expected & in_region(cube, x, y, z))
    assert 0 < both.sum() < expected.sum()
