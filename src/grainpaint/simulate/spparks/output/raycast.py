"""Rays through a lattice of cubes or spheres: what each pixel of an image shows."""

import math
from typing import NamedTuple

import numba as nb
import numpy as np

__all__ = ["Scene", "cast_rays"]


class Scene(NamedTuple):
    """Sites as solids on a lattice, in units of its constant, the first one at 0.

    Parameters
    ----------
    size : numpy.ndarray, float32, shape (nx, ny, nz)
        Edge of the cubes or diameter of the spheres; 0 = not drawn.
    mark : numpy.ndarray, int32, shape (nx, ny, nz)
        Where it differs between neighbors, a boundary is drawn.
    cubes : bool
    line : float
        Width of the boundaries; 0 = none.
    """

    size: np.ndarray
    mark: np.ndarray
    cubes: bool
    line: float


@nb.njit(cache=True)
def _span(origin, ray, low, high):
    """Return where a ray enters and leaves a box, and through faces of which axis."""
    enter, leave, axis = -1e30, 1e30, 0
    for a in range(3):
        if abs(ray[a]) < 1e-12:
            if origin[a] < low[a] or origin[a] > high[a]:
                return 1.0, 0.0, 0
            continue
        t0, t1 = (low[a] - origin[a]) / ray[a], (high[a] - origin[a]) / ray[a]
        if t0 > t1:
            t0, t1 = t1, t0
        if t0 > enter:
            enter, axis = t0, a
        leave = min(leave, t1)
    return enter, leave, axis


@nb.njit(cache=True)
def _meet_sphere(origin, ray, cell, radius, normal):
    """Return where a ray meets a sphere and set the normal; a large number if not."""
    b, c = 0.0, -radius * radius
    for a in range(3):
        d = origin[a] - cell[a]
        b += d * ray[a]
        c += d * d
    root = b * b - c
    if root < 0:
        return 1e30
    t = -b - math.sqrt(root)
    for a in range(3):
        normal[a] = (origin[a] + t * ray[a] - cell[a]) / radius
    return t


@nb.njit(cache=True)
def _meet_cube(origin, ray, cell, half, normal, low, high):
    """Return where a ray meets a cube and set the normal; a large number if not."""
    for a in range(3):
        low[a], high[a] = cell[a] - half, cell[a] + half
    enter, leave, axis = _span(origin, ray, low, high)
    if enter > leave:
        return 1e30
    normal[:] = 0.0
    normal[axis] = -1.0 if ray[axis] > 0 else 1.0
    return enter


@nb.njit(cache=True)
def _on_boundary(mark, cell, point, normal, width):
    """Return whether a point on a solid lies near a neighbor with another mark."""
    mine = mark[cell[0], cell[1], cell[2]]
    for a in range(3):
        if abs(normal[a]) > 0.99:
            continue  # the neighbor behind this face is not seen
        offset = point[a] - cell[a]
        if 0.5 - abs(offset) > width / 2:
            continue
        at = cell[a] + (1 if offset > 0 else -1)
        if at < 0 or at >= mark.shape[a]:
            continue
        other = (
            at if a == 0 else cell[0],
            at if a == 1 else cell[1],
            at if a == 2 else cell[2],
        )
        if mark[other] != mine:
            return True
    return False


@nb.njit(cache=True)
def _next_cell(cell, step, ahead, each):
    """Move to the next cell of the lattice along a ray."""
    a = 0
    if ahead[1] < ahead[a]:
        a = 1
    if ahead[2] < ahead[a]:
        a = 2
    cell[a] += step[a]
    ahead[a] += each[a]
    return a


@nb.njit(cache=True)
def _trace(scene, origin, ray, work, found):
    """Follow one ray to the first solid; return its distance, inf if none.

    `found` becomes the cell, `work` holds the normal in its first row.
    """
    shape = scene.size.shape
    for a in range(3):
        work[1, a], work[2, a] = -0.5, shape[a] - 0.5
    enter, leave, _ = _span(origin, ray, work[1], work[2])
    if enter > leave:
        return math.inf
    step = np.empty(3, np.int64)
    ahead, each = work[3], work[4]
    for a in range(3):
        place = origin[a] + (enter + 1e-9) * ray[a]
        found[a] = min(max(math.floor(place + 0.5), 0), shape[a] - 1)
        step[a] = 1 if ray[a] > 0 else -1
        if abs(ray[a]) < 1e-12:
            ahead[a], each[a] = 1e30, 1e30
        else:
            each[a] = abs(1 / ray[a])
            ahead[a] = (found[a] + 0.5 * step[a] - origin[a]) / ray[a]
    while True:
        size = scene.size[found[0], found[1], found[2]]
        if size > 0:
            if scene.cubes:
                half = min(size, 1.0) / 2  # larger cubes meet their neighbors
                t = _meet_cube(origin, ray, found, half, work[0], work[5], work[6])
            else:
                t = _meet_sphere(origin, ray, found, size / 2, work[0])
            if t < 1e29:
                return t
        a = _next_cell(found, step, ahead, each)
        if found[a] < 0 or found[a] >= shape[a]:
            return math.inf


@nb.njit(cache=True)
def cast_rays(scene, corner, across, down, ray):
    """Follow a ray from each pixel.

    Parameters
    ----------
    scene : Scene
    corner : numpy.ndarray, float, shape (3,)
        Where the ray of the first pixel starts.
    across, down : numpy.ndarray, float, shape (width, 3) and (height, 3)
        Offsets of the columns and rows.
    ray : numpy.ndarray, float, shape (3,)
        Direction of all rays, of length 1.

    Returns
    -------
    site : numpy.ndarray, int64, shape (height, width)
        Flat index of the site that is seen; -1 = none, -2 - index = its boundary.
    normal : numpy.ndarray, float32, shape (height, width, 3)
        Outward at the point that is seen.
    distance : numpy.ndarray, float, shape (height, width)
        Along the ray; infinite if nothing is seen.
    """
    height, width = down.shape[0], across.shape[0]
    site = np.full((height, width), -1, np.int64)
    normal = np.zeros((height, width, 3), np.float32)
    distance = np.full((height, width), math.inf)
    work, found = np.empty((7, 3)), np.empty(3, np.int64)
    origin, point = np.empty(3), np.empty(3)
    _, ny, nz = scene.size.shape
    for row in range(height):
        for column in range(width):
            for a in range(3):
                origin[a] = corner[a] + across[column, a] + down[row, a]
            t = _trace(scene, origin, ray, work, found)
            if t == math.inf:
                continue
            distance[row, column] = t
            for a in range(3):
                normal[row, column, a] = work[0, a]
                point[a] = origin[a] + t * ray[a]
            place = (found[0] * ny + found[1]) * nz + found[2]
            if scene.line > 0 and _on_boundary(
                scene.mark, found, point, work[0], scene.line
            ):
                place = -2 - place
            site[row, column] = place
    return site, normal, distance
