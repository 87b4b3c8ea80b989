"""What a script will do: sites, sweeps, seconds and files, told before it runs."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from grainpaint.simulate.am.heat_affected_zone import LinearHaz, zone_box
from grainpaint.simulate.spparks.additive_run import pool_of
from grainpaint.simulate.spparks.applications import (
    BezierApp,
    EllipsoidApp,
    JoiningApp,
    PathsApp,
    PathWeldApp,
    PottsApp,
    WeldApp,
)
from grainpaint.simulate.spparks.output.log import LOG
from grainpaint.simulate.spparks.requests import Diagnostic, OpenLog
from grainpaint.simulate.spparks.simulation import (
    N_NEIGHBORS,
    RunCommand,
    Simulation,
    SimulationBox,
    WritePaths,
)
from grainpaint.simulate.spparks.variants import (
    PhaseFieldApp,
    QuaternionApp,
    StrainApp,
)
from grainpaint.simulate.spparks.weld_run import weld_pool

__all__ = ["ScriptForecast", "forecast_script"]

# Seconds of one core of 2020 (AVX2). Rejection-free growth slows down as grains grow:
# the first unit of time takes _GROWTH_S per site, t units t**0.25 times as long.
_GROWTH_S = 2.9e-6
_PROPOSAL_S = 1.5e-7  # an attempt at a spin of 1..Q
_COPY_S = 4.2e-7  # an attempt at a neighbor's spin
# An attempt compares a site with its neighbors, for each symmetry; less often where
# grains are large.
_PAIR_S, _SYMMETRY_S = 3e-8, 2.1e-9
_DIFFUSION_S = 3.5e-8  # an explicit step of a site, for each axis
_ZONE_S = 6e-8  # a site of the zone around a pool, for a sweep
_ORDERED_S = 2e-7  # the same, one site after another
_SWEEP_S = 1e-3  # any sweep of a pool


@dataclass(frozen=True)
class ScriptForecast:
    """What a script will do.

    Parameters
    ----------
    n_sites : int
        Sites of the box, of the last one if there are several.
    n_runs : int
    time : float
        Units of time in all runs.
    n_sweeps : int
        Sweeps in all runs; 0 if they are rejection-free.
    seconds : float
        Estimated, on one core, without the files.
    files : tuple of (str, int)
        Names as in the script, and how many files each stands for.
    """

    n_sites: int
    n_runs: int
    time: float
    n_sweeps: int
    seconds: float
    files: tuple[tuple[str, int], ...]


def forecast_script(simulation: Simulation) -> ScriptForecast:
    """Return what a simulation will do."""
    runs = [(part, run) for part in simulation.parts for run in part.runs]
    files = {LOG: 1}
    for part in simulation.parts:
        for name, count in _files(part):
            files[name] = max(count, files.get(name, 0))
    return ScriptForecast(
        math.prod(simulation.box.shape),
        len(runs),
        sum(run.end - run.start for _, run in runs),
        sum(run.moments[-1].n_sweeps for _, run in runs),
        sum(_seconds(part, run) for part, run in runs),
        tuple(files.items()),
    )


def _seconds(simulation: Simulation, run: RunCommand) -> float:
    """Estimate the seconds of a run."""
    app = simulation.app
    n_sites, n_sweeps = math.prod(simulation.box.shape), run.moments[-1].n_sweeps
    n_sweeps = round(n_sweeps * run.turn)
    if isinstance(app, PathsApp):
        return 0.0
    if not isinstance(app, PottsApp):
        each = _ORDERED_S if run.raster or run.masked else _ZONE_S
        return n_sweeps * (_SWEEP_S + each * _zone_sites(simulation))
    if isinstance(app, StrainApp) and run.temperature > 0:  # by sweeps all the same
        n_neighbors = N_NEIGHBORS[simulation.box.lattice]
        return n_sites * (run.end - run.start) * n_neighbors * _COPY_S
    if run.rejection and (run.raster or app.neighbors_only):
        return n_sites * n_sweeps * _attempt_seconds(app, simulation.box)
    # What was grown before makes a run cheaper.
    before, after = (min(t, math.sqrt(math.sqrt(t))) for t in (run.start, run.end))
    return n_sites * _GROWTH_S * max(0.0, after - before)


def _attempt_seconds(app: PottsApp, box: SimulationBox) -> float:
    """Estimate the seconds of an attempt at a site, and of what diffuses meanwhile."""
    match app:
        case QuaternionApp():
            n_neighbors = 8 if box.shape[2] == 1 else N_NEIGHBORS[box.lattice]
            n_symmetries = {"432": 24, "622": 12}[app.symmetry]
            return n_neighbors * (_PAIR_S + n_symmetries * _SYMMETRY_S)
        case PhaseFieldApp():
            each = 0.0 if app.spins_rest else _COPY_S
            return each + app.n_steps * box.dimension * _DIFFUSION_S
    return _COPY_S if app.neighbors_only else _PROPOSAL_S


def _zone_sites(simulation: Simulation) -> float:
    """Return about how many sites lie in the zone of a pool."""
    app, (nx, ny, nz) = simulation.app, simulation.box.shape
    match app:
        case JoiningApp():
            return app.haz * (app.length + app.haz - app.width) * nz
        case WeldApp():
            pool, _ = weld_pool(app, simulation.box, 0)
            rear, front, side, below, _ = zone_box(pool, LinearHaz(width=app.haz))
        case EllipsoidApp() | BezierApp() | PathWeldApp():
            rear, front, side, below, _ = zone_box(*pool_of(app, nz))
        case _:
            return float(nx * ny * nz)
    return (rear + front) * 2 * side * min(below, nz)


def _files(simulation: Simulation) -> Iterator[tuple[str, int]]:
    """Yield the files that are written, except for the log."""
    for step in simulation.steps:
        if isinstance(step, WritePaths):
            yield str(step.path), 1
        if isinstance(step, OpenLog) and step.file:
            yield step.file, 1
    dumps = {name: {name} for name in simulation.stitch_files}
    clusters: dict[Diagnostic, int] = {}
    for moment in simulation.moments:
        for name in moment.opened:
            dumps.setdefault(name, {name.replace("%", "0")})
        for write in moment.dumps:
            dumps.setdefault(write.dump.file, set()).add(str(write.path))
        for diagnostic in moment.diagnostics:
            clusters[diagnostic] = clusters.get(diagnostic, 0) + 1
    for run in simulation.runs:
        for diagnostic in run.clusters:
            clusters.setdefault(diagnostic, 0)
        rows = sum(moment.stats for moment in run.moments)
        for diagnostic in run.diagnostics:
            clusters[diagnostic] = clusters.get(diagnostic, 0) + rows
    for file, names in dumps.items():
        yield file if len(names) > 1 else names.pop(), len(names) or 1
    for diagnostic, count in clusters.items():
        files = diagnostic.files
        if files.table:
            yield files.table, 1
        if files.sites:
            name = f"{files.sites}*.dx" if files.opendx else files.sites
            if count or not files.opendx:
                yield name, count if files.opendx else 1
