"""Points with orientations to grains: connected points of little misorientation."""

from __future__ import annotations

import math

import numba as nb
import numpy as np

from grainpaint.orientations import operators
from grainpaint.orientations.disorientation import half_cosine
from grainpaint.segmentation.pieces import join, number_roots

__all__ = ["grains_of_points", "mean_by_grain"]


@nb.njit(cache=True)
def _join_points(quaternion, phase, groups, sizes, limit, parent):
    nx, ny, nz = phase.shape
    for x in range(nx):
        for y in range(ny):
            for z in range(nz):
                i = (x * ny + y) * nz + z
                kind = phase[x, y, z]
                if kind == 0:
                    continue
                group = groups[kind - 1, : sizes[kind - 1]]
                for step in range(3):
                    a, b, c = x - (step == 0), y - (step == 1), z - (step == 2)
                    if a < 0 or b < 0 or c < 0 or phase[a, b, c] != kind:
                        continue
                    j = (a * ny + b) * nz + c
                    if half_cosine(quaternion, i, quaternion, j, group) >= limit:
                        join(parent, i, j)
    number_roots(parent, 0, phase.reshape(-1), 0)


@nb.njit(cache=True)
def _add_up(quaternion, label, phase, groups, sizes, reference, total):
    """Add to each grain's sum the equivalents of its points nearest to a reference."""
    for i in range(label.size):
        g = label[i]
        if g == 0:
            continue
        q, r = quaternion[i], reference[g]
        # |r . (q s)| is the largest |(q^-1 r) . s|.
        w = q[0] * r[0] + q[1] * r[1] + q[2] * r[2] + q[3] * r[3]
        x = q[0] * r[1] - q[1] * r[0] - q[2] * r[3] + q[3] * r[2]
        y = q[0] * r[2] + q[1] * r[3] - q[2] * r[0] - q[3] * r[1]
        z = q[0] * r[3] - q[1] * r[2] + q[2] * r[1] - q[3] * r[0]
        best, chosen, sign = -1.0, 0, 1.0
        group = groups[phase[i] - 1]
        for s in range(sizes[phase[i] - 1]):
            dot = w * group[s, 0] + x * group[s, 1] + y * group[s, 2] + z * group[s, 3]
            if abs(dot) > best + 1e-12:
                best, chosen, sign = abs(dot), s, 1.0 if dot >= 0 else -1.0
        a, b, c, d = group[chosen]
        total[g, 0] += sign * (q[0] * a - q[1] * b - q[2] * c - q[3] * d)
        total[g, 1] += sign * (q[0] * b + q[1] * a + q[2] * d - q[3] * c)
        total[g, 2] += sign * (q[0] * c - q[1] * d + q[2] * a + q[3] * b)
        total[g, 3] += sign * (q[0] * d + q[1] * c - q[2] * b + q[3] * a)


def _groups(symmetry: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Return the operators of all phases in one array, and their numbers."""
    each = [operators(s) for s in symmetry]
    sizes = np.array([len(group) for group in each])
    groups = np.zeros((len(each), sizes.max(), 4))
    for row, group in zip(groups, each):
        row[: len(group)] = group
    return groups, sizes


def grains_of_points(
    quaternion: np.ndarray,
    phase: np.ndarray,
    symmetry: tuple[str, ...],
    degrees: float = 5.0,
) -> np.ndarray:
    """Assign a number to each set of points that are connected and turned little.

    Parameters
    ----------
    quaternion : numpy.ndarray, float64, shape (nx, ny, nz, 4)
        Unit quaternions, scalar first; those of points of phase 0 do not count.
    phase : numpy.ndarray, integer, shape (nx, ny, nz)
        Phase of each point, 1..; 0 = not indexed.
    symmetry : tuple of str
        Crystal symmetry of each phase, keys of `grainpaint.orientations.GROUPS`.
    degrees : float
        Largest misorientation of neighbors within a grain.

    Returns
    -------
    numpy.ndarray, int32, shape (nx, ny, nz)
        Grains 1..n in the order of their first points (x slowest); 0 = not indexed.

    Notes
    -----
    Neighbors share a face. Grains of points that turn slowly may hold larger
    misorientations than the limit between points that are not neighbors.

    Examples
    --------
    >>> turn = np.radians([0, 3, 6, 40]) / 2
    >>> points = np.stack([np.cos(turn), 0 * turn, 0 * turn, np.sin(turn)], -1)
    >>> phase = np.ones((4, 1, 1), int)
    >>> grains_of_points(points.reshape(4, 1, 1, 4), phase, ("432",)).ravel().tolist()
    [1, 1, 1, 2]
    """
    points = np.ascontiguousarray(quaternion, np.float64).reshape(-1, 4)
    groups, sizes = _groups(symmetry)
    label = np.arange(phase.size, dtype=np.int32)
    limit = math.cos(math.radians(degrees) / 2)
    kinds = np.ascontiguousarray(phase, np.int32)
    _join_points(points, kinds, groups, sizes, limit, label)
    return label.reshape(phase.shape)


def mean_by_grain(
    quaternion: np.ndarray,
    label: np.ndarray,
    phase: np.ndarray,
    symmetry: tuple[str, ...],
) -> np.ndarray:
    """Return the mean orientation of each grain, reduced by symmetry.

    Parameters
    ----------
    quaternion : numpy.ndarray, float64, shape (..., 4)
    label : numpy.ndarray, integer, shape (...)
        Grain of each point, 1..n, each of at least one point; 0 = left out.
    phase : numpy.ndarray, integer, shape (...)
        Phase of each point, 1..; the same for all points of a grain.
    symmetry : tuple of str
        Crystal symmetry of each phase.

    Returns
    -------
    numpy.ndarray, float64, shape (n, 4)
        Unit quaternions.

    Notes
    -----
    Of each point the equivalent quaternion nearest to a reference is added up: nearest
    to that of the grain's first point, then once more nearest to the first mean.
    """
    points = np.ascontiguousarray(quaternion, np.float64).reshape(-1, 4)
    grain = np.ascontiguousarray(label, np.int32).ravel()
    kinds = np.ascontiguousarray(phase, np.int32).ravel()
    groups, sizes = _groups(symmetry)
    found, first = np.unique(grain, return_index=True)
    mean = np.zeros((int(found[-1]) + 1, 4))
    mean[found] = points[first]
    for _ in range(2):
        total = np.zeros_like(mean)
        _add_up(points, grain, kinds, groups, sizes, mean, total)
        mean = total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-300)
    return mean[1:]
