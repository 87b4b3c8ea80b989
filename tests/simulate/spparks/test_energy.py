import numpy as np
import pytest

from grainpaint.simulate.iso.lattice import neighbor_offsets
from grainpaint.simulate.spparks.applications import PottsApp
from grainpaint.simulate.spparks.energy import (
    propensities,
    site_energies,
    total_energy,
)
from grainpaint.simulate.spparks.regions import SphereRegion
from grainpaint.simulate.spparks.simulation import SimulationBox
from grainpaint.simulate.spparks.sites import Sites


def naive(sites, temperature):
    """Return energies and propensities, site by site."""
    shape, periodic = sites.box.shape, sites.box.periodic
    energy, rate = np.zeros(shape), np.zeros(shape)
    for site in np.argwhere(sites.exists):
        around = []
        for offset in neighbor_offsets(sites.box.lattice):
            other = site + offset
            wrapped = other % shape
            inside = (other == wrapped) | np.array(periodic)
            itself = (wrapped == site).all()  # its energy never changes
            if inside.all() and not itself and sites.exists[tuple(wrapped)]:
                around.append(int(sites.spin[tuple(wrapped)]))
        mine = int(sites.spin[tuple(site)])
        energy[tuple(site)] = sum(v != mine for v in around)
        for value in set(around) - {mine}:
            rise = around.count(mine) - around.count(value)
            hot = np.exp(-rise / temperature) if temperature else 0.0
            rate[tuple(site)] += 1.0 if rise <= 0 else hot
    return energy, rate


@pytest.mark.parametrize(
    ("lattice", "shape", "periodic", "region"),
    [
        ("sc/26n", (5, 4, 3), (True, False, True), None),
        ("sc/6n", (5, 4, 3), (False, True, True), None),
        ("sq/8n", (6, 5, 1), (True, True, True), None),
        ("sc/26n", (6, 6, 6), (False,) * 3, SphereRegion((3.0, 3.0, 3.0), 2.5)),
        ("sc/26n", (5, 4, 1), (True, True, True), None),  # each neighbor counts thrice
    ],
)
@pytest.mark.parametrize("temperature", [0.0, 0.7])
def test_energies_and_rates_are_those_of_a_naive_count(
    lattice, shape, periodic, region, temperature, rng
):
    box = SimulationBox(shape, (0.0, 0.0, 0.0), 1.0, lattice, periodic, region)
    sites = Sites(box)
    sites.spin = rng.integers(1, 5, shape).astype(np.int32)
    energy, rate = naive(sites, temperature)
    np.testing.assert_array_equal(
        np.where(sites.exists, site_energies(sites, PottsApp(4)), 0), energy
    )
    assert total_energy(sites, PottsApp(4)) == energy.sum()
    found = propensities(sites, PottsApp(4), temperature)
    np.testing.assert_allclose(found, rate, atol=1e-12)
