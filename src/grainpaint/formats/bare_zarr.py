"""Arrays of Zarr of which no more is said than, perhaps, the names of their axes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from grainpaint.errors import InputError, brief
from grainpaint.formats.chunks import absent_chunks, values_of
from grainpaint.formats.npy import bare_volume
from grainpaint.formats.ome import metadata_of
from grainpaint.formats.raw import RawVolume

__all__ = ["bare_array", "only_array", "says_nothing"]

_OF_XARRAY = "_ARRAY_DIMENSIONS"  # in version 2 of Zarr, which names no axes itself


def says_nothing(group: Any) -> bool:
    """Return whether a group has arrays, and nothing that says what they are.

    An array grain_id is ours, and what states its spacing is lost.
    """
    said = metadata_of(group)
    known = ("multiscales", "labels", "plate", "well", "bioformats2raw.layout")
    if any(key in said or key in group.attrs for key in known) or "labels" in group:
        return False
    if "grain_id" in group:
        return False
    return next(iter(group.array_keys()), None) is not None


def only_array(group: Any, name: str | None) -> tuple[Any, str]:
    """Return the array of a group that is named, or the only one, and its name.

    Raises
    ------
    InputError
        If there is no such array, or there are several.
    """
    names = sorted(group.array_keys())
    if name is None and len(names) != 1:
        raise InputError(
            f"which array holds the grains? Name one (array): {brief(', '.join(names))}"
        )
    if name is not None and name not in names:
        raise InputError(f"it has no array {name!r}; it has {brief(', '.join(names))}")
    name = name or names[0]
    return group[name], name


def bare_array(array: Any, name: str | None) -> RawVolume:
    """Return the volume of an array, along x, y, z if it names its axes.

    Raises
    ------
    InputError
        If it has other axes, or holds something else than integers.
    """
    values = values_of(array)
    axes = getattr(array.metadata, "dimension_names", None) or array.attrs.get(
        _OF_XARRAY
    )
    axes = [str(axis).lower() for axis in axes or ()]
    called = "the array" if name is None else f"the array {name!r}"
    if len(axes) != values.ndim or not set(axes) <= set("xyz"):
        raw = bare_volume(values, called, name)
    elif set(axes) not in ({"x", "y"}, {"x", "y", "z"}):
        raise InputError(f"{called} has the axes {', '.join(axes)}, not x, y and z")
    else:
        order = sorted(range(len(axes)), key=axes.__getitem__)
        told = "voxels of 1 µm, since their size is not stated"
        raw = bare_volume(values.transpose(order), called, name)
        raw = replace(raw, assumed_unit=told)
    return replace(raw, notes=(*raw.notes, *absent_chunks(array)))
