import numpy as np
import pytest
from samples import CURVES

from grainpaint.simulate.am.exposure import expose
from grainpaint.simulate.am.heat_affected_zone import ExponentialHaz, LinearHaz
from grainpaint.simulate.am.melt_pool import Bezier, DoubleEllipsoid, Ellipsoid
from grainpaint.simulate.am.mobility import MOLTEN, mobility_window
from grainpaint.simulate.am.process_map import process_map
from grainpaint.simulate.am.scan import SWEEPS_PER_TIME, Segment, make_path
from grainpaint.simulate.am.zone_table import (
    TableStyle,
    shrinking_zones,
    tabulate_zone,
)

SHAPE = (26, 24, 14)
TRACKS = [
    Segment((-2.0, 6.0), (27.0, 6.0), 14.0),
    Segment((27.0, 12.5), (-2.0, 12.5), 14.0),
    Segment((4.0, 2.0), (20.0, 22.0), 9.0),
]
HEIGHTS = [9.0, 9.0, 12.0]
EXPONENTIAL = ExponentialHaz(decay=0.4, width=17, depth=9, front=10, rear=14)
BUILDS = [
    (Ellipsoid(width=9, depth=6, length=13), LinearHaz(width=4, tail=6)),
    (DoubleEllipsoid(width=9, depth=5, front=4, rear=9), EXPONENTIAL),
    (Bezier(width=9, depth=6, **CURVES), LinearHaz(width=3)),
]


def played(path, pool, haz):
    """Return the last track and the dose of each site, sweep by sweep."""
    track, dose = np.full(SHAPE, -1), np.zeros(SHAPE)
    mobility, plan = np.zeros(SHAPE), np.zeros(SHAPE, np.uint8)
    zone = tabulate_zone(pool, haz, TableStyle())

    def sweep(place, zone, i):
        mobility_window(mobility, plan, np.zeros(3, np.int64), place, zone)
        molten = plan == MOLTEN
        track[molten], dose[molten] = i, 0
        dose[~molten] += mobility[~molten]

    for i, n in enumerate(path.n_sweeps):
        stride = path.speed[i] / SWEEPS_PER_TIME
        heading = path.direction[i, :2]
        for step in range(n):
            x, y = path.start[i, :2] + step * stride * heading
            sweep((x, y, path.start[i, 2], *heading), zone, i)
        for shrunk in shrinking_zones(pool, haz, stride):
            sweep((*path.end[i], *heading), shrunk, i)
    return track, dose


@pytest.mark.parametrize(("pool", "haz"), BUILDS, ids=lambda p: getattr(p, "shape", ""))
def test_tracks_and_doses_are_those_of_a_pool_moved_sweep_by_sweep(pool, haz):
    path = make_path(TRACKS, HEIGHTS)
    track, dose = played(path, pool, haz)
    found = expose(tuple(np.arange(n, dtype=float) for n in SHAPE), path, pool, haz)
    alike = found.track == track
    assert alike.mean() > 0.985  # the table has two points a voxel
    both = alike & (dose > 1)
    assert both.sum() > 1000
    error = found.dose[both] / dose[both] - 1
    assert abs(np.median(error)) < 0.02
    assert np.quantile(np.abs(error), 0.9) < 0.2


def test_places_are_those_of_the_process_map():
    pool, haz = BUILDS[0]
    path = make_path(TRACKS, HEIGHTS)
    known = process_map(SHAPE, path, pool)
    found = expose(tuple(np.arange(n, dtype=float) for n in SHAPE), path, pool, haz)
    alike = (known.track == found.track) & found.melted
    assert alike.sum() > 0.95 * found.melted.sum()
    for name in ("across", "below"):
        expected = getattr(known, name)[alike]
        np.testing.assert_allclose(getattr(found, name)[alike], expected, atol=1e-5)
    angle = np.arctan2(found.heading[..., 1], found.heading[..., 0])
    np.testing.assert_allclose(angle[alike], known.direction[alike], atol=1e-5)
    for values in (found.across, found.below, found.heading):
        assert not values[~found.melted].any()


def test_a_box_is_the_same_alone_as_within_a_larger_one():
    pool, haz = BUILDS[0]
    path = make_path(TRACKS, HEIGHTS)
    whole = expose(tuple(np.arange(n, dtype=float) for n in SHAPE), path, pool, haz)
    box = (slice(5, 17), slice(3, 20), slice(4, 12))
    axes = tuple(np.arange(s.start, s.stop, dtype=float) for s in box)
    part = expose(axes, path, pool, haz)
    for name in ("track", "across", "below", "heading", "dose"):
        np.testing.assert_array_equal(getattr(part, name), getattr(whole, name)[box])


@pytest.mark.parametrize(("pool", "haz"), BUILDS, ids=lambda p: getattr(p, "shape", ""))
def test_rounding_of_the_path_makes_no_cold_site_mobile(pool, haz):
    axes = tuple(np.arange(n, dtype=float) for n in (34, 24, 14))
    here, there = (
        expose(axes, make_path([Segment((x, 11), (x + 11, 11), 13.0)], [9]), pool, haz)
        for x in (4, 4 + 1e-9)
    )
    np.testing.assert_array_equal(there.track, here.track)
    np.testing.assert_allclose(there.dose, here.dose, atol=1e-3)
