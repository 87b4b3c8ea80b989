"""A part from a file: what the file is, its unit, the solid in it, how it stands."""

import hashlib
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from grainpaint.cad.meshes import KNOWN, format_of, read_triangles
from grainpaint.cad.packed import unpacked
from grainpaint.cad.pose import AS_IT_IS, Pose
from grainpaint.cad.solid import Part, solid
from grainpaint.cad.winding import open_part
from grainpaint.errors import InputError
from grainpaint.formats.content import known_kind
from grainpaint.formats.files import check_file
from grainpaint.formats.others import other_kind
from grainpaint.formats.plain_text import narrow
from grainpaint.units import UNITS, known_unit

__all__ = ["file_bytes", "file_state", "load_open_part", "load_part", "unit_of"]

_GRAINS = ("spparks", "tesr", "ebsd")  # files of volumes that are not masks


def load_part(path: Path, unit: str | None = None, pose: Pose = AS_IT_IS) -> Part:
    """Read a file of a part and make sure that it bounds a solid.

    A file is read and hashed once per process, until it changes: the same `Part` is
    returned again.

    Parameters
    ----------
    path : Path
        STL, OBJ, PLY, 3MF, GLB, OFF, STEP, or one of these packed by gzip.
    unit : str, optional
        Unit of the coordinates: nm, um, mm, cm, m, inch. Without it, what the file
        says, or mm.
    pose : Pose
        How the part is turned and scaled.

    Raises
    ------
    InputError
        If the file is missing, empty, damaged or of no known format, names another
        unit, has coordinates that are not finite, or its surface is open or cannot be
        oriented.
    """
    return _load(path, _known(unit), pose, file_state(path))


def unit_of(path: Path, unit: str | None = None) -> str:
    """Return the unit that `load_part` reads a file in; errors as there."""
    return _read(path, _known(unit), file_state(path)).unit


def _known(unit: str | None) -> str | None:
    return None if unit is None else known_unit(unit)


def file_bytes(path: Path) -> bytes:
    """Return what a file holds.

    Raises
    ------
    InputError
        If it is missing, empty or cannot be read.
    """
    _check(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    if not data:
        raise InputError(f"{path}: the file is empty")
    return data


def file_state(path: Path) -> tuple[int, ...]:
    """Return numbers that differ once a file has changed; check that there is one."""
    _check(path)
    state = path.stat()
    return state.st_dev, state.st_ino, state.st_mtime_ns, state.st_size


def _check(path: Path) -> None:
    """Raise unless there is a file; of a Zarr folder, say what would do."""
    if path.is_dir() and known_kind(path) == "zarr":
        raise InputError(
            f"{path}: a Zarr folder, and a part is one file: make a mask of it, "
            f"grainpaint convert {path} -o mask.vti, and give that"
        )
    check_file(path)


def load_open_part(path: Path, unit: str | None, pose: Pose = AS_IT_IS) -> Part | None:
    """Read a part whose surface is open; None if it bounds a solid (`load_part`).

    Raises
    ------
    InputError
        As `load_part`, except that the surface may be open, and if libigl is missing.
    """
    return _load_open(path, _known(unit), pose, file_state(path))


@lru_cache(4)
def _load_open(
    path: Path, unit: str | None, pose: Pose, state: tuple[int, ...]
) -> Part | None:
    read = _read(path, unit, state)
    try:
        solid(path, read.triangles, read.unit)
    except InputError:
        part = open_part(path, read.triangles, UNITS[read.unit], read.sha256)
        return replace(part, vertices=pose.place(part.vertices))
    return None


@lru_cache(4)
def _load(path: Path, unit: str | None, pose: Pose, state: tuple[int, ...]) -> Part:
    """Read a part; `state` differs once the file has changed."""
    if pose != AS_IT_IS:
        part = _load(path, unit, AS_IT_IS, state)
        return replace(part, vertices=pose.place(part.vertices))
    read = _read(path, unit, state)
    part = solid(
        path, read.triangles, read.unit, read.sha256, read.notes, read.n_solids
    )
    n_bodies = len(part.body_volumes)
    if n_bodies < read.n_solids:
        line = (
            f"the file defines {read.n_solids} solids, {n_bodies} bodies came out: "
            "some touch or overlap, or are missing"
        )
        part = replace(part, notes=(*part.notes, line))
    return part


class _Read(NamedTuple):
    """What a file holds."""

    triangles: np.ndarray
    unit: str
    sha256: str
    notes: tuple[str, ...]
    n_solids: int  # that it defines; 0 if the format has none


@lru_cache(1)
def _read(path: Path, unit: str | None, state: tuple[int, ...]) -> _Read:
    """Read the triangles of a file, and settle its unit."""
    data = file_bytes(path)
    sha256 = hashlib.sha256(data).hexdigest()
    data = unpacked(path, data)
    kind = format_of(path, data)
    if kind is None:  # unless it is text as Windows writes it
        data = narrow(data)
        kind = format_of(path, data)
    other = other_kind(path, data[:64], kind is None) if kind in (None, "stl") else None
    if other is not None:
        raise InputError(f"{path}: {other}")
    if kind is None and known_kind(path) in _GRAINS:
        raise InputError(
            f"{path}: holds grains, and is not a part: make a mask of it, grainpaint "
            f"convert {path} -o mask.vti, and give that"
        )
    if kind is None:
        raise InputError(f"{path}: parts are read from {KNOWN} files, this is none")
    triangles, named, notes, n_solids = read_triangles(path, data, kind)
    if named is not None and unit not in (None, named):
        raise InputError(
            f"{path}: the file says that its unit is {named}, not {unit}: leave out "
            "the unit, and give a scale if the file is wrong"
        )
    return _Read(triangles, unit or named or "mm", sha256, notes, n_solids)
