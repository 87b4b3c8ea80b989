"""Tables of Euler angles, CSV: columns x, y (and z), phi1, Phi, phi2 (and phase)."""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np

from grainpaint.errors import InputError, brief
from grainpaint.formats.ebsd.grid import point_grid
from grainpaint.formats.ebsd.points import OrientationMap, from_columns, over_a_turn
from grainpaint.formats.ebsd.table import numbers, whole

__all__ = ["Head", "head_of", "read_points"]

_WORD = re.compile(r"[^a-z0-9]")
_BLANK = re.compile(r"(?<=euler)\s+(?=[123])")  # within a name
_WHITE = r"\s+"
_MOST_COMMENTS = 100
_UNIT = re.compile(r"[\[(]?\b(deg|degrees?|°|rad|radians?|um|µm|nm|mm|m)\b[\])]?|°")
_NAMES = {
    "x": ("x", "xposition"),
    "y": ("y", "yposition"),
    "z": ("z", "zposition"),
    "phi1": ("phi1", "euler1", "eulerangles0", "eulers0", "e1"),
    "phi": ("phi", "euler2", "eulerangles1", "eulers1", "e2"),
    "phi2": ("phi2", "euler3", "eulerangles2", "eulers2", "e3"),
    "phase": ("phase", "phaseid", "phases", "phaseindex"),
}
_COLUMN = {name: column for column, names in _NAMES.items() for name in names}
_ANGLES = ("phi1", "phi", "phi2")


class Head(NamedTuple):
    """The line of names of a table.

    Parameters
    ----------
    columns, units : list of str
    separator : str
        A character, or the pattern of white space.
    n_lines, start : int
        Lines and bytes up to the first point.
    """

    columns: list[str]
    units: list[str]
    separator: str
    n_lines: int
    start: int


def head_of(head: bytes) -> Head | None:
    """Return the line of names of a table, if it is one.

    Comments (``#`` or ``%``), blank lines and Excel's ``sep=;`` may come first.

    Parameters
    ----------
    head : bytes
        How the file begins.

    Returns
    -------
    Head or None
        None unless the three angles are named.
    """
    start = 0
    for n_lines in range(1, _MOST_COMMENTS + 1):
        end = head.find(b"\n", start)
        line = head[start : len(head) if end < 0 else end][:2000]
        text = line.decode("utf-8", "replace").strip("\ufeff\r \t")
        start = end + 1
        columns, units, separator = _names(text.lstrip("#% "))
        if all(columns.count(angle) == 1 for angle in _ANGLES):
            return Head(columns, units, separator, n_lines, start if end >= 0 else -1)
        aside = not text or text[0] in "#%" or text.lower().startswith("sep=")
        if not aside or end < 0:
            return None
    return None


def _names(line: str) -> tuple[list[str], list[str], str]:
    """Return columns, their units and the separator of a line of names."""
    separator = max(";\t,", key=line.count)
    line = line.replace("\u03bc", "\u00b5")  # the Greek letter for the sign of micro
    fields = line.lower().split(separator)
    if len(fields) == 1:
        separator, fields = _WHITE, _BLANK.sub("", line.lower()).split()
    columns: list[str] = []
    units: list[str] = []
    for field in fields:
        unit = _UNIT.search(field)
        bare = field[: unit.start()] + field[unit.end() :] if unit else field
        plain = _WORD.sub("", bare.replace("φ", "phi").replace("ϕ", "phi"))
        if separator == _WHITE and unit and not plain and units:
            units[-1] = unit[0].strip("[()] ")  # of the name before it
            continue
        columns.append(_COLUMN.get(plain, plain))
        units.append(unit[0].strip("[()] ") if unit else "")
    return columns, units, separator


def read_points(data: bytes, symmetry: str | None = None) -> OrientationMap:
    """Read a map.

    Parameters
    ----------
    data : bytes
        Content of the file.
    symmetry : str, optional
        Crystal symmetry of all phases; 432 if not given.

    Raises
    ------
    InputError
        If the file is damaged, or x or y is not there.
    """
    found = head_of(data)
    if found is None:
        raise InputError("its first line does not name phi1, Phi and phi2")
    columns, units, separator, n_lines, start = found
    lost = [axis for axis in "xy" if columns.count(axis) != 1]
    if lost:
        named = brief(", ".join(columns))
        raise InputError(f"its first line names {named}, and not {' and '.join(lost)}")
    of_angles = [units[columns.index(angle)][:3] for angle in _ANGLES]
    _refuse_different("Euler angles", [unit.replace("°", "deg") for unit in of_angles])
    of_places = [units[columns.index(n)] for n in "xyz" if columns.count(n) == 1]
    _refuse_different("coordinates", [unit.replace("µ", "u") for unit in of_places])
    table = data[start:].replace(b'"', b"") if start > 0 else b""
    comma = separator != "," and b"," in table
    names = [n for n in ("x", "y", "z", "phase") if columns.count(n) == 1]
    at = {n: columns.index(n) for n in (*names, *_ANGLES)}
    needed = [at[n] for n in names]
    values = numbers(table, n_lines + 1, needed, separator, "," if comma else ".")
    if values.shape[1] <= max(at.values()):
        raise InputError("damaged: its lines have fewer columns than names")
    if _is_cut(table, separator, max(at.values())):
        raise InputError("cut off: its last line lacks an angle")
    angles, notes = _radians(values[:, [at[a] for a in _ANGLES]], units[at["phi1"]])
    phase = np.ones(len(values), np.int64)
    if "phase" in at:
        phase = whole(values[:, at["phase"]], "the phase")
    if phase.min(initial=0) < 0:
        phase = np.maximum(phase, 0)
    n_phases = max(1, int(phase.max(initial=1)))
    if n_phases > 100:
        raise InputError(f"damaged: it has points of phase {n_phases}")
    if symmetry is None:
        notes.append(
            "assumed: cubic crystals (432); if that is wrong, say so (symmetry)"
        )
    grid = point_grid(
        values[:, at["x"]],
        values[:, at["y"]],
        values[:, at["z"]] if "z" in at else None,
    )
    unit = units[at["x"]].replace("µ", "u")
    known = unit in ("um", "nm", "mm", "m")
    return from_columns(
        angles,
        phase,
        grid.point,
        (symmetry or "432",) * n_phases,
        tuple(f"phase{i + 1}" for i in range(n_phases)),
        spacing=grid.spacing,
        origin=grid.origin,
        unit=unit if known else "um",
        assumed_unit="" if known else "lengths in µm",
        notes=(*(n for n in grid.notes if "states no grid" not in n), *notes),
    )


def _refuse_different(what: str, units: list[str]) -> None:
    """Raise if columns state units, and not the same one."""
    stated = [unit for unit in dict.fromkeys(units) if unit]
    if len(stated) > 1:
        raise InputError(
            f"its {what} are in different units, {' and '.join(stated)}: give all of "
            "them in one"
        )


def _is_cut(table: bytes, separator: str, last: int) -> bool:
    """Return whether the last line ends before a column."""
    line = table.rstrip(b"\r\n").rpartition(b"\n")[2]
    words = line.split(None if separator == _WHITE else separator.encode())
    return len(words) <= last or not all(word.strip() for word in words[: last + 1])


def _radians(angles: np.ndarray, unit: str) -> tuple[np.ndarray, list[str]]:
    """Return angles in radians, and a note if their unit is a guess."""
    largest = float(np.nanmax(np.abs(angles), initial=0.0))
    if unit.startswith(("deg", "°")):
        return np.radians(angles), []
    if unit.startswith("rad"):
        if largest > 4 * np.pi + 1e-3:
            raise InputError(
                f"its angles are named radians, but reach {largest:.5g}: they look "
                "like degrees"
            )
        return angles, over_a_turn(angles)
    if largest > 4 * np.pi + 1e-3:
        return np.radians(angles), [f"angles reach {largest:.4g}, so they are degrees"]
    return angles, [
        "assumed: Euler angles in radians; if that is wrong, name the columns phi1 "
        "(deg), ..."
    ]
