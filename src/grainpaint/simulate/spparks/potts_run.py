"""Runs of SPPARKS' Potts applications in which unlike neighbors alone cost energy."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from grainpaint.errors import InputError
from grainpaint.progress import Progress
from grainpaint.simulate.iso.potts import grow
from grainpaint.simulate.iso.rejection import sweep_sites
from grainpaint.simulate.spparks.applications import PottsApp
from grainpaint.simulate.spparks.simulation import (
    N_NEIGHBORS,
    RunCommand,
    SimulationBox,
)
from grainpaint.simulate.spparks.sites import Sites
from grainpaint.simulate.spparks.variants import IsingApp, NullBinApp, StrainApp

__all__ = ["effective_lattice", "pinned", "run_potts", "strained_mobility"]

# The effect of an axis with a single site that is its own neighbor: the lattice of the
# other neighbors, and how often each of them counts.
_FLAT = {"sc/26n": ("sq/8n", 3), "sc/6n": ("sq/4n", 1)}
_FEW_TRIES = 32


def run_potts(
    sites: Sites,
    app: PottsApp,
    run: RunCommand,
    times: list[float],
    progress: Progress,
) -> Iterator[float]:
    """Execute a ``run`` of a Potts application; yield each time once it is reached.

    Parameters
    ----------
    sites : Sites
        Their spins change.
    app : PottsApp
    run : RunCommand
    times : list of float
        Times within the run at which to yield; of runs by sweeps, ends of sweeps.
    progress : Progress
        Receives the time or the number of sweeps.
    """
    sites.check_spins(app.lowest_spin, app.n_spins + app.pins)
    lattice, periodic, copies = effective_lattice(sites.box)
    settings: dict[str, Any] = {
        "seed": run.seed,
        "lattice": lattice,
        "periodic": periodic,
        "temperature": run.temperature / copies,
        "progress": progress,
    }
    # A pinned site is unlike any spin that a site can take: as if it were not there.
    start = np.where(sites.exists & ~pinned(sites, app), sites.spin, 0)
    since = [sites.elapsed + (t - run.start) for t in times]
    # Attempts per unit of time count all neighbors, also those that coincide.
    tries = app.tries(N_NEIGHBORS[sites.box.lattice])
    if run.rejection and _order_matters(app, run, tries):
        frames = sweep_sites(
            start,
            [round(t * tries) for t in since],
            first=round(sites.elapsed * tries),
            order=run.order,
            sectors=run.sectors,
            n_spins=0 if app.neighbors_only else app.n_spins,
            void=_void(app),
            **settings,
        )
    else:
        frames = grow(
            start,
            since,
            start_time=sites.elapsed,
            rule="any" if run.temperature > 0 and _wild(app, run) else "each",
            n_spins=app.n_spins,
            mobility=strained_mobility(sites) if isinstance(app, StrainApp) else None,
            **settings,
        )
    for time, spin in zip(times, frames):
        sites.spin = np.where(start > 0, spin, sites.spin).astype(np.int32)
        yield time


def pinned(sites: Sites, app: PottsApp) -> np.ndarray:
    """Return which sites never change: those of spin Q + 1, if the application pins."""
    found: np.ndarray = (sites.spin > app.n_spins) & app.pins
    return found


def strained_mobility(sites: Sites) -> np.ndarray:
    """Return 1 / (1 + d1), the mobility of strained sites."""
    strain = sites.value("d1")
    if (strain < 0).any():
        raise InputError("the strain d1 of a site must be 0 or above")
    mobility: np.ndarray = 1.0 / (1.0 + strain)
    return mobility


def _order_matters(app: PottsApp, run: RunCommand, tries: int) -> bool:
    """Return whether sweeps are more than attempts at rates.

    With many attempts per unit of time, of which few succeed, colors have no effect.
    """
    if run.raster or (run.colored and tries <= _FEW_TRIES):
        return True
    return app.neighbors_only and not isinstance(app, NullBinApp)


def _void(app: PottsApp) -> bool:
    """Return whether attempts may be void."""
    if isinstance(app, IsingApp):
        return not app.single
    return isinstance(app, NullBinApp) or not app.neighbors_only


def _wild(app: PottsApp, run: RunCommand) -> bool:
    """Return whether a site may take spins that no neighbor has."""
    if isinstance(app, IsingApp):
        return True
    return run.rejection and not app.neighbors_only


def effective_lattice(box: SimulationBox) -> tuple[str, tuple[bool, bool, bool], int]:
    """Return the lattice, its periodic axes, and how often each neighbor counts.

    In SPPARKS the only site along a periodic axis is its own neighbor, which never
    changes the energy; each other neighbor counts once per step along that axis.
    """
    alone = [n == 1 and p for n, p in zip(box.shape, box.periodic)]
    if not any(alone) or (box.lattice.startswith("sq") and not any(alone[:2])):
        return box.lattice, box.periodic, 1
    if any(alone[:2]):
        raise InputError("a periodic box needs two sites or more along x and y")
    lattice, copies = _FLAT[box.lattice]
    return lattice, (*box.periodic[:2], False), copies
