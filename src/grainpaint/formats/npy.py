"""A bare array of NumPy (.npy), read as grain IDs."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from grainpaint.errors import InputError, brief
from grainpaint.formats.arrays import ARCHIVE_ERRORS, array_of
from grainpaint.formats.raw import RawVolume, ReadOptions, integers
from grainpaint.formats.vti.conventions import convention_of

__all__ = ["bare_volume", "read"]


def read(path: Path, data: bytes, options: ReadOptions) -> RawVolume:
    """Read IDs [x, y, z] or [x, y]; their voxels are taken for cubes of 1 µm.

    Raises
    ------
    InputError
        If it is damaged, has other axes, or holds something else than integers.
    """
    if options.array is not None:
        raise InputError(f"{path}: an .npy holds one array without a name: omit array")
    try:
        return bare_volume(array_of(data), "the array", None)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    except ARCHIVE_ERRORS as error:
        raise InputError(
            f"{path}: an .npy, damaged or cut off ({brief(error, 100)})"
        ) from None


def bare_volume(values: np.ndarray, called: str, name: str | None) -> RawVolume:
    """Return the volume of an array that nothing is said of.

    Parameters
    ----------
    values : numpy.ndarray, shape (nx, ny, nz) or (nx, ny)
    called : str
        How errors call it.
    name : str, optional
        Its own name, which may tell what ID is outside.

    Raises
    ------
    InputError
        If it has other axes, or holds something else than integers.
    """
    if values.ndim not in (2, 3):
        raise InputError(
            f"{called} has the shape {values.shape}, and 2 or 3 axes are read"
        )
    known = convention_of(name)._asdict() | {
        "unit": "um",
        "assumed_unit": "voxels of 1 µm in the order [x, y, z], since none is stated",
    }
    ids = integers(values.reshape(*values.shape, *(1,) * (3 - values.ndim)), called)
    return RawVolume(ids, (1.0, 1.0, 1.0), (0.0, 0.0, 0.0), **known)
