"""Runs of SPPARKS' applications ``am/ellipsoid`` and ``potts/am/bezier``."""

from collections.abc import Iterator
from contextlib import contextmanager

import numba
import numpy as np

from grainpaint.progress import Progress, part_of
from grainpaint.simulate.am import melt_pool
from grainpaint.simulate.am.heat_affected_zone import ExponentialHaz, Haz, LinearHaz
from grainpaint.simulate.am.layers import stack_layers
from grainpaint.simulate.am.scan import SWEEPS_PER_TIME
from grainpaint.simulate.am.solidify import solidify
from grainpaint.simulate.spparks.simulation import (
    BezierApp,
    EllipsoidApp,
    LayeredScan,
    RunCommand,
)
from grainpaint.simulate.spparks.sites import Sites

__all__ = ["pool_of", "run_additive"]


def run_additive(
    sites: Sites,
    app: EllipsoidApp | BezierApp,
    scan: LayeredScan,
    run: RunCommand,
    times: list[float],
    progress: Progress,
) -> Iterator[float]:
    """Execute the ``run`` of an additive application; yield each time once reached.

    Parameters
    ----------
    sites : Sites
        Their spins change.
    app : EllipsoidApp or BezierApp
    scan : LayeredScan
    run : RunCommand
    times : list of float
        Times within the run at which to yield.
    progress : Progress
        Receives the number of sweeps.
    """
    sites.check_spins(0, app.n_spins)
    pool, haz = pool_of(app)
    # A pool may be deeper than the box: add empty space below.
    below = max(0, int(np.ceil(pool.depth)) - sites.box.shape[2])
    layers = [(list(tracks), thickness) for tracks, thickness in scan.layers]
    path = stack_layers(layers, scan.start + below, scan.n_layers)
    room = np.zeros((*sites.box.shape[:2], below), np.int32)
    done = 0
    with progress("melt pool", path.n_steps) as bar:
        for time in times:
            step = min(round((time - run.start) * SWEEPS_PER_TIME), path.n_steps)
            if step > done:
                # Spins count from 0 in SPPARKS; in `solidify` 0 is no site.
                spin = np.where(sites.exists, sites.spin + 1, 0)
                with _threads(1 if sites.box.shape[2] == 1 else None):
                    spin = solidify(
                        np.concatenate([room, spin], axis=2),
                        path,
                        pool,
                        haz,
                        n_spins=app.n_spins,
                        temperature=run.temperature,
                        copy_molten=True,
                        freeze=False,
                        seed=run.seed,
                        first_step=done,
                        last_step=step,
                        progress=part_of(bar, done),
                    )
                sites.spin = spin[:, :, below:] - 1
            done = step
            yield time


@contextmanager
def _threads(n: int | None) -> Iterator[None]:
    """Use `n` threads: a single layer of sites is too little work for several."""
    before = numba.get_num_threads()
    numba.set_num_threads(n or before)
    try:
        yield
    finally:
        numba.set_num_threads(before)


def pool_of(app: EllipsoidApp | BezierApp) -> tuple[melt_pool.Pool, Haz]:
    """Return the melt pool of an application and its heat-affected zone."""
    if isinstance(app, BezierApp):
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
