"""Merged grains of a generated volume: found by their shape, split at the neck.

Two neighboring grains that were given the same color become one piece, with a neck. A
simulated grain is nearly convex, so its surface, counted in voxel faces, stays below a
limit times volume^(2/3); a merged pair exceeds it.
"""

import math

import numba as nb
import numpy as np

__all__ = ["separate", "shape_factors"]

_SMALLEST = 27  # voxels; the shape of smaller pieces means little at full resolution
_PART = 8 / 27  # voxels of the smaller part of a split, in those of a piece at least
_APART = math.sqrt(0.6)  # least distance of the centers, in sums of the radii


def shape_factors(grain_id: np.ndarray, periodic: tuple[bool, ...]) -> np.ndarray:
    """Return the surface of each grain over the 2/3 power of its volume.

    Parameters
    ----------
    grain_id : numpy.ndarray, int32, shape (nx, ny, nz)
        Grains 1..n, 0 = outside.
    periodic : three bools
        Whether grains continue through the faces; otherwise the faces of the volume
        count as surface.

    Returns
    -------
    numpy.ndarray, float64, shape (n + 1,)
        Voxel faces / voxels^(2/3); 6 for a cube, 7.25 for a large ball. Entry 0 is
        meaningless.

    Examples
    --------
    >>> cube = np.pad(np.ones((3, 3, 3), int), 1)
    >>> round(float(shape_factors(cube, (False,) * 3)[1]), 6)
    6.0
    """
    n = int(grain_id.max()) + 1
    surface = np.zeros(n)
    for axis in range(3):
        layers = np.moveaxis(grain_id, axis, 0)
        ends = layers[:1], layers[-1:]
        if periodic[axis]:
            pairs = [(layers[:-1], layers[1:]), ends]
        else:
            outside = np.zeros_like(ends[0])
            pairs = [(layers[:-1], layers[1:]), (ends[0], outside), (ends[1], outside)]
        for a, b in pairs:
            unlike = a != b
            surface += np.bincount(a[unlike], minlength=n)
            surface += np.bincount(b[unlike], minlength=n)
    volume = np.maximum(np.bincount(grain_id.ravel(), minlength=n), 1)
    factors: np.ndarray = surface / volume ** (2 / 3)
    return factors


def separate(
    grain_id: np.ndarray,
    periodic: tuple[bool, ...],
    limit: float,
    smallest: int = _SMALLEST,
) -> np.ndarray:
    """Split the grains whose shape factor exceeds a limit.

    Parameters
    ----------
    grain_id : numpy.ndarray, int32, shape (nx, ny, nz)
        Grains 1..n, each one connected piece; 0 = outside.
    periodic : three bools
        Whether grains continue through the faces.
    limit : float
        Largest shape factor (see `shape_factors`) of a single grain.
    smallest : int
        Voxels of the smallest grain that is split, 2 or more.

    Returns
    -------
    numpy.ndarray, int32, shape (nx, ny, nz)
        The same grains; parts that were split off have IDs above n.

    Notes
    -----
    The two parts grow around the centers of the largest inscribed ball and of the
    largest one well apart from it. They meet in the plane from which tangents to both
    balls are equally long, which passes through the neck. Parts are split again while
    they exceed the limit, unless that would leave a part with fewer voxels than 8/27 of
    `smallest` or increase the mean shape factor.
    """
    result = np.ascontiguousarray(grain_id).copy()
    volume = np.bincount(grain_id.ravel())
    factors = shape_factors(grain_id, periodic)
    factors[0] = 0
    odd = (factors > limit) & (volume >= smallest)
    voxels = np.flatnonzero(odd[grain_id])
    voxels = voxels[np.argsort(grain_id.ravel()[voxels], kind="stable")]
    ends = np.cumsum(volume[odd])
    least = max(1, round(_PART * smallest))
    _split_all(
        result, voxels, ends, np.array(periodic), (limit, smallest, least), volume.size
    )
    return result


@nb.njit(cache=True)
def _split_all(grain_id, voxels, ends, periodic, rule, next_id):
    """Split grains whose voxels, grain by grain, end at `ends` in a list."""
    _, ny, nz = grain_id.shape
    start = 0
    for end in ends:
        local = np.empty((end - start, 3), np.int64)
        for i in range(end - start):
            voxel = voxels[start + i]
            local[i, 0] = voxel // (ny * nz)
            local[i, 1] = voxel // nz % ny
            local[i, 2] = voxel % nz
        if _unwrap(local, grain_id.shape, periodic):
            box, n_parts = _parts(local, rule)
            for i in range(end - start):
                part = box[local[i, 0], local[i, 1], local[i, 2]]
                if part > 1:
                    voxel = voxels[start + i]
                    x, y, z = voxel // (ny * nz), voxel // nz % ny, voxel % nz
                    grain_id[x, y, z] = next_id + part - 2
            next_id += n_parts - 1
        start = end


@nb.njit(cache=True)
def _unwrap(local, shape, periodic):
    """Shift voxels (n, 3) so that the piece is whole; False if it spans the torus."""
    for axis in range(3):
        n = shape[axis]
        taken = np.zeros(n, np.bool_)
        for i in range(len(local)):
            taken[local[i, axis]] = True
        first = 0
        while periodic[axis] and first < n and taken[first]:
            first += 1
        if first == n:
            return False
        lowest = n
        for i in range(len(local)):
            local[i, axis] = (local[i, axis] - first) % n
            lowest = min(lowest, local[i, axis])
        for i in range(len(local)):
            local[i, axis] -= lowest
    return True


@nb.njit(cache=True)
def _parts(local, rule):
    """Return the box of a piece with the parts (1..n) of its voxels, and n."""
    nx, ny, nz = 0, 0, 0
    for i in range(len(local)):
        nx = max(nx, local[i, 0] + 1)
        ny = max(ny, local[i, 1] + 1)
        nz = max(nz, local[i, 2] + 1)
    box = np.zeros((nx, ny, nz), np.int64)
    for i in range(len(local)):
        box[local[i, 0], local[i, 1], local[i, 2]] = 1
    bounds, at = [(0, nx, 0, ny, 0, nz)], 0  # of each part
    while at < len(bounds):
        x0, x1, y0, y1, z0, z1 = bounds[at]
        old, new = at + 1, len(bounds) + 1
        if _cut(box[x0:x1, y0:y1, z0:z1], old, new, rule):
            bounds.append(_shrunk(box, new, bounds[at]))
            bounds[at] = _shrunk(box, old, bounds[at])
        else:
            at += 1
    return box, len(bounds)


@nb.njit(cache=True)
def _shrunk(box, part, bounds):
    """Return the bounds of a part that lies within given ones."""
    a, b, c, d, e, f = bounds
    x0, x1, y0, y1, z0, z1 = b, a, d, c, f, e
    for x in range(a, b):
        for y in range(c, d):
            for z in range(e, f):
                if box[x, y, z] == part:
                    x0, x1 = min(x0, x), max(x1, x + 1)
                    y0, y1 = min(y0, y), max(y1, y + 1)
                    z0, z1 = min(z0, z), max(z1, z + 1)
    return x0, x1, y0, y1, z0, z1


@nb.njit(cache=True)
def _cut(box, old, new, rule):
    """Make the far one of two parts of a part new; return whether it is split."""
    limit, smallest, least = rule
    n_voxels, n_faces = _count(box, old)
    factor = n_faces / n_voxels ** (2 / 3)
    if n_voxels < smallest or factor <= limit:
        return False
    ball = _squared_depth(box, old)
    first, second = (0, 0, 0), (0, 0, 0)
    big = small = 0
    for place in np.ndindex(ball.shape):
        if ball[place] > big:
            first, big = place, ball[place]
    for place in np.ndindex(ball.shape):
        reach = _APART * (math.sqrt(big) + math.sqrt(ball[place]))
        if ball[place] > small and math.sqrt(_distance2(place, first)) > reach:
            second, small = place, ball[place]
    if small == 0:
        return False
    for place in np.ndindex(box.shape):
        nearer = _distance2(place, first) - big <= _distance2(place, second) - small
        if box[place] == old and not nearer:
            box[place] = new
    n_near, faces_near = _count(box, old)
    n_far, faces_far = _count(box, new)
    # The mean shape factor of the parts, weighted by their voxels.
    mean = (faces_near * n_near ** (1 / 3) + faces_far * n_far ** (1 / 3)) / n_voxels
    if min(n_near, n_far) >= least and mean <= factor:
        return True
    for place in np.ndindex(box.shape):
        if box[place] == new:
            box[place] = old
    return False


@nb.njit(cache=True)
def _distance2(a, b):
    return (a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2 + (a[2] - b[2]) ** 2


@nb.njit(cache=True)
def _count(box, part):
    """Return the number of voxels of a part in a box, and of their outer faces."""
    nx, ny, nz = box.shape
    n_voxels = n_inner = 0
    for x in range(nx):
        for y in range(ny):
            for z in range(nz):
                if box[x, y, z] == part:
                    n_voxels += 1
                    n_inner += x > 0 and box[x - 1, y, z] == part
                    n_inner += y > 0 and box[x, y - 1, z] == part
                    n_inner += z > 0 and box[x, y, z - 1] == part
    return n_voxels, 6 * n_voxels - 2 * n_inner


@nb.njit(cache=True)
def _squared_depth(box, part):
    """Return the squared distance from the voxels of a part to the nearest outside."""
    depth2 = np.zeros(box.shape, np.int64)
    for place in np.ndindex(box.shape):
        if box[place] == part:
            depth2[place] = 1 << 40
    for _ in range(3):  # each turn moves another axis to the end
        nx, ny, nz = depth2.shape
        lines = np.empty((ny, nz, nx), np.int64)
        for x, y, z in np.ndindex(depth2.shape):
            lines[y, z, x] = depth2[x, y, z]
        depth2 = np.empty((ny, nz, nx), np.int64)
        _spread(lines, depth2)
    return depth2


@nb.njit(cache=True)
def _spread(lines, out):
    """Fill out[..., i] with the least lines[..., j] + (i - j)^2; 0 beyond both ends."""
    nx, ny, n = lines.shape
    for x in range(nx):
        for y in range(ny):
            line = lines[x, y]
            for i in range(n):
                best = line[i]
                step = 1
                while step * step < best:
                    left = line[i - step] if i >= step else 0
                    right = line[i + step] if i + step < n else 0
                    best = min(best, min(left, right) + step * step)
                    step += 1
                out[x, y, i] = best
