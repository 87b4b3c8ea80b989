"""Heat-affected zones: how mobile grain boundaries are around a melt pool.

References
----------
Hoffman et al., Acta Materialia 288 (2025), section 3.3.

Rodgers, Madison, Tikare, "Simulation of metal additive manufacturing microstructures
using kinetic Monte Carlo", Comput. Mater. Sci. 135 (2017),
https://doi.org/10.1016/j.commatsci.2017.03.053: exponential zone.

Trageser, Mitchell, Johnson, Rodgers, "A Bézier curve informed melt pool geometry for
modeling additive manufacturing microstructures", Comput. Methods Appl. Mech. Eng. 415
(2023), https://doi.org/10.1016/j.cma.2023.116208: linear zone.
"""

from typing import Annotated, Literal, Self

from pydantic import Field, PositiveFloat, model_validator

from grainpaint.simulate.am.melt_pool import Pool
from grainpaint.simulate.toml import RecipePart

__all__ = ["ExponentialHaz", "Haz", "LinearHaz", "zone_box"]


class LinearHaz(RecipePart):
    r"""Mobility 1 - d / m_z at distance d from the pool, Eq. (19) of Hoffman et al.

    With a tail the zone is wider behind the pool (Trageser et al. 2023): if the nearest
    point of the pool's surface lies at a fraction s of the way from its widest place to
    its tail, m_z = width + (tail - width) s^power.

    Parameters
    ----------
    width : float
        m_z, voxels.
    tail : float, optional
        m_z at the tail, voxels, >= width.
    power : float
        Exponent, 1.5..2.
    """

    law: Literal["linear"] = "linear"
    width: PositiveFloat
    tail: PositiveFloat | None = None
    power: Annotated[float, Field(ge=1.5, le=2)] = 1.5

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.tail is not None and self.tail < self.width:
            raise ValueError("the tail of the zone must be at least its width")
        return self


class ExponentialHaz(RecipePart):
    """Mobility exp(-decay d), d = distance from the pool rounded up to whole voxels.

    As in SPPARKS' ``am/ellipsoid``; zero outside a box around the pool.

    Parameters
    ----------
    decay : float
        Per voxel.
    width, depth, front, rear : float
        The box: full width, depth, lengths in front of the pool's origin and behind it.
    """

    law: Literal["exponential"] = "exponential"
    decay: PositiveFloat
    width: PositiveFloat
    depth: PositiveFloat
    front: PositiveFloat
    rear: PositiveFloat


Haz = Annotated[LinearHaz | ExponentialHaz, Field(discriminator="law")]


def zone_box(pool: Pool, haz: Haz) -> tuple[float, float, float, float, float]:
    """Return the reach of a zone behind, in front, aside, below and above (voxels)."""
    if isinstance(haz, ExponentialHaz):
        return haz.rear, haz.front, haz.width / 2, haz.depth, 0.0
    front, rear = pool.ends
    w, rear_w = haz.width, haz.tail or haz.width
    if pool.shape == "weld":  # through the plate, and as far above its surface
        grown, h = pool.widest, pool.depth
        side = grown * pool.width / 2 + w
        return grown * rear + rear_w, grown * front + w, side, h, h
    return rear + rear_w, front + w, pool.width / 2 + w, pool.depth + w, 0.0
