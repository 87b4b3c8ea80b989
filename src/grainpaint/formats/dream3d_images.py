"""The images in a file of DREAM.3D, with the folders that belong to them."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from grainpaint.errors import InputError, brief
from grainpaint.formats.hdf5_file import array_of

__all__ = ["Image", "image_of"]

_UNITS = {5: "nm", 6: "um", 7: "mm", 8: "cm"}  # meters are what it writes unasked
_DEEPEST = 4  # folders in folders that are searched for images
_BOUNDS = tuple(f"{axis} Bounds ID" for axis in "XYZ")  # of a rectilinear grid
_OLD_BOUNDS = tuple(f"{axis}BoundsList" for axis in "xyz")
_EVEN = 1e-3  # of a step: grids whose steps differ by less are even
_Frame = tuple[tuple[int, ...], Any, Any]  # shape, spacing and origin


class Image(NamedTuple):
    """An image geometry and what belongs to it; its cells are None if it has none."""

    shape: tuple[int, ...]
    spacing: tuple[float, ...]
    origin: tuple[float, ...]
    cells: Any
    others: list[Any]
    unit: str = ""  # if the file states one


def image_of(file: Any, name: str) -> Image:
    """Return the only image, or the only one of several whose cells have the array."""
    found = _new_images(file) if "DataStructure" in file else _old_images(file)
    filled = [image for image in found if image.cells is not None]
    if found and not filled:
        raise InputError(
            f"damaged: it states {found[0].shape} cells, and no array has that many"
        )
    chosen = [image for image in filled if name in image.cells]
    if len(filled) > 1 and len(chosen) == 1:
        return chosen[0]
    if not filled:
        held = ", ".join(sorted(_geometries(file))) or "none"
        raise InputError(
            "a file of DREAM.3D without an image geometry (ImageGeom); its geometries: "
            f"{held}"
        )
    if len(filled) != 1:
        raise InputError(
            f"a file of DREAM.3D with {len(filled)} image geometries, {len(chosen)} "
            f"with {name}; one is required"
        )
    return filled[0]


def _new_images(file: Any) -> list[Image]:
    """Return the images of version 8."""
    return _images_in(file["DataStructure"], 0)


def _images_in(root: Any, depth: int) -> list[Image]:
    """Return the images in a folder, and in folders in it."""
    found = []
    for group in root.values():
        frame = _frame_of(group)
        if frame is None:
            if _is_folder(group) and depth < _DEEPEST:
                found += _images_in(group, depth + 1)
            continue
        folders = [g for g in (*group.values(), *root.values()) if _is_folder(g)]
        image = _with_cells(*frame, folders)
        found.append(image._replace(unit=_stated_unit(group.attrs.get("Units"))))
    return found


def _frame_of(group: Any) -> _Frame | None:
    """Return the frame of an image or of a rectilinear grid; None of all else."""
    known = group.attrs
    if all(name in known for name in _BOUNDS):
        return _even([_by_number(group, known[name]) for name in _BOUNDS])
    if "_SPACING" not in known or "_DIMENSIONS" not in known:
        return None
    shape = tuple(int(n) for n in known["_DIMENSIONS"])
    return shape, known["_SPACING"], known["_ORIGIN"]


def _stated_unit(number: Any) -> str:
    """Return a unit of length by its number, "" if it is none that someone chose."""
    known = np.ravel(number)
    whole = known.dtype.kind in "iu" and known.size == 1
    return _UNITS.get(int(known[0]), "") if whole else ""


def _is_folder(thing: Any) -> bool:
    return hasattr(thing, "keys")


def _geometries(file: Any) -> set[str]:
    """Return the kinds of geometries in a file, as it names them."""
    if "DataStructure" not in file:
        held = [c.get("_SIMPL_GEOMETRY") for c in file["DataContainers"].values()]
        kinds = [g.attrs.get("GeometryTypeName", b"") for g in held if g is not None]
    else:
        kinds = [g.attrs.get("ObjectType", b"") for g in file["DataStructure"].values()]
    names = [k.decode("ascii", "replace") if isinstance(k, bytes) else k for k in kinds]
    return {brief(name) for name in map(str, names) if "Geom" in name}


def _by_number(group: Any, number: Any) -> np.ndarray:
    """Return the array of a group by its number in the file."""
    for thing in group.values():
        if thing.attrs.get("ObjectId") == number and hasattr(thing, "shape"):
            return array_of(thing).ravel()
    raise InputError("damaged: a rectilinear grid lacks the bounds of its cells")


def _even(bounds: list[np.ndarray]) -> _Frame:
    """Return the frame of a rectilinear grid with even steps."""
    for axis, values in zip("xyz", bounds):
        steps = np.diff(values.astype(np.float64))
        if not steps.size or not (np.isfinite(steps) & (steps > 0)).all():
            raise InputError(
                f"damaged: the bounds of its cells along {axis} do not rise"
            )
        slack = _EVEN * steps.mean() + 2 * np.spacing(np.float32(np.abs(values).max()))
        if np.ptp(steps) > slack:
            raise InputError(
                f"a rectilinear grid whose cells along {axis} are {steps.min():.4g} "
                f"to {steps.max():.4g}: cells of one size are required; the filter "
                "Resample Rectilinear Grid to Image Geom of DREAM3D-NX makes them"
            )
    shape = tuple(len(values) - 1 for values in bounds)
    return shape, [_step(v) for v in bounds], [float(values[0]) for values in bounds]


def _step(bounds: np.ndarray) -> float:
    """Return the step of even bounds, with the fewest digits that meet their ends."""
    step = (float(bounds[-1]) - float(bounds[0])) / (len(bounds) - 1)
    slack = 2 * float(np.spacing(np.float32(np.abs(bounds).max()))) / (len(bounds) - 1)
    tries = (float(f"{step:.{digits}g}") for digits in range(1, 8))
    return next((short for short in tries if abs(short - step) <= slack), step)


def _old_images(file: Any) -> list[Image]:
    """Return the images of version 7."""
    found = []
    for container in file["DataContainers"].values():
        frame = _old_frame_of(container.get("_SIMPL_GEOMETRY", {}))
        if frame is not None:
            folders = [g for k, g in container.items() if k != "_SIMPL_GEOMETRY"]
            found.append(_with_cells(*frame, folders))
    return found


def _old_frame_of(geometry: Any) -> _Frame | None:
    """Return what `_frame_of` does, of version 7."""
    if all(name in geometry for name in _OLD_BOUNDS):
        return _even([array_of(geometry[name]).ravel() for name in _OLD_BOUNDS])
    if "DIMENSIONS" not in geometry or "SPACING" not in geometry:
        return None
    shape = tuple(int(n) for n in array_of(geometry["DIMENSIONS"]).ravel())
    origin = array_of(geometry["ORIGIN"]) if "ORIGIN" in geometry else np.zeros(3)
    return shape, array_of(geometry["SPACING"]), origin


def _with_cells(
    shape: tuple[int, ...], spacing: Any, origin: Any, folders: list[Any]
) -> Image:
    """Return an image with the folder whose arrays have its shape, if there is one."""

    def is_cells(folder: Any) -> bool:
        arrays = [a for a in folder.values() if hasattr(a, "shape")]
        return any(a.shape[:3] == shape[::-1] for a in arrays)

    cells = [folder for folder in folders if is_cells(folder)]
    best = max(
        cells, key=lambda f: ("FeatureIds" in f, "EulerAngles" in f), default=None
    )
    others = [
        folder for folder in folders if folder.name not in {c.name for c in cells}
    ]
    return Image(
        shape,
        tuple(float(f"{s:.7g}") for s in np.ravel(spacing)),
        tuple(float(f"{o:.7g}") for o in np.ravel(origin)),
        best,
        others,
    )
