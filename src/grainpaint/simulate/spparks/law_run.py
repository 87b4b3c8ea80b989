"""Runs of SPPARKS' Potts applications with mobilities or energies of their own."""

import math
from collections.abc import Iterator

import numpy as np

from grainpaint.errors import InputError
from grainpaint.philox import normal_field
from grainpaint.progress import Progress
from grainpaint.simulate.iso.attempts import (
    NO_CRYSTALS,
    NO_PHASES,
    Law,
    Phases,
)
from grainpaint.simulate.iso.ghosts import with_ghosts, without_ghosts
from grainpaint.simulate.iso.rejection import Sweeper
from grainpaint.simulate.spparks.applications import PottsApp
from grainpaint.simulate.spparks.crystals import crystals_of
from grainpaint.simulate.spparks.gradient import set_gradient
from grainpaint.simulate.spparks.phase_field import diffuse, set_to_rest
from grainpaint.simulate.spparks.potts_run import (
    effective_lattice,
    pinned,
    strained_mobility,
)
from grainpaint.simulate.spparks.simulation import N_NEIGHBORS, RunCommand
from grainpaint.simulate.spparks.sites import Sites
from grainpaint.simulate.spparks.variants import (
    GradientApp,
    PhaseFieldApp,
    QuaternionApp,
    StrainApp,
)

__all__ = ["run_by_law"]

_ORIENTATIONS = 5  # stream of random numbers

Axes = tuple[bool, bool, bool]


def run_by_law(
    sites: Sites,
    app: PottsApp,
    run: RunCommand,
    times: list[float],
    progress: Progress,
) -> Iterator[float]:
    """Execute a ``run``; yield each time once it is reached.

    A rejection-free run is swept with void attempts, which give each spin among the
    neighbors its rate.

    Parameters
    ----------
    sites, run, times, progress
        As in `grainpaint.simulate.spparks.potts_run.run_potts`.
    app : StrainApp, GradientApp, QuaternionApp or PhaseFieldApp
    """
    sites.check_spins(app.lowest_spin, app.n_spins + app.pins)
    lattice, periodic, copies = effective_lattice(sites.box)
    shape = sites.box.shape
    tries = N_NEIGHBORS[sites.box.lattice]
    first = round(sites.elapsed * tries)
    beta = copies / run.temperature if run.temperature > 0 else math.inf
    law = _law(sites, app, run, periodic, first)._replace(beta=beta)
    shift = 1 - app.lowest_spin  # 0 means that there is no site
    moves = sites.exists & ~pinned(sites, app)
    spin = np.where(moves, sites.spin + shift, 0).astype(np.int32)
    sweeper = Sweeper(
        with_ghosts(spin, periodic),
        shape,
        law,
        seed=run.seed,
        order=run.order,
        sectors=run.rejection and run.sectors,
        lattice=lattice,
        periodic=periodic,
    )
    done = first
    stops = [round((sites.elapsed + (t - run.start)) * tries) for t in times]
    with progress("grain growth", max(stops) - first) as bar:
        for time, stop in zip(times, stops):
            for number in range(done, stop):
                if not (isinstance(app, PhaseFieldApp) and app.spins_rest):
                    sweeper.sweep(number)
                if isinstance(app, PhaseFieldApp):
                    _diffuse(sites, app, law, periodic, 1 / tries)
                bar.update(number + 1 - first)
            done = max(done, stop)
            found = without_ghosts(sweeper.spin, shape) - shift
            sites.spin = np.where(moves, found, sites.spin).astype(np.int32)
            _store(sites, app, law)
            yield time


def _law(
    sites: Sites, app: PottsApp, run: RunCommand, periodic: Axes, first: int
) -> Law:
    """Return the law of a run; set the values that sites have when it begins."""
    law = Law(
        n_spins=0,
        void=False,
        beta=math.inf,
        mobility=np.zeros(0),
        hot=False,
        crystals=NO_CRYSTALS,
        phases=NO_PHASES,
    )
    match app:
        case StrainApp():
            mobility = with_ghosts(strained_mobility(sites), periodic)
            return law._replace(mobility=mobility, hot=True, void=True)
        case GradientApp():
            if run.begins:
                set_gradient(sites, app)
            return law._replace(mobility=with_ghosts(sites.value("d2"), periodic))
        case QuaternionApp():
            # Runs begin with new orientations, as in SPPARKS.
            if run.begins:
                quaternions = _random_quaternions(sites.box.shape, run.seed, first)
                for value, name in zip(quaternions.T, app.values[1:]):
                    np.copyto(sites.value(name), value.reshape(sites.box.shape))
            return law._replace(crystals=crystals_of(sites, app, periodic))
        case PhaseFieldApp():
            return law._replace(phases=_phases(sites, app, periodic))
    raise AssertionError(f"no law of {app}")


def _random_quaternions(shape: tuple[int, ...], seed: int, first: int) -> np.ndarray:
    """Return a random rotation for each site."""
    places = [np.arange(n) for n in shape]
    normal = normal_field(seed, _ORIENTATIONS + 16 * first, places, 4)
    normal = normal.reshape(-1, 4).astype(np.float64)
    found: np.ndarray = normal / np.linalg.norm(normal, axis=1, keepdims=True)
    return found


def _phases(sites: Sites, app: PhaseFieldApp, periodic: Axes) -> Phases:
    axes = sites.box.dimension
    if not all(sites.box.periodic[:axes]) or not sites.exists.all():
        raise InputError("phasefield/potts needs a periodic box full of sites")
    if axes == 3 and sites.box.shape[2] == 1:
        raise InputError("phasefield/potts in a box of one layer needs dimension 2")
    if app.starts_at_rest and sites.elapsed == 0:
        set_to_rest(sites, app)
    return Phases(
        with_ghosts(sites.value("d1"), periodic),
        with_ghosts(sites.value("i2"), periodic),
        app.n_spins // 2,
        app.a,
        (app.c[2], app.c[3]),
    )


def _diffuse(
    sites: Sites, app: PhaseFieldApp, law: Law, periodic: Axes, time: float
) -> None:
    """Let the composition diffuse for the time of a sweep."""
    shape = sites.box.shape
    composition = without_ghosts(law.phases.composition, shape)
    phase = without_ghosts(law.phases.phase, shape)
    new = diffuse(composition, phase, app, time)
    np.copyto(law.phases.composition, with_ghosts(new, periodic))


def _store(sites: Sites, app: PottsApp, law: Law) -> None:
    """Store the values that have changed in the sites."""
    shape = sites.box.shape
    if isinstance(app, QuaternionApp):
        rows = without_ghosts(law.crystals.orientation, shape)
        for value, name in zip(law.crystals.quaternions.T, app.values[1:]):
            np.copyto(sites.value(name), value[rows])
    elif isinstance(app, PhaseFieldApp):
        np.copyto(sites.value("d1"), without_ghosts(law.phases.composition, shape))
        np.copyto(sites.value("i2"), without_ghosts(law.phases.phase, shape))
