"""Ratios of arrays that may hold nothing to divide by."""

import numpy as np

__all__ = ["ratio"]


def ratio(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return one / other, NaN where other is 0.

    Parameters
    ----------
    one, other : numpy.ndarray
        Of one shape, not negative.

    Examples
    --------
    >>> ratio(np.array([1, 2]), np.array([2, 0])).tolist()
    [0.5, nan]
    """
    out = np.full(one.shape, np.nan)
    found: np.ndarray = np.divide(one, other, out=out, where=other > 0)
    return found
