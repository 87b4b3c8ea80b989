r"""A melt pool between two Bézier curves.

References
----------
Trageser, Mitchell, Johnson, Rodgers, "A Bézier curve informed melt pool geometry for
modeling additive manufacturing microstructures", Comput. Methods Appl. Mech. Eng. 415
(2023), https://doi.org/10.1016/j.cma.2023.116208
"""

from functools import lru_cache
from typing import TYPE_CHECKING, Literal, Self

import numpy as np
from pydantic import PositiveFloat, model_validator

from grainpaint.simulate.am.melt_pool.ends import toward_melt
from grainpaint.simulate.toml import RecipePart

if TYPE_CHECKING:
    from scipy.spatial import cKDTree

__all__ = ["Bezier"]

_N_CURVE = 2001  # points along the curves
_N_SURFACE = (500, 160)  # points on the surface: along, across


class Bezier(RecipePart):
    r"""A pool between two fourth-order Bézier curves (Trageser et al. 2023).

    The edge of the pool in the surface, (x(u), y(u)), and its spine, (x(u), z(u)),
    are joined at each u by a cubic cross section,

    .. math:: T(v) = 1 + 3 (\beta_y - 1) v^2 + (2 - 3 \beta_y) v^3, \quad
        S(v) = 3 \beta_z v + (3 - 6 \beta_z) v^2 + (3 \beta_z - 2) v^3,

    into the surface (x, y T, z S), 0 <= u, v <= 1. The edge is scaled, x and y alike,
    to half the width, and the spine to the depth; the pool is centered along x.

    Parameters
    ----------
    width, depth : float
        Largest full width and depth, voxels.
    x : five floats
        Control points along the pool from tail to nose, any unit, not decreasing.
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
            raise ValueError("the control points x must increase from tail to nose")
        if any(z >= 0 for z in self.z):
            raise ValueError("the control points z must lie below 0")
        return self

    @property
    def ends(self) -> tuple[float, float]:
        """Reach of the pool in front of its origin and behind it."""
        points = _control_points(self)
        return float(points[0, -1]), float(-points[0, 0])

    def section(self, v: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return T(v) and S(v)."""
        b, c = self.beta_y, self.beta_z
        across = 1 + 3 * (b - 1) * v**2 + (2 - 3 * b) * v**3
        return across, 3 * c * v + (3 - 6 * c) * v**2 + (3 * c - 2) * v**3

    def _inside(self, points: np.ndarray) -> np.ndarray:
        """Return which points lie inside (bool, shape (n,))."""
        u = np.linspace(0, 1, _N_CURVE)
        x, y, z = _control_points(self) @ _bernstein(u)
        half, bottom = (np.interp(points[:, 0], x, c, 0, 0) for c in (y, z))
        v = np.linspace(0, 1, _N_CURVE)
        across, below = self.section(v)
        with np.errstate(invalid="ignore", divide="ignore"):
            share = np.where(bottom < 0, points[:, 2] / bottom, np.inf)
        edge = half * np.interp(share, below, across, 1, 0)
        inside: np.ndarray = (share < 1) & (np.abs(points[:, 1]) < edge)
        return inside

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
        """Return the distances, and how far back the nearest surface lies.

        Parameters
        ----------
        points : numpy.ndarray, float, shape (n, 3)
            As in `distance`.

        Returns
        -------
        distance : numpy.ndarray, float, shape (n,)
        behind : numpy.ndarray, float, shape (n,)
            0 (at the widest place or in front of it) to 1 (at the tail).
        """
        tree, u, _ = _surface(self)
        right = np.column_stack([points[:, 0], np.abs(points[:, 1]), points[:, 2]])
        length, nearest = tree.query(right)
        behind = np.clip(1 - u[nearest] / _widest(self), 0, 1)
        return np.where(self._inside(right), -length, length), behind

    def reach(self, y: np.ndarray, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the reach of the pool forward and back along the line (y, z).

        Parameters
        ----------
        y, z : numpy.ndarray, float
            Position across the track and (<= 0) below it.

        Returns
        -------
        front, rear : numpy.ndarray, float
            NaN where the line misses the pool.
        """
        u = np.linspace(0, 1, _N_CURVE)
        curve_x, half, bottom = _control_points(self) @ _bernstein(u)
        v = np.linspace(0, 1, _N_CURVE)
        across, below = self.section(v)
        heights = np.unique(z)
        y, z = np.broadcast_arrays(np.abs(y), z)
        front, rear = np.full(y.shape, np.nan), np.full(y.shape, np.nan)
        for height in heights:
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

    def growth(self, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        """Return the normal of the rear surface, into the melt, along the line (y, z).

        Parameters
        ----------
        y, z : numpy.ndarray, float
            As in `reach`.

        Returns
        -------
        numpy.ndarray, float, shape (..., 3)
            Unit vectors in the axes of the pool, those of the nearest point of a grid
            on the surface; NaN where the line misses the pool.
        """
        y, z = np.broadcast_arrays(np.asarray(y, float), z)
        found = np.full((*y.shape, 3), np.nan)
        rear = self.reach(y, z)[1]
        hit = ~np.isnan(rear)
        tree, u, v = _surface(self)
        nearest = tree.query(np.stack([-rear[hit], np.abs(y[hit]), z[hit]], -1))[1]
        normal = self._normal(u[nearest], v[nearest])
        normal[:, 1] *= np.where(y[hit] < 0, -1, 1)
        found[hit] = normal
        return found

    def _normal(self, u: np.ndarray, v: np.ndarray) -> np.ndarray:
        """Return the normals into the melt at points of the surface with y >= 0."""
        u = np.clip(u, 1e-3, 1 - 1e-3)  # at its ends the surface has no normal
        b, c = self.beta_y, self.beta_z
        across, below = self.section(v)
        across_v = 6 * (b - 1) * v + 3 * (2 - 3 * b) * v**2
        below_v = 3 * c + 2 * (3 - 6 * c) * v + 3 * (3 * c - 2) * v**2
        points = _control_points(self)
        _, y, z = points @ _bernstein(u)
        cubic = np.stack(
            [k * u**i * (1 - u) ** (3 - i) for i, k in enumerate((1, 3, 3, 1))]
        )
        x_u, y_u, z_u = 4 * np.diff(points, axis=1) @ cubic
        along_u = np.stack([x_u, y_u * across, z_u * below], -1)
        along_v = np.stack([0 * u, y * across_v, z * below_v], -1)
        # Down, times from tail to nose: into the pool.
        return toward_melt(*np.cross(along_v, along_u).T)


# The fields of a pool decide these, and they are the same for equal pools. Kept in an
# instance they would take part in the comparison of pools.
@lru_cache(maxsize=8)
def _control_points(pool: Bezier) -> np.ndarray:
    """Return the control points of x, y and z, scaled (float, shape (3, 5))."""
    u = np.linspace(0, 1, _N_CURVE)
    raw = np.array([pool.x, (0, *pool.y, 0), (0, *pool.z, 0)])
    y, z = raw[1:] @ _bernstein(u)
    scale = pool.width / 2 / y.max()
    x = (raw[0] - (pool.x[0] + pool.x[-1]) / 2) * scale
    return np.stack([x, raw[1] * scale, raw[2] * pool.depth / -z.min()])


@lru_cache(maxsize=8)
def _widest(pool: Bezier) -> float:
    """Return the parameter u at the largest width."""
    u = np.linspace(0, 1, _N_CURVE)
    return float(u[np.argmax(_control_points(pool)[1] @ _bernstein(u))])


@lru_cache(maxsize=8)
def _surface(pool: Bezier) -> tuple["cKDTree", np.ndarray, np.ndarray]:
    """Return points on the surface in a search tree, their u and their v."""
    from scipy.spatial import cKDTree

    u, v = np.linspace(0, 1, _N_SURFACE[0]), np.linspace(0, 1, _N_SURFACE[1])
    x, y, z = _control_points(pool) @ _bernstein(u)
    across, below = pool.section(v)
    points = np.stack(
        [
            np.broadcast_to(x[:, None], (u.size, v.size)),
            y[:, None] * across,
            z[:, None] * below,
        ],
        axis=-1,
    )
    # In the middle of the pool many points are about as near: small leaves take longer,
    # and so do nodes that are fitted to their points.
    tree = cKDTree(
        points.reshape(-1, 3), leafsize=64, compact_nodes=False, balanced_tree=False
    )
    return tree, np.repeat(u, v.size), np.tile(v, u.size)


def _bernstein(u: np.ndarray) -> np.ndarray:
    """Return the five fourth-order Bernstein polynomials (shape (5, len(u)))."""
    terms = [c * u**k * (1 - u) ** (4 - k) for k, c in enumerate((1, 4, 6, 4, 1))]
    return np.stack(terms)
