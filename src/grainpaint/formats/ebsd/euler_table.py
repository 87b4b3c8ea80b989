"""Tables of orientations, CSV: columns x, y (and z), Euler angles (and phase).

Unit quaternions are read in place of angles.
"""

from __future__ import annotations

import io

import numpy as np

from grainpaint.errors import InputError, brief
from grainpaint.formats.ebsd.grid import point_grid
from grainpaint.formats.ebsd.headings import ANGLES, QUATERNION, WHITE, head_of
from grainpaint.formats.ebsd.points import OrientationMap, from_columns, over_a_turn
from grainpaint.formats.ebsd.table import numbers, unit_quaternions, whole
from grainpaint.formats.plain_text import is_numeral
from grainpaint.orientations import Orientations

__all__ = ["read_points"]

_NO_PHASE = ("", "notindexed", "unindexed", "none", "nan", "zerosolution")
_MOST_PHASES = 100


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
    of_places = [units[columns.index(n)] for n in "xyz" if columns.count(n) == 1]
    _refuse_different("coordinates", [unit.replace("µ", "u") for unit in of_places])
    table = data[start:].replace(b'"', b"") if start > 0 else b""
    turns = ANGLES if all(columns.count(a) == 1 for a in ANGLES) else QUATERNION
    kind = "phase" if columns.count("phase") == 1 else ""
    given = [n for n in "xyz" if columns.count(n) == 1]
    at = {n: columns.index(n) for n in (*given, *turns)}
    words = _first_words(table, separator)
    named_phases = bool(kind) and _is_word(words, columns.index(kind))
    if kind and not named_phases:
        at[kind] = columns.index(kind)
    # Text in a column that is not needed is no damage.
    texts = any(_is_word(words, i) for i in range(len(words)) if i not in at.values())
    values = numbers(
        table,
        n_lines + 1,
        [column for name, column in at.items() if name not in turns],
        separator,
        "," if separator != "," and b"," in table else ".",
        only=list(at.values()) if texts else None,
    )
    if values.shape[1] <= max(at.values()):
        raise InputError("damaged: its lines have fewer columns than names")
    if _is_cut(table, separator, max(at.values())):
        raise InputError("cut off: its last line lacks an angle")
    of_turns = [units[columns.index(name)] for name in turns]
    angles, notes = _angles(values[:, [at[name] for name in turns]], of_turns)
    if named_phases:
        phase, names = _by_name(table, separator, columns.index(kind))
    else:
        phase, names = _numbered(values[:, at[kind]] if kind else np.ones(len(values)))
    if symmetry is None:
        notes.append(
            "assumed: cubic crystals (432); if that is wrong, say so (symmetry)"
        )
    x, y, z = (values[:, at[axis]] if axis in given else None for axis in "xyz")
    assert x is not None
    assert y is not None
    grid = point_grid(x, y, z)
    unit = units[at["x"]].replace("µ", "u")
    known = unit in ("um", "nm", "mm", "m")
    return from_columns(
        angles,
        phase,
        grid.point,
        (symmetry or "432",) * len(names),
        names,
        spacing=grid.spacing,
        origin=grid.origin,
        unit=unit if known else "um",
        assumed_unit="" if known else "lengths in µm",
        notes=(*(n for n in grid.notes if "states no grid" not in n), *notes),
    )


def _first_words(table: bytes, separator: str) -> list[str]:
    """Return the words of the first point."""
    line = table.lstrip(b"\r\n").partition(b"\n")[0][:10_000].decode("latin-1")
    return line.split(None if separator == WHITE else separator)


def _is_word(words: list[str], column: int) -> bool:
    """Return whether a column holds text, by its first word."""
    word = words[column].strip() if column < len(words) else ""
    return word != "" and not is_numeral(word.replace(",", "."))


def _numbered(column: np.ndarray) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return phases 1..n, 0 for none, and names, of their numbers."""
    phase = np.maximum(whole(column, "the phase"), 0)
    n_phases = max(1, int(phase.max(initial=1)))
    if n_phases > _MOST_PHASES:
        raise InputError(f"damaged: it has points of phase {n_phases}")
    return phase, tuple(f"phase{i + 1}" for i in range(n_phases))


def _by_name(
    table: bytes, separator: str, column: int
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return phases 1..n, 0 for none, and their names, in the order of the points."""
    import pandas as pd

    frame = pd.read_csv(
        io.BytesIO(table),
        sep=separator,
        header=None,
        usecols=[column],
        dtype=str,
        encoding="utf-8",
        encoding_errors="replace",
        quoting=3,
        skipinitialspace=True,
        keep_default_na=False,
    )
    number, found = pd.factorize(frame[column].str.strip())
    none = [one.lower().replace(" ", "").strip("_-") in _NO_PHASE for one in found]
    names = tuple(name for name, lacks in zip(found, none) if not lacks)
    if len(names) > _MOST_PHASES:
        raise InputError(f"damaged: it has {len(names):,} phases")
    phase = np.where(none, 0, np.cumsum(np.logical_not(none)))[number]
    return phase.astype(np.int64), names or ("phase1",)


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
    words = line.split(None if separator == WHITE else separator.encode())
    return len(words) <= last or not all(word.strip() for word in words[: last + 1])


def _angles(values: np.ndarray, units: list[str]) -> tuple[np.ndarray, list[str]]:
    """Return Euler angles in radians, of angles or of quaternions, and notes."""
    if len(units) == len(QUATERNION):
        unit = unit_quaternions(values, "point")
        known = np.isfinite(unit).all(axis=1)
        angles = np.full((len(values), 3), np.nan)
        angles[known] = Orientations(unit[known]).euler()
        return angles, []
    plain = [unit[:3].replace("°", "deg") for unit in units]
    _refuse_different("Euler angles", plain)
    return _radians(values, next((unit for unit in plain if unit), ""))


def _radians(angles: np.ndarray, unit: str) -> tuple[np.ndarray, list[str]]:
    """Return angles in radians, and a note if their unit is a guess."""
    largest = float(np.nanmax(np.abs(angles), initial=0.0))
    if unit == "deg":
        return np.radians(angles), []
    if unit == "rad":
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
