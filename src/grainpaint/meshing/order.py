"""The order of many things by small integers, in time by their number."""

import numba as nb
import numpy as np

__all__ = ["in_order"]


def in_order(keys: np.ndarray) -> np.ndarray:
    """Return which things stand where by their keys; those of one stay as they stand.

    Parameters
    ----------
    keys : numpy.ndarray, integer, shape (n,)
        None negative.

    Returns
    -------
    numpy.ndarray, int32, shape (n,)

    Examples
    --------
    >>> in_order(np.array([2, 1, 2, 1])).tolist()
    [1, 3, 0, 2]
    """
    order = np.empty(len(keys), np.int32)
    _place(keys, np.bincount(keys), order)
    return order


@nb.njit(cache=True)
def _place(keys, counts, order):
    at = np.cumsum(counts) - counts
    for i in range(len(keys)):
        order[at[keys[i]]] = i
        at[keys[i]] += 1
