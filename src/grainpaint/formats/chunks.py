"""Values of Zarr arrays that strangers may have made, or damage."""

from __future__ import annotations

from typing import Any

import numpy as np

from grainpaint.errors import InputError
from grainpaint.formats.blosc import check_chunks

__all__ = ["absent_chunks", "values_of"]

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


def absent_chunks(array: Any) -> tuple[str, ...]:
    """Return a note on chunks that have no file, none if all have one.

    Zarr reads them as its fill value. A writer leaves out chunks that hold nothing
    else, and a copy that was cut off has none either.
    """
    n, there = array.nchunks, array.nchunks_initialized
    if there >= n:
        return ()
    lost = f"{n - there:,} of its {n:,} chunks have" if there else "all its chunks have"
    return (
        f"{lost} no file and are read as {array.fill_value}: either they hold nothing "
        "else, or files are missing",
    )
