"""The value d1 of sites near a melt pool, as additive applications keep it."""

from functools import lru_cache

import numpy as np

from grainpaint.simulate.am.layers import stack_layers
from grainpaint.simulate.am.scan import SWEEPS_PER_TIME, ScanPath
from grainpaint.simulate.am.zone_table import ZoneTable, tabulate_zone
from grainpaint.simulate.spparks.additive_run import pool_of
from grainpaint.simulate.spparks.simulation import BezierApp, EllipsoidApp, LayeredScan

__all__ = ["pool_values"]

_App = EllipsoidApp | BezierApp


def pool_values(
    app: EllipsoidApp | BezierApp,
    scan: LayeredScan,
    shape: tuple[int, int, int],
    n_sweeps: int,
) -> np.ndarray:
    """Return d1 of all sites after a number of sweeps.

    Parameters
    ----------
    app : EllipsoidApp or BezierApp
    scan : LayeredScan
    shape : three ints
        Sites along x, y, z.
    n_sweeps : int

    Returns
    -------
    numpy.ndarray, float64, shape `shape`
        The mobility of ``am/ellipsoid``: 1 in the pool, 0 far away. The distance of
        ``potts/am/bezier``, relative to the width of the zone: 0 in the pool, 1 far
        away.
    """
    far = 1.0 if isinstance(app, BezierApp) else 0.0
    values = np.full(shape, far)
    zone = _zone(app)
    pool = _pool_place(_path(scan), n_sweeps)
    # The zone of potts/am/bezier goes on above the scanned surface, as in a mirror.
    above = app.haz if isinstance(app, BezierApp) else 0.0
    window, along, across, below = _near(zone, pool, above, shape)
    if not along.size:
        return values
    distance = _interpolated(zone, along, across, abs(below))
    rear, front, side, depth = zone.box[:4]
    inside = (-rear <= along) & (along <= front) & (across <= side)
    inside = inside & (-above <= below) & (below <= depth)
    if isinstance(app, BezierApp):
        value = distance
    else:
        value = np.exp(-app.decay * np.ceil(np.maximum(distance, 0)))
        value = np.where(distance <= 0, 1.0, value)
    values[window] = np.where(inside, value, far)
    return values


@lru_cache(maxsize=2)
def _zone(app: _App) -> ZoneTable:
    return tabulate_zone(*pool_of(app), signed=False)


@lru_cache(maxsize=2)
def _path(scan: LayeredScan) -> ScanPath:
    layers = [(list(tracks), thickness) for tracks, thickness in scan.layers]
    return stack_layers(layers, scan.start, scan.n_layers)


def _pool_place(path: ScanPath, n_sweeps: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the place of the pool, and where it heads to along x and y."""
    ends = np.cumsum(path.n_sweeps)
    i = min(int(np.searchsorted(ends, n_sweeps, side="right")), len(ends) - 1)
    gone = n_sweeps - (ends[i] - path.n_sweeps[i])
    stride = path.speed[i] / SWEEPS_PER_TIME
    heading = path.direction[i]
    return path.start[i] + gone * stride * heading, heading[:2]


def _near(
    zone: ZoneTable,
    pool: tuple[np.ndarray, np.ndarray],
    above: float,
    shape: tuple[int, int, int],
) -> tuple[tuple[slice, ...], np.ndarray, np.ndarray, np.ndarray]:
    """Return the window of sites around the pool, and their places in its axes."""
    place, (ux, uy) = pool
    reach = float(np.hypot(max(zone.box[:2]), zone.box[2]))
    lowest = place - np.array([reach, reach, zone.box[3]])
    highest = place + np.array([reach, reach, above])
    window = tuple(
        slice(int(np.clip(np.floor(a), 0, n)), int(np.clip(np.ceil(b) + 1, 0, n)))
        for a, b, n in zip(lowest, highest, shape)
    )
    x, y, z = np.ogrid[window]
    x, y = x - place[0], y - place[1]
    along, across = x * ux + y * uy, abs(y * ux - x * uy)
    places = np.broadcast_arrays(along, across, place[2] - z)
    return window, places[0], places[1], places[2]


def _interpolated(
    zone: ZoneTable, along: np.ndarray, across: np.ndarray, below: np.ndarray
) -> np.ndarray:
    """Return the distances of places: linear along and across, by levels below."""
    table = zone.distance
    nx, ny, nz = table.shape
    u = np.clip(along - zone.first, 0, nx - 1.001)
    v = np.clip(across, 0, ny - 1.001)
    k = np.clip(np.floor(below), 0, nz - 1).astype(np.int64)
    i, j = u.astype(np.int64), v.astype(np.int64)
    a, b = u - i, v - j
    near = table[i, j, k] * (1 - a) + table[i + 1, j, k] * a
    aside = table[i, j + 1, k] * (1 - a) + table[i + 1, j + 1, k] * a
    found: np.ndarray = near * (1 - b) + aside * b
    return found
