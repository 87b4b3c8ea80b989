"""Runs of ``potts/weld`` and ``potts/weld/jom``: a pool that moves along y."""

import math
from collections.abc import Callable, Iterator

import numpy as np

from grainpaint.philox import split_key
from grainpaint.progress import Progress
from grainpaint.simulate.am import melt_pool
from grainpaint.simulate.am.heat_affected_zone import LinearHaz
from grainpaint.simulate.am.scan import SWEEPS_PER_TIME
from grainpaint.simulate.am.sweeper import BuildSweeper, Leg, move_rules
from grainpaint.simulate.am.zone_table import TableStyle, ZoneTable, tabulate_zone
from grainpaint.simulate.spparks.additive_run import site_order
from grainpaint.simulate.spparks.applications import JoiningApp, WeldApp
from grainpaint.simulate.spparks.joining_zone import joining_zone
from grainpaint.simulate.spparks.potts_run import effective_lattice
from grainpaint.simulate.spparks.simulation import RunCommand, SimulationBox
from grainpaint.simulate.spparks.sites import Sites

__all__ = ["joining_frames", "run_weld", "weld_frames", "weld_pool"]

_N_SIZES = 9  # tables of a pulsed pool; sizes in between are interpolated
_Frame = Callable[[int], tuple[tuple[float, ...], ZoneTable] | None]


def run_weld(
    sites: Sites,
    app: WeldApp | JoiningApp,
    run: RunCommand,
    times: list[float],
    progress: Progress,
) -> Iterator[float]:
    """Execute the ``run`` of a weld; yield each time once it is reached.

    Parameters
    ----------
    sites : Sites
        Their spins change.
    app : WeldApp or JoiningApp
    run : RunCommand
    times : list of float
        Times within the run at which to yield.
    progress : Progress
        Receives the number of sweeps.
    """
    joining = isinstance(app, JoiningApp)
    sites.check_spins(1 if joining else 0, app.n_spins)
    frame = (
        joining_frames(app, sites.box, run.start - sites.elapsed)
        if isinstance(app, JoiningApp)
        else weld_frames(app, sites.box)
    )
    _, periodic, copies = effective_lattice(sites.box)
    rules = move_rules(
        app.n_spins,
        run.temperature / copies,
        copy_molten=joining,
        lowest=1 if joining else 2,
        barred=app.n_spins + 1 if joining else 0,
    )
    order = site_order(run, sites.box.shape)
    if order is not None and not joining:
        order = order._replace(masked=np.zeros((0, 0, 0), np.uint8))
    elif order is not None:
        order = order._replace(melting_unmasks=True)
    spin = np.where(sites.exists, sites.spin + 1, 0)
    sweeper = BuildSweeper(spin, rules, periodic, order)
    key = split_key(run.seed, stream=2)
    since = [sites.elapsed + t - run.start for t in times]
    stops = [round(t * SWEEPS_PER_TIME) for t in (sites.elapsed, *since)]
    first = done = stops[0]
    with progress("melt pool", stops[-1] - first) as bar:
        for time, stop in zip(times, stops[1:]):
            legs = (
                Leg(np.array([known[0]]), np.array([sweep], np.uint64), known[1], key)
                for sweep in range(done, stop)
                if (known := frame(sweep)) is not None
            )
            sweeper.run(legs, lambda reached: bar.update(reached - first))
            done = max(done, stop)
            bar.update(done - first)
            sites.spin = sweeper.spin - 1
            yield time


def weld_pool(
    app: WeldApp, box: SimulationBox, sweep: int
) -> tuple[melt_pool.ScriptWeld, tuple[float, ...]]:
    """Return the pool of ``potts/weld`` in a sweep, its place and its heading."""
    time = sweep / SWEEPS_PER_TIME
    amplitude, period = app.pulse
    size = 1 + amplitude * math.sin(2 * math.pi / period * time)
    x = box.shape[0] / 2 - box.origin[0]
    y = app.start + app.velocity * time - box.origin[1]
    return _pool(app, box, size), (x, y, float(box.shape[2]), 0.0, 1.0)


def _pool(app: WeldApp, box: SimulationBox, size: float) -> melt_pool.ScriptWeld:
    """Return the pool of ``potts/weld`` at some size."""
    assert app.shape is not None
    return melt_pool.ScriptWeld(
        width=app.shape.width * size,
        depth=box.shape[2],
        length=app.shape.length * size or None,
        case=app.shape.case,
        alpha=app.alpha,
        beta=app.beta,
    )


def weld_frames(
    app: WeldApp, box: SimulationBox
) -> Callable[[int], tuple[tuple[float, ...], ZoneTable]]:
    """Return the place of the pool of ``potts/weld`` and its zone, sweep by sweep."""
    haz, amplitude = LinearHaz(width=app.haz), app.pulse[0]
    sizes = np.linspace(1 - amplitude, 1 + amplitude, _N_SIZES if amplitude else 1)
    pools = [_pool(app, box, size) for size in sizes.tolist()]
    style = TableStyle("signed")
    zones = [tabulate_zone(pool, haz, style, pools[-1]) for pool in pools]

    def frame(sweep: int) -> tuple[tuple[float, ...], ZoneTable]:
        pool, place = weld_pool(app, box, sweep)
        if not amplitude:
            return place, zones[0]
        spot = (pool.width - pools[0].width) / (pools[-1].width - pools[0].width)
        i = min(int(spot * (_N_SIZES - 1)), _N_SIZES - 2)
        a = np.float32(spot * (_N_SIZES - 1) - i)
        table = (1 - a) * zones[i].distance + a * zones[i + 1].distance
        return place, zones[-1]._replace(distance=table)

    return frame


def joining_frames(app: JoiningApp, box: SimulationBox, zero: float) -> _Frame:
    """Return the place of the pool of ``potts/weld/jom`` and its zone.

    `zero` is SPPARKS' time before the first sweep.
    """
    nx, _, nz = box.shape
    zone = joining_zone(app, (nx, nz))
    x = nx // 2 - box.origin[0]
    clock = [zero]

    def frame(sweep: int) -> tuple[tuple[float, ...], ZoneTable] | None:
        # The pool jumps from site to site, so the rounding of SPPARKS' clock matters.
        while len(clock) <= sweep:
            clock.append(clock[-1] + 1.0 / SWEEPS_PER_TIME)
        if clock[sweep] <= app.start:
            return None
        y = math.floor(app.velocity * (clock[sweep] - app.start))
        return (x, y - box.origin[1], float(nz), 0.0, 1.0), zone

    return frame
