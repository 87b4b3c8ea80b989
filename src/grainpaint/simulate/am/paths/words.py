"""Numbers in text, millions of them."""

import io

import numpy as np

__all__ = ["number_lines"]


def number_lines(data: bytes) -> np.ndarray:
    """Return the numbers of a text that has one in each line, or in some.

    Parameters
    ----------
    data : bytes
        Empty lines are skipped.

    Returns
    -------
    numpy.ndarray, float64, shape (n,)

    Raises
    ------
    ValueError
        If a line is not a finite number.
    """
    import pandas as pd

    try:
        frame = pd.read_csv(
            io.BytesIO(data),
            header=None,
            dtype=np.float64,
            encoding="latin-1",
            quoting=3,
        )
    except pd.errors.EmptyDataError:
        return np.empty(0)
    except (pd.errors.ParserError, OverflowError) as error:
        raise ValueError(str(error)) from None
    values: np.ndarray = frame.to_numpy()
    if values.shape[1] != 1 or not np.isfinite(values).all():
        raise ValueError("not a number")
    return values[:, 0]
