"""Melt pools made of parts of ellipsoids.

References
----------
Rodgers, Madison, Tikare, "Simulation of metal additive manufacturing microstructures
using kinetic Monte Carlo", Comput. Mater. Sci. 135 (2017),
https://doi.org/10.1016/j.commatsci.2017.03.053: double ellipsoid.
"""

from typing import Literal

from pydantic import PositiveFloat

from grainpaint.simulate.am.melt_pool.scaled import FrontRearPool, ScaledPool

__all__ = ["DoubleEllipsoid", "Ellipsoid"]


class Ellipsoid(ScaledPool):
    """Half an ellipsoid under the surface.

    Parameters
    ----------
    width, depth, length : float
        Full width, depth and full length, voxels.
    """

    shape: Literal["ellipsoid"] = "ellipsoid"
    length: PositiveFloat

    @property
    def ends(self) -> tuple[float, float]:
        """Reach of the pool in front of its origin and behind it."""
        return self.length / 2, self.length / 2


class DoubleEllipsoid(FrontRearPool):
    """Two quarter ellipsoids, one in front of the origin and one behind it.

    The pool of SPPARKS' ``am/ellipsoid`` and of Goldak's heat source.

    Parameters
    ----------
    width, depth : float
        Full width and depth, voxels.
    front, rear : float
        Lengths in front of the origin and behind it, voxels.
    """

    shape: Literal["double-ellipsoid"] = "double-ellipsoid"
