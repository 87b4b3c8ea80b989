"""Values of Zarr arrays that strangers may have made, or damage."""

from __future__ import annotations

from typing import Any

import numpy as np

from grainpaint.errors import InputError
from grainpaint.formats.blosc import check_chunks

__all__ = ["values_of"]

_LARGE, _RATIO = 128 << 20, 10_000  # chunks of a single value are packed that much


def values_of(array: Any) -> np.ndarray:
    """Return all values of an array.

    Raises
    ------
    InputError
        If they are not numbers.
    ValueError
        If it is far larger than what is stored, its chunks are pickles, which may
        execute anything, or state other lengths than they have.
    """
    if array.dtype.kind not in "iubf":
        raise InputError(f"its values are {array.dtype}, not integers: no label image")
    codecs = [*(getattr(array, "filters", None) or ()), *array.compressors]
    if any(getattr(codec, "codec_id", "") == "pickle" for codec in codecs):
        raise ValueError("its chunks are pickles")
    n_bytes = max(array.nbytes, 4 * array.size)
    if n_bytes > _LARGE and n_bytes > _RATIO * array.nbytes_stored():
        raise ValueError(f"it states {array.shape}, which is not what is stored")
    check_chunks(array)
    return np.asarray(array[...])
