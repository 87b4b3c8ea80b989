"""Melt pools and their heat-affected zones as tables, for the kernels."""

import math
from functools import lru_cache
from typing import Literal, NamedTuple

import numpy as np

from grainpaint.simulate.am.heat_affected_zone import ExponentialHaz, Haz, zone_box
from grainpaint.simulate.am.melt_pool import Pool

__all__ = ["TableStyle", "ZoneTable", "shrinking_zones", "tabulate_zone"]


class ZoneTable(NamedTuple):
    """A pool and the zone around it, in the axes of the pool."""

    distance: np.ndarray  # on a grid of one voxel: along, across, below; <= 0 = molten
    first: int  # position of the first row along the pool
    box: np.ndarray  # reach behind, in front, aside, below and above
    top: int  # levels of the table above the scanned surface
    shells: np.ndarray  # mobility by whole distances; empty for the linear law
    drawn_in: float  # added to the distance: how much a freezing pool has shrunk
    lift: float = 0.0  # above the surface distances > 0 are flat: add height times lift


class TableStyle(NamedTuple):
    """How a zone is tabulated.

    Parameters
    ----------
    inside : {"signed", "zero", "one"}
        Distances inside the pool: negative distances, 0 as in today's
        ``potts/am/bezier``, or -1 as before 2023. Between the grid's points distances
        are interpolated, so this moves the surface of the pool.
    mirrored : bool
        Whether the zone is that of ``potts/am/bezier``: it reaches above the scanned
        surface by its width, as the mirror image of what is below; points of the grid
        outside its box count as cold; and the grid lies half a voxel off if its number
        of points along the pool would be even.
    """

    inside: Literal["signed", "zero", "one"] = "zero"
    mirrored: bool = False


@lru_cache(maxsize=16)  # more than a pulsed pool has sizes
def tabulate_zone(
    pool: Pool, haz: Haz, style: TableStyle, room: Pool | None = None
) -> ZoneTable:
    """Return a pool and its zone as a table.

    Distances are in voxels for the exponential law and relative to m_z for the linear
    one. The table covers the zone of the pool `room`, by default that of the pool.
    """
    box = zone_box(room or pool, haz)
    if style.mirrored:
        box = (*box[:4], haz.width)
    rear, front, side, below, above = box
    top = math.ceil(above)
    x = np.arange(math.floor(-rear) - 1, math.ceil(front) + 2)
    y, z = np.arange(math.ceil(side) + 2), top - np.arange(math.ceil(below) + 2 + top)
    table = np.empty((len(x), len(y), len(z)), np.float32)
    along, height = x.astype(float), z
    if style.mirrored:
        n_along = math.ceil(sum(pool.ends) + 2 * (rear - pool.ends[1])) + 1
        along = x + (0.5 if n_along % 2 == 0 else 0.0)
        height = -np.abs(z)
    levels, level = np.unique(height, return_inverse=True)
    for i in range(len(x)):  # slab by slab, as intermediate arrays are larger
        slab = np.stack(np.meshgrid(along[i], y, levels, indexing="ij"), -1)
        found = _distances(pool, haz, style, slab.reshape(-1, 3))
        table[i] = found.reshape(len(y), -1)[:, level]
    if style.mirrored:
        table[(along < -rear) | (along > front)] = 1
        table[:, y > side] = 1
        table[:, :, -height > below] = 1
    shells = np.empty(0)
    if isinstance(haz, ExponentialHaz):
        shells = np.exp(-haz.decay * np.arange(math.ceil(table.max()) + 1))
    lift = 1 / haz.width if pool.shape == "weld" and haz.law == "linear" else 0.0
    return ZoneTable(table, int(x[0]), np.array(box), top, shells, 0.0, lift)


def _distances(
    pool: Pool, haz: Haz, style: TableStyle, points: np.ndarray
) -> np.ndarray:
    """Return what the table holds at some points, in the axes of the pool."""
    distance, behind = pool.zone(points)
    if pool.shape == "weld" and haz.law == "linear":
        above = points[:, 2] > 0
        distance[above] = pool.beside(points[above])
    if pool.shape == "bezier" and style.inside == "zero":
        distance = np.maximum(distance, 0)
    elif style.inside == "one":
        distance = np.where(distance < 0, -1, distance)
    if haz.law == "linear":
        extra = (haz.tail or haz.width) - haz.width
        distance = distance / (haz.width + extra * behind**haz.power)
        if pool.shape != "weld":  # SPPARKS has no table of those, which would be cut
            distance = np.minimum(distance, 1)
    return distance


@lru_cache(maxsize=8)
def shrinking_zones(pool: Pool, haz: Haz, stride: float) -> list[ZoneTable]:
    """Return the zones of a pool that shrinks, sweep by sweep, until nothing is molten.

    The surface of a pool at rest shrinks as fast as the sides of a moving pool close.
    """
    zone = tabulate_zone(pool, haz, TableStyle("signed"))
    speed = stride * min(pool.width / 2, pool.depth) / pool.ends[1]
    if haz.law == "linear":
        speed /= haz.width
    n = math.ceil(-float(zone.distance.min()) / speed) + 1
    return [zone._replace(drawn_in=speed * (k + 1)) for k in range(n)]
