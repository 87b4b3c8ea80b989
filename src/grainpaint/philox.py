"""Counter-based random numbers: the same seed, stream and position give the same ones.

Every random number of a simulation or a generated volume is a pure function of a key
and of the global index of its voxel, so results do not depend on tiling, batches,
threads or the order of work.

References
----------
Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC11 (2011),
https://doi.org/10.1145/2063384.2063405: Philox4x32 with ten rounds.
"""

import math
from collections.abc import Sequence

import numba as nb
import numpy as np

from grainpaint.errors import InputError

__all__ = ["check_seed", "normal_field", "philox4x32", "split_key"]

_U32 = np.uint64(0xFFFFFFFF)
_SHIFT = np.uint64(32)
_MUL0 = np.uint64(0xD2511F53)
_MUL1 = np.uint64(0xCD9E8D57)
_WEYL0 = np.uint64(0x9E3779B9)
_WEYL1 = np.uint64(0xBB67AE85)


@nb.njit(inline="always")
def philox4x32(k0, k1, c0, c1, c2, c3):
    """Return four 32-bit words (as uint64) for a 64-bit key and a 128-bit counter.

    Parameters
    ----------
    k0, k1 : uint64
        Key words, below 2^32.
    c0, c1, c2, c3 : uint64
        Counter words, below 2^32.

    Returns
    -------
    tuple of four uint64
        Independent uniform words, each below 2^32.
    """
    for _ in range(10):
        p0 = _MUL0 * c0
        p1 = _MUL1 * c2
        c0, c1, c2, c3 = (
            (p1 >> _SHIFT) ^ c1 ^ k0,
            p1 & _U32,
            (p0 >> _SHIFT) ^ c3 ^ k1,
            p0 & _U32,
        )
        k0 = (k0 + _WEYL0) & _U32
        k1 = (k1 + _WEYL1) & _U32
    return c0, c1, c2, c3


def check_seed(seed: int) -> None:
    """Raise InputError unless the seed is a whole number, 0 <= seed < 2^63."""
    if not isinstance(seed, int | np.integer) or not 0 <= seed < 2**63:
        raise InputError(f"the seed must be a whole number in 0..2^63-1, got {seed!r}")


def split_key(seed: int, stream: int) -> tuple[np.uint64, np.uint64]:
    """Return the two key words of a seed (0 <= seed < 2^63) and a stream number.

    Seeds below 2^32 with different streams never share a key.
    """
    mixed = (int(seed) >> 32) ^ (int(stream) * 0x9E3779B1)
    return np.uint64(int(seed) & 0xFFFFFFFF), np.uint64(mixed & 0xFFFFFFFF)


@nb.njit(inline="always")
def _box_muller(a, b):
    """Return two standard normal numbers from two 32-bit words."""
    radius = math.sqrt(-2.0 * math.log((np.float64(a) + 1.0) * 2.0**-32))
    angle = 2.0 * math.pi * 2.0**-32 * np.float64(b)
    return radius * math.cos(angle), radius * math.sin(angle)


@nb.njit(cache=True, parallel=True)
def _fill_normal(out, xs, ys, zs, k0, k1):
    n_channels = out.shape[3]
    mask = np.int64(0xFFFFFFFF)
    for i in nb.prange(xs.size):
        x = np.uint64(xs[i] & mask)
        for j in range(ys.size):
            y = np.uint64(ys[j] & mask)
            for k in range(zs.size):
                z = np.uint64(zs[k] & mask)
                for c in range(0, n_channels, 4):
                    w = philox4x32(k0, k1, x, y, z, np.uint64(c))
                    pair0 = _box_muller(w[0], w[1])
                    pair1 = _box_muller(w[2], w[3])
                    out[i, j, k, c] = pair0[0]
                    if c + 1 < n_channels:
                        out[i, j, k, c + 1] = pair0[1]
                    if c + 2 < n_channels:
                        out[i, j, k, c + 2] = pair1[0]
                    if c + 3 < n_channels:
                        out[i, j, k, c + 3] = pair1[1]


def normal_field(
    seed: int,
    stream: int,
    indices: Sequence[np.ndarray],
    n_channels: int,
) -> np.ndarray:
    """Return standard normal noise for the voxels at the given global indices.

    Parameters
    ----------
    seed, stream : int
        Key of the noise; each level of the pyramid has its own stream.
    indices : three int64 arrays
        Global voxel indices along x, y and z; equal indices give equal noise.
    n_channels : int
        Numbers per voxel.

    Returns
    -------
    numpy.ndarray, float32, shape (len(x), len(y), len(z), n_channels)
    """
    xs, ys, zs = (np.ascontiguousarray(i, dtype=np.int64) for i in indices)
    out = np.empty((xs.size, ys.size, zs.size, n_channels), np.float32)
    _fill_normal(out, xs, ys, zs, *split_key(seed, stream))
    return out
