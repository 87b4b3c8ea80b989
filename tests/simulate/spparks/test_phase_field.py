"""The composition of phasefield/potts: its energy, its rest, how it diffuses."""

import numpy as np
import pytest

from grainpaint.simulate.spparks.phase_field import (
    diffuse,
    field_energies,
    phase_of,
    set_to_rest,
)
from grainpaint.simulate.spparks.simulation import SimulationBox
from grainpaint.simulate.spparks.sites import Sites
from grainpaint.simulate.spparks.variants import PhaseFieldApp

APP = PhaseFieldApp(
    8, n_steps=3, gamma=0.7, mobility=0.02, kappa=1.3, a=0.9, c=(0.2, 0.8, 0.1, 0.95)
)
PERIODIC = (True, True, True)
SHAPES = [(6, 5, 4), (7, 6, 1)]


def with_(**changes):
    return PhaseFieldApp(**{**APP.__dict__, **changes})


def around(values):
    """Yield a value's neighbor and the one beyond it, along all axes and both ways."""
    for axis in range(3 if values.shape[2] > 1 else 2):
        for step in (-1, 1):
            yield np.roll(values, step, axis), np.roll(values, 2 * step, axis)


def change(c, phase, app):
    """Return what a step adds for a unit of mobility and time, array by array."""
    least = np.where(phase == 0, app.c[2], app.c[3])
    total = np.zeros(c.shape)
    for (near, beyond), (its, _) in zip(around(c), around(least)):
        total += (4 * app.gamma + 2 * app.a) * (near - c) - 2 * app.a * (its - least)
        total -= app.kappa * (beyond - 4 * near + 3 * c)
    return total


@pytest.mark.parametrize("shape", SHAPES)
def test_steps_are_those_of_differences_along_the_axes(rng, shape):
    c, phase = rng.random(shape), rng.integers(0, 2, shape, np.int32)
    expected = c.copy()
    for _ in range(3):
        expected += 0.5 / 3 * 0.02 * change(expected, phase, APP)
    found = diffuse(c.copy(), phase, APP, 0.5)
    np.testing.assert_allclose(found, expected, atol=1e-12)
    assert found.mean() == pytest.approx(c.mean())  # nothing is lost
    assert abs(found - c).max() > 1e-4


def test_composition_is_kept_within_limits_and_at_the_ends(rng):
    c, phase = rng.random((6, 5, 4)), rng.integers(0, 2, (6, 5, 4), np.int32)
    wild = diffuse(c.copy(), phase, with_(mobility=1.0), 1.0)
    assert wild.min() < 0 < 1 < wild.max()
    limited = diffuse(c.copy(), phase, with_(mobility=1.0, limited=True), 1.0)
    assert limited.min() == 0
    assert limited.max() == 1
    ends = diffuse(c.copy(), phase, with_(fixed_ends=True), 1.0)
    assert (ends[0] == 0).all()
    assert (ends[-1] == 1).all()


@pytest.mark.parametrize("shape", SHAPES)
def test_energies_are_the_sum_of_their_terms(rng, shape):
    c, phase = rng.random(shape), rng.integers(0, 2, shape, np.int32)
    lattice = "sc/26n" if shape[2] > 1 else "sq/8n"
    box = SimulationBox(shape, (0, 0, 0), 1.0, lattice, PERIODIC)
    found = field_energies(c, phase, APP, box)
    for place in np.ndindex(*shape):
        here, least = c[place], APP.c[2] if phase[place] == 0 else APP.c[3]
        energy = 0.7 * ((here - 0.2) ** 2 + (0.8 - here) ** 2)
        energy += 0.9 * (here - least) ** 2
        rise = 0.0
        for axis in range(box.dimension):
            up, down = list(place), list(place)
            up[axis] = (place[axis] + 1) % shape[axis]
            down[axis] = (place[axis] - 1) % shape[axis]
            rise += c[tuple(up)] - c[tuple(down)]
        assert found[place] == pytest.approx(energy + 1.3 * rise**2 / 2)


def test_at_rest_each_phase_has_the_composition_of_least_energy(rng):
    box = SimulationBox((6, 6, 1), (0, 0, 0), 1.0, "sq/8n", PERIODIC)
    sites = Sites(box)
    sites.spin[:] = rng.integers(1, 9, box.shape)
    set_to_rest(sites, APP)
    np.testing.assert_array_equal(sites.value("i2") == 1, sites.spin <= 4)
    np.testing.assert_array_equal(sites.value("i2"), phase_of(sites.spin, APP))
    flat = with_(kappa=0.0)
    at_rest = sites.value("d1")
    least = field_energies(at_rest, sites.value("i2"), flat, box)
    for shift in (-1e-3, 1e-3):
        moved = field_energies(at_rest + shift, sites.value("i2"), flat, box)
        assert (moved > least).all()


def test_a_single_phase_at_rest_stays_so():
    c, phase = np.full((5, 4, 3), 0.4), np.zeros((5, 4, 3), np.int32)
    np.testing.assert_allclose(diffuse(c.copy(), phase, APP, 1.0), c)
