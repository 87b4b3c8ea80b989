"""Merged grains of a generated volume: found by their shape, split at the neck.

Two neighboring grains that were given the same color become one piece, with a neck. A
simulated grain is nearly convex, so its surface, counted in voxel faces, stays below a
limit times volume^(2/3); a merged pair exceeds it.
"""

import math

import numba as nb
import numpy as np

__all__ = ["separate", "shape_factors"]

_MIN_SPLIT = 27  # voxels; the shape of smaller pieces means little
_MIN_PART = 8  # voxels of the smaller part of a split
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
    grain_id: np.ndarray, periodic: tuple[bool, ...], limit: float
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

    Returns
    -------
    numpy.ndarray, int32, shape (nx, ny, nz)
        The same grains; parts that were split off have IDs above n.

    Notes
    -----
    The two parts grow around the centers of the largest inscribed ball and of the
    largest one well apart from it. They meet in the plane from which tangents to both
    balls are equally long, which passes through the neck. Parts are split again while
    they exceed the limit, unless that would leave fewer than eight voxels in a part or
    increase the mean shape factor.
    """
    result = grain_id.copy()
    volume = np.bincount(grain_id.ravel())
    factors = shape_factors(grain_id, periodic)
    factors[0] = 0
    odd = (factors > limit) & (volume >= _MIN_SPLIT)
    voxels = np.flatnonzero(odd[grain_id])
    voxels = voxels[np.argsort(grain_id.ravel()[voxels], kind="stable")]
    ends = np.cumsum(volume[odd])
    next_id = volume.size
    for start, end in zip(ends - volume[odd], ends):
        place = np.array(np.unravel_index(voxels[start:end], grain_id.shape))
        local = _unwrapped(place, grain_id.shape, periodic)
        if local is None:
            continue
        box = np.zeros(local.max(1) + 1, bool)
        box[tuple(local)] = True
        for part in _split(box, limit)[1:]:
            result[tuple(place[:, part[tuple(local)]])] = next_id
            next_id += 1
    return result


def _unwrapped(
    place: np.ndarray, shape: tuple[int, ...], periodic: tuple[bool, ...]
) -> np.ndarray | None:
    """Shift voxels (3, n) so that the piece is whole; None if it spans the torus."""
    local = place.copy()
    for axis, n in enumerate(shape):
        if periodic[axis]:
            free = np.flatnonzero(np.bincount(place[axis], minlength=n) == 0)
            if not free.size:
                return None
            local[axis] = (place[axis] - free[0]) % n
    moved: np.ndarray = local - local.min(1, keepdims=True)
    return moved


def _split(piece: np.ndarray, limit: float) -> list[np.ndarray]:
    """Return the parts of a piece (bool boxes of its shape), or the piece itself."""
    near = _cut(piece, limit)
    if near is None:
        return [piece]
    return _split(near, limit) + _split(piece & ~near, limit)


def _cut(piece: np.ndarray, limit: float) -> np.ndarray | None:
    """Return one of two parts (bool box of the piece's shape), None if not split."""
    n_voxels, n_faces = _count(piece)
    if n_voxels < _MIN_SPLIT or n_faces <= limit * n_voxels ** (2 / 3):
        return None
    points, ball = np.argwhere(piece), _squared_depth(piece)[piece]
    first = ball.argmax()
    distance2 = ((points - points[first]) ** 2).sum(1)
    apart = np.sqrt(distance2) > _APART * (np.sqrt(ball[first]) + np.sqrt(ball))
    if not apart.any():
        return None
    second = np.where(apart, ball, 0).argmax()
    power1 = distance2 - ball[first]
    power2 = ((points - points[second]) ** 2).sum(1) - ball[second]
    near = np.zeros_like(piece)
    near[piece] = power1 <= power2
    (n_near, faces_near), (n_far, faces_far) = _count(near), _count(piece & ~near)
    # The mean shape factor of the parts, weighted by their voxels.
    mean = (faces_near * n_near ** (1 / 3) + faces_far * n_far ** (1 / 3)) / n_voxels
    worse = mean > n_faces / n_voxels ** (2 / 3)
    return None if worse or min(n_near, n_far) < _MIN_PART else near


def _count(piece: np.ndarray) -> tuple[int, int]:
    """Return the number of voxels of a piece (bool box) and of its outer faces."""
    n_voxels = int(np.count_nonzero(piece))
    pairs = (
        np.count_nonzero(piece[1:] & piece[:-1]),
        np.count_nonzero(piece[:, 1:] & piece[:, :-1]),
        np.count_nonzero(piece[:, :, 1:] & piece[:, :, :-1]),
    )
    return n_voxels, 6 * n_voxels - 2 * int(sum(pairs))


def _squared_depth(piece: np.ndarray) -> np.ndarray:
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
