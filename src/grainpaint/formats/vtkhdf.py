"""Images of VTK in HDF5 (.vtkhdf): what may be read of them, as of .vti."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import Any

import numpy as np

from grainpaint.errors import InputError, brief
from grainpaint.formats.hdf5_file import array_of
from grainpaint.formats.raw import RawVolume, ReadOptions, integers
from grainpaint.formats.vti.conventions import choose, convention_of
from grainpaint.formats.vti.grid import grid_of, turned

__all__ = ["read_volume"]

_PLACES = ("CellData", "PointData")
_FRAME = ("WholeExtent", "Origin", "Spacing", "Direction")
_GHOST = "vtkGhostType"


def read_volume(group: Any, options: ReadOptions) -> RawVolume:
    """Read the grains of an image.

    Parameters
    ----------
    group : h5py.Group
        VTKHDF of the file.
    options : ReadOptions

    Raises
    ------
    InputError
        If it is damaged or of another kind, holds several time steps or blanked cells,
        or it is unclear which array is meant.
    """
    kind = group.attrs.get("Type", b"")
    kind = kind.decode("latin-1") if isinstance(kind, bytes) else str(kind)
    if kind.strip("\0 ") != "ImageData":
        raise InputError(
            f"a VTKHDF file of the kind {brief(kind, 50)}; ImageData is read"
        )
    found = [
        (place, name, array)
        for place in _PLACES
        for name, array in group.get(place, {}).items()
        if name != _GHOST and hasattr(array, "shape") and _is_scalar(array)
    ]
    names = [name for _, name, _ in found]
    whole = [array.dtype.kind in "iu" for *_, array in found]
    try:
        grid = grid_of(ET.Element("ImageData", _frame(group)))
        place, name, array = found[choose(names, whole, options.array)]
    except ValueError as error:
        raise InputError(brief(error, 400)) from None
    points = place == "PointData"
    shape = tuple(b - a + (points or a == b) for a, b in grid.extent)
    values = _voxels(array, shape)
    if _GHOST in group[place] and _voxels(group[place][_GHOST], shape).any():
        raise InputError("some of its voxels are blanked out: fill them first")
    ids, spacing, origin = turned(grid, values, points)
    ids = integers(ids, f"array {name!r}")
    return RawVolume(ids, spacing, origin, **convention_of(name)._asdict())


def _frame(group: Any) -> dict[str, str]:
    """Return the attributes of an image as .vti has them."""
    return {
        name: " ".join(map(str, np.ravel(group.attrs[name]).tolist()))
        for name in _FRAME
        if name in group.attrs
    }


def _is_scalar(array: Any) -> bool:
    """Return whether an array has one number for each voxel, of one time or more."""
    n_axes = len(array.shape or ())
    return n_axes == 3 or (n_axes == 4 and 1 in (array.shape[0], array.shape[-1]))


def _voxels(array: Any, shape: tuple[int, ...]) -> np.ndarray:
    """Return an array [x, y, z] of one time."""
    values = array_of(array)
    if shape[::-1] not in (values.shape[:3], values.shape[-3:]) or (
        values.size != np.prod(shape)
    ):
        raise InputError(
            f"{brief(array.name, 50)} has the shape {values.shape}, and the image "
            f"{shape[::-1]}: one time step with all of its voxels is read"
        )
    voxels: np.ndarray = values.reshape(shape[::-1]).transpose(2, 1, 0)
    return voxels
