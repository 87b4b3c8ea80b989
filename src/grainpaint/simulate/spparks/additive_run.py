"""Runs of SPPARKS' applications whose pool follows ``am`` paths."""

import warnings
from collections.abc import Iterator

import numpy as np

from grainpaint.errors import InputError, InputNote
from grainpaint.progress import Progress, part_of
from grainpaint.simulate.am import melt_pool
from grainpaint.simulate.am.heat_affected_zone import ExponentialHaz, Haz, LinearHaz
from grainpaint.simulate.am.layers import stack_layers
from grainpaint.simulate.am.ordered_sweeps import SiteOrder
from grainpaint.simulate.am.scan import SWEEPS_PER_TIME, ScanPath
from grainpaint.simulate.am.solidify import follow_path, reaches
from grainpaint.simulate.am.sweeper import BuildSweeper, move_rules
from grainpaint.simulate.am.zone_table import TableStyle
from grainpaint.simulate.spparks.applications import (
    AdditiveApp,
    BezierApp,
    EllipsoidApp,
    PathWeldApp,
)
from grainpaint.simulate.spparks.potts_run import effective_lattice
from grainpaint.simulate.spparks.simulation import (
    LayeredScan,
    RunCommand,
    SetSpins,
    SiteCondition,
)
from grainpaint.simulate.spparks.sites import Sites

__all__ = [
    "pool_of",
    "run_additive",
    "scan_path",
    "site_order",
    "table_style",
]

_SWEEPS = 2  # stream of random numbers


def run_additive(
    sites: Sites,
    app: AdditiveApp,
    run: RunCommand,
    times: list[float],
    progress: Progress,
) -> Iterator[float]:
    """Execute the ``run`` of an additive application; yield each time once reached.

    Parameters
    ----------
    sites : Sites
        Their spins change.
    app : AdditiveApp
    run : RunCommand
    times : list of float
        Times within the run at which to yield.
    progress : Progress
        Receives the number of sweeps.
    """
    # Where a stitch file has no value; SPPARKS draws one when a run begins.
    unset = SiteCondition("site", "=", -1)
    if (sites.spin[sites.exists] == -1).any():
        sites.set_spins(SetSpins(1, app.n_spins, conditions=(unset,), seed=run.seed))
    sites.check_spins(0, app.n_spins)
    nx, ny, nz = sites.box.shape
    pool, haz = pool_of(app, nz)
    assert run.scan is not None
    path = scan_path(run.scan)
    if path.n_steps >= 2**32:
        raise InputError(f"the scan takes {path.n_steps:,} sweeps, more than 2^32")
    if not reaches((nx, ny, nz), path, pool, _rise(app, nz)):
        warnings.warn(
            f"the scan from time {run.start:g} on stays outside the box: nothing melts",
            InputNote,
            stacklevel=2,
        )
    _, periodic, copies = effective_lattice(sites.box)
    # Spins count from 0 in SPPARKS; in `BuildSweeper` 0 is no site.
    sweeper = BuildSweeper(
        np.where(sites.exists, sites.spin + 1, 0),
        move_rules(
            app.n_spins,
            run.temperature / copies,
            copy_molten=not (isinstance(app, PathWeldApp) or _is_first(app)),
            lowest=2 if isinstance(app, PathWeldApp) else 1,
            barred=app.n_spins + 1 if isinstance(app, EllipsoidApp) else 0,
        ),
        periodic,
        site_order(run, sites.box.shape),
    )
    style = table_style(app)
    # Sweeps count from 0 in each run: their random numbers must differ.
    stream = _SWEEPS + 16 * round(sites.elapsed * SWEEPS_PER_TIME)
    done = 0
    with progress("melt pool", path.n_steps) as bar:
        for time in times:
            step = min(round((time - run.start) * SWEEPS_PER_TIME), path.n_steps)
            if step > done:
                follow_path(
                    sweeper,
                    path,
                    (pool, haz),
                    run.seed,
                    (done, step),
                    progress=part_of(bar, done),
                    style=style,
                    stream=stream,
                )
            done = step
            sites.spin = sweeper.spin - 1
            yield time


def _rise(app: AdditiveApp, height: int) -> float:
    """Return how far a pool reaches above the surface."""
    match app:
        case BezierApp():
            return app.haz
        case PathWeldApp():
            return height
    return 0.0


def scan_path(scan: LayeredScan) -> ScanPath:
    """Return the path of the pool in a run."""
    layers = [(list(tracks), thickness) for tracks, thickness in scan.layers]
    return stack_layers(layers, scan.start, scan.n_layers)


def _is_first(app: AdditiveApp) -> bool:
    return isinstance(app, BezierApp) and app.first


def table_style(app: AdditiveApp) -> TableStyle:
    """Return how the zone of an application is tabulated."""
    return TableStyle(
        "one" if _is_first(app) else "zero", mirrored=isinstance(app, BezierApp)
    )


def site_order(run: RunCommand, shape: tuple[int, int, int]) -> SiteOrder | None:
    """Return how the sweeps of a run go through the sites, None = at random."""
    if not (run.raster or run.masked):
        return None
    masked = np.zeros(shape if run.masked else (0, 0, 0), np.uint8)
    return SiteOrder(run.raster, run.sectors, masked)


def pool_of(app: AdditiveApp, height: int) -> tuple[melt_pool.Pool, Haz]:
    """Return the melt pool of an application and its heat-affected zone.

    `height` is that of the box, which is how thick the plate of a weld is.
    """
    match app:
        case BezierApp():
            return (
                melt_pool.Bezier(
                    width=app.width,
                    depth=app.depth,
                    x=app.x,
                    y=app.y,
                    z=app.z,
                    beta_y=app.beta[0],
                    beta_z=app.beta[1],
                ),
                LinearHaz(width=app.haz, tail=app.haz_tail, power=app.power),
            )
        case PathWeldApp():
            assert app.shape is not None
            return (
                melt_pool.ScriptWeld(
                    width=app.shape.width,
                    depth=height,
                    case=app.shape.case,
                    alpha=app.alpha,
                    beta=app.beta,
                ),
                LinearHaz(width=app.haz),
            )
    return (
        melt_pool.DoubleEllipsoid(
            width=app.width, depth=app.depth, front=app.cap, rear=app.tail
        ),
        ExponentialHaz(
            decay=app.decay,
            width=app.haz_width,
            depth=app.haz_depth,
            front=app.haz_cap,
            rear=app.haz_tail,
        ),
    )
