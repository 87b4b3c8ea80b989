"""Runs of SPPARKS' applications ``potts`` and ``potts/neighonly``."""

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

__all__ = ["effective_lattice", "run_potts"]

# The effect of an axis with a single site that is its own neighbor: the lattice of the
# other neighbors, and how often each of them counts.
_FLAT = {"sc/26n": ("sq/8n", 3), "sc/6n": ("sq/4n", 1)}


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
    sites.check_spins(1, app.n_spins)
    lattice, periodic, copies = effective_lattice(sites.box)
    settings: dict[str, Any] = {
        "seed": run.seed,
        "lattice": lattice,
        "periodic": periodic,
        "temperature": run.temperature / copies,
        "progress": progress,
    }
    start = np.where(sites.exists, sites.spin, 0)
    since = [sites.elapsed + (t - run.start) for t in times]
    # Attempts per unit of time count all neighbors, also those that coincide.
    tries = N_NEIGHBORS[sites.box.lattice] if app.neighbors_only else app.n_spins
    if run.raster or (run.rejection and app.neighbors_only):
        frames = sweep_sites(
            start,
            [round(t * tries) for t in since],
            first=round(sites.elapsed * tries),
            order="raster" if run.raster else "random",
            sectors=run.sectors,
            n_spins=0 if app.neighbors_only else app.n_spins,
            **settings,
        )
    else:
        frames = grow(
            start,
            since,
            start_time=sites.elapsed,
            rule="any" if run.rejection and run.temperature > 0 else "each",
            n_spins=app.n_spins,
            **settings,
        )
    for time, spin in zip(times, frames):
        sites.spin = np.array(spin, np.int32)
        yield time


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
