"""The value d1 of sites near a melt pool, as SPPARKS' applications keep it."""

import numpy as np

from grainpaint.simulate.am import melt_pool
from grainpaint.simulate.am.mobility import mobility_window
from grainpaint.simulate.am.scan import SWEEPS_PER_TIME
from grainpaint.simulate.am.zone_table import ZoneTable, tabulate_zone
from grainpaint.simulate.spparks.additive_run import pool_of, scan_path, table_style
from grainpaint.simulate.spparks.applications import (
    AdditiveApp,
    BezierApp,
    JoiningApp,
    WeldApp,
)
from grainpaint.simulate.spparks.simulation import LayeredScan, SimulationBox
from grainpaint.simulate.spparks.weld_run import joining_frames, weld_pool

__all__ = ["place_on_path", "pool_values"]

_Place = tuple[float, ...]


def pool_values(
    app: AdditiveApp | WeldApp | JoiningApp,
    scan: LayeredScan | None,
    box: SimulationBox,
    n_sweeps: int,
    zero: float = 0.0,
) -> np.ndarray:
    """Return d1 of all sites after a number of sweeps.

    Parameters
    ----------
    app : AdditiveApp, WeldApp or JoiningApp
    scan : LayeredScan, optional
        Of a run of an additive application.
    box : SimulationBox
    n_sweeps : int
        In all runs; with a scan, in its run.
    zero : float
        SPPARKS' time before the first sweep.

    Returns
    -------
    numpy.ndarray, float64, shape `box.shape`
        The mobility of ``am/ellipsoid`` and ``potts/weld/jom``: 1 in the pool (1.1 in
        the latter), 0 far away. The distance of ``potts/am/bezier``, relative to the
        width of the zone: 0 in the pool, 1 far away. The distance of the other welds in
        sites: -1 in the pool.
    """
    match app:
        case JoiningApp():
            known = joining_frames(app, box, zero)(n_sweeps - 1)
            if n_sweeps == 0 or known is None:
                return np.ones(box.shape) if n_sweeps else np.zeros(box.shape)
            mobility = _mobility(box.shape, *known)
            return np.where(mobility >= 1, 1.1, mobility)
        case WeldApp():
            return _distance(box.shape, *weld_pool(app, box, n_sweeps))
    assert scan is not None
    place = place_on_path(scan, n_sweeps)
    pool, haz = pool_of(app, box.shape[2])
    if isinstance(pool, melt_pool.ScriptWeld):
        return _distance(box.shape, pool, place)
    mobility = _mobility(box.shape, place, tabulate_zone(pool, haz, table_style(app)))
    return 1 - mobility if isinstance(app, BezierApp) else mobility


def place_on_path(scan: LayeredScan, n_sweeps: int) -> _Place:
    """Return the place of the pool, and where it heads to along x and y."""
    path = scan_path(scan)
    ends = np.cumsum(path.n_sweeps)
    i = min(int(np.searchsorted(ends, n_sweeps, side="right")), len(ends) - 1)
    gone = n_sweeps - (ends[i] - path.n_sweeps[i])
    stride = path.speed[i] / SWEEPS_PER_TIME
    heading = path.direction[i]
    return (*(path.start[i] + gone * stride * heading), heading[0], heading[1])


def _mobility(
    shape: tuple[int, int, int], place: _Place, zone: ZoneTable
) -> np.ndarray:
    """Return the mobilities of all sites."""
    mobility, plan = np.empty(shape), np.empty(shape, np.uint8)
    place = tuple(float(v) for v in place)
    mobility_window(mobility, plan, np.zeros(3, np.int64), place, zone)
    return mobility


def _distance(
    shape: tuple[int, int, int], pool: melt_pool.ScriptWeld, place: _Place
) -> np.ndarray:
    """Return the distances of all sites from a weld pool, -1 inside."""
    x, y, z, ux, uy = place
    result = np.empty(shape)
    dy, dz = np.meshgrid(
        np.arange(shape[1]) - y, np.arange(shape[2]) - z, indexing="ij"
    )
    for i in range(shape[0]):  # plane by plane, as intermediate arrays are larger
        dx = i - x
        axes = np.stack([ux * dx + uy * dy, ux * dy - uy * dx, dz], axis=-1)
        distance = pool.distance(axes.reshape(-1, 3))
        result[i] = np.where(distance < 0, -1, distance).reshape(shape[1:])
    return result
