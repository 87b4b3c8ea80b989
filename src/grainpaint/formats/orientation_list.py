"""Lists of orientations as text: Euler angles or quaternions, perhaps with weights."""

from __future__ import annotations

import math
import re
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import numpy as np

from grainpaint.errors import InputError, brief
from grainpaint.formats.content import content_of
from grainpaint.formats.ebsd.headings import ANGLES, QUATERNION, WHITE, names_of
from grainpaint.formats.ebsd.table import decoded, unit_quaternions
from grainpaint.formats.plain_text import is_numeral
from grainpaint.orientations import Orientations

__all__ = ["read_orientations"]

_LONG = ("w", "x", "y", "z")  # other names of the parts of quaternions
_WEIGHTS = ("weight", "volume", "area", "fraction", "volumefraction", "areafraction")
_SIZE = re.compile(r"s?([unm]?m[23]?)?$")  # of volumes (um3)
_DECIMAL_COMMA = re.compile(r"[-+]?\d+,\d+(?=\s|$)")


class _Table(NamedTuple):
    """Names of columns, their units, and the columns that were read by their numbers.

    What is not needed is not read: it may be text.
    """

    names: list[str]
    units: list[str]
    values: dict[int, np.ndarray]

    def columns(self, names: tuple[str, ...]) -> np.ndarray:
        """Return the values of some columns, a row for each orientation."""
        return np.stack([self.values[self.names.index(name)] for name in names], 1)


def read_orientations(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Read a list of orientations.

    Parameters
    ----------
    path : Path
        A text with a row for each orientation and commas, semicolons, tabs or spaces
        between its columns. The first row, or a comment (# or %), names them: phi1,
        Phi, phi2 (Bunge) in degrees, or in radians if their names end in _rad, or w, x,
        y, z (sample to crystal); and, if rows differ in weight, weight, volume, area or
        fraction. Three columns without names are phi1, Phi, phi2 in degrees.

    Returns
    -------
    quaternion : numpy.ndarray, float64, shape (n, 4)
    weight : numpy.ndarray, float64, shape (n,)

    Raises
    ------
    InputError
        If it is no such text, or angles and their unit do not fit together.
    """
    try:
        table = _table(content_of(path))
        return _quaternions(table), _weights(table)
    except InputError as error:
        text = str(error)
        raise InputError(
            text if text.startswith(str(path)) else f"{path}: {text}"
        ) from None


def _table(data: bytes) -> _Table:
    """Return what is needed of a text."""
    if b"\0" in data:
        raise InputError("no text, so no list of orientations")
    lines = [line.strip() for line in decoded(data).splitlines()]
    lines = [n for n in lines if n and not n.lower().startswith("sep=")]
    comments = [line.lstrip("#% ") for line in lines if line[0] in "#%"]
    lines = [line for line in lines if line[0] not in "#%"]
    if not lines:
        raise InputError("holds no orientation")
    names, units, separator = _named(lines[0])
    named = bool(names)
    if not named:
        names, units, separator = _named_aside(comments, lines[0])
    rows = [_split(line, separator) for line in lines[named:]]
    if not rows:
        raise InputError("holds no orientation")
    _check_names(names, rows)
    if "phase" in names:
        column = names.index("phase")
        if len({row[column] for row in rows}) > 1:
            raise InputError("has several phases: make a list for each")
    values = {}
    for column in _needed(names):
        words = [row[column] for row in rows]
        values[column] = _numbers(words, decimal=separator != ",")
    return _Table(names, units, values)


def _named(line: str) -> tuple[list[str], list[str], str]:
    """Return names, units and separator of a line; no names if it holds numbers."""
    if _DECIMAL_COMMA.match(line) and not set(";\t") & set(line):
        return [], [], WHITE
    for separator in ";\t,":
        if separator in line:
            break
    else:
        separator = WHITE
    if all(
        is_numeral(word.replace(",", ".")) for word in _split(line, separator) if word
    ):
        return [], [], separator
    names, units, separator = names_of(line)
    return [_known(name) for name in names], units, separator


def _known(name: str) -> str:
    """Return the name that a column has here."""
    if name in _LONG:
        return QUATERNION[_LONG.index(name)]
    short = _SIZE.sub("", name)
    return short if short in _WEIGHTS else name


def _named_aside(comments: list[str], row: str) -> tuple[list[str], list[str], str]:
    """Return names, units and separator where the first row holds numbers."""
    _, _, separator = _named(row)
    n = len(_split(row, separator))
    for comment in reversed(comments):
        names, units, _ = names_of(comment)
        names = [_known(name) for name in names]
        if len(names) == n and _kind(names):
            return names, units, separator
    if n != len(ANGLES):
        raise InputError(
            f"has {n} columns without names: let the first row name them, "
            "phi1,Phi,phi2 or w,x,y,z"
        )
    return list(ANGLES), [""] * n, separator


def _split(line: str, separator: str) -> list[str]:
    words = line.split(None if separator == WHITE else separator)
    return [word.strip().strip('"').strip() for word in words]


def _kind(names: list[str]) -> tuple[str, ...]:
    """Return the columns with the orientations; none if there are none."""
    return next((kind for kind in (QUATERNION, ANGLES) if set(kind) <= set(names)), ())


def _check_names(names: list[str], rows: list[list[str]]) -> None:
    """Raise unless rows have the columns named, and those are orientations."""
    for name, times in Counter(name for name in names if name).items():
        if times > 1:
            raise InputError(f"names the column {brief(name, 50)!r} {times} times")
    if not _kind(names):
        told = ", ".join(name for name in names if name)
        has = f"the columns {brief(told)}" if told else "columns without names"
        raise InputError(f"has {has}: orientations are phi1, Phi, phi2 or w, x, y, z")
    most = len(names)
    least = len(names) - (not names[-1])  # a separator behind the last one
    for number, row in enumerate(rows, 1):
        if not least <= len(row) <= most:
            where = "" if number == 1 else f" in row {number}"
            raise InputError(f"names {least} columns and has {len(row)}{where}")


def _needed(names: list[str]) -> list[int]:
    """Return the numbers of the columns that are read."""
    weight = [name for name in _WEIGHTS if name in names][:1]
    return [names.index(name) for name in (*_kind(names), *weight)]


def _numbers(words: list[str], decimal: bool) -> np.ndarray:
    """Return a column of finite numbers; commas may be decimal points."""
    found = np.empty(len(words))
    for i, word in enumerate(words):
        plain = word.replace(",", ".") if decimal else word
        try:
            found[i] = float(plain if plain.isascii() and "_" not in plain else "none")
        except ValueError:
            raise InputError(
                f"is not a table of numbers: it has {brief(word, 50)!r} for one of "
                f"orientation {i + 1}"
            ) from None
        if not math.isfinite(found[i]):
            raise InputError(f"orientation {i + 1} is not finite")
    return found


def _quaternions(table: _Table) -> np.ndarray:
    if _kind(table.names) == ANGLES:
        units = [table.units[table.names.index(name)][:3] for name in ANGLES]
        stated = {unit.replace("°", "deg") for unit in units if unit}
        return _from_euler(table.columns(ANGLES), stated)
    found = unit_quaternions(table.columns(QUATERNION), "orientation")
    return Orientations(found).quaternion


def _from_euler(angles: np.ndarray, units: set[str]) -> np.ndarray:
    """Return quaternions; refuse angles that do not look like their unit."""
    if len(units) > 1:
        raise InputError("gives its Euler angles in different units")
    unit = next(iter(units), "")
    largest = float(np.abs(angles).max())
    circle = 2 * np.pi + 1e-3
    if unit == "rad" and largest > circle:
        raise InputError(
            f"says that its Euler angles are radians and has {largest:g}: above 2 pi "
            "they are degrees, so name them phi1_deg, Phi_deg, phi2_deg"
        )
    if not unit and 0 < largest <= circle:
        raise InputError(
            f"has no Euler angle above 2 pi, the largest is {largest:g}: name them "
            "phi1_rad, Phi_rad, phi2_rad, or phi1_deg, Phi_deg, phi2_deg"
        )
    if unit != "rad" and largest > 360 + 1e-6:
        raise InputError(f"has an Euler angle of {largest:g} degrees, above 360")
    turned = angles if unit == "rad" else np.radians(angles)
    return Orientations.from_euler(turned).quaternion


def _weights(table: _Table) -> np.ndarray:
    name = next((name for name in _WEIGHTS if name in table.names), None)
    if name is None:
        return np.ones(len(next(iter(table.values.values()))))
    weight: np.ndarray = table.columns((name,))[:, 0]
    with np.errstate(over="ignore"):
        total = weight.sum()
    if weight.min() < 0 or not 0 < total < np.inf:
        raise InputError(
            f"{name} must not be negative, not 0 everywhere, and not infinite in sum"
        )
    return weight
