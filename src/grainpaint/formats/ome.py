"""OME-Zarr label images of other programs, versions 0.3 to 0.5.

References
----------
https://ngff.openmicroscopy.org/0.4/ and https://ngff.openmicroscopy.org/0.5/
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from grainpaint.errors import InputError, brief
from grainpaint.formats.chunks import absent_chunks, values_of
from grainpaint.formats.raw import RawVolume, integers
from grainpaint.units import micrometers

if TYPE_CHECKING:
    import zarr

__all__ = ["metadata_of", "read_labels"]

_REFUSED = {
    "plate": "a plate of many images: give one of its fields, PLATE/ROW/COLUMN/FIELD",
    "well": "a well of several images: give one of its fields, WELL/FIELD",
    "bioformats2raw.layout": "a collection of images: give one of them, such as NAME/0",
}


def metadata_of(group: zarr.Group) -> dict[str, Any]:
    """Return what a group says of itself as OME-Zarr; empty if it says nothing."""
    attributes = dict(group.attrs)
    inner = attributes.get("ome", attributes)
    return inner if isinstance(inner, dict) else {}


def read_labels(group: zarr.Group, name: str | None) -> RawVolume:
    """Read a label image: a group, or the only or named one in its folder labels.

    Parameters
    ----------
    group : zarr.Group
    name : str, optional
        Which image of the folder labels.

    Raises
    ------
    InputError
        If it is none, or something that a volume cannot hold.
    KeyError, TypeError, ValueError
        If its metadata are damaged.
    """
    said = metadata_of(group)
    for key, what in _REFUSED.items():
        if key in said or key in group.attrs:
            raise InputError(what)
    if "multiscales" not in said and "labels" not in said and "labels" not in group:
        members = sorted(key for key, one in group.groups() if "grain_id" in one)
        if members:
            raise InputError(
                f"a set of volumes ({len(members)}): name one of them, such as "
                f"{members[0]} in it"
            )
        raise InputError(
            "a Zarr group without grain_id and without the metadata of OME-Zarr"
        )
    notes: tuple[str, ...] = ()
    if "image-label" not in said:
        folder: Any = group if "labels" in said else group.get("labels")
        if folder is not None:
            group = _member(folder, name)
            said = metadata_of(group)
        elif name is not None:
            raise InputError(f"it has no labels, so none is called {name!r}")
        else:
            notes = ("it does not say that it is a label image; its values are IDs",)
    (image,) = said["multiscales"]
    return _read_image(group, image, notes)


def _member(folder: Any, name: str | None) -> Any:
    """Return a label image of a folder labels."""
    listed = metadata_of(folder).get("labels") or sorted(folder.group_keys())
    names = brief(", ".join(listed))
    if name is None and len(listed) != 1:
        raise InputError(f"which label image? Name one (array): {names}")
    if name is not None and name not in listed:
        raise InputError(f"it has no labels {name!r}; it has {names}")
    return folder[name or listed[0]]


def _read_image(
    group: zarr.Group, image: dict[str, Any], notes: tuple[str, ...]
) -> RawVolume:
    """Read the finest level of an image."""
    if "axes" not in image:
        raise InputError(
            "its image names no axes, as in versions before 0.3: save it as 0.4 or 0.5"
        )
    arrays: list[Any] = [group[level["path"]] for level in image["datasets"]]
    finest = max(range(len(arrays)), key=lambda i: arrays[i].size)
    level, array = image["datasets"][finest], arrays[finest]
    axes = [a if isinstance(a, dict) else {"name": a} for a in image["axes"]]
    names = [str(axis["name"]).lower() for axis in axes]
    if len(names) != array.ndim or len(set(names)) != len(names):
        raise ValueError(f"{array.ndim} axes, but {brief(', '.join(names))} are named")
    for axis, n in zip(names, array.shape):
        if axis not in "xyz" and n != 1:
            raise InputError(
                f"it has {n} images along the axis {axis}: save one of them"
            )
    if not {"x", "y"} <= set(names):
        raise ValueError(f"its axes are {', '.join(names)}, without x and y")
    if array.dtype.kind not in "iubf":
        raise InputError(f"its values are {array.dtype}, not integers: no label image")
    scale, shift = _placed(image, level, len(names))
    if not _has_scale(image, level):
        notes = (*notes, "assumed: voxels of edge 1, since it states no scale")
    space = [names.index(a) for a in "xyz" if a in names]
    units = [micrometers(axes[i].get("unit")) for i in space]
    factor = [1.0 if unit is None else unit for unit in units]
    spacing = [scale[i] * f for i, f in zip(space, factor)]
    center = [shift[i] * f for i, f in zip(space, factor)]
    values = values_of(array)
    others = tuple(i for i in range(len(names)) if i not in space)
    ids = values.transpose(*others, *space).reshape([array.shape[i] for i in space])
    if len(space) == 2:  # a section: one layer, as thick as its pixels are wide
        ids, spacing, center = ids[:, :, None], [*spacing, spacing[0]], [*center, 0.0]
    return RawVolume(
        integers(ids, "the image"),
        tuple(spacing),
        tuple(c - s / 2 for c, s in zip(center, spacing)),
        assumed_unit=""
        if None not in units
        else "lengths in µm, since its axes have no unit",
        notes=(*notes, *absent_chunks(array)),
    )


def _has_scale(*owners: dict[str, Any]) -> bool:
    """Return whether a level or its image states the size of voxels."""
    steps = [s for o in owners for s in o.get("coordinateTransformations") or ()]
    return any(step["type"] == "scale" for step in steps)


def _placed(
    image: dict[str, Any], level: dict[str, Any], n: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the edges of a voxel and the center of the first one, along all axes."""
    scale, shift = np.ones(n), np.zeros(n)
    # Those of the level come first, then those of the whole image.
    for owner in (level, image):
        for step in owner.get("coordinateTransformations") or ():
            kind = step["type"]
            if kind == "identity":
                continue
            if kind not in ("scale", "translation") or kind not in step:
                raise InputError(f"its {brief(kind, 50)!r} is not understood")
            values = np.array(step[kind], float)
            if values.shape != (n,):
                raise ValueError(f"a {kind} of {values.size} numbers for {n} axes")
            if kind == "scale":
                scale, shift = scale * values, shift * values
            else:
                shift = shift + values
    return scale, shift
