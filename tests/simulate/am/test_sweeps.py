import numpy as np
import pytest

from grainpaint.philox import split_key
from grainpaint.simulate.am.heat_affected_zone import LinearHaz
from grainpaint.simulate.am.melt_pool import Ellipsoid
from grainpaint.simulate.am.mobility import mobility_window
from grainpaint.simulate.am.sweeper import move_rules
from grainpaint.simulate.am.sweeps import list_moves
from grainpaint.simulate.am.zone_table import TableStyle, tabulate_zone

SHAPE = (20, 16, 11)
POOL, HAZ = Ellipsoid(width=8, depth=5, length=10), LinearHaz(width=4)


def known(steps):
    places = np.array([(6.0 + s, 8.3, 9.0, 0.8, 0.6) for s in steps])
    return places, tabulate_zone(POOL, HAZ, TableStyle())


def listed(steps):
    places, zone = known(steps)
    rules, key = move_rules(500, 0.25, False), split_key(3, 2)
    return list_moves(SHAPE, places, np.array(steps, np.uint64), zone, rules, key)


def resting(n):
    """Return the moves of n sweeps around a pool at rest."""
    places, zone = known([0] * n)
    rules, key = move_rules(500, 0.25, True), split_key(3, 2)
    return list_moves(SHAPE, places, np.arange(n, dtype=np.uint64), zone, rules, key)


def places_of(moves):
    """Return the places of the sites of moves, shape (n, 3)."""
    padded = [n + 2 for n in SHAPE]
    return np.stack(np.unravel_index(moves.site >> 1, padded), 1) - 1


def windows(steps):
    """Return the mobility of all sites, and which are molten, for each sweep."""
    low, found = np.zeros(3, np.int64), []
    places, zone = known(steps)
    for place in places:
        mobility, molten = np.empty(SHAPE), np.empty(SHAPE, np.uint8)
        mobility_window(mobility, molten, low, tuple(place), zone)
        found.append((mobility, molten > 0))
    return found


@pytest.mark.parametrize("cut", [1, 3])
def test_moves_listed_in_parts_are_those_listed_at_once(cut):
    once, parts = listed(range(6)), [listed(range(cut)), listed(range(cut, 6))]
    for k, name in enumerate(once._fields[:-1]):
        both = np.concatenate([part[k] for part in parts])
        np.testing.assert_array_equal(once[k], both, err_msg=name)
    both = [*parts[0].ends, *(parts[0].ends[-1] + parts[1].ends)]
    np.testing.assert_array_equal(once.ends, both)


def test_a_site_moves_as_often_as_its_mobility_says():
    """400 sweeps, alpha = 1e-5 (4.4 sigma): numbers of moves, and of idle sweeps."""
    steps = range(400)
    moves = resting(len(steps))
    mobility, molten = windows([0])[0]
    which = np.ravel_multi_index(places_of(moves).T, SHAPE)
    sweep = np.searchsorted(moves.ends, np.arange(len(which)), side="right")
    counts = np.zeros((len(steps), mobility.size), int)
    np.add.at(counts, (sweep, which), 1)
    assert counts[:, mobility.ravel() == 0].max() == 0
    for some in (molten, (mobility > 0) & (mobility < 0.5), mobility >= 0.5):
        mean = len(steps) * mobility[some].sum()
        assert abs(counts[:, some.ravel()].sum() - mean) < 4.4 * np.sqrt(mean)
        idle = np.exp(-mobility[some]).sum() * len(steps)
        assert abs((counts[:, some.ravel()] == 0).sum() - idle) < 4.4 * np.sqrt(idle)
    np.testing.assert_array_equal(moves.site & 1, molten.ravel()[which])


def test_sites_are_attempted_in_random_order():
    """The heights of two moves in a row are independent: 4.4 sigma of n = 24,000."""
    z = places_of(resting(100))[:, 2]
    assert abs(np.corrcoef(z[:-1], z[1:])[0, 1]) < 4.4 / np.sqrt(len(z))


def test_hidden_neighbors_are_those_that_are_molten():
    moves = listed(range(3))
    rows = [(a, b) for a in (-1, 0, 1) for b in (-1, 0, 1) if a or b] + [(0, 0)]
    begin = 0
    for end, (_, molten) in zip(moves.ends, windows(range(3))):
        molten = np.pad(molten, 1)
        for m in range(begin, end, 7):
            x, y, z = places_of(moves)[m] + 1
            hidden = {
                4 * row + c + 1
                for row, (a, b) in enumerate(rows)
                for c in (-1, 0, 1)
                if molten[x + a, y + b, z + c]
            }
            if moves.site[m] & 1:
                continue
            inside = all(1 < p < n for p, n in zip((x, y, z), SHAPE))
            bits = {b for b in range(36) if int(moves.hidden[m]) >> b & 1}
            assert bits == hidden if inside else bits >= hidden
        begin = end
