"""NumPy archives: the exact content of a `Microstructure`."""

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from grainpaint.errors import InputError, brief
from grainpaint.formats.arrays import ARCHIVE_ERRORS, dtype_of, names_in, read_member
from grainpaint.formats.content import part_told
from grainpaint.formats.npy import bare_volume
from grainpaint.formats.others import other_kind
from grainpaint.formats.raw import RawVolume, ReadOptions, integers
from grainpaint.formats.vti.conventions import choose
from grainpaint.microstructure import Microstructure
from grainpaint.orientations import Orientations
from grainpaint.units import count_text

__all__ = ["read", "write"]

# What tells that an archive is ours, and what counts where one is missing.
_OURS = {
    "spacing": (1.0, 1.0, 1.0),
    "origin": (0.0, 0.0, 0.0),
    "periodic": (False, False, False),
}


def write(volume: Microstructure, path: Path) -> None:
    """Write grain_id (int32), spacing, origin (float64, µm) and periodic (bool).

    A volume with orientations has quaternion (float64, shape (n, 4); row i is grain
    i + 1) and symmetry as well; symmetry is an array, and phase and phase_name are
    there too, if there are several phases.
    """
    more: dict[str, Any] = {}
    if volume.orientations is not None:
        known = volume.orientations
        more = {
            "quaternion": known.quaternion,
            "symmetry": np.array(known.symmetry[0]),
            "phase_name": np.array(known.names),
        }
        if len(known.symmetry) > 1:
            more |= {"symmetry": np.array(known.symmetry), "phase": known.phase}
    with path.open("wb") as file:
        np.savez_compressed(
            file,
            grain_id=volume.grain_id,
            spacing=np.array(volume.spacing, np.float64),
            origin=np.array(volume.origin, np.float64),
            periodic=np.array(volume.periodic, bool),
            **more,
        )


def read(path: Path, data: bytes, options: ReadOptions) -> RawVolume:
    """Read what `write` wrote, another array in the place of grain_id, or other IDs.

    Without a spacing, voxels are taken for cubes of 1 µm; without origin and periodic,
    the box begins at 0 and its faces are its ends. An archive that has none of these
    and no quaternion is another program's: its only array of integers is read.

    Raises
    ------
    InputError
        If the file is not such an archive, lacks an array, or it is unclear which array
        is meant.
    """
    name = options.array or "grain_id"
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            held = names_in(archive)
            if {"zarr.json", ".zgroup", ".zattrs"} & set(archive.namelist()):
                raise InputError(f"{path}: a zipped Zarr folder: unzip it")
            if any(n.lower().endswith(".model") for n in archive.namelist()):  # 3MF
                raise InputError(part_told(path))
            are_arrays = {f"{n}.npy" for n in held} <= set(archive.namelist())
            other = None if held and are_arrays else other_kind(path, b"")
            if other is not None:
                raise InputError(f"{path}: {other}")
            if are_arrays and not {*_OURS, "quaternion"} & set(held):
                return _of_others(archive, held, options.array)
            if name not in held:
                raise InputError(
                    f"{path}: an .npz volume holds {name}, perhaps with "
                    f"{', '.join(_OURS)}; this one lacks {name} and has "
                    f"{brief(', '.join(held))}"
                )
            ids = read_member(archive, name)
            if ids.ndim == 2:
                ids = ids[:, :, None]
            spacing, origin, periodic = (
                _three(archive, n, held, unstated) for n, unstated in _OURS.items()
            )
            if periodic.dtype.kind != "b" and not np.isin(periodic, (0, 1)).all():
                raise InputError(
                    "periodic says true or false along x, y, z; got "
                    f"{periodic.tolist()}"
                )
            known = _orientations(archive, held) if "quaternion" in held else None
            if known is not None and "phase_name" not in held:  # of another's making
                _check_rows(len(known), ids)
            lost = known is None and {"phase", "phase_name"} & set(held)
        return RawVolume(
            integers(ids, repr(name)),
            tuple(map(float, spacing)),
            tuple(map(float, origin)),
            tuple(map(bool, periodic)),
            assumed_unit=""
            if "spacing" in held
            else "cubes, since no spacing is stated",
            orientations=known,
            notes=("phases without orientations are not kept",) if lost else (),
        )
    except InputError as error:
        text = str(error)
        raise InputError(
            text if text.startswith(str(path)) else f"{path}: {text}"
        ) from None
    except ARCHIVE_ERRORS as error:
        raise InputError(
            f"{path}: damaged, or no .npz archive ({brief(error, 100)})"
        ) from None


def _three(
    archive: zipfile.ZipFile, name: str, held: list[str], unstated: tuple[Any, ...]
) -> np.ndarray:
    """Return the values of an array along x, y, z; a single one counts for all."""
    values = read_member(archive, name) if name in held else np.array(unstated)
    if values.shape not in ((), (1,), (3,)):
        raise InputError(f"{name} has three values, or one; got {values.size}")
    return np.broadcast_to(values, 3)


def _of_others(
    archive: zipfile.ZipFile, held: list[str], wanted: str | None
) -> RawVolume:
    """Return the only array of grains of an archive that says nothing else of them."""
    dtypes = {name: dtype_of(archive, name) for name in held}
    names = [name for name in held if dtypes[name].kind in "biuf"]
    whole = [dtypes[name].kind != "f" for name in names]
    objects = [name for name in held if dtypes[name].hasobject]
    if objects and not names:
        raise InputError(f"'{objects[0]}' holds Python objects, which are not read")
    try:
        name = names[choose(names, whole, wanted)]
    except ValueError as error:
        raise InputError(brief(error, 400)) from None
    return bare_volume(read_member(archive, name), repr(name), name)


def _check_rows(n: int, ids: np.ndarray) -> None:
    """Raise if there are more orientations than IDs, as with a row for what is outside.

    In our own files there may be: those of grains that were cut off.
    """
    largest = int(ids.max(initial=0))
    if n > largest:
        raise InputError(
            f"quaternion has {n} rows and the grain IDs reach {largest}: its first row "
            "is that of grain 1, and there is none for 0, so give it "
            f"{count_text(largest, 'row')}"
        )


def _orientations(archive: zipfile.ZipFile, held: list[str]) -> Orientations:
    """Return the orientations; their symmetry must stand beside them."""
    if "symmetry" not in held:
        raise InputError("has quaternion but no symmetry (such as 432) beside it")
    symmetry = np.atleast_1d(read_member(archive, "symmetry"))
    if symmetry.size > 1 and "phase" not in held:
        raise InputError(f"has {symmetry.size} symmetries but no phase of each grain")
    names = read_member(archive, "phase_name") if "phase_name" in held else ()
    more = {"phase": read_member(archive, "phase")} if "phase" in held else {}
    return Orientations(
        read_member(archive, "quaternion"),
        tuple(map(str, symmetry)),
        names=tuple(map(str, np.atleast_1d(names))),
        **more,
    )
