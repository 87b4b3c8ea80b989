"""Which builds the additive model knows."""

import numpy as np
import pytest
from samples import am_recipe

from grainpaint.errors import InputError
from grainpaint.simulate.am.melt_pool.ellipsoid import Ellipsoid
from grainpaint.simulate.am.recipe_range import check_in_range, check_path_in_range
from grainpaint.simulate.am.scan import ScanPath

POOL = Ellipsoid(shape="ellipsoid", width=20, depth=16, length=40)


def trained(**changes):
    """Return a recipe in the middle of the range, but for changes."""
    pool = {"shape": "ellipsoid", "width": 20, "depth": 16, "length": 40}
    scan = {"speed": 18, "hatch": 14, "thickness": 10}
    haz = {"law": "linear", "width": 6}
    given = {"pool": pool, "haz": haz, "scan": scan, "substrate__grain": 12}
    return am_recipe(**given, **changes)


def path(speed=18.0, hatch=12.0, thickness=10.0):
    """Return four layers of ten tracks along x."""
    z, y = np.meshgrid(np.arange(4) * thickness, np.arange(10) * hatch, indexing="ij")
    start = np.stack([np.zeros(y.size), y.ravel(), z.ravel()], axis=1)
    n = len(start)
    speeds = np.broadcast_to(np.asarray(speed, float), n).copy()
    return ScanPath(start, start + np.array([99.0, 0, 0]), speeds, np.ones(n, bool))


def test_a_path_of_trained_quantities_passes():
    check_path_in_range(path(), POOL)
    check_path_in_range(path(speed=[0.1, *[18] * 39]), POOL)  # one slow track


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"speed": 800}, "speed 800 .6 to 30.;.* or choose another .*`time`"),
        ({"speed": [1, 18, 18, 18] * 10}, "speed 1 .6 to 30."),
        ({"hatch": 40}, "hatch / pool width 2 .0.4 to 0.95."),
        ({"thickness": 1}, "thickness / pool depth 0.0625 .0.3 to 0.9."),
    ],
)
def test_a_path_outside_the_trained_range_is_refused(changes, message):
    with pytest.raises(InputError, match=message) as error:
        check_path_in_range(path(**changes), POOL)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("changes", "other_voxels"),
    [
        ({"pool__width": 50, "scan__hatch": 30}, True),
        ({"scan__hatch": 30}, False),
        ({"copy_molten": True}, False),
    ],
)
def test_other_voxels_are_advised_only_where_lengths_are_outside(changes, other_voxels):
    recipe = trained(**changes)
    with pytest.raises(InputError, match="not trained on such a build") as error:
        check_in_range(recipe)
    assert ("voxels of another size" in str(error.value)) is other_voxels


def test_islands_smaller_than_the_trained_ones_are_refused():
    check_in_range(trained(scan__island=20))
    with pytest.raises(InputError, match=r"brackets.: island 12 .20 or more.;"):
        check_in_range(trained(scan__island=12))
