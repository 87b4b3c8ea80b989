"""Disorientation: the smallest rotation between two crystals, and the one nearest to 0.

Rotations s of the crystal's symmetry turn a misorientation m = p^-1 q into s m s'. Its
angle depends on the product s' s alone, so that cos(angle / 2) is the largest |m . s|
of all s, as vectors of four numbers.
"""

from __future__ import annotations

import math

import numba as nb
import numpy as np

from grainpaint.orientations.symmetry import operators

__all__ = ["disorientations", "half_cosine", "near_identity", "pair_angles"]

_CUBIC = 24  # operators of 432
_ROOT_HALF = math.sqrt(0.5)


@nb.njit(inline="always")
def _cubic(a, b, c, d):
    """Return the largest |m . s| for the 24 rotations of a cube.

    They are 1, 0, 0, 0 and 1/sqrt 2, 1/sqrt 2, 0, 0 and 1/2, 1/2, 1/2, 1/2, in any
    order and with any signs.
    """
    a, b, c, d = abs(a), abs(b), abs(c), abs(d)
    if a < b:
        a, b = b, a
    if c < d:
        c, d = d, c
    first = max(a, c)
    second = max(min(a, c), b if a > c else d)
    return max(first, (first + second) * _ROOT_HALF, (a + b + c + d) * 0.5)


@nb.njit(inline="always")
def half_cosine(p, i, q, j, group):
    """Return the cosine of half the disorientation between p[i] and q[j].

    Parameters
    ----------
    p, q : float64, shape (n, 4)
        Unit quaternions.
    i, j : int
    group : float64, shape (m, 4)
        `operators` of the symmetry of both.
    """
    p0, p1, p2, p3 = p[i, 0], p[i, 1], p[i, 2], p[i, 3]
    q0, q1, q2, q3 = q[j, 0], q[j, 1], q[j, 2], q[j, 3]
    w = p0 * q0 + p1 * q1 + p2 * q2 + p3 * q3
    x = p0 * q1 - p1 * q0 - p2 * q3 + p3 * q2
    y = p0 * q2 + p1 * q3 - p2 * q0 - p3 * q1
    z = p0 * q3 - p1 * q2 + p2 * q1 - p3 * q0
    if len(group) == _CUBIC:
        return min(1.0, _cubic(w, x, y, z))
    best = 0.0
    for s in range(len(group)):
        best = max(
            best,
            abs(w * group[s, 0] + x * group[s, 1] + y * group[s, 2] + z * group[s, 3]),
        )
    return min(1.0, best)


@nb.njit(cache=True)
def _angles(p, q, pairs, group, out):
    for k in range(len(pairs)):
        out[k] = 2 * math.acos(half_cosine(p, pairs[k, 0], q, pairs[k, 1], group))


def pair_angles(quaternion: np.ndarray, pairs: np.ndarray, symmetry: str) -> np.ndarray:
    """Return the disorientation of pairs of one list.

    Parameters
    ----------
    quaternion : numpy.ndarray, float64, shape (n, 4)
    pairs : numpy.ndarray, integer, shape (m, 2)
        Rows of the list.
    symmetry : str
        A key of `GROUPS`, that of all.

    Returns
    -------
    numpy.ndarray, float64, shape (m,)
        Angles, radians.
    """
    rows = np.ascontiguousarray(pairs, np.int64)
    values = np.ascontiguousarray(quaternion, np.float64)
    out = np.empty(len(rows))
    _angles(values, values, rows, operators(symmetry), out)
    return out


def disorientations(p: np.ndarray, q: np.ndarray, symmetry: str) -> np.ndarray:
    """Return the disorientation of p[i] and q[i] for each row.

    Parameters
    ----------
    p, q : numpy.ndarray, float64, shape (n, 4)
        Unit quaternions of crystals of one symmetry.
    symmetry : str
        A key of `GROUPS`.

    Returns
    -------
    numpy.ndarray, float64, shape (n,)
        Angles, radians.

    Examples
    --------
    >>> turned = np.array([[np.cos(0.5), 0, 0, np.sin(0.5)]])
    >>> disorientations(np.eye(4)[:1], turned, "432").round(4).tolist()
    [0.5708]
    """
    rows = np.repeat(np.arange(len(p), dtype=np.int64)[:, None], 2, 1)
    one, other = (np.ascontiguousarray(a, np.float64) for a in (p, q))
    out = np.empty(len(one))
    _angles(one, other, rows, operators(symmetry), out)
    return out


@nb.njit(cache=True)
def _nearest(q, group, out):
    for i in range(len(q)):
        best, chosen = -1.0, 0
        w, x, y, z = q[i, 0], q[i, 1], q[i, 2], q[i, 3]
        for s in range(len(group)):
            g = group[s]
            found = abs(w * g[0] - x * g[1] - y * g[2] - z * g[3])
            if found > best + 1e-12:
                best, chosen = found, s
        a, b, c, d = group[chosen]
        r = w * a - x * b - y * c - z * d
        sign = -1.0 if r < 0 else 1.0
        out[i, 0] = sign * r
        out[i, 1] = sign * (w * b + x * a + y * d - z * c)
        out[i, 2] = sign * (w * c - x * d + y * a + z * b)
        out[i, 3] = sign * (w * d + x * c - y * b + z * a)


def near_identity(quaternion: np.ndarray, symmetry: str) -> np.ndarray:
    """Return the equivalent orientations with the smallest angles.

    Parameters
    ----------
    quaternion : numpy.ndarray, float64, shape (n, 4)
    symmetry : str
        A key of `GROUPS`.

    Returns
    -------
    numpy.ndarray, float64, shape (n, 4)
        Unit quaternions with w >= 0, in the fundamental zone.
    """
    values = np.ascontiguousarray(quaternion, np.float64)
    out = np.empty_like(values)
    _nearest(values, operators(symmetry), out)
    return out
