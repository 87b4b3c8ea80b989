"""Kernel: equal corners get one number."""

import numba as nb
import numpy as np

__all__ = ["number_equal"]

_MIX = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9], np.uint64)


@nb.njit(cache=True)
def number_equal(bits):
    """Return a number for each row, in the order in which they occur first.

    Parameters
    ----------
    bits : uint64, shape (n, 3)

    Returns
    -------
    number : int64, shape (n,)
    first : int64, shape (n_numbers,)
        Row at which each number occurs first.
    """
    n = bits.shape[0]
    shift = 63
    while shift > 0 and nb.int64(1) << (64 - shift) < 2 * n:
        shift -= 1
    table = np.full(1 << (64 - shift), -1, np.int64)
    number = np.empty(n, np.int64)
    first = np.empty(n, np.int64)
    count = 0
    for row in range(n):
        a, b, c = bits[row, 0], bits[row, 1], bits[row, 2]
        key = (a ^ (a >> 31)) * _MIX[0]
        key = (key ^ (key >> 29) ^ b ^ (b >> 32)) * _MIX[1]
        key = (key ^ (key >> 29) ^ c ^ (c >> 32)) * _MIX[2]
        slot = nb.int64(key >> nb.uint64(shift))
        while True:
            known = table[slot]
            if known < 0:
                table[slot] = count
                first[count] = row
                number[row] = count
                count += 1
                break
            at = first[known]
            if bits[at, 0] == a and bits[at, 1] == b and bits[at, 2] == c:
                number[row] = known
                break
            slot = (slot + 1) & (table.size - 1)
    return number, first[:count].copy()
