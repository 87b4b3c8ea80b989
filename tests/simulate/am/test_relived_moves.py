"""Lists of moves against a pool that is moved sweep by sweep."""

from functools import partial

import numba as nb
import numpy as np
import pytest
from samples import CURVES

from grainpaint.philox import split_key
from grainpaint.simulate.am.heat_affected_zone import ExponentialHaz, LinearHaz
from grainpaint.simulate.am.melt_pool import Bezier, DoubleEllipsoid
from grainpaint.simulate.am.mobility import MOLTEN, mobility_window
from grainpaint.simulate.am.relived_moves import Lives, draw_melting, list_moves
from grainpaint.simulate.am.scan import SWEEPS_PER_TIME, Segment, make_path
from grainpaint.simulate.am.tracks import (
    FINE,
    columns,
    near_segments,
    sweeps_in_melt,
    tabulate_lines,
)
from grainpaint.simulate.am.zone_table import (
    TableStyle,
    shrinking_zones,
    tabulate_zone,
)

SHAPE = (24, 18, 10)
N_SEEDS = 40
AXES = tuple(np.arange(n, dtype=float) for n in SHAPE)
PATH = make_path(
    [Segment((-6.0, 5.0), (17.0, 5.0), 26.0), Segment((3.0, 16.0), (20.0, 2.0), 35.0)],
    [7.0, 8.0],
)
EXPONENTIAL = ExponentialHaz(decay=0.4, width=17, depth=9, front=10, rear=14)
SHAPES = [
    (DoubleEllipsoid(width=9, depth=5, front=4, rear=9), EXPONENTIAL),
    (Bezier(width=9, depth=6, **CURVES), LinearHaz(width=3)),
]


def swept(pool, haz):
    """Return how often each site is molten, and its mobility elsewhen, by segment."""
    molten, mobile = np.zeros((2, 2, *SHAPE))
    mobility, plan = np.zeros(SHAPE), np.zeros(SHAPE, np.uint8)
    zone = tabulate_zone(pool, haz, TableStyle())
    for i, n in enumerate(PATH.n_sweeps):
        stride = PATH.speed[i] / SWEEPS_PER_TIME
        heading = PATH.direction[i, :2]
        places = [PATH.start[i, :2] + step * stride * heading for step in range(n)]
        zones = [zone] * n + shrinking_zones(pool, haz, stride)
        places += [PATH.end[i, :2]] * (len(zones) - n)
        for (x, y), here in zip(places, zones):
            place = (x, y, PATH.start[i, 2], *heading)
            mobility_window(mobility, plan, np.zeros(3, np.int64), place, here)
            molten[i] += plan == MOLTEN
            mobile[i] += np.where(plan == MOLTEN, 0, mobility)
    return molten, mobile


def scanned(pool, haz):
    """Return the segments and the table of lines."""
    return *near_segments(AXES, PATH, pool, haz, True), tabulate_lines(pool, haz)


@pytest.mark.parametrize(("pool", "haz"), SHAPES, ids=lambda p: getattr(p, "shape", ""))
def test_a_site_melts_if_a_sweep_attempts_it_in_the_pool(pool, haz):
    """That is missed with probability exp(-n), in each sweep that the pool is there.

    Surfaces lie within a fraction of a voxel, so a site at the surface may count one
    sweep more or less.
    """
    molten, _ = swept(pool, haz)
    counts = np.zeros(SHAPE)
    for seed in range(N_SEEDS):
        draw = partial(draw_melting, AXES, *scanned(pool, haz), split_key(seed, 9))
        last = draw(np.full(SHAPE, 9))
        before = draw(last - 1)
        assert (before < last)[last >= 0].all()
        np.testing.assert_array_equal(draw(last), last)
        counts += last >= 0
    share, n = counts / N_SEEDS, molten.sum(0).astype(int)
    assert share[n == 0].mean() < 0.01
    for some in range(3, 7):
        here = n == some
        scatter = np.sqrt(np.exp(-some) / here.sum() / N_SEEDS)
        assert abs(share[here].mean() - 1 + np.exp(-some)) < 0.02 + 4 * scatter
    few = (n > 0) & (n < 3)
    expected = (1 - np.exp(-n[few])).mean()
    assert abs(share[few].mean() - expected) < 0.04


@nb.njit
def count_sweeps(axes, segment, lines, count):
    """Set in how many sweeps of a segment the pool is at each site."""
    for i, j, along, _, aside in columns(segment, lines, axes[0], axes[1]):
        for k in range(count.shape[2]):
            deep = int((segment[2] - axes[2][k]) * FINE)
            if 0 <= deep < lines.rear.shape[1]:
                first, stop = sweeps_in_melt(segment, lines, (along, aside, deep))
                count[i, j, k] = stop - first


@pytest.mark.parametrize(("pool", "haz"), SHAPES, ids=lambda p: getattr(p, "shape", ""))
def test_the_pool_is_at_a_site_for_as_many_sweeps_as_it_is_moved_there(pool, haz):
    """On straight tracks to the sweep; oblique ones lie between the table's rows."""
    molten, _ = swept(pool, haz)
    _, segments, lines = scanned(pool, haz)
    counts = np.zeros((2, *SHAPE))
    for count, segment in zip(counts, segments):
        count_sweeps(AXES, segment, lines, count)
    np.testing.assert_array_equal(counts[0], molten[0])
    assert counts[1].sum() == pytest.approx(molten[1].sum(), rel=0.02)
    n_off = np.count_nonzero(counts[1] != molten[1])
    assert n_off < 0.1 * np.count_nonzero(molten[1])


@pytest.mark.parametrize(("pool", "haz"), SHAPES, ids=lambda p: getattr(p, "shape", ""))
def test_moves_are_as_many_as_the_sweeps_propose(pool, haz):
    """In all, and at each site within scatter: the mean of 40 Poisson numbers."""
    _, mobile = swept(pool, haz)
    padded = tuple(n + 2 for n in SHAPE)
    everywhere, none = np.ones(SHAPE, bool), np.empty((0, 0, 0))
    begin = np.full(SHAPE, -1)
    lives = Lives(
        everywhere, begin, none.astype(np.float32), none.astype(int), none.astype(bool)
    )
    counts = np.zeros(padded)
    for seed in range(N_SEEDS):
        moves = list_moves(AXES, *scanned(pool, haz), lives, split_key(seed, 9))
        at = moves.site[moves.site >= 0]
        counts += np.bincount(at, minlength=counts.size).reshape(padded)
    found = counts[1:-1, 1:-1, 1:-1] / N_SEEDS
    expected = mobile.sum(0)
    assert abs(found.sum() / expected.sum() - 1) < 0.01
    warm = expected > 1
    error = (found - expected)[warm] / np.sqrt(expected[warm] / N_SEEDS)
    assert abs(np.median(error)) < 0.2
    assert np.quantile(np.abs(error), 0.9) < 3  # of a Poisson number: 1.6
