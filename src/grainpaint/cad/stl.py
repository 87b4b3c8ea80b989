"""Triangles from an STL file, binary or ASCII."""

import hashlib
from io import BytesIO
from pathlib import Path

import numpy as np

from grainpaint.errors import InputError

__all__ = ["read_stl"]

_HEAD, _TRIANGLE = 84, 50  # bytes


def read_stl(path: Path) -> tuple[np.ndarray, str]:
    """Read the triangles of a file after checking that it is complete.

    Returns
    -------
    triangles : numpy.ndarray, float64, shape (m, 3, 3)
    sha256 : str
        SHA-256 of the bytes that were read, hexadecimal.

    Raises
    ------
    InputError
        If the file is missing, empty, truncated or not STL.
    """
    import trimesh

    if not path.is_file():
        raise InputError(f"{path}: no such file")
    if path.suffix.lower() != ".stl":
        raise InputError(f"{path}: parts are read from .stl files (binary or ASCII)")
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    _check_frame(path, data)
    try:
        mesh = trimesh.load_mesh(BytesIO(data), file_type="stl", process=False)
        triangles = np.asarray(mesh.triangles, np.float64)
    except (ValueError, AttributeError, IndexError, TypeError) as error:
        raise InputError(f"{path}: cannot be read as STL ({error})") from None
    if not len(triangles):
        raise InputError(f"{path}: the file holds no triangles")
    return triangles, hashlib.sha256(data).hexdigest()


def _check_frame(path: Path, data: bytes) -> None:
    """Raise if a binary file is shorter than its header says, or ASCII has no end."""
    if not data:
        raise InputError(f"{path}: the file is empty")
    promised = int.from_bytes(data[80:84], "little")
    want = _HEAD + _TRIANGLE * promised
    text = data[:_HEAD].lstrip()[:5].lower() == b"solid"
    if text and len(data) != want:
        if b"endsolid" not in data[-400:].lower():
            raise InputError(f"{path}: truncated: this ASCII STL has no 'endsolid'")
    elif len(data) < _HEAD:
        raise InputError(f"{path}: not an STL file ({len(data)} bytes)")
    elif len(data) < want:
        raise InputError(
            f"{path}: truncated, or not an STL file: its header promises {promised} "
            f"triangles ({want} bytes), it has {len(data)} bytes"
        )
