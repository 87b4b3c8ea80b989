"""Random spins: the state in which a simulation begins."""

import math

import numba as nb
import numpy as np

from grainpaint.arguments import as_shape
from grainpaint.errors import InputError
from grainpaint.philox import check_seed, philox4x32, split_key

__all__ = ["random_spins"]

_START = 0  # stream of random numbers


@nb.njit(cache=True, parallel=True)
def _fill_random(spin, n_spins, k0, k1):
    for x in nb.prange(spin.shape[0]):
        for y in range(spin.shape[1]):
            for z in range(spin.shape[2]):
                word = philox4x32(
                    k0, k1, np.uint64(x), np.uint64(y), np.uint64(z), np.uint64(0)
                )
                spin[x, y, z] = 1 + ((word[0] * np.uint64(n_spins)) >> np.uint64(32))


def random_spins(
    shape: tuple[int, int, int] | str, n_spins: int, seed: int
) -> np.ndarray:
    """Return random spins 1..Q, or a spin of its own for each site.

    Parameters
    ----------
    shape : three ints
        Sites along x, y, z, also as text, ``"64,64,32"``.
    n_spins : int
        Q; 0 = each site has a spin of its own.
    seed : int
        Key of the random numbers.

    Returns
    -------
    numpy.ndarray, uint16 (or int32 from Q = 65,536 on), shape (nx, ny, nz)

    Raises
    ------
    InputError
        If `shape`, `n_spins` or `seed` is out of range.

    Examples
    --------
    >>> random_spins((2, 2, 1), 0, seed=0).ravel().tolist()
    [1, 2, 3, 4]
    >>> random_spins((16, 16, 16), 100, seed=1).dtype
    dtype('uint16')
    """
    check_seed(seed)
    shape = as_shape(shape)
    if n_spins == 0:
        return np.arange(1, math.prod(shape) + 1, dtype=np.int32).reshape(shape)
    if not isinstance(n_spins, int | np.integer) or not 2 <= n_spins < 2**31:
        raise InputError(
            "the number of spins must be at least 2 (or 0: one per site), got "
            f"{n_spins!r}"
        )
    spin = np.empty(shape, np.uint16 if n_spins < 2**16 else np.int32)
    _fill_random(spin, n_spins, *split_key(seed, _START))
    return spin
