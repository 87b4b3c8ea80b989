"""The Common Layer Interface, ASCII and binary: layers of polylines and hatches.

Version 2.0 of the format. Lengths are in units of so many millimeters, z is that of a
layer's upper surface. There are no speeds, and no tracks with the beam off.
"""

import re
import warnings
from pathlib import Path

import numpy as np

from grainpaint.errors import InputError, InputNote, brief
from grainpaint.simulate.am.paths.file_path import FilePath
from grainpaint.simulate.am.paths.layers_ascii import read_ascii, write_ascii
from grainpaint.simulate.am.paths.layers_binary import read_binary, write_binary
from grainpaint.simulate.am.paths.lines import tracks_of
from grainpaint.units import count_text

__all__ = ["read_layers", "write_layers"]

_START, _END = (
    re.compile(rb"\$\$HEADERSTART", re.I),
    re.compile(rb"\$\$HEADEREND", re.I),
)
_COMMENT = re.compile(rb"//.*?(?://|$)", re.M)
_ENTRY = re.compile(rb"\$\$([A-Z]+)[ \t]*(?:/([^\r\n$]*))?", re.I)
_MM = 1e3  # µm


def read_layers(data: bytes) -> FilePath:
    """Return the path of a file of layers, its speeds NaN.

    Polylines of direction 0 and 1 bound solids, so they are closed if they are not.

    Raises
    ------
    InputError
        If the header or a command is damaged, or the file is cut off.
    """
    start = _START.search(data)
    end = _END.search(data)
    if start is None or end is None:
        raise InputError("is cut off: its header does not end ($$HEADEREND)")
    header = _COMMENT.sub(b"", data[start.end() : end.start()])
    entries = {m[1].upper(): (m[2] or b"").strip() for m in _ENTRY.finditer(header)}
    units = _number(entries, b"UNITS")
    if units is None or not 0 < units < 1e6:
        raise InputError(
            "its header needs $$UNITS/u with u > 0 millimeters in a unit of length, "
            f"got {brief(entries.get(b'UNITS', b'none').decode('latin-1'), 40)}"
        )
    if (b"ASCII" in entries) == (b"BINARY" in entries):
        raise InputError("its header must say either $$ASCII or $$BINARY")
    if b"ASCII" in entries:
        lines = read_ascii(data, end.end())
    else:
        lines = read_binary(data, end.end(), b"ALIGN" in entries)
    told = _number(entries, b"LAYERS")
    if told is not None and not 0 <= told < 1e9:
        raise InputError(f"its header tells of {told:g} layers")
    if told is not None and lines.n_layers < told:
        warnings.warn(
            f"the header tells of {count_text(int(told), 'layer')}, the file has "
            f"{lines.n_layers:,}: "
            "the file may be cut off",
            InputNote,
            stacklevel=2,
        )
    begin, stop, z = tracks_of(lines)
    scale = units * _MM
    return FilePath(
        np.column_stack([begin, z]) * scale,
        np.column_stack([stop, z]) * scale,
        np.full(len(z), np.nan),
        np.ones(len(z), bool),
    )


def _number(entries: dict[bytes, bytes], name: bytes) -> float | None:
    try:
        return float(entries[name])
    except (KeyError, ValueError):
        return None


def write_layers(path: FilePath, file: Path, binary: bool = False) -> None:
    """Write the tracks of a path that burn as hatches, in millimeters.

    Parameters
    ----------
    path : FilePath
    file : Path
    binary : bool
        Long commands of 32-bit numbers instead of text with nanometers.
    """
    z = path.start[path.on, 2] / _MM
    xy = np.column_stack([path.start[path.on, :2], path.end[path.on, :2]]) / _MM
    firsts = np.flatnonzero(np.append(True, z[1:] != z[:-1]))
    layers = [
        (float(z[a]), xy[a:b]) for a, b in zip(firsts, [*firsts[1:].tolist(), len(z)])
    ]
    kind = b"BINARY" if binary else b"ASCII"
    head = b"$$HEADERSTART\n$$%s\n$$UNITS/1\n$$VERSION/200\n$$LAYERS/%d\n$$HEADEREND"
    with file.open("wb") as out:
        out.write(head % (kind, len(layers)))
        (write_binary if binary else write_ascii)(layers, out)
