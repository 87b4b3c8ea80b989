"""The geometry of the Common Layer Interface as text."""

import re
import warnings
from collections import Counter
from typing import IO

import numpy as np

from grainpaint.errors import InputError, InputNote, brief
from grainpaint.simulate.am.paths.lines import LayerLines
from grainpaint.simulate.am.paths.words import number_lines

__all__ = ["read_ascii", "write_ascii"]

_COMMENT = re.compile(rb"//[^\r\n]*?(?://|(?=[\r\n])|\Z)")
_BLANKS = bytes.maketrans(b",", b"\n")
_LAYER, _POLYLINE, _HATCHES = range(3)
_CODES = {b"LAYER": _LAYER, b"POLYLINE": _POLYLINE, b"HATCHES": _HATCHES}
_HEAD = np.array([0, 3, 2])  # numbers before the points
_STEP = np.array([0, 2, 4])  # numbers for each of the n that a command tells
_FORMS = ("z", "id,dir,n, and n times x,y", "id,n, and n times x,y,x,y")


def read_ascii(data: bytes, at: int) -> LayerLines:
    """Return the lines of a file, whose header ends at a byte.

    Raises
    ------
    InputError
        If a command is damaged (its line is told) or the file is cut off.
    """
    body = _COMMENT.sub(b"", data[at:])
    found = body.upper().find(b"$$GEOMETRYEND")
    if found < 0:
        raise InputError(
            "is cut off: $$GEOMETRYEND is missing; add that line if the file is whole"
        )
    if b"$$LAYER/" in body[found:].upper():
        warnings.warn(
            "layers after $$GEOMETRYEND are passed over: files of several parts are "
            "to be joined before that line",
            InputNote,
            stacklevel=3,
        )
    chunks = body[:found].split(b"$$")
    line = 1 + data.count(b"\n", 0, at) + chunks[0].count(b"\n")
    codes, texts, numbers_of_line = [], [], []
    others: Counter[str] = Counter()
    for chunk in chunks[1:]:
        name, _, text = chunk.partition(b"/")
        known = _CODES.get(name.strip().upper())
        if known is None:
            others[brief(name.decode("latin-1"), 30).upper()] += 1
        else:
            codes.append(known)
            texts.append(text.strip(b", \t\r\n"))
            numbers_of_line.append(line)
        line += chunk.count(b"\n")
    others.pop("GEOMETRYSTART", None)
    if others:
        most, n = others.most_common(1)[0]
        warnings.warn(
            f"{others.total():,} commands other than LAYER, POLYLINE and HATCHES are "
            f"passed over, {n:,} of them $${most}",
            InputNote,
            stacklevel=3,
        )
    code = np.array(codes, np.int64)
    values, count = _numbers(texts, code, numbers_of_line)
    return _lines(code, values, count, numbers_of_line)


def _numbers(
    texts: list[bytes], code: np.ndarray, line: list[int]
) -> tuple[np.ndarray, np.ndarray]:
    """Return all numbers of all commands, and how many each of them has."""
    count = np.array([text.count(b",") + 1 for text in texts], np.int64)
    try:
        values = number_lines(b"\n".join(texts).translate(_BLANKS))
        if len(values) == count.sum():
            return values, count
    except ValueError:
        pass
    for i, text in enumerate(texts):
        for word in text.split(b","):
            try:
                if not np.isfinite(float(word)):
                    raise ValueError
            except ValueError:
                shown = brief(word.decode("latin-1"), 30)
                raise _damage(line[i], code[i], f"{shown!r} is not a number") from None
    raise InputError("is damaged: a number is split by a blank or a line")


def _damage(line: int, code: int, what: str) -> InputError:
    name = [*_CODES][code].decode()
    return InputError(f"line {line:,}: $${name} needs {_FORMS[code]}; {what}")


def _lines(
    code: np.ndarray, values: np.ndarray, count: np.ndarray, line: list[int]
) -> LayerLines:
    """Return the lines of commands; raise InputError for one that is inconsistent."""
    first = np.cumsum(count) - count
    layer = np.flatnonzero(code == _LAYER)
    drawn = np.flatnonzero(code != _LAYER)
    if not len(layer) or not len(drawn):
        raise InputError("holds no $$LAYER with a $$POLYLINE or $$HATCHES")
    if drawn[0] < layer[0]:
        raise InputError(f"line {line[drawn[0]]:,}: a line before the first $$LAYER")
    kind = code[drawn]
    told = np.full(len(code), -1.0)
    long = drawn[count[drawn] >= _HEAD[kind]]
    told[long] = values[first[long] + _HEAD[code[long]] - 1]
    told[layer] = 0
    odd = (told % 1 != 0) & (code != _LAYER)
    if odd.any():
        bad = int(np.flatnonzero(odd)[0])
        raise _damage(line[bad], code[bad], f"n is a whole number, not {told[bad]:g}")
    wanted = np.where(code == _LAYER, 1, _HEAD[code] + told * _STEP[code])
    wrong = (count != wanted) | (told < 0)
    if wrong.any():
        bad = int(np.flatnonzero(wrong)[0])
        needed = "" if told[bad] < 0 else f", {wanted[bad]:g} were told"
        raise _damage(line[bad], code[bad], f"got {count[bad]:,} numbers{needed}")
    solid = kind == _POLYLINE
    direction = values[first[drawn] + 1]
    if not np.isin(direction[solid], (0, 1, 2)).all():
        bad = int(np.flatnonzero(solid & ~np.isin(direction, (0, 1, 2)))[0])
        raise _damage(
            line[drawn[bad]], _POLYLINE, f"dir is 0, 1 or 2, not {direction[bad]:g}"
        )
    owner = layer[np.searchsorted(layer, drawn) - 1]
    inside = np.ones(len(values), bool)
    for extra in range(3):
        inside[(first + extra)[extra < np.where(code == _LAYER, 1, _HEAD[code])]] = (
            False
        )
    return LayerLines(
        len(layer),
        values[first[owner]],
        (told[drawn] * _STEP[kind] / 2).astype(np.int64),
        kind == _HATCHES,
        solid & (direction < 2),
        values[inside].reshape(-1, 2),
    )


def write_ascii(layers: list[tuple[float, np.ndarray]], out: IO[bytes]) -> None:
    """Write layers of hatches (mm, shape (n, 4)) after the header."""
    out.write(b"\n$$GEOMETRYSTART\n")
    for z, xy in layers:
        out.write(b"$$LAYER/%.6f\n" % z)
        form = b",%.6f" * 4 * len(xy)
        out.write(b"$$HATCHES/1,%d" % len(xy) + form % tuple(xy.ravel().tolist()))
        out.write(b"\n")
    out.write(b"$$GEOMETRYEND\n")
