"""What kind of scan path a file holds, by its content."""

import re
from typing import Literal

from grainpaint.errors import InputError, brief
from grainpaint.formats.plain_text import is_numeral

__all__ = ["FORTRAN", "Kind", "columns_of", "is_layers", "kind_of_path"]

Kind = Literal["layers", "events", "gcode", "segments"]

_FIRST = re.compile(rb"^[ \t]*(?![;(%*#\s])([^\r\n]{0,500})", re.M)
_GCODE = re.compile(rb"(N\d+[ \t]*)?[GMTFSXYZEO][ \t]*[-+]?[\d.]", re.I)
_HEAD = 1 << 16
# 1.5D-3; it begins with the letter, since millions of lines are looked through
FORTRAN = re.compile(rb"[dD](?<=[\d.][dD])(?=[-+\d])")


def is_layers(data: bytes) -> bool:
    """Return whether a file is one of layers, which may be binary."""
    return b"$$HEADERSTART" in data[:_HEAD].upper()


def kind_of_path(data: bytes) -> Kind:
    """Return the kind of a path: its name does not decide how it is read.

    Returns
    -------
    "layers" (Common Layer Interface), "events", "gcode" or "segments" (CSV in voxels)

    Raises
    ------
    InputError
        If it is none of them.
    """
    if not data.strip():
        raise InputError("is empty")
    if is_layers(data):
        return "layers"
    found = _FIRST.search(data)
    line = found[1].strip() if found else b""
    separator, decimal = columns_of(line)
    fields = line.rstrip(b",; \t").replace(decimal, b".").split(separator)
    words = [word.strip(b' \t"').lower() for word in fields] or [b""]
    if words[0] == b"time" and len(words) >= 5:
        return "events"
    if words[0] == b"x0":
        return "segments"
    if words[0] == b"x" and len(words) == 6:
        raise InputError("is a temperature history (x, y, z, ...), not a scan path")
    first = [FORTRAN.sub(b"e", word) for word in words[:5]]
    if len(words) in (5, 8) and all(map(is_numeral, first)):
        return "events" if len(words) == 5 else "segments"
    if b"\0" not in data[:_HEAD] and _GCODE.match(line):
        return "gcode"
    shown = brief(line[:60].decode("latin-1"), 40) if line.isascii() else "binary data"
    raise InputError(
        "is not a scan path: known are the Common Layer Interface ($$HEADERSTART), "
        "event series (time,x,y,z,power), G-code, and CSV "
        "(x0,y0,z0,x1,y1,z1,speed,on); it "
        f"begins with {shown!r}"
    )


def columns_of(line: bytes) -> tuple[bytes | None, bytes]:
    """Return what stands between the columns of a line, and the decimal point.

    Returns
    -------
    separator : bytes or None
        None for white space.
    decimal : bytes
        A comma where semicolons separate, as spreadsheets write them in Europe.

    Examples
    --------
    >>> columns_of(b"0,1.5,2"), columns_of(b"0;1,5;2"), columns_of(b"0 1.5 2")
    ((b',', b'.'), (b';', b','), (None, b'.'))
    """
    if b";" in line:
        return b";", b"," if b"," in line else b"."
    return (b",", b".") if b"," in line else (None, b".")
