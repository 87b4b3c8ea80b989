"""Profiles: three figures of each plane between two layers of voxels, along x, y, z.

- `boundary`: the share of unlike neighbors across the plane;
- `grain_size`: the mean logarithm of the grain volumes of the voxels beside it;
- `two_point`: the share of pairs of voxels half a mean grain diameter away, on either
  side, that belong to one grain.
"""

import numba as nb
import numpy as np

from grainpaint.diameter import ball_diameter
from grainpaint.errors import InputError
from grainpaint.microstructure import Microstructure

__all__ = ["FIGURES", "profiles"]

FIGURES = ("boundary", "grain_size", "two_point")


@nb.njit(cache=True)
def _count_planes(grain_id, log_volume, half, out):
    """Add up pairs, unlike pairs, log volumes, wide pairs and wide pairs alike."""
    nx, ny, nz = grain_id.shape
    for x in range(nx - 1):
        for y in range(ny):
            for z in range(nz):
                a, b = grain_id[x, y, z], grain_id[x + 1, y, z]
                if a != 0 and b != 0:
                    out[x, 0] += 1
                    out[x, 1] += a != b
                    out[x, 2] += 0.5 * (log_volume[a] + log_volume[b])
                low, high = x + 1 - half, x + half
                if low >= 0 and high < nx:
                    a, b = grain_id[low, y, z], grain_id[high, y, z]
                    if a != 0 and b != 0:
                        out[x, 3] += 1
                        out[x, 4] += a == b


def profiles(volume: Microstructure) -> list[dict[str, np.ndarray]]:
    """Measure each plane between two layers of voxels, along x, y, z.

    Returns
    -------
    list of three dict of str to numpy.ndarray, float64, shape (n - 1,)
        Each of `FIGURES` for plane k, between layers k and k + 1; NaN where the plane
        has less than a fifth of the pairs of the fullest plane.

    Raises
    ------
    InputError
        If the volume has no grain.
    """
    volume = volume.compact()[0]
    sizes = np.bincount(volume.grain_id.ravel(), minlength=1)[1:]
    if not sizes.any():
        raise InputError("the volume has no grain: every voxel is outside (grain_id 0)")
    log_volume = np.log(np.concatenate([[1], np.maximum(sizes, 1)]))
    mean = sizes[sizes > 0].mean()
    half = max(1, round(float(ball_diameter(mean, len(volume.axes))) / 2))
    result = []
    for axis, n in enumerate(volume.shape):
        moved = np.ascontiguousarray(np.moveaxis(volume.grain_id, axis, 0))
        out = np.zeros((max(n - 1, 0), 5))
        _count_planes(moved, log_volume, half, out)
        pairs, unlike, logs, wide, same = out.T
        result.append(
            {
                "boundary": _per_pair(unlike, pairs),
                "grain_size": _per_pair(logs, pairs),
                "two_point": _per_pair(same, wide),
            }
        )
    return result


def _per_pair(total: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """Return total / pairs, NaN where there are few pairs."""
    enough = pairs > 0.2 * pairs.max(initial=0.0)
    out = np.full(total.shape, np.nan)
    share: np.ndarray = np.divide(total, pairs, out=out, where=enough)
    return share
