"""Triangles from an STL file, binary or ASCII."""

from io import BytesIO
from pathlib import Path

import numpy as np

from grainpaint.errors import InputError

__all__ = ["is_stl", "stl_triangles"]

_HEAD, _TRIANGLE = 84, 50  # bytes


def is_stl(data: bytes) -> bool:
    """Return whether bytes look like an STL file, binary or ASCII."""
    text = data[:_HEAD].lstrip()[:5].lower() == b"solid"
    promised = int.from_bytes(data[80:84], "little")
    return text or 0 < _HEAD + _TRIANGLE * promised <= len(data)


def stl_triangles(path: Path, data: bytes) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return the triangles of a file after checking that it is complete.

    Parameters
    ----------
    path : Path
        Of the file, for messages.
    data : bytes
        What it holds.

    Returns
    -------
    triangles : numpy.ndarray, float64, shape (m, 3, 3)
    notes : tuple of str
        What was read otherwise than the file says, in words.

    Raises
    ------
    InputError
        If the file is empty, truncated or not STL.
    """
    import trimesh

    _check_frame(path, data)
    try:
        mesh = trimesh.load_mesh(BytesIO(data), file_type="stl", process=False)
        triangles = np.asarray(mesh.triangles, np.float64)
    except (ValueError, AttributeError, IndexError, TypeError) as error:
        raise InputError(f"{path}: cannot be read as STL ({error})") from None
    if not len(triangles):
        raise InputError(f"{path}: the file holds no triangles")
    return triangles, ()


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
