"""Melt pools and their heat-affected zones as tables, for the kernels."""

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from grainpaint.simulate.am.heat_affected_zone import ExponentialHaz, Haz, zone_box
from grainpaint.simulate.am.melt_pool import Pool

__all__ = ["ZoneTable", "shrinking_zones", "tabulate_zone"]


class ZoneTable(NamedTuple):
    """A pool and the zone around it, in the axes of the pool."""

    distance: np.ndarray  # on a grid of one voxel: along, across, below; <= 0 = molten
    first: int  # position of the first row along the pool
    box: np.ndarray  # reach behind, in front, aside and below
    shells: np.ndarray  # mobility by whole distances; empty for the linear law
    drawn_in: float  # added to the distance: how much a freezing pool has shrunk


def tabulate_zone(pool: Pool, haz: Haz, signed: bool) -> ZoneTable:
    """Return a pool and its zone as a table.

    Distances are in voxels for the exponential law and relative to m_z for the linear
    one. Unless signed, they are 0 inside a Bézier pool, as SPPARKS tabulates it.
    """
    box = zone_box(pool, haz)
    rear, front, side, below = box
    x = np.arange(math.floor(-rear) - 1, math.ceil(front) + 2)
    y, z = np.arange(math.ceil(side) + 2), -np.arange(math.ceil(below) + 2)
    table = np.empty((len(x), len(y), len(z)), np.float32)
    for i in range(len(x)):  # slab by slab, as intermediate arrays are larger
        slab = np.stack(np.meshgrid(x[i], y, z, indexing="ij"), -1, dtype=float)
        distance, behind = pool.zone(slab.reshape(-1, 3))
        if pool.shape == "bezier" and not signed:
            distance = np.maximum(distance, 0)
        if haz.law == "linear":
            extra = (haz.tail or haz.width) - haz.width
            distance = np.minimum(distance / (haz.width + extra * behind**haz.power), 1)
        table[i] = distance.reshape(len(y), len(z))
    shells = np.empty(0)
    if isinstance(haz, ExponentialHaz):
        shells = np.exp(-haz.decay * np.arange(math.ceil(table.max()) + 1))
    return ZoneTable(table, int(x[0]), np.array(box), shells, 0.0)


@lru_cache(maxsize=8)
def shrinking_zones(pool: Pool, haz: Haz, stride: float) -> list[ZoneTable]:
    """Return the zones of a pool that shrinks, sweep by sweep, until nothing is molten.

    The surface of a pool at rest shrinks as fast as the sides of a moving pool close.
    """
    zone = tabulate_zone(pool, haz, signed=True)
    speed = stride * min(pool.width / 2, pool.depth) / pool.ends[1]
    if haz.law == "linear":
        speed /= haz.width
    n = math.ceil(-float(zone.distance.min()) / speed) + 1
    return [zone._replace(drawn_in=speed * (k + 1)) for k in range(n)]
