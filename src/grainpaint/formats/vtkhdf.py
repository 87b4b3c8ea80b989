"""Images of VTK in HDF5 (.vtkhdf): what may be read of them, as of .vti."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import Any

import numpy as np

from grainpaint.errors import InputError, brief
from grainpaint.formats.hdf5_file import array_of, floats_of
from grainpaint.formats.raw import RawVolume, ReadOptions, integers
from grainpaint.formats.vti.conventions import choose, convention_of
from grainpaint.formats.vti.grid import frame_of, turned
from grainpaint.orientations import Orientations

__all__ = ["PERIODIC", "fields_of", "read_volume"]

PERIODIC = "periodic"  # data of the file as a whole: 0 or 1 for each axis

_PLACES = ("CellData", "PointData")
_FRAME = ("WholeExtent", "Origin", "Spacing", "Direction")
_GHOST = "vtkGhostType"
_STATED = ("phase", "symmetry", "phase_name")
_SPARSE = 1_000_000  # how far IDs may exceed the number of cells


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
        grid = frame_of(ET.Element("ImageData", _frame(group)))
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
    fields = group.get("FieldData", {})
    known, note = _orientations(fields, ids)
    return RawVolume(
        ids,
        spacing,
        origin,
        **convention_of(name)._asdict(),
        orientations=known,
        periodic=_periodic(fields),
        notes=(note,) if note else (),
    )


def _periodic(fields: Any) -> tuple[bool, ...]:
    """Return which axes a file states to be periodic."""
    if not hasattr(fields, "keys") or PERIODIC not in fields:
        return (False, False, False)
    stated = integers(array_of(fields[PERIODIC]).ravel(), repr(PERIODIC))
    if stated.shape != (3,) or not np.isin(stated, (0, 1)).all():
        raise InputError("damaged: it does not say of three axes if they are periodic")
    return tuple(bool(p) for p in stated)


def fields_of(ids: np.ndarray, known: Orientations) -> dict[str, np.ndarray]:
    """Return orientations as arrays of a file as a whole.

    Parameters
    ----------
    ids : numpy.ndarray, integer, shape (n,)
        Grain IDs.
    known : Orientations
        Of these grains.

    Returns
    -------
    dict of str to numpy.ndarray
        orientation_id, quaternion and phase, a row for each of the IDs; symmetry, such
        as 432, by phase, and phase_name: the bytes of a text with a line for each.
    """
    return {
        "orientation_id": ids,
        "quaternion": known.quaternion,
        "phase": known.phase,
        "symmetry": np.array([int(s) for s in known.symmetry], "i8"),
        "phase_name": np.frombuffer("\n".join(known.names).encode(), np.uint8),
    }


def _orientations(fields: Any, ids: np.ndarray) -> tuple[Orientations | None, str]:
    """Return the orientations that we wrote, and why there are none if there are not.

    The rows are those of some IDs; others, which no voxel has, get the identity.
    """
    if not hasattr(fields, "keys") or not {"orientation_id", "quaternion"} <= {*fields}:
        return None, ""
    if not {*_STATED} <= {*fields}:
        return (
            None,
            "it does not state the symmetry of its orientations: they are unused",
        )
    of, phase, symmetry = (
        integers(array_of(fields[name]).ravel(), repr(name))
        for name in ("orientation_id", "phase", "symmetry")
    )
    quaternion, names = floats_of(fields["quaternion"]), array_of(fields["phase_name"])
    lost = np.setdiff1d(ids[ids > 0], of)
    if quaternion.shape != (of.size, 4) or phase.shape != of.shape or lost.size:
        raise InputError("damaged: its orientations are not those of its grains")
    n = int(of.max(initial=0))
    if of.min(initial=1) < 1 or n > _SPARSE + ids.size:
        raise InputError(f"damaged: it has orientations of grains up to {n}")
    if phase.min(initial=1) < 1 or phase.max(initial=1) > symmetry.size:
        raise InputError(f"damaged: it has phase {phase.max()} of {symmetry.size}")
    every, kinds = np.tile([1.0, 0.0, 0.0, 0.0], (n, 1)), np.ones(n, np.int32)
    every[of - 1], kinds[of - 1] = quaternion, phase
    text = integers(names.ravel(), "'phase_name'").astype(np.uint8).tobytes()
    told = tuple(text.decode("utf-8", "replace").split("\n"))
    groups = tuple(str(s) for s in symmetry.tolist())
    return Orientations(every, groups, kinds, told), ""


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
