import numpy as np
import pytest
from samples import CURVES

from grainpaint.simulate.am.heat_affected_zone import LinearHaz
from grainpaint.simulate.am.melt_pool import Bezier
from grainpaint.simulate.am.zone_table import TableStyle, tabulate_zone

POOL, HAZ = Bezier(width=20, depth=15, **CURVES), LinearHaz(width=4, tail=6)
# Distances along, across and below that SPPARKS (October 2025) dumps as d1 at the first
# step of a path along x (potts/am/bezier with 20 15 4 6 1.5), surface at z = 25.
IN_SPPARKS = [
    (1, 9, -15, 0.93434), (-24, 7, 0, 0.87572), (-13, 11, -6, 0.88059),
    (17, 3, -17, 0.85201), (13, 10, -7, 0.28771), (-4, 11, 0, 0.38981),
    (-11, 10, 0, 0.45341), (19, 2, -12, 0.0512), (-9, 10, -2, 0.35925),
    (-1, 7, -13, 0.35134), (17, 9, -11, 0.61362), (22, 7, -5, 0.65907),
    (-18, 6, -10, 0.93028), (22, 8, -3, 0.805),
]  # fmt: skip


def test_the_zone_of_scripts_is_the_one_of_spparks():
    zone = tabulate_zone(POOL, HAZ, TableStyle(mirrored=True))
    found = [
        zone.distance[x - zone.first, y, zone.top - z] for x, y, z, _ in IN_SPPARKS
    ]
    np.testing.assert_allclose(found, [d for *_, d in IN_SPPARKS], atol=0.02)
    # Half a voxel off, the nearest places of the grid would differ by up to 0.13.
    own = tabulate_zone(POOL, HAZ, TableStyle())
    found = [own.distance[x - own.first, y, own.top - z] for x, y, z, _ in IN_SPPARKS]
    assert np.abs(np.array(found) - [d for *_, d in IN_SPPARKS]).max() > 0.05


def test_a_mirrored_zone_reaches_above_the_surface_by_its_width():
    zone = tabulate_zone(POOL, HAZ, TableStyle(mirrored=True))
    assert (zone.box[4], zone.top) == (4, 4)
    for up in range(1, 5):
        np.testing.assert_array_equal(
            zone.distance[:, :, zone.top - up], zone.distance[:, :, zone.top + up]
        )
    own = tabulate_zone(POOL, HAZ, TableStyle())
    assert (own.box[4], own.top) == (0, 0)


@pytest.mark.parametrize("inside", ["signed", "zero", "one"])
def test_distances_inside_the_pool_are_those_asked_for(inside):
    zone = tabulate_zone(POOL, LinearHaz(width=4), TableStyle(inside))
    value = zone.distance[-zone.first, 0, 5]
    assert (
        value
        == {"signed": pytest.approx(-1.9, abs=0.5), "zero": 0, "one": -0.25}[inside]
    )


def test_equal_pools_share_a_table():
    again = Bezier(width=20, depth=15, **CURVES)
    first = tabulate_zone(POOL, HAZ, TableStyle())
    assert tabulate_zone(again, LinearHaz(width=4, tail=6), TableStyle()) is first
