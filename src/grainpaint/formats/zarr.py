"""Zarr v3 folders: a group with the array grain_id [x, y, z], in chunks.

A set is a group of such groups, with the attributes `format` ("grainpaint set") and
`recipe`.
"""

from pathlib import Path
from typing import Any

import numpy as np

from grainpaint.errors import InputError
from grainpaint.microstructure import Microstructure

__all__ = ["create_set", "read", "read_recipe", "update_recipe", "write"]

_CHUNK = 64
_SET = "grainpaint set"


def write(
    volume: Microstructure, path: Path, attributes: dict[str, Any] | None = None
) -> None:
    """Write grain_id (int32, zstd) with spacing, origin (µm) and more as attributes."""
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
            **(attributes or {}),
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


def create_set(path: Path, recipe: dict[str, Any]) -> None:
    """Write a set without volumes, with the recipe by which they will be made."""
    import zarr

    zarr.create_group(path, attributes={"format": _SET, "recipe": recipe})


def read_recipe(path: Path) -> dict[str, Any] | None:
    """Return the recipe of a set, or None if there is no set."""
    import zarr

    try:
        attrs = dict(zarr.open_group(path, mode="r").attrs)
    except (FileNotFoundError, ValueError, TypeError, KeyError):
        return None
    recipe = attrs.get("recipe")
    return recipe if attrs.get("format") == _SET and isinstance(recipe, dict) else None


def update_recipe(path: Path, recipe: dict[str, Any]) -> None:
    """Replace the recipe of a set."""
    import zarr

    zarr.open_group(path, mode="r+").attrs["recipe"] = recipe
