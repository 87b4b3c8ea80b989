"""Opening HDF5 files and reading their arrays, none of which is trusted."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from grainpaint.errors import InputError

__all__ = ["array_of", "opened"]

_PLAIN = 1 << 30  # bytes that an array may have whatever is stored


@contextmanager
def opened(data: bytes) -> Iterator[Any]:
    """Open the content of a file; what HDF5 finds damaged is an `InputError`."""
    import h5py

    try:
        with h5py.File(io.BytesIO(data), "r") as file:
            yield file
    except InputError:
        raise
    except (
        OSError,
        KeyError,
        RuntimeError,
        ValueError,
        TypeError,
        AttributeError,
        IndexError,
        OverflowError,
        MemoryError,
    ) as error:
        reason = " ".join(str(error).split())[:100]
        raise InputError(f"an HDF5 file, damaged or cut off ({reason})") from None


def array_of(dataset: Any) -> np.ndarray:
    """Return the values of a dataset, unless it is far larger than what is stored.

    Raises
    ------
    InputError
        If so.
    """
    stated = dataset.size * dataset.dtype.itemsize
    if stated > _PLAIN + 10_000 * dataset.id.get_storage_size():
        raise InputError(
            f"damaged: {dataset.name} states shape {dataset.shape}, and holds "
            f"{dataset.id.get_storage_size():,} bytes"
        )
    return np.asarray(dataset)
