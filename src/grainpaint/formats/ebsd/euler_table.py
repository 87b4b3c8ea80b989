"""Tables of Euler angles, CSV: columns x, y (and z), phi1, Phi, phi2 (and phase)."""

from __future__ import annotations

import re

import numpy as np

from grainpaint.errors import InputError, brief
from grainpaint.formats.ebsd.grid import grid_of
from grainpaint.formats.ebsd.points import OrientationMap, from_columns
from grainpaint.formats.ebsd.table import numbers, whole

__all__ = ["head_of", "read_points"]

_WORD = re.compile(r"[^a-z0-9]")
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


def head_of(head: bytes) -> tuple[list[str], list[str], str] | None:
    """Return columns, their units and the separator of a line of names, if it is one.

    Parameters
    ----------
    head : bytes
        How the file begins.

    Returns
    -------
    tuple or None
        None unless the three angles are named.
    """
    line = head.split(b"\n", 1)[0][:2000].decode("utf-8", "replace").strip("\ufeff\r #")
    separator = max(";\t,", key=line.count)
    if separator not in line:
        separator = r"\s+"  # blanks
    columns: list[str] = []
    units: list[str] = []
    line = line.replace("\u03bc", "\u00b5")  # the Greek letter for the sign of micro
    fields = line.split() if separator == r"\s+" else line.split(separator)
    for field in map(str.lower, fields):
        unit = _UNIT.search(field)
        bare = field[: unit.start()] + field[unit.end() :] if unit else field
        plain = _WORD.sub("", bare.replace("φ", "phi").replace("ϕ", "phi"))
        if separator == r"\s+" and unit and not plain and units:
            units[-1] = unit[0].strip("[()] ")  # of the name before it
            continue
        columns.append(_COLUMN.get(plain, plain))
        units.append(unit[0].strip("[()] ") if unit else "")
    if all(columns.count(angle) == 1 for angle in _ANGLES):
        return columns, units, separator
    return None


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
    columns, units, separator = found
    lost = [axis for axis in "xy" if columns.count(axis) != 1]
    if lost:
        named = brief(", ".join(columns))
        raise InputError(f"its first line names {named}, and not {' and '.join(lost)}")
    table = data.partition(b"\n")[2]
    comma = separator != "," and b"," in table
    names = [n for n in ("x", "y", "z", "phase") if columns.count(n) == 1]
    at = {n: columns.index(n) for n in (*names, *_ANGLES)}
    needed = [at[n] for n in names]
    values = numbers(table, 2, needed, separator, "," if comma else ".")
    if values.shape[1] <= max(at.values()):
        raise InputError("damaged: its lines have fewer columns than names")
    if np.isnan(values[-1, list(at.values())]).any():
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
        notes.append("assumed: cubic crystals (432) (say symmetry if not)")
    grid = grid_of(
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
        return angles, []
    if largest > 4 * np.pi + 1e-3:
        return np.radians(angles), [f"angles reach {largest:.4g}, so they are degrees"]
    return angles, [
        "assumed: Euler angles in radians (name the columns phi1 (deg), ... if not)"
    ]
