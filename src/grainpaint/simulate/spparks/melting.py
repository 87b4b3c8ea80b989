"""The melt of SPPARKS' welds at moments that are written.

``potts/weld`` and ``potts/am/weld`` give the sites of the pool new spins as soon as it
has moved, also when a run begins; our kernels do so in the next sweep.
"""

import numpy as np

from grainpaint.simulate.am.mobility import MOLTEN, mobility_window
from grainpaint.simulate.am.scan import SWEEPS_PER_TIME
from grainpaint.simulate.am.zone_table import ZoneTable, tabulate_zone
from grainpaint.simulate.spparks.additive_run import pool_of, table_style
from grainpaint.simulate.spparks.applications import PathWeldApp, WeldApp
from grainpaint.simulate.spparks.pool_values import place_on_path
from grainpaint.simulate.spparks.simulation import RunCommand
from grainpaint.simulate.spparks.sites import Sites
from grainpaint.simulate.spparks.weld_run import weld_frames

__all__ = ["melt_pool"]

_STREAM = 4  # of random numbers


def melt_pool(
    sites: Sites, app: WeldApp | PathWeldApp, run: RunCommand, n_sweeps: int
) -> None:
    """Give the sites of the pool random spins.

    Parameters
    ----------
    sites : Sites
        Their spins change.
    app : WeldApp or PathWeldApp
    run : RunCommand
    n_sweeps : int
        That the run has made.
    """
    reached = round(sites.elapsed * SWEEPS_PER_TIME) + n_sweeps
    place, zone = _pool(sites, app, run, n_sweeps if run.scan else reached)
    plan, mobility = np.empty(sites.box.shape, np.uint8), np.empty(sites.box.shape)
    mobility_window(mobility, plan, np.zeros(3, np.int64), place, zone)
    molten = (plan == MOLTEN) & sites.exists
    rng = np.random.default_rng([run.seed, _STREAM, reached])
    sites.spin[molten] = rng.integers(1, app.n_spins + 1, np.count_nonzero(molten))


def _pool(
    sites: Sites, app: WeldApp | PathWeldApp, run: RunCommand, n_sweeps: int
) -> tuple[tuple[float, ...], ZoneTable]:
    """Return the place of the pool and its zone."""
    if isinstance(app, WeldApp):
        return weld_frames(app, sites.box)(n_sweeps)
    assert run.scan is not None
    place = tuple(float(v) for v in place_on_path(run.scan, n_sweeps))
    shapes = pool_of(app, sites.box.shape[2])
    return place, tabulate_zone(*shapes, table_style(app))
