"""What kind of scan path a file holds, by its content."""

import re
from typing import Literal

from grainpaint.errors import InputError, brief
from grainpaint.formats.plain_text import is_numeral
from grainpaint.simulate.am.paths.headings import split_names

__all__ = ["FORTRAN", "Kind", "columns_of", "is_layers", "kind_of_path"]

Kind = Literal["layers", "events", "gcode", "segments"]

_FIRST = re.compile(rb"^[ \t]*(?![;(%*#\s])([^\r\n]{0,500})", re.M)
_GCODE = re.compile(
    rb"(N\d+[ \t]*)?[GMTFSXYZEO][ \t]*[-+]?[\d.]+(?![\d.]*[ \t]*,)", re.I
)
# A line of G-code among macros, such as START_PRINT, with which programs may begin.
_LINE = re.compile(
    rb"^[ \t]*(?:N\d+[ \t]*)?G[ \t]*\d+(?:\.\d+)?(?:[ \t]*[A-Z][ \t]*[-+]?[\d.]+)*"
    rb"[ \t]*(?:[;(*][^\r\n]*)?(?=[\r\n]|\Z)",
    re.M | re.I,
)
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
    fields = line.rstrip(b",; \t").replace(decimal, b".")
    words = split_names(fields, separator)[0] or [""]
    if words[0] == "time" and len(words) >= 5:
        return "events"
    if words[0] == "x0":
        return "segments"
    if words[0] == "x" and len(words) == 6:
        raise InputError("is a temperature history (x, y, z, ...), not a scan path")
    if all(is_numeral(FORTRAN.sub(b"e", word.encode())) for word in words[:5]):
        if len(words) in (5, 8):
            return "events" if len(words) == 5 else "segments"
        if len(words) > 1:
            raise InputError(
                f"begins with a line of {len(words)} numbers, and a scan path without "
                "names has five (time,x,y,z,power) or eight (x0,y0,z0,x1,y1,z1,speed,"
                "on): name the columns in a first line"
            )
    if b"\0" not in data[:_HEAD] and (_GCODE.match(line) or _begins_later(data)):
        return "gcode"
    shown = brief(line[:60].decode("latin-1"), 40) if line.isascii() else "binary data"
    raise InputError(
        "is not a scan path: known are the Common Layer Interface ($$HEADERSTART), "
        "event series (time,x,y,z,power), G-code, and CSV "
        "(x0,y0,z0,x1,y1,z1,speed,on); it "
        f"begins with {shown!r}"
    )


def _begins_later(data: bytes) -> bool:
    """Return whether a file that begins with something else goes on as G-code."""
    found = _FIRST.search(data)
    if found is None or not found[0].isascii():
        return False
    return _LINE.search(data, found.start(), found.start() + _HEAD) is not None


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
