"""Regions of SPPARKS' scripts: blocks, spheres, cylinders and their combinations."""

from dataclasses import dataclass

import numpy as np

__all__ = [
    "BlockRegion",
    "CylinderRegion",
    "Region",
    "RegionMix",
    "SphereRegion",
    "in_region",
]

Triple = tuple[float, float, float]


@dataclass(frozen=True)
class BlockRegion:
    """A box, including its faces.

    Parameters
    ----------
    low, high : three floats
        Corners.
    outside : bool
        Whether everything outside is meant.
    """

    low: Triple
    high: Triple
    outside: bool = False


@dataclass(frozen=True)
class SphereRegion:
    """A ball, including its surface.

    Parameters
    ----------
    center : three floats
    radius : float
    outside : bool
        Whether everything outside is meant.
    """

    center: Triple
    radius: float
    outside: bool = False


@dataclass(frozen=True)
class CylinderRegion:
    """A cylinder along an axis, including its surface.

    Parameters
    ----------
    axis : int
        0, 1 or 2 for x, y or z.
    center : two floats
        Position on the other two axes, in order.
    radius, low, high : float
        Radius; ends along the axis.
    outside : bool
        Whether everything outside is meant.
    """

    axis: int
    center: tuple[float, float]
    radius: float
    low: float
    high: float
    outside: bool = False


@dataclass(frozen=True)
class RegionMix:
    """The union or the intersection of regions.

    Parameters
    ----------
    parts : tuple of regions
    union : bool
        Whether it is a union; otherwise an intersection.
    outside : bool
        Whether everything outside is meant.
    """

    parts: "tuple[Region, ...]"
    union: bool
    outside: bool = False


Region = BlockRegion | SphereRegion | CylinderRegion | RegionMix


def in_region(
    region: Region, x: np.ndarray, y: np.ndarray, z: np.ndarray
) -> np.ndarray:
    """Return whether points lie in a region.

    Parameters
    ----------
    region : Region
    x, y, z : numpy.ndarray, float
        Coordinates that broadcast together.

    Returns
    -------
    numpy.ndarray, bool

    Examples
    --------
    >>> ball = SphereRegion((0.0, 0.0, 0.0), 2.0)
    >>> in_region(ball, np.array([0.0, 2.0, 3.0]), np.zeros(3), np.zeros(3)).tolist()
    [True, True, False]
    """
    place = (x, y, z)
    match region:
        case BlockRegion(low, high):
            within = np.logical_and.reduce(
                np.broadcast_arrays(
                    *((a <= c) & (c <= b) for a, c, b in zip(low, place, high))
                )
            )
        case SphereRegion(center, radius):
            square = sum((c - m) ** 2 for c, m in zip(place, center))
            within = np.sqrt(square) <= radius
        case CylinderRegion(axis, (u, v), radius, low, high):
            first, second = (c for i, c in enumerate(place) if i != axis)
            within = np.hypot(first - u, second - v) <= radius
            within = within & (low <= place[axis]) & (place[axis] <= high)
        case RegionMix(parts, union):
            combine = np.logical_or if union else np.logical_and
            within = combine.reduce([in_region(part, x, y, z) for part in parts])
    flipped: np.ndarray = within ^ region.outside
    return flipped
