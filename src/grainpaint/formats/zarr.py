"""Zarr v3 folders: a group with the array grain_id [x, y, z], in chunks."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from grainpaint.errors import InputError
from grainpaint.microstructure import Microstructure

__all__ = ["read", "write", "write_set"]

_CHUNK = 64


def write(volume: Microstructure, path: Path) -> None:
    """Write grain_id (int32, zstd) with spacing and origin (µm) as attributes."""
    import zarr

    group = zarr.create_group(path)
    array = group.create_array(
        "grain_id",
        shape=volume.shape,
        chunks=tuple(min(_CHUNK, n) for n in volume.shape),
        dtype="int32",
        dimension_names=["x", "y", "z"],
    )
    array[:] = volume.grain_id
    group.attrs.update(
        {
            "spacing": list(volume.spacing),
            "origin": list(volume.origin),
            "periodic": list(volume.periodic),
            "unit": "micrometer",
        }
    )


def read(path: Path) -> Microstructure:
    """Read what `write` wrote.

    Raises
    ------
    InputError
        If the folder is no such group or lacks an attribute.
    """
    import zarr

    try:
        group = zarr.open_group(path, mode="r")
        attrs: dict[str, Any] = dict(group.attrs)
        return Microstructure(
            np.asarray(group["grain_id"]),
            attrs["spacing"],
            attrs["origin"],
            attrs["periodic"],
        )
    except (KeyError, FileNotFoundError, ValueError, TypeError) as error:
        raise InputError(
            f"{path}: a .zarr volume is a group with grain_id, spacing, origin and "
            f"periodic ({error})"
        ) from None


def write_set(
    path: Path,
    recipe: dict[str, Any],
    members: Iterable[tuple[int, float, Microstructure]],
) -> None:
    """Write a set: a group of volumes in the order of seed and time.

    Parameters
    ----------
    path : Path
    recipe : dict
        What made them, kept as an attribute.
    members : iterable of (seed, time, volume)
    """
    import zarr

    group = zarr.create_group(path)
    group.attrs.update({"format": "grainpaint set", "recipe": recipe})
    for seed, time, volume in members:
        member = path / f"s{seed:010d}_t{time:010.3f}"
        write(volume, member)
        attributes = {"seed": seed, "time": time}
        zarr.open_group(member, mode="r+").attrs.update(attributes)
