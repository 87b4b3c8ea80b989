r"""Melt pools and the heat-affected zones around them.

Lengths are in voxels. A pool has its own axes: x points the way that it moves, y to
the left of it, z up; the origin lies in the surface that is scanned, so a pool fills
part of z <= 0 and is symmetric in y.

References
----------
Rodgers, Madison, Tikare, "Simulation of metal additive manufacturing microstructures
using kinetic Monte Carlo", Comput. Mater. Sci. 135 (2017),
https://doi.org/10.1016/j.commatsci.2017.03.053: double ellipsoid, exponential zone.

Trageser, Mitchell, Johnson, Rodgers, "A Bézier curve informed melt pool geometry for
modeling additive manufacturing microstructures", Comput. Methods Appl. Mech. Eng. 415
(2023), https://doi.org/10.1016/j.cma.2023.116208: Bézier pool, linear zone.
"""

from functools import cached_property
from typing import Annotated, Literal, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, PositiveFloat, model_validator
from scipy.spatial import cKDTree

__all__ = [
    "Bezier",
    "DoubleEllipsoid",
    "Ellipsoid",
    "ExponentialHaz",
    "Haz",
    "LinearHaz",
    "Pool",
    "RecipePart",
    "Teardrop",
    "zone_box",
]

_BISECTIONS = 30
_N_CURVE = 2001  # points along the curves of a Bézier pool
_N_SURFACE = (500, 160)  # points on its surface: along, across


class RecipePart(BaseModel):
    """A frozen piece of a recipe; an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class _Grown(RecipePart):
    """A pool whose level sets come from growing all its axes by the same length."""

    width: PositiveFloat
    depth: PositiveFloat

    @property
    def ends(self) -> tuple[float, float]:
        """How far the pool reaches in front of its origin and behind it."""
        raise NotImplementedError

    def _rear_term(self, share: np.ndarray) -> np.ndarray:
        """Return what x < 0 adds to the level, `share` of the rear length away."""
        term: np.ndarray = share**2
        return term

    def distance(self, points: np.ndarray) -> np.ndarray:
        """Return how much all axes must grow for the surface to reach each point.

        Parameters
        ----------
        points : numpy.ndarray, float, shape (n, 3)
            In the axes of the pool; z <= 0.

        Returns
        -------
        numpy.ndarray, float, shape (n,)
            Negative inside the pool; between the distance to the surface and slightly
            more outside (the shells of SPPARKS' ``am/ellipsoid``).
        """
        x, y, z = np.abs(points.T)
        ahead = points[:, 0] >= 0
        front, rear = self.ends
        low = np.full(len(points), -min(front, rear, self.depth, self.width / 2))
        low *= 1 - 1e-9
        high = x + y + z  # axes grown by that contain the point
        for _ in range(_BISECTIONS):
            t = (low + high) / 2
            along = np.where(
                ahead, (x / (front + t)) ** 2, self._rear_term(x / (rear + t))
            )
            outside = (
                along + (y / (self.width / 2 + t)) ** 2 + (z / (self.depth + t)) ** 2
                > 1
            )
            low, high = np.where(outside, t, low), np.where(outside, high, t)
        distance: np.ndarray = (low + high) / 2
        return distance

    def zone(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the distance and how far back the nearest surface lies (0..1)."""
        distance = self.distance(points)
        rear = self.ends[1] + np.maximum(distance, 0)
        return distance, np.clip(-points[:, 0] / rear, 0, 1)

    def reach(self, y: np.ndarray, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return how far the pool reaches forward and back along the line (y, z).

        Parameters
        ----------
        y, z : numpy.ndarray, float
            Place across and (<= 0) below the track.

        Returns
        -------
        front, rear : numpy.ndarray, float
            NaN where the line misses the pool.
        """
        with np.errstate(invalid="ignore"):
            left = 1 - (2 * y / self.width) ** 2 - (z / self.depth) ** 2
            left = np.where(left > 0, left, np.nan)
            front, rear = self.ends
            return front * np.sqrt(left), rear * self._rear_share(left)

    def _rear_share(self, level: np.ndarray) -> np.ndarray:
        """Invert `_rear_term`."""
        share: np.ndarray = np.sqrt(level)
        return share


class Ellipsoid(_Grown):
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
        """How far the pool reaches in front of its origin and behind it."""
        return self.length / 2, self.length / 2


class _FrontRear(_Grown):
    front: PositiveFloat
    rear: PositiveFloat

    @property
    def ends(self) -> tuple[float, float]:
        """How far the pool reaches in front of its origin and behind it."""
        return self.front, self.rear


class DoubleEllipsoid(_FrontRear):
    """Two quarters of ellipsoids, one in front of the origin and one behind it.

    The pool of SPPARKS' ``am/ellipsoid`` and of Goldak's heat source.

    Parameters
    ----------
    width, depth : float
        Full width and depth, voxels.
    front, rear : float
        Lengths in front of the origin and behind it, voxels.
    """

    shape: Literal["double-ellipsoid"] = "double-ellipsoid"


class Teardrop(_FrontRear):
    r"""A round front and a rear that tapers to a point.

    At the share s of the rear length the cross section is half an ellipse whose axes
    have shrunk by :math:`\sqrt{1 - 3 s^2 + 2 s^3} = (1 - s) \sqrt{1 + 2 s}`.

    Parameters
    ----------
    width, depth : float
        Full width and depth, voxels.
    front, rear : float
        Lengths in front of the origin and behind it, voxels.
    """

    shape: Literal["teardrop"] = "teardrop"

    def _rear_term(self, share: np.ndarray) -> np.ndarray:
        return np.where(share < 1, share**2 * (3 - 2 * share), share)

    def _rear_share(self, level: np.ndarray) -> np.ndarray:
        # The root of 3 s^2 - 2 s^3 = level in 0..1, by the trigonometric formula.
        share: np.ndarray = 0.5 - np.sin(np.arcsin(1 - 2 * level) / 3)
        return share


class Bezier(RecipePart):
    r"""A pool between two fourth-order Bézier curves (Trageser et al. 2023).

    The edge of the pool in the surface, (x(u), y(u)), and its spine, (x(u), z(u)),
    are joined at each u by a cubic cross section,

    .. math:: T(v) = 1 + 3 (\beta_y - 1) v^2 + (2 - 3 \beta_y) v^3, \quad
        S(v) = 3 \beta_z v + (3 - 6 \beta_z) v^2 + (3 \beta_z - 2) v^3,

    to the surface (x, y T, z S), 0 <= u, v <= 1. The edge is scaled, x and y alike,
    to half the width, the spine to the depth, and the pool is centered along x.

    Parameters
    ----------
    width, depth : float
        Largest full width and depth, voxels.
    x : five floats
        Control points along the pool from tail to nose, any unit, rising.
    y : three floats
        Control points of the half width, > 0; the outer two are 0.
    z : three floats
        Control points of the spine, < 0; the outer two are 0.
    beta_y, beta_z : float
        Shape of the cross section.
    """

    shape: Literal["bezier"] = "bezier"
    width: PositiveFloat
    depth: PositiveFloat
    x: tuple[float, float, float, float, float]
    y: tuple[PositiveFloat, PositiveFloat, PositiveFloat]
    z: tuple[float, float, float]
    beta_y: float = 1.0
    beta_z: float = 0.5

    @model_validator(mode="after")
    def _check(self) -> Self:
        if any(np.diff(self.x) < 0) or self.x[0] == self.x[-1]:
            raise ValueError("the control points x must rise from tail to nose")
        if any(z >= 0 for z in self.z):
            raise ValueError("the control points z must lie below 0")
        return self

    @cached_property
    def _curves(self) -> np.ndarray:
        """Control points of x, y and z, scaled (float, shape (3, 5))."""
        u = np.linspace(0, 1, _N_CURVE)
        raw = np.array([self.x, (0, *self.y, 0), (0, *self.z, 0)])
        y, z = raw[1:] @ _bernstein(u)
        scale = self.width / 2 / y.max()
        x = (raw[0] - (self.x[0] + self.x[-1]) / 2) * scale
        return np.stack([x, raw[1] * scale, raw[2] * self.depth / -z.min()])

    @cached_property
    def widest(self) -> float:
        """Parameter u at the largest width."""
        u = np.linspace(0, 1, _N_CURVE)
        return float(u[np.argmax(self._curves[1] @ _bernstein(u))])

    @property
    def ends(self) -> tuple[float, float]:
        """How far the pool reaches in front of its origin and behind it."""
        return float(self._curves[0, -1]), float(-self._curves[0, 0])

    def _section(self, v: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return T(v) and S(v)."""
        b, c = self.beta_y, self.beta_z
        across = 1 + 3 * (b - 1) * v**2 + (2 - 3 * b) * v**3
        return across, 3 * c * v + (3 - 6 * c) * v**2 + (3 * c - 2) * v**3

    def _inside(self, points: np.ndarray) -> np.ndarray:
        """Tell which points lie inside (bool, shape (n,))."""
        u = np.linspace(0, 1, _N_CURVE)
        x, y, z = self._curves @ _bernstein(u)
        half, bottom = (np.interp(points[:, 0], x, c, 0, 0) for c in (y, z))
        v = np.linspace(0, 1, _N_CURVE)
        across, below = self._section(v)
        with np.errstate(invalid="ignore", divide="ignore"):
            share = np.where(bottom < 0, points[:, 2] / bottom, np.inf)
        edge = half * np.interp(share, below, across, 1, 0)
        inside: np.ndarray = (share < 1) & (np.abs(points[:, 1]) < edge)
        return inside

    @cached_property
    def _surface(self) -> tuple[cKDTree, np.ndarray]:
        """Points on the surface in a search tree, and their u."""
        u, v = np.linspace(0, 1, _N_SURFACE[0]), np.linspace(0, 1, _N_SURFACE[1])
        x, y, z = self._curves @ _bernstein(u)
        across, below = self._section(v)
        points = np.stack(
            [
                np.broadcast_to(x[:, None], (u.size, v.size)),
                y[:, None] * across,
                z[:, None] * below,
            ],
            axis=-1,
        )
        return cKDTree(points.reshape(-1, 3)), np.repeat(u, v.size)

    def distance(self, points: np.ndarray) -> np.ndarray:
        """Return the distance of each point from the surface, negative inside.

        Parameters
        ----------
        points : numpy.ndarray, float, shape (n, 3)
            In the axes of the pool; z <= 0.

        Returns
        -------
        numpy.ndarray, float, shape (n,)
        """
        return self.zone(points)[0]

    def zone(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the distance and how far back the nearest surface lies (0..1)."""
        tree, u = self._surface
        right = np.column_stack([points[:, 0], np.abs(points[:, 1]), points[:, 2]])
        length, nearest = tree.query(right)
        behind = np.clip(1 - u[nearest] / self.widest, 0, 1)
        return np.where(self._inside(right), -length, length), behind

    def reach(self, y: np.ndarray, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return how far the pool reaches forward and back along the line (y, z).

        Parameters
        ----------
        y, z : numpy.ndarray, float
            Place across and (<= 0) below the track.

        Returns
        -------
        front, rear : numpy.ndarray, float
            NaN where the line misses the pool.
        """
        u = np.linspace(0, 1, _N_CURVE)
        curve_x, half, bottom = self._curves @ _bernstein(u)
        v = np.linspace(0, 1, _N_CURVE)
        across, below = self._section(v)
        y, z = np.broadcast_arrays(np.abs(y), z)
        front, rear = np.full(y.shape, np.nan), np.full(y.shape, np.nan)
        for height in np.unique(z):
            here = z == height
            with np.errstate(invalid="ignore", divide="ignore"):
                share = np.where(bottom < 0, height / bottom, np.inf)
            edge = half * np.interp(share, below, across, 1, 0)
            top = int(np.argmax(edge))
            hit = here & (y < edge[top])
            rising = np.maximum.accumulate(edge[: top + 1])
            falling = np.maximum.accumulate(edge[: top - 1 if top else None : -1])
            rear[hit] = -np.interp(y[hit], rising, curve_x[: top + 1])
            front[hit] = np.interp(
                y[hit], falling, curve_x[: top - 1 if top else None : -1]
            )
        return front, rear


def _bernstein(u: np.ndarray) -> np.ndarray:
    """Return the five fourth-order Bernstein polynomials (shape (5, len(u)))."""
    terms = [c * u**k * (1 - u) ** (4 - k) for k, c in enumerate((1, 4, 6, 4, 1))]
    return np.stack(terms)


Pool = Annotated[
    Ellipsoid | DoubleEllipsoid | Teardrop | Bezier, Field(discriminator="shape")
]


class LinearHaz(RecipePart):
    r"""Mobility 1 - d / m_z at the distance d from the pool, Eq. (19).

    With a tail the zone is wider behind the pool (Trageser et al. 2023): where the
    nearest point of its surface lies at the share s of the way from its widest place
    to its tail, m_z = width + (tail - width) s^power.

    Parameters
    ----------
    width : float
        m_z, voxels.
    tail : float, optional
        m_z at the tail, voxels, >= width.
    power : float
        1.5..2.
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
        The box: full width, depth, lengths in front of the pool's origin and behind.
    """

    law: Literal["exponential"] = "exponential"
    decay: PositiveFloat
    width: PositiveFloat
    depth: PositiveFloat
    front: PositiveFloat
    rear: PositiveFloat


Haz = Annotated[LinearHaz | ExponentialHaz, Field(discriminator="law")]


def zone_box(pool: Pool, haz: Haz) -> tuple[float, float, float, float]:
    """Return how far the zone reaches behind, in front, aside and below, voxels."""
    if isinstance(haz, ExponentialHaz):
        return haz.rear, haz.front, haz.width / 2, haz.depth
    front, rear = pool.ends
    w = haz.width
    return rear + (haz.tail or w), front + w, pool.width / 2 + w, pool.depth + w
