r"""Melt pools through the whole thickness of a plate.

References
----------
Rodgers, Mitchell, Tikare, "A Monte Carlo model for 3D grain evolution during welding",
Modelling Simul. Mater. Sci. Eng. 25 (2017), https://doi.org/10.1088/1361-651X/aa7f20
"""

from functools import lru_cache
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from pydantic import PositiveFloat

from grainpaint.simulate.am.melt_pool.ends import PoolWithEnds, toward_melt

if TYPE_CHECKING:
    from scipy.spatial import cKDTree

__all__ = ["ScriptWeld", "Weld"]

_N_OUTLINE = 4001  # points along the outline
_ITERATIONS = 15
# Control points of the teardrops of three welding speeds (SPPARKS' cases): along the
# pool from the tail, and across.
_TEARDROPS = {
    "I": ((-6.35, -6.35, -3.25, 0, 0), (0, 1.5, 3, 2.75, 0)),
    "II": ((-7.35, -7.35, -3.75, 0, 0), (0, 1, 2.6, 2.8, 0)),
    "III": ((-7.35, -7.35, -3.75, 0, 0), (0, 0.7, 2, 2.475, 0)),
}


class Weld(PoolWithEnds):
    r"""An outline in the surface that changes its size through a plate.

    At a fraction v of the thickness the outline is scaled by

    .. math:: B(v) = 1 + v (\alpha - 1) (2 - v + 2 (v - 1) \beta),

    1 at the top and alpha at the bottom. Above the surface the pool goes on with
    v < 0. The pool of SPPARKS' ``potts/weld`` and ``potts/am/weld``.

    Parameters
    ----------
    width, depth : float
        Full width of the outline; thickness of the plate, voxels.
    length : float, optional
        Full length of an ellipse; by default the outline is a teardrop, whose length
        follows from its width.
    case : {"I", "II", "III"}
        Which teardrop, from the slowest weld to the fastest.
    alpha, beta : float
        Size at the bottom relative to the top; curvature of the wall.
    """

    as_spparks: ClassVar[bool] = False  # whether distances err as SPPARKS' do
    shape: Literal["weld"] = "weld"
    width: PositiveFloat
    depth: PositiveFloat
    length: PositiveFloat | None = None
    case: Literal["I", "II", "III"] = "I"
    alpha: PositiveFloat = 0.75
    beta: float = 0.5

    @property
    def ends(self) -> tuple[float, float]:
        """Reach of the pool in front of its origin and behind it."""
        half = float(np.ptp(_curve(self, np.array([0.0, 1.0]))[0, 0]) / 2)
        return half, half

    @property
    def widest(self) -> float:
        """Largest scale of the outline, one thickness above the surface to below."""
        return float(self._scale(np.linspace(-1, 1, 201))[0].max())

    def _scale(self, v: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return B(v), at least a little, and its derivatives."""
        a, b = self.alpha - 1, self.beta
        scale = 1 + v * a * (2 - v + 2 * (v - 1) * b)
        return (
            np.maximum(scale, 1e-6),
            2 * a * (1 - b + v * (2 * b - 1)),
            np.full_like(v, 2 * a * (2 * b - 1)),
        )

    def distance(self, points: np.ndarray) -> np.ndarray:
        """Return the distance of each point from the surface, negative inside.

        Parameters
        ----------
        points : numpy.ndarray, float, shape (n, 3)
            In the axes of the pool.

        Returns
        -------
        numpy.ndarray, float, shape (n,)
            Of points whose nearest surface would lie above the top of the plate, the
            distance from the outline there, as in SPPARKS.
        """
        place, v = self._place(points)
        result, u = self._level(place, v)
        outside = result >= 0
        result[outside] = self._outside(place[:, outside], u[outside], v[outside])
        return result

    def beside(self, points: np.ndarray) -> np.ndarray:
        """Return the distance of points above the surface, seen from above.

        Parameters
        ----------
        points : numpy.ndarray, float, shape (n, 3)
            In the axes of the pool; z >= 0.

        Returns
        -------
        numpy.ndarray, float, shape (n,)
            Outside, how far the outline in the surface is along x and y; inside, the
            negative distance from the outline at the height of the point.
        """
        place, v = self._place(points)
        result, u = self._level(place, v)
        gap = np.linalg.norm(place[:2] - _curve(self, u)[0], axis=0)
        flat: np.ndarray = np.where(result < 0, result, gap)
        return flat

    def _place(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return points with y >= 0 (shape (3, n)) and their v."""
        place = np.stack([points[:, 0], np.abs(points[:, 1]), points[:, 2]])
        return place, -place[2] / self.depth

    def _level(self, place: np.ndarray, v: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return signed distances from the outline at the points' level, and its u."""
        scale = self._scale(v)[0]
        flat = place[:2] / scale
        u = _nearest(self, flat)
        length = scale * np.linalg.norm(_curve(self, u)[0] - flat, axis=0)
        curve_x, curve_y = _curve(self, np.linspace(0, 1, _N_OUTLINE))[0]
        inside = flat[1] < np.interp(flat[0], curve_x, curve_y, 0, 0)
        return np.where(inside, -length, length), u

    def _outside(self, place: np.ndarray, u: np.ndarray, v: np.ndarray) -> np.ndarray:
        """Return the distance of points outside, near (u, v) on the surface."""
        flat, height = u.copy(), self.depth
        teardrop = self.as_spparks and self.length is None
        for _ in range(_ITERATIONS):
            p, dp, ddp = _curve(self, u)
            ddp = dp if teardrop else ddp
            b, db, ddb = self._scale(v)
            gap = place - np.stack([b * p[0], b * p[1], -height * v])
            along_v = np.stack([db * p[0], db * p[1], np.full_like(v, -height)])
            r_u = b * (dp * gap[:2]).sum(0)
            r_v = (along_v * gap).sum(0)
            uu = b**2 * (dp**2).sum(0) - b * (ddp * gap[:2]).sum(0)
            uv = b * db * (dp * p).sum(0) - db * (dp * gap[:2]).sum(0)
            vv = (along_v**2).sum(0) - ddb * (p * gap[:2]).sum(0)
            determinant = uu * vv - uv**2
            going = (v >= 0) & (np.hypot(r_u, r_v) > 1e-10) & (determinant != 0)
            if not going.any():
                break
            step = np.where(going, 1 / np.where(going, determinant, 1), 0)
            u = u + (vv * r_u - uv * r_v) * step
            u = u if teardrop else np.clip(u, 0, 1)
            v = v + (uu * r_v - uv * r_u) * step
        above = v < 0
        u, v = np.where(above, flat, u), np.where(above, 0, v)
        p, b = _curve(self, u)[0], self._scale(v)[0]
        length: np.ndarray = np.linalg.norm(
            place - np.stack([b * p[0], b * p[1], -height * v]), axis=0
        )
        return length

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
        y, z = np.broadcast_arrays(np.abs(y), z)
        scale = self._scale(-z / self.depth)[0]
        curve_x, curve_y = _curve(self, np.linspace(0, 1, _N_OUTLINE))[0]
        top = int(np.argmax(curve_y))
        hit = (y / scale < curve_y[top]) & (z >= -self.depth)
        rear = -scale * np.interp(y / scale, curve_y[: top + 1], curve_x[: top + 1])
        front = scale * np.interp(y / scale, curve_y[:top:-1], curve_x[:top:-1])
        return np.where(hit, front, np.nan), np.where(hit, rear, np.nan)

    def growth(self, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        """Return the normal of the rear surface, into the melt, along the line (y, z).

        Parameters
        ----------
        y, z : numpy.ndarray, float
            As in `reach`.

        Returns
        -------
        numpy.ndarray, float, shape (..., 3)
            Unit vectors in the axes of the pool; NaN where the line misses it.
        """
        y, z = np.broadcast_arrays(np.asarray(y, float), z)
        found = np.full((*y.shape, 3), np.nan)
        rear = self.reach(y, z)[1]
        hit = ~np.isnan(rear)
        scale, slope, _ = self._scale(-z[hit] / self.depth)
        u = _nearest(self, np.stack([-rear[hit], np.abs(y[hit])]) / scale)
        place, along, _ = _curve(self, np.clip(u, 1e-6, 1 - 1e-6))
        along_u = np.stack([along[0], along[1], 0 * u], -1)
        along_v = np.stack([*(slope * place), np.full_like(u, -self.depth)], -1)
        normal = toward_melt(*np.cross(along_v, along_u).T)
        normal[:, 1] *= np.where(y[hit] < 0, -1, 1)
        found[hit] = normal
        return found


class ScriptWeld(Weld):
    """The weld pool of scripts, with SPPARKS' distances around a teardrop.

    SPPARKS looks for the nearest surface of a teardrop with first derivatives of the
    outline in place of second ones. Around the tail that often ends elsewhere: 3 % of
    the zone's sites are held to be up to 5 voxels farther than they are, which leaves
    single sites along the middle of a track.
    """

    as_spparks: ClassVar[bool] = True


def _curve(pool: Weld, u: np.ndarray) -> np.ndarray:
    """Return points of the outline and their derivatives by u (shape (3, 2, n)).

    It begins at the tail (u = 0) and ends at the nose (u = 1).
    """
    if pool.length is not None:
        a, b, t = pool.length / 2, pool.width / 2, np.pi * u
        wave = np.stack([-a * np.cos(t), b * np.sin(t)])
        slope = np.pi * np.stack([a * np.sin(t), b * np.cos(t)])
        return np.stack([wave, slope, -(np.pi**2) * wave])
    return np.stack(
        [np.stack([np.polyval(row, u) for row in rows]) for rows in _teardrop(pool)]
    )


# As in `grainpaint.simulate.am.melt_pool.bezier`: equal pools share these.
@lru_cache(maxsize=32)
def _teardrop(pool: Weld) -> list[list[np.ndarray]]:
    """Return the polynomials of a teardrop's outline and their derivatives."""
    basis = np.array(
        [[1, 0, 0, 0, 0], [-4, 4, 0, 0, 0], [6, -12, 6, 0, 0], [-4, 12, -12, 4, 0],
         [1, -4, 6, -4, 1]]
    )  # fmt: skip
    x, y = (basis[::-1] @ np.array(c, float) for c in _TEARDROPS[pool.case])
    scale = pool.width / 2 / np.polyval(y, np.linspace(0, 1, _N_OUTLINE)).max()
    x, y = x * scale, y * scale
    x[-1] -= (np.polyval(x, 0) + np.polyval(x, 1)) / 2
    found = [[x, y]]
    for _ in range(2):
        found.append([np.polyder(row) for row in found[-1]])
    return found


@lru_cache(maxsize=32)
def _outline(pool: Weld) -> "cKDTree":
    """Return points of the outline in a search tree."""
    from scipy.spatial import cKDTree

    return cKDTree(_curve(pool, np.linspace(0, 1, _N_OUTLINE))[0].T)


def _nearest(pool: Weld, flat: np.ndarray) -> np.ndarray:
    """Return where on the outline the points nearest to (x, y) lie."""
    u = _outline(pool).query(flat.T)[1] / (_N_OUTLINE - 1)
    for _ in range(2):
        p, dp, ddp = _curve(pool, u)
        gap = flat - p
        curvature = (dp**2).sum(0) - (ddp * gap).sum(0)
        step = (dp * gap).sum(0) / np.where(curvature > 0, curvature, np.inf)
        u = np.clip(u + step, 0, 1)
    found: np.ndarray = u
    return found
