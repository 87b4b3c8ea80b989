"""Zarr v3 folders: a group with the array grain_id [x, y, z], in chunks.

A set is a group of such groups, with the attributes `format` ("grainpaint set") and
`recipe`.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np

from grainpaint.errors import InputError, brief
from grainpaint.formats.bare_zarr import bare_array, only_array, says_nothing
from grainpaint.formats.chunks import values_of
from grainpaint.formats.ome import read_labels
from grainpaint.formats.pieces import PIECEWISE, check_pieces
from grainpaint.formats.raw import RawVolume, ReadOptions, integers
from grainpaint.formats.slabs import Slabs
from grainpaint.microstructure import Microstructure
from grainpaint.orientations import Orientations

__all__ = [
    "attributes_of",
    "create_set",
    "lazily",
    "read",
    "read_recipe",
    "update_recipe",
    "write",
]

_CHUNK = 64
_SET = "grainpaint set"
_INSIDE = "voxels_inside"
_SHAPE = "shape"


def write(
    volume: Microstructure, path: Path, attributes: dict[str, Any] | None = None
) -> None:
    """Write grain_id (int32, zstd); spacing, origin (µm) etc. are attributes.

    A volume with orientations has the array quaternion (float64, shape (n, 4); row i is
    grain i + 1) and the attributes symmetry and phase_name, a list of one for each
    phase, as well; and the array phase if there are several.
    """
    import zarr
    from zarr.codecs import ZstdCodec

    group = zarr.create_group(path)
    array = group.create_array(
        "grain_id",
        shape=volume.shape,
        chunks=tuple(min(_CHUNK, n) for n in volume.shape),
        dtype="int32",
        compressors=ZstdCodec(level=0, checksum=True),
        dimension_names=["x", "y", "z"],
    )
    array[:] = volume.grain_id
    known = attributes_of(volume.spacing, volume.origin, volume.periodic)
    # Chunks of zeros have no file, so a lost one shows in this number alone.
    known[_INSIDE] = volume.n_voxels
    known[_SHAPE] = list(volume.shape)
    if volume.orientations is not None:
        known |= _write_orientations(group, volume.orientations)
    group.attrs.update({**known, **(attributes or {})})


def _write_orientations(group: Any, known: Orientations) -> dict[str, Any]:
    """Write quaternion, and phase if there are several; return the attributes."""
    from zarr.codecs import ZstdCodec

    arrays = {"quaternion": known.quaternion}
    if len(known.symmetry) > 1:
        arrays["phase"] = known.phase
    for name, values in arrays.items():
        packed = ZstdCodec(level=0, checksum=True)
        group.create_array(name, data=values, compressors=packed)
    return {"symmetry": list(known.symmetry), "phase_name": list(known.names)}


def _orientations(group: Any) -> Orientations | None:
    """Return the orientations that `write` wrote, None if there are none."""
    attrs: dict[str, Any] = dict(group.attrs)
    if "symmetry" not in attrs and "quaternion" not in group:
        return None
    lost = [n for n in ("symmetry", "phase_name") if n not in attrs]
    lost += [n for n in ("quaternion",) if n not in group]
    if not lost and len(attrs["symmetry"]) > 1 and "phase" not in group:
        lost = ["phase"]
    if lost:
        raise InputError(f"damaged: its orientations lack {', '.join(lost)}")
    return Orientations(
        values_of(group["quaternion"]),
        tuple(map(str, attrs["symmetry"])),
        values_of(group["phase"]) if len(attrs["symmetry"]) > 1 else None,  # type: ignore[arg-type]
        tuple(map(str, attrs["phase_name"])),
    )


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


def read(path: Path, options: ReadOptions) -> RawVolume:
    """Read what `write` wrote, or a label image of OME-Zarr.

    Raises
    ------
    InputError
        If the folder is no such group, lacks something, is damaged, or holds an
        unfinished volume.
    """
    import zarr

    try:
        found = zarr.open(path, mode="r")
        if isinstance(found, zarr.Array):
            if _in_group(path):  # which may say how large its voxels are
                raise InputError("a Zarr array in a group: give the group")
            if options.array is not None:
                raise InputError("one Zarr array: leave out the name of an array")
            raw = bare_array(found, None)
        elif "grain_id" in found and "spacing" in found.attrs:
            check_pieces(path, dict(found.attrs), options.array or "grain_id")
            raw = _read_own(found, options.array)
        elif says_nothing(found):
            raw = bare_array(*only_array(found, options.array))
        else:
            raw = read_labels(found, options.array)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    except Exception as error:  # each codec of Zarr has errors of its own
        raise InputError(
            f"{path}: damaged, or not a .zarr volume, which is a group with grain_id, "
            f"spacing, origin and periodic, or OME-Zarr labels ({brief(error)})"
        ) from None
    return raw


def _in_group(path: Path) -> bool:
    """Return whether the folder around an array is a group of Zarr."""
    around = path.absolute().parent
    if (around / ".zgroup").is_file():
        return True
    about = around / "zarr.json"
    return about.is_file() and b'"group"' in about.read_bytes()[:100_000]


def _read_own(group: Any, name: str | None) -> RawVolume:
    """Read what `write` wrote, or another array of the group."""
    attrs: dict[str, Any] = dict(group.attrs)
    if name is not None and name not in group:
        raise InputError(
            f"it has no array {name!r}; it has {brief(', '.join(group.keys()))}"
        )
    ids = integers(values_of(group[name or "grain_id"]), repr(name or "grain_id"))
    n_inside = attrs.get(_INSIDE)
    if name is None and n_inside not in (None, np.count_nonzero(ids)):
        raise InputError(
            f"damaged: it states {n_inside:,} voxels in grains and has "
            f"{np.count_nonzero(ids):,}, so files of it are missing"
        )
    if name is None and attrs.get(_SHAPE) not in (None, list(ids.shape)):
        raise InputError(f"damaged: its shape is {ids.shape}, not {attrs[_SHAPE]}")
    spacing, origin, periodic = _frame(attrs)
    return RawVolume(ids, spacing, origin, periodic, orientations=_orientations(group))


def _frame(
    attrs: dict[str, Any],
) -> tuple[tuple[float, ...], tuple[float, ...], tuple[bool, ...]]:
    """Return spacing, origin and periodic of a volume of ours."""
    spacing, origin = (tuple(map(float, attrs[n])) for n in ("spacing", "origin"))
    periodic = tuple(attrs["periodic"])
    if not all(isinstance(p, bool) for p in periodic):
        raise ValueError("periodic is true or false along each axis")
    # What is stated once more as OME-Zarr tells damage.
    stated = attributes_of(spacing, origin, periodic)["ome"]
    if attrs.get("ome", stated) != json.loads(json.dumps(stated)):
        raise InputError(
            "damaged, or changed by hand: its spacing and origin are not those in its "
            "attribute ome (it is read without that attribute)"
        )
    return spacing, origin, periodic


def lazily(path: Path) -> Slabs | None:
    """Return a volume of ours slab by slab, None for a label image of OME-Zarr.

    Raises
    ------
    InputError
        If it is damaged or unfinished; also while it is read.
    """
    import zarr

    try:
        group = zarr.open(path, mode="r")
        if isinstance(group, zarr.Array) or "spacing" not in group.attrs:
            return None
        array: Any = group["grain_id"]
        attrs: dict[str, Any] = dict(group.attrs)
        check_pieces(path, attrs, "grain_id")
        if attrs.get(_SHAPE) not in (None, list(array.shape)):
            raise InputError(
                f"damaged: its shape is {array.shape}, not {attrs[_SHAPE]}"
            )
        if array.ndim != 3 or array.dtype.kind not in "iu":
            raise InputError("grain_id is not an array of integers [x, y, z]")
        frame = _frame(attrs)
        known = _orientations(group)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    except Exception as error:  # each codec of Zarr has errors of its own
        raise InputError(f"{path}: damaged ({str(error).split(chr(10))[0]})") from None

    def fetch(here: tuple[slice, slice, slice]) -> np.ndarray:
        try:
            found = np.asarray(array[here])
        except Exception as error:  # as above
            reason = str(error).split("\n")[0] or type(error).__name__
            raise InputError(f"{path}: damaged ({reason})") from None
        return found.astype(np.int32, copy=False)

    pieces = attrs.get("format") == PIECEWISE
    slabs = Slabs(array.shape, *frame, fetch, known, pieces)
    stated = attrs.get(_INSIDE)
    inside = slabs.n_voxels - slabs.n_outside if stated is not None else None
    if inside != stated:
        raise InputError(
            f"{path}: damaged: it states {stated:,} voxels in grains and has "
            f"{inside:,}, so files of it are missing"
        )
    return slabs


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
