import numpy as np
import pytest

from grainpaint.simulate.am.ordered_sweeps import SiteOrder
from grainpaint.simulate.am.sweeper import BuildSweeper, Leg, move_rules
from grainpaint.simulate.am.zone_table import ZoneTable

N = 24


def flat_zone(distance):
    """A zone with one distance everywhere."""
    table = np.full((2 * N + 3, N + 3, 2 * N + 3), distance, np.float32)
    box = np.full(5, float(N))
    return ZoneTable(table, -N - 1, box, N + 1, np.empty(0), 0.0)


def swept(spin, distance, order, temperature=0.0, n=1, periodic=(False,) * 3, **rules):
    sweeper = BuildSweeper(
        spin, move_rules(500, temperature, True, **rules), periodic, order
    )
    reported = []
    for step in range(n):
        place = np.array([[N / 2, N / 2, N / 2, 1.0, 0.0]])
        key = np.uint64(1), np.uint64(2)
        leg = Leg(place, np.array([step], np.uint64), flat_zone(distance), key)
        sweeper.run([leg], reported.append)
    assert reported == list(range(1, n + 1))
    return sweeper.spin.copy()


def order(raster=True, sectors=False, masked=(0, 0, 0), **more):
    return SiteOrder(raster, sectors, np.zeros(masked, np.uint8), **more)


def test_in_raster_order_each_molten_site_melts_once():
    spin = np.ones((N, N, N), np.int32)
    found = swept(spin, -1.0, order(), lowest=1000)
    assert found.min() >= 1000
    assert found.max() < 1500
    at_random = swept(spin, -1.0, order(raster=False), lowest=1000)
    missed = (at_random == 1).mean()  # with replacement exp(-1) of them
    assert missed == pytest.approx(np.exp(-1), abs=5 * np.sqrt(0.23 / N**3))


def test_in_raster_order_a_boundary_runs_with_the_sweep():
    # A flat boundary at finite temperature: sites copy what the site before took, so
    # flips along x come in longer rows than if sites are swept at random.
    spin = np.ones((N, N, N), np.int32)
    spin[:, N // 2 :] = 2
    rows = []
    for raster in (True, False):
        found = swept(spin, 0.01, order(raster), temperature=8.0, n=2)
        changed = (found != spin)[:, N // 2]
        rows.append((changed[1:] & changed[:-1]).sum() / changed.sum())
    assert rows[0] > rows[1]


def test_a_masked_site_neither_flips_nor_melts_until_a_neighbor_changes():
    spin = np.ones((N, N, N), np.int32)
    spin[:, : N // 2] = 2
    masks = order(masked=spin.shape)
    swept(spin, 0.5, masks)
    # The sites on both sides of the boundary have 9 unlike neighbors of 26 (fewer at
    # the faces): each was attempted, none flipped, all are masked.
    assert masks.masked[:, N // 2 - 1 : N // 2 + 1].all()
    assert not masks.masked[:, : N // 2 - 1].any()
    found = swept(spin, -1.0, masks, lowest=1000)
    assert (found[:, N // 2 - 1 : N // 2 + 1] < 1000).all()
    assert (found[:, : N // 2 - 1] >= 1000).all()
    joining = order(masked=spin.shape, melting_unmasks=True)._replace(
        masked=masks.masked.copy()
    )
    found = swept(spin, -1.0, joining, lowest=1000, n=2)
    assert (found >= 1000).all()


def test_sectors_unmask_the_sites_between_them():
    spin = np.ones((N, N, N), np.int32)
    masks = order(sectors=True, masked=spin.shape)
    masks.masked[:] = 1
    swept(spin, 0.5, masks)
    half = slice(N // 2 - 1, N // 2 + 1)
    expected = np.ones_like(masks.masked)
    expected[half] = expected[:, half] = expected[:, :, half] = 0
    np.testing.assert_array_equal(masks.masked, expected)


@pytest.mark.parametrize("ordered", [True, False])
def test_a_barred_spin_is_never_taken(ordered, rng):
    spin = rng.integers(1, 3, (N, N, N), np.int32)
    spin[::2] = 7
    where = order(raster=False) if ordered else None
    found = swept(spin, 0.01, where, temperature=5.0, n=3, barred=7)
    assert not ((found == 7) & (spin != 7)).any()
    assert ((found == 7) & (spin == 7)).sum() < (spin == 7).sum()


@pytest.mark.parametrize("ordered", [True, False])
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_across_a_periodic_face_sites_are_neighbors(ordered, axis):
    spin = np.ones((N, N, N), np.int32)
    np.moveaxis(spin, axis, 0)[-1] = 2
    spin[spin == 1] = 0
    np.moveaxis(spin, axis, 0)[0] = 3
    wraps = tuple(i == axis for i in range(3))
    where = order(raster=False) if ordered else None
    apart = swept(spin, 0.01, where, temperature=50.0)
    joined = swept(spin, 0.01, where, temperature=50.0, periodic=wraps)
    np.testing.assert_array_equal(apart, spin)
    assert (joined != spin).any()
    assert set(np.unique(joined)) == {0, 2, 3}
