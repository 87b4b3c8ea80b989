"""Shapes of melt pools; a further one is a module here and a member of `Pool`.

Lengths are in voxels. A pool has its own axes: x points in the direction of motion, y
to the left of it, z up. The origin lies in the surface that is scanned, so a pool fills
part of z <= 0 (a weld goes on above); it is symmetric in y. All pools offer the fields
`shape`, `width` and `depth`, the property `ends` and the methods `distance`, `zone`,
`reach` and `growth`.
"""

from typing import Annotated

from pydantic import Field

from grainpaint.simulate.am.melt_pool.bezier import Bezier
from grainpaint.simulate.am.melt_pool.ellipsoid import DoubleEllipsoid, Ellipsoid
from grainpaint.simulate.am.melt_pool.teardrop import Teardrop
from grainpaint.simulate.am.melt_pool.weld import ScriptWeld, Weld

__all__ = [
    "Bezier",
    "DoubleEllipsoid",
    "Ellipsoid",
    "Pool",
    "ScriptWeld",
    "Teardrop",
    "Weld",
]

Pool = Annotated[
    Ellipsoid | DoubleEllipsoid | Teardrop | Bezier | Weld,
    Field(discriminator="shape"),
]
