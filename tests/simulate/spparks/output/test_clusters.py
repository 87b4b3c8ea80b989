import numpy as np
import pytest

from grainpaint.simulate.spparks.applications import PottsApp
from grainpaint.simulate.spparks.output.clusters import find_clusters
from grainpaint.simulate.spparks.output.frame import Frame
from grainpaint.simulate.spparks.simulation import SimulationBox
from grainpaint.simulate.spparks.sites import Sites


def clusters(spin, periodic, lattice="sc/26n"):
    box = SimulationBox(spin.shape, (0.0, 0.0, 0.0), 1.0, lattice, periodic)
    sites = Sites(box)
    sites.spin = spin.astype(np.int32)
    return find_clusters(Frame(sites, PottsApp(9), 0.0, 0.0))


@pytest.mark.parametrize("shift", [(0, 0, 0), (4, 0, 0), (4, 5, 3), (9, 2, 6)])
def test_a_cluster_moves_as_a_whole_through_periodic_faces(shift):
    spin = np.ones((10, 8, 7), int)
    spin[1:5, 2:4, 1:4] = 2
    spin[1, 2, 4:6] = 2
    still = clusters(spin, (True,) * 3)
    moved = clusters(np.roll(spin, shift, (0, 1, 2)), (True,) * 3)
    at, now = (int(np.flatnonzero(found.spin == 2)[0]) for found in (still, moved))
    assert moved.size[now] == still.size[at] == 26
    for before, after in ((still.center, moved.center), (still.low, moved.low),
                          (still.high, moved.high)):  # fmt: skip
        expected = (before[at] + shift) % spin.shape
        assert after[now] == pytest.approx(expected)


def test_clusters_are_numbered_by_their_first_sites_x_fastest(rng):
    spin = rng.integers(1, 4, (5, 4, 3))
    found = clusters(spin, (True, False, True), "sc/6n")
    order = found.number.transpose(2, 1, 0).ravel()
    _, first = np.unique(order, return_index=True)
    assert (np.diff(first) > 0).all()
    np.testing.assert_array_equal(found.spin[found.number - 1], spin)
    assert found.size.sum() == spin.size
    assert found.mean_radius == pytest.approx(np.mean(np.cbrt(found.size)))
