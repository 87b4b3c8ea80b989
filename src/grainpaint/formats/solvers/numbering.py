"""Numbers of nodes, plane by plane."""

import numpy as np

__all__ = ["numbered"]


def numbered(used: np.ndarray, count: int) -> tuple[np.ndarray, int]:
    """Return numbers for the nodes of a plane that are used, from `count` + 1 on.

    Parameters
    ----------
    used : numpy.ndarray, bool
    count : int
        Nodes that have a number already.

    Returns
    -------
    numbers : numpy.ndarray, int64, shape of `used`
        0 where no node is used.
    count : int
        Nodes that have a number now.
    """
    numbers = np.zeros(used.shape, np.int64)
    n = int(np.count_nonzero(used))
    numbers[used] = np.arange(count + 1, count + n + 1)
    return numbers, count + n
