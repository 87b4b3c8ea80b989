"""Variants of the Potts model against closed forms and enumerated rates."""

import math
from collections import Counter

import numpy as np
import pytest
from naive.neighbors import around
from naive.simulate import flip_rates
from samples import POTTS

from grainpaint import InputError
from grainpaint.orientations.symmetry import operators
from grainpaint.simulate.iso.attempts import (
    NO_CRYSTALS,
    NO_PHASES,
    Crystals,
    Law,
    Phases,
)
from grainpaint.simulate.iso.ghosts import with_ghosts, without_ghosts
from grainpaint.simulate.iso.lattice import neighbor_offsets
from grainpaint.simulate.iso.rejection import Sweeper
from grainpaint.simulate.spparks.crystals import misorientation_energies
from grainpaint.simulate.spparks.energy import propensities
from grainpaint.simulate.spparks.gradient import set_gradient
from grainpaint.simulate.spparks.pins import pin_sites
from grainpaint.simulate.spparks.runner import run_script
from grainpaint.simulate.spparks.simulation import PinSites, SimulationBox
from grainpaint.simulate.spparks.sites import Sites
from grainpaint.simulate.spparks.variants import (
    GradientApp,
    PinApp,
    QuaternionApp,
    StrainApp,
)

OPEN = (False, False, False)
AROUND = (1, 1, 2, 1, 2, 1, 3, 1)  # spins around a site of spin 1
TILTS = {1: 0.0, 2: 4.0, 3: 11.0}  # degrees about z
N_ISLANDS = 40_000
COMPOSITION = 0.6


def about_z(degrees):
    half = math.radians(degrees) / 2
    return np.array([math.cos(half), 0.0, 0.0, math.sin(half)])


def read_shockley(degrees, cutoff=15.0):
    ratio = degrees / cutoff
    if ratio >= 1:
        return 1.0
    return ratio * (1 - math.log(ratio)) if ratio > 0 else 0.0


@pytest.mark.parametrize(
    ("symmetry", "turn", "angle"),
    [("432", 3, 3), ("432", 7, 7), ("432", 14.9, 14.9), ("432", 20, 20),
     ("432", 87, 3), ("432", 180, 0), ("622", 57, 3), ("622", 30, 30)],
)  # fmt: skip
def test_pairs_have_the_energy_of_read_and_shockley(symmetry, turn, angle):
    """A turn about z is one by `angle` from the nearest equivalent of the crystal."""
    sites = Sites(SimulationBox((2, 1, 1), (0, 0, 0), 1.0, "sc/26n", OPEN))
    quaternions = np.stack([about_z(10), about_z(10 + turn)])
    for i, name in enumerate(("d1", "d2", "d3", "d4")):
        sites.value(name)[:, 0, 0] = quaternions[:, i]
    found = misorientation_energies(sites, QuaternionApp(9, symmetry=symmetry))
    np.testing.assert_allclose(found, read_shockley(angle) / 2, atol=1e-5)


def attempts(law, mobility, orientation=None, phases=None):
    """Attempt one flip at the center of many islands; return how often each spin."""
    island = np.zeros((4, 4, 1), np.int32)
    island[:3, :3, 0] = np.array([*AROUND[:4], 1, *AROUND[4:]]).reshape(3, 3)
    center = np.zeros((4, 4, 1), bool)
    center[1, 1] = True
    spin = np.tile(island, (N_ISLANDS, 1, 1))
    moves = np.tile(center, (N_ISLANDS, 1, 1))
    law = law._replace(mobility=with_ghosts(np.where(moves, mobility, 0.0), OPEN))
    if orientation is not None:
        rows = with_ghosts(spin - 1, OPEN, -1).astype(np.int32)
        law = law._replace(crystals=orientation._replace(orientation=rows))
    if phases is not None:
        phase = with_ghosts((spin <= phases.half).astype(np.int32), OPEN)
        composition = with_ghosts(np.full(spin.shape, COMPOSITION), OPEN)
        law = law._replace(phases=phases._replace(composition=composition, phase=phase))
    sweeper = Sweeper(
        with_ghosts(spin, OPEN), spin.shape, law, seed=3, order="raster",
        sectors=False, lattice="sq/8n", periodic=OPEN,
    )  # fmt: skip
    sweeper.sweep(0)
    ends = without_ghosts(sweeper.spin, spin.shape)
    if phases is not None:  # phases follow the spins
        after = without_ghosts(law.phases.phase, spin.shape)
        assert (after == (ends <= phases.half))[spin > 0].all()
    assert (ends[~moves] == spin[~moves]).all()  # of mobility 0
    return Counter(ends[moves].tolist())


def check_frequencies(counts, expected):
    """Each frequency within 4.5 standard deviations."""
    assert set(counts) <= {1, *expected}
    for spin, p in expected.items():
        error = math.sqrt(N_ISLANDS * p * (1 - p))
        assert abs(counts[spin] - N_ISLANDS * p) < 4.5 * error


PLAIN = Law(0, False, 0.5, np.zeros(0), False, NO_CRYSTALS, NO_PHASES)


def test_mobility_scales_the_probability_of_a_flip():
    rates = flip_rates(1, list(AROUND), 8, 2.0, "each", 0)
    expected = {spin: 0.3 * rate / len(rates) for spin, rate in rates.items()}
    check_frequencies(attempts(PLAIN, 0.3), expected)


def test_strain_heats_a_site_whose_flips_are_proposed_as_often_as_neighbors():
    """Void attempts: each spin among the neighbors is proposed with 1/8."""
    rates = flip_rates(1, list(AROUND), 8, 2.0 / 0.3, "each", 0)
    expected = {spin: rate / 8 for spin, rate in rates.items()}
    check_frequencies(attempts(PLAIN._replace(hot=True, void=True), 0.3), expected)


def test_flips_of_crystals_cost_what_their_pairs_do():
    def energy(spin):
        return sum(read_shockley(abs(TILTS[spin] - TILTS[v])) for v in AROUND) / 2

    cutoff = math.radians(15)
    turns = np.stack([about_z(angle) for angle in TILTS.values()])
    crystals = Crystals(
        NO_CRYSTALS.orientation, turns, np.ascontiguousarray(operators("432").T),
        cutoff, math.cos(cutoff / 2),
    )  # fmt: skip
    rise = {spin: energy(spin) - energy(1) for spin in (2, 3)}
    assert min(rise.values()) > 0
    expected = {spin: math.exp(-0.5 * r) / 2 for spin, r in rise.items()}
    check_frequencies(attempts(PLAIN, 1.0, crystals), expected)


@pytest.mark.parametrize("half", [1, 2])
def test_flips_to_another_phase_cost_what_the_composition_asks(half):
    """Spins up to `half` are of phase 1, whose composition is 0.9, not 0.1."""
    phases = Phases(np.zeros(0), np.zeros(0, np.int32), half, 5.0, (0.1, 0.9))
    expected = {}
    for spin in (2, 3):
        rise = AROUND.count(1) - AROUND.count(spin)
        if spin > half:  # from phase 1 to phase 0
            rise += 5 * ((COMPOSITION - 0.1) ** 2 - (COMPOSITION - 0.9) ** 2)
        expected[spin] = math.exp(-0.5 * rise) / 2
    check_frequencies(attempts(PLAIN, 1.0, phases=phases), expected)


@pytest.mark.parametrize("how", ["yes", "no"])
def test_orientations_are_new_in_a_run_unless_it_goes_on(tmp_path, how):
    text = POTTS.replace("potts 50", "potts/quaternion 50 cubic")
    text = text.replace("solve_style tree", "sweep random").replace("run 4", "")
    dump = "dump a text 99 a.* id d1 d2 d3 d4\n"
    (tmp_path / "in.script").write_text(
        f"{text}{dump}run 0.1\ndump_one a\nrun 0 pre {how}\ndump_one a\n"
    )
    run_script(tmp_path / "in.script", folder=tmp_path)
    first, second = (np.loadtxt(tmp_path / f"a.{i}", skiprows=9) for i in (1, 2))
    np.testing.assert_allclose((first[:, 1:] ** 2).sum(1), 1, atol=1e-4)
    assert (first == second).all() == (how == "no")


def test_strained_sites_have_the_enumerated_propensities(rng):
    box = SimulationBox((4, 3, 3), (0, 0, 0), 1.0, "sc/26n", OPEN)
    sites = Sites(box)
    sites.spin[:] = rng.integers(1, 4, box.shape)
    strain = sites.value("d1")
    strain[:] = rng.random(box.shape) * 3
    found = propensities(sites, StrainApp(3), 0.7)
    for place in np.ndindex(*box.shape):
        near = around(sites.spin, place, neighbor_offsets("sc/26n"), OPEN)
        mine, scale = int(sites.spin[place]), 1 + strain[place]
        rates = flip_rates(mine, near, 26, 0.7 * scale, "each", 0)
        down = [near.count(v) >= near.count(mine) for v in rates]
        each = [r / scale if d else r for r, d in zip(rates.values(), down)]
        assert found[place] == pytest.approx(sum(each))


def test_a_gradient_of_temperature_sets_an_arrhenius_mobility():
    sites = Sites(SimulationBox((5, 2, 2), (0, 0, 0), 1.0, "sc/26n", OPEN))
    app = GradientApp(
        9, of="temp", activation=0.4, temperature=500, gradient=(25, 0, 0)
    )
    sites.value("d2")[0] = -1  # pinned
    set_gradient(sites, app)
    kelvin = 500 + 25 * (np.arange(5) - 2.0)
    np.testing.assert_allclose(sites.value("d1")[:, 1, 1], kelvin)
    found = sites.value("d2")[:, 0, 1]
    ratio = np.exp(-0.4 / 8.6171e-5 * (1 / kelvin - 1 / kelvin.max()))
    np.testing.assert_allclose(found, [-1, *ratio[1:]])


def test_a_gradient_of_mobility_is_linear_up_to_1():
    sites = Sites(SimulationBox((2, 6, 2), (0, 0, 0), 1.0, "sc/26n", OPEN))
    set_gradient(sites, GradientApp(9, of="mob", mobility=0.5, gradient=(0, 0.1, 0)))
    found = sites.value("d2")[1, :, 0]
    line = 0.5 + 0.1 * (np.arange(6) - 2.5)
    np.testing.assert_allclose(found, line / line.max())
    with pytest.raises(InputError, match="mobilities below 0"):
        set_gradient(sites, GradientApp(9, of="mob", mobility=0.1, gradient=(0, 1, 0)))


@pytest.mark.parametrize("clusters", [False, True])
def test_pins_take_their_share_and_nobody_takes_their_spin(rng, clusters):
    box = SimulationBox((12, 12, 12), (0, 0, 0), 1.0, "sc/26n", (True,) * 3)
    sites = Sites(box)
    sites.spin[:] = rng.integers(1, 6, box.shape)
    app = PinApp(5)
    pin_sites(sites, PinSites(0.05, clusters, 0, seed=1), app)
    pinned = sites.spin == 6
    n = int(pinned.sum())
    assert n >= int(0.05 * 12**3)
    assert n < int(0.05 * 12**3) + 27
    offsets = neighbor_offsets("sc/26n")
    if clusters:  # blocks of 27, so every pin lies in one
        whole = np.logical_and.reduce(
            [np.roll(pinned, tuple(o), (0, 1, 2)) for o in [(0, 0, 0), *offsets]]
        )
        covered = np.logical_or.reduce(
            [np.roll(whole, tuple(o), (0, 1, 2)) for o in [(0, 0, 0), *offsets]]
        )
        assert (covered == pinned).all()
    rates = propensities(sites, app, 0.5)
    assert (rates[pinned] == 0).all()
    for place in np.argwhere(~pinned)[::50].tolist():
        near = around(sites.spin, place, offsets)
        known = [v for v in near if v != 6]
        mine = int(sites.spin[tuple(place)])
        expected = sum(flip_rates(mine, known, 26, 0.5, "each", 0).values())
        assert rates[tuple(place)] == pytest.approx(expected)
