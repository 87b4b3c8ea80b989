"""Zarr v3 folders: a group with the array grain_id [x, y, z], in chunks.

A set is a group of such groups, with the attributes `format` ("grainpaint set") and
`recipe`.
"""

from pathlib import Path
from typing import Any

import numpy as np

from grainpaint.errors import InputError
from grainpaint.microstructure import Microstructure

__all__ = [
    "PIECEWISE",
    "attributes_of",
    "create_set",
    "read",
    "read_recipe",
    "update_recipe",
    "write",
]

PIECEWISE = "grainpaint volume"  # made piece by piece, perhaps not finished
_CHUNK = 64
_SET = "grainpaint set"


def write(
    volume: Microstructure, path: Path, attributes: dict[str, Any] | None = None
) -> None:
    """Write grain_id (int32, zstd); spacing, origin (µm) etc. are attributes."""
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
    known = attributes_of(volume.spacing, volume.origin, volume.periodic)
    group.attrs.update({**known, **(attributes or {})})


def attributes_of(
    spacing: tuple[float, ...],
    origin: tuple[float, ...],
    periodic: tuple[bool, ...],
) -> dict[str, Any]:
    """Return the attributes of a volume's group, including those of OME-Zarr 0.5.

    OME-Zarr states the center of the first voxel, our origin is its corner.

    References
    ----------
    https://ngff.openmicroscopy.org/0.5/
    """
    axes = [{"name": x, "type": "space", "unit": "micrometer"} for x in "xyz"]
    center = [o + s / 2 for o, s in zip(origin, spacing)]
    placed = [
        {"type": "scale", "scale": list(spacing)},
        {"type": "translation", "translation": center},
    ]
    datasets = [{"path": "grain_id", "coordinateTransformations": placed}]
    image = {"name": "grains", "axes": axes, "datasets": datasets}
    return {
        "spacing": list(spacing),
        "origin": list(origin),
        "periodic": list(periodic),
        "unit": "micrometer",
        "ome": {"version": "0.5", "multiscales": [image]},
    }


def read(path: Path) -> Microstructure:
    """Read what `write` wrote.

    Raises
    ------
    InputError
        If the folder is not such a group, lacks an attribute, is damaged, or holds an
        unfinished volume.
    """
    import zarr

    try:
        group = zarr.open_group(path, mode="r")
        attrs: dict[str, Any] = dict(group.attrs)
        if attrs.get("format") == PIECEWISE and not attrs["complete"]:
            raise InputError(
                f"{path}: not finished: run the same command again to continue"
            )
        return Microstructure(
            np.asarray(group["grain_id"]),
            attrs["spacing"],
            attrs["origin"],
            attrs["periodic"],
        )
    except InputError:
        raise
    except (KeyError, FileNotFoundError, ValueError, TypeError, RuntimeError) as error:
        raise InputError(
            f"{path}: a .zarr volume is a group with grain_id, spacing, origin and "
            f"periodic ({error})"
        ) from None


def create_set(path: Path, recipe: dict[str, Any]) -> None:
    """Write an empty set with the recipe by which its volumes will be made."""
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
