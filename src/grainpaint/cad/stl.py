"""Triangles from an STL file: binary or ASCII, as its bytes and not its name say."""

import codecs
import re
from pathlib import Path

import numpy as np

from grainpaint.cad.stl_binary import (
    HEAD,
    TRIANGLE,
    binary_layout,
    binary_triangles,
    is_binary_stl,
)
from grainpaint.errors import InputError

__all__ = ["is_stl", "stl_triangles"]

_BEGINS = re.compile(rb"\s*(solid|facet\s)", re.I)
_ONE_LINE = re.compile(rb"\s+(facet\s+normal\s|endsolid)", re.I)
_LEAST = 60  # bytes of a facet's words and numbers
_LOOK = 4096  # bytes that tell text from numbers
_WIDE = {  # what text of several bytes a letter begins with
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
    b"s\0o\0": "utf-16-le",
    b"\0s\0o": "utf-16-be",
}


def is_stl(data: bytes) -> bool:
    """Return whether bytes look like an STL file, perhaps a truncated one."""
    text = _text(data)
    return _holds_facets(text) if text is not None else is_binary_stl(data)


def stl_triangles(path: Path, data: bytes) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return the triangles of a file after checking that it is complete.

    Normals are not read: the order of corners says where outside is.

    Parameters
    ----------
    path : Path
        Of the file, for messages.
    data : bytes
        What it holds.

    Returns
    -------
    triangles : numpy.ndarray, float64, shape (m, 3, 3)
        Corners, which may not be finite.
    notes : tuple of str
        What was read otherwise than the file says, in words.

    Raises
    ------
    InputError
        If the file is empty, truncated or not STL.
    """
    if not data:
        raise InputError(f"{path}: the file is empty")
    text = _text(data)
    if text is not None:
        triangles, notes = _text_triangles(path, text)
    else:
        layout = binary_layout(data)
        if layout is None:
            raise _not_binary(path, data)
        triangles, notes = binary_triangles(data, layout), layout.notes
    if not len(triangles):
        raise InputError(f"{path}: the file holds no triangles")
    return triangles, notes


def _text(data: bytes) -> bytes | None:
    """Return text with a byte a letter, or None if the data are numbers."""
    data = data.removeprefix(codecs.BOM_UTF8)
    for begin, encoding in _WIDE.items():
        if data[:4].lower().startswith(begin):
            return data.decode(encoding, "replace").encode("ascii", "replace")
    head = data[:_LOOK]
    words = (
        head[HEAD:].lower().count(b"vertex") > 2
    )  # a name of the text may end with zeros
    return None if b"\0" in head and not words else data


def _holds_facets(text: bytes) -> bool:
    head = text[:_LOOK].lower()
    return bool(_BEGINS.match(text)) or (b"facet" in head and b"vertex" in head)


def _not_binary(path: Path, data: bytes) -> InputError:
    """Return the error for bytes that are neither text nor whole triangles."""
    if len(data) < HEAD:
        return InputError(f"{path}: not an STL file ({len(data)} bytes)")
    n = int.from_bytes(data[80:84], "little")
    return InputError(
        f"{path}: truncated, or not an STL file: its header promises {n} triangles "
        f"({HEAD + TRIANGLE * n} bytes), it has {len(data)} bytes"
    )


def _text_triangles(path: Path, text: bytes) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return the triangles of an ASCII file, and a note if its end is missing."""
    from grainpaint.cad import stl_text

    if not _holds_facets(text):
        raise InputError(f"{path}: not an STL file: it is text without facets")
    triangles = np.empty((len(text) // _LEAST + 1, 3, 3))
    count, how, where, ended = stl_text.read_facets(
        np.frombuffer(text, np.uint8), triangles
    )
    if count == 0 and how == stl_text.FINE:  # all in the line of the name?
        text = _ONE_LINE.sub(rb"\n\1", text)
        count, how, where, ended = stl_text.read_facets(
            np.frombuffer(text, np.uint8), triangles
        )
    if how != stl_text.FINE:
        raise _bad_text(path, text, how, where)
    if count and not ended:
        return triangles[:count], ("there is no 'endsolid': perhaps truncated",)
    return triangles[:count], ()


def _bad_text(path: Path, text: bytes, how: int, where: int) -> InputError:
    """Return the error for an ASCII file that cannot be read beyond a place."""
    from grainpaint.cad import stl_text

    rest = text[where : where + 200].split()
    if how == stl_text.CUT or (len(rest) < 2 and where + 200 > len(text)):
        return InputError(
            f"{path}: truncated: this ASCII STL ends within a facet, without 'endsolid'"
        )
    token = rest[0][:40].decode("latin-1")
    before = text[:where]
    line = max(before.count(b"\n"), before.count(b"\r")) + 1
    reason = {
        stl_text.NUMBER: f"{token!r} is not a number",
        stl_text.COMMA: f"{token!r} is not a number: decimals are written with a point",
        stl_text.CORNERS: "a facet has three corners, this one has not",
        stl_text.WORD: f"{token!r} does not belong there",
    }[how]
    return InputError(f"{path}: line {line} cannot be read as ASCII STL: {reason}")
