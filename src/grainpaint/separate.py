"""Grains that a generated volume shows as one: found by their shape, split at the neck.

Two grains that were given the same colour side by side come out as one piece, with a
neck. A simulated grain is nearly convex, so its surface, counted in voxel faces, stays
below a limit times volume^(2/3); a merged pair exceeds it.
"""

import math

import numpy as np
from scipy.ndimage import distance_transform_edt

__all__ = ["separate", "shape_factors"]

_MIN_SPLIT = 27  # voxels; the shape of smaller pieces says little
_MIN_PART = 8  # voxels of the smaller part of a split
_APART = math.sqrt(0.6)  # centres further apart than so many sums of their radii


def shape_factors(grain_id: np.ndarray, periodic: tuple[bool, ...]) -> np.ndarray:
    """Return the surface of each grain over the 2/3 power of its volume.

    Parameters
    ----------
    grain_id : numpy.ndarray, int32, shape (nx, ny, nz)
        Grains 1..n, 0 = outside.
    periodic : three bools
        Whether grains go on through the faces; otherwise a face of the volume is
        surface.

    Returns
    -------
    numpy.ndarray, float64, shape (n + 1,)
        Voxel faces / voxels^(2/3); 6 for a cube, 7.25 for a large ball. Entry 0 has no
        meaning.

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
        Whether grains go on through the faces.
    limit : float
        Largest shape factor (see `shape_factors`) of a single grain.

    Returns
    -------
    numpy.ndarray, int32, shape (nx, ny, nz)
        As before, the split parts with IDs above n.

    Notes
    -----
    The two parts grow around the centre of the largest inscribed ball and that of the
    largest one well apart from it; they meet in the plane from which both balls have
    equal tangents, which passes through the neck. Parts are split again while they
    exceed the limit, unless that would leave less than eight voxels or more surface.
    """
    result = grain_id.copy()
    volume = np.bincount(grain_id.ravel())
    factors = shape_factors(grain_id, periodic)
    factors[0] = 0
    odd = np.flatnonzero((factors > limit) & (volume >= _MIN_SPLIT))
    voxels = np.argsort(grain_id, axis=None, kind="stable")
    start = np.concatenate([[0], np.cumsum(volume)])
    next_id = volume.size
    for grain in odd:
        place = np.array(
            np.unravel_index(voxels[start[grain] : start[grain + 1]], grain_id.shape)
        )
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
    """Move voxels (3, n) so that the piece is whole; None if it goes all around."""
    local = place.copy()
    for axis, n in enumerate(shape):
        if periodic[axis]:
            free = np.setdiff1d(np.arange(n), place[axis])
            if not free.size:
                return None
            local[axis] = (place[axis] - free[0]) % n
    moved: np.ndarray = local - local.min(1, keepdims=True)
    return moved


def _faces(piece: np.ndarray) -> int:
    """Count the faces of a piece (bool box)."""
    padded = np.pad(piece, 1)
    return sum(int(np.count_nonzero(np.diff(padded, axis=a))) for a in range(3))


def _split(piece: np.ndarray, limit: float) -> list[np.ndarray]:
    """Return the parts of a piece (bool boxes of its shape), itself if it is one."""
    n_voxels, n_faces = int(piece.sum()), _faces(piece)
    if n_voxels < _MIN_SPLIT or n_faces <= limit * n_voxels ** (2 / 3):
        return [piece]
    radius = distance_transform_edt(np.pad(piece, 1))[1:-1, 1:-1, 1:-1][piece]
    points = np.argwhere(piece)
    first = radius.argmax()
    distance2 = ((points - points[first]) ** 2).sum(1)
    apart = np.sqrt(distance2) > _APART * (radius[first] + radius)
    if not apart.any():
        return [piece]
    second = np.where(apart, radius, 0).argmax()
    power1 = distance2 - radius[first] ** 2
    power2 = ((points - points[second]) ** 2).sum(1) - radius[second] ** 2
    near = np.zeros_like(piece)
    near[tuple(points[power1 <= power2].T)] = True
    far = piece & ~near
    parts = [int(part.sum()) for part in (near, far)]
    if min(parts) < _MIN_PART or _mean_factor(near, far) > n_faces / n_voxels ** (
        2 / 3
    ):
        return [piece]
    return _split(near, limit) + _split(far, limit)


def _mean_factor(*parts: np.ndarray) -> float:
    """Return the mean shape factor of parts, weighted by their voxels."""
    sizes = [int(part.sum()) for part in parts]
    weighted = [_faces(part) * n ** (1 / 3) for part, n in zip(parts, sizes)]
    return float(sum(weighted) / sum(sizes))
