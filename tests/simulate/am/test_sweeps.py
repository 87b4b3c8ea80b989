import itertools

import numpy as np
import pytest

from grainpaint.philox import split_key
from grainpaint.simulate.am.heat_affected_zone import LinearHaz
from grainpaint.simulate.am.melt_pool import Ellipsoid
from grainpaint.simulate.am.moves import N_SLOTS
from grainpaint.simulate.am.sweeper import move_rules
from grainpaint.simulate.am.sweeps import list_moves
from grainpaint.simulate.am.zone_table import TableStyle, tabulate_zone

SHAPE = (20, 16, 11)
POOL, HAZ = Ellipsoid(width=8, depth=5, length=10), LinearHaz(width=4)


def listed(steps, periodic=(False,) * 3):
    places = np.array([(6.0 + s, 8.3, 9.0, 0.8, 0.6) for s in steps])
    zone = tabulate_zone(POOL, HAZ, TableStyle())
    known = zone, move_rules(500, 0.25, False), split_key(3, 2), periodic
    return list_moves(SHAPE, places, np.array(steps, np.uint64), *known)


def sites_of(moves):
    """Return the places of sites, in an array with ghosts, shape (n, 3)."""
    return np.stack(np.unravel_index(moves.site >> 2, [n + 2 for n in SHAPE]), 1)


def test_sites_that_move_together_are_no_neighbors():
    moves = listed(range(6))
    places = sites_of(moves)
    assert (places >= 1).all()
    assert (places <= SHAPE).all()
    for bounds in moves.bounds:
        assert len(bounds) == 8 * N_SLOTS + 1
        for a, b in itertools.pairwise(bounds):
            own = places[a:b]
            assert len(np.unique(own % 2, axis=0)) <= 1
            assert len(np.unique(own, axis=0)) == len(own)


@pytest.mark.parametrize("cut", [1, 3])
def test_moves_listed_in_parts_are_those_listed_at_once(cut):
    once, parts = listed(range(6)), [listed(range(cut)), listed(range(cut, 6))]
    for k, name in enumerate(once._fields[:-1]):
        both = np.concatenate([part[k] for part in parts])
        np.testing.assert_array_equal(once[k], both, err_msg=name)
    numbers = np.diff(once.bounds, axis=1)
    both = np.concatenate([np.diff(part.bounds, axis=1) for part in parts])
    np.testing.assert_array_equal(numbers, both)


def test_molten_sites_make_a_move_a_sweep_on_average():
    """n = 20,000 moves, alpha = 1e-4 (3.9 sigma of a Poisson number)."""
    steps = range(200)
    moves = listed(steps)
    melts = moves.site & 1
    zone = tabulate_zone(POOL, HAZ, TableStyle())
    n_molten = 0
    x, y, z = np.indices(SHAPE)
    for s in steps:
        dx, dy, below = x - 6.0 - s, y - 8.3, 9.0 - z
        own = np.stack([0.8 * dx + 0.6 * dy, 0.8 * dy - 0.6 * dx, -below], -1)
        own[below < 0] = 99
        n_molten += (POOL.distance(own.reshape(-1, 3)) <= 0).sum()
    assert zone.top == 0
    assert abs(melts.sum() - n_molten) < 3.9 * np.sqrt(n_molten) + 0.03 * n_molten
    assert (moves.first[melts == 1] <= 500).all()
    assert (moves.first[melts == 1] >= 1).all()
