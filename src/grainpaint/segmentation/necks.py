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
        place = np.empty((3, end - start), np.int64)
        for i in range(start, end):
            place[0, i - start] = voxels[i] // (ny * nz)
            place[1, i - start] = voxels[i] // nz % ny
            place[2, i - start] = voxels[i] % nz
        start = end
        part, n_parts = _parts(place, grain_id.shape, periodic, rule)
        for i in range(place.shape[1]):
            if part[i] > 1:
                x, y, z = place[0, i], place[1, i], place[2, i]
                grain_id[x, y, z] = next_id + part[i] - 2
        next_id += n_parts - 1


@nb.njit(cache=True)
def _parts(place, shape, periodic, rule):
    """Return the parts (1..n) that the voxels (3, n) of a piece go to, and n."""
    n_voxels = place.shape[1]
    part = np.ones(n_voxels, np.int64)
    local = np.empty_like(place)
    edges = np.empty(3, np.int64)
    for axis in range(3):
        first = 0
        if periodic[axis]:
            taken = np.zeros(shape[axis], np.bool_)
            for i in range(n_voxels):
                taken[place[axis, i]] = True
            while first < shape[axis] and taken[first]:
                first += 1
            if first == shape[axis]:  # it spans the torus
                return part, 1
        for i in range(n_voxels):
            local[axis, i] = (place[axis, i] - first) % shape[axis]
        lowest = local[axis].min()
        local[axis] -= lowest
        edges[axis] = local[axis].max() + 1
    box = np.zeros((edges[0], edges[1], edges[2]), np.int64)
    for i in range(n_voxels):
        box[local[0, i], local[1, i], local[2, i]] = 1
    n_parts, at = 1, 1
    while at <= n_parts:
        if _cut(box, at, n_parts + 1, rule):
            n_parts += 1
        else:
            at += 1
    for i in range(n_voxels):
        part[i] = box[local[0, i], local[1, i], local[2, i]]
    return part, n_parts


@nb.njit(cache=True)
def _cut(box, old, new, rule):
    """Make the far one of two parts of a part new; return whether it is split."""
    limit, smallest, least = rule
    piece = box == old
    n_voxels, n_faces = _count(piece)
    if n_voxels < smallest or n_faces <= limit * n_voxels ** (2 / 3):
        return False
    points, depth2 = np.argwhere(piece), _squared_depth(piece)
    ball = np.empty(n_voxels, np.int64)
    for i in range(n_voxels):
        ball[i] = depth2[points[i, 0], points[i, 1], points[i, 2]]
    first = ball.argmax()
    second = -1
    distance2 = ((points - points[first]) ** 2).sum(1)
    for i in range(n_voxels):
        reach = _APART * (math.sqrt(ball[first]) + math.sqrt(ball[i]))
        if math.sqrt(distance2[i]) > reach and (second < 0 or ball[i] > ball[second]):
            second = i
    if second < 0:
        return False
    other2 = ((points - points[second]) ** 2).sum(1)
    far = np.zeros_like(piece)
    for i in range(n_voxels):
        if distance2[i] - ball[first] > other2[i] - ball[second]:
            far[points[i, 0], points[i, 1], points[i, 2]] = True
    (n_near, faces_near), (n_far, faces_far) = _count(piece & ~far), _count(far)
    # The mean shape factor of the parts, weighted by their voxels.
    mean = (faces_near * n_near ** (1 / 3) + faces_far * n_far ** (1 / 3)) / n_voxels
    if min(n_near, n_far) < least or mean > n_faces / n_voxels ** (2 / 3):
        return False
    for i in range(n_voxels):
        x, y, z = points[i, 0], points[i, 1], points[i, 2]
        if far[x, y, z]:
            box[x, y, z] = new
    return True


@nb.njit(cache=True)
def _count(piece):
    """Return the number of voxels of a piece (bool box) and of its outer faces."""
    nx, ny, nz = piece.shape
    n_voxels = n_inner = 0
    for x in range(nx):
        for y in range(ny):
            for z in range(nz):
                if piece[x, y, z]:
                    n_voxels += 1
                    n_inner += x > 0 and piece[x - 1, y, z]
                    n_inner += y > 0 and piece[x, y - 1, z]
                    n_inner += z > 0 and piece[x, y, z - 1]
    return n_voxels, 6 * n_voxels - 2 * n_inner


@nb.njit(cache=True)
def _squared_depth(piece):
    """Return the squared distance from each voxel to the nearest one outside."""
    depth2 = np.where(piece, np.int64(1 << 40), np.int64(0))
    for _ in range(3):  # each turn moves another axis to the end
        lines = np.ascontiguousarray(depth2.transpose(1, 2, 0))
        depth2 = np.empty_like(lines)
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
