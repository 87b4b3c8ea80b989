"""A part from a file: what the file is, its unit, the solid in it, how it stands."""

import hashlib
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from grainpaint.cad.meshes import KNOWN, format_of, read_triangles
from grainpaint.cad.packed import unpacked
from grainpaint.cad.pose import AS_IT_IS, Pose
from grainpaint.cad.solid import Part, solid
from grainpaint.errors import InputError
from grainpaint.units import UNITS

__all__ = ["file_bytes", "file_state", "load_part", "unit_of"]


def load_part(path: Path, unit: str | None = None, pose: Pose = AS_IT_IS) -> Part:
    """Read a file of a part and make sure that it bounds a solid.

    A file is read and hashed once per process, until it changes: the same `Part` is
    returned again.

    Parameters
    ----------
    path : Path
        STL, OBJ, PLY, 3MF, GLB, OFF, or one of these packed by gzip.
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
    return _load(path, _known(unit), pose, file_state(path))[0]


def unit_of(path: Path, unit: str | None = None) -> str:
    """Return the unit that `load_part` reads a file in; errors as there."""
    return _load(path, _known(unit), AS_IT_IS, file_state(path))[1]


def _known(unit: str | None) -> str | None:
    if unit is not None and unit not in UNITS:
        raise InputError(f"unknown unit {unit!r}: use one of {', '.join(UNITS)}")
    return unit


def file_bytes(path: Path) -> bytes:
    """Return what a file holds.

    Raises
    ------
    InputError
        If it is missing, empty or cannot be read.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    if not data:
        raise InputError(f"{path}: the file is empty")
    return data


def file_state(path: Path) -> tuple[int, ...]:
    """Return numbers that differ once a file has changed; check that there is one."""
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    state = path.stat()
    return state.st_dev, state.st_ino, state.st_mtime_ns, state.st_size


@lru_cache(4)
def _load(
    path: Path, unit: str | None, pose: Pose, state: tuple[int, ...]
) -> tuple[Part, str]:
    """Read a part and the unit of its file."""
    if pose != AS_IT_IS:
        part, known = _load(path, unit, AS_IT_IS, state)
        return replace(part, vertices=pose.place(part.vertices)), known
    data = file_bytes(path)
    sha256 = hashlib.sha256(data).hexdigest()
    data = unpacked(path, data)
    kind = format_of(path, data)
    if kind is None:
        raise InputError(f"{path}: parts are read from {KNOWN} files, this is none")
    triangles, named, notes = read_triangles(path, data, kind)
    if named is not None and unit not in (None, named):
        raise InputError(
            f"{path}: the file says that its unit is {named}, not {unit}: leave out "
            "the unit, and give a scale if the file is wrong"
        )
    known = unit or named or "mm"
    return solid(path, triangles, known, sha256, notes), known
