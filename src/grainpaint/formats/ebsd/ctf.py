"""Maps of Oxford Instruments (HKL), .ctf: Euler angles in degrees.

Decimal commas are read too. Phase 0 means no solution. Crystal axes: x along a*, which
is turned to a; see `with_x_along_a`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

import numpy as np

from grainpaint.errors import InputError, brief
from grainpaint.formats.ebsd.grid import Stated, point_grid
from grainpaint.formats.ebsd.points import (
    OrientationMap,
    from_columns,
    with_x_along_a,
)
from grainpaint.formats.ebsd.symmetries import LAUE_GROUPS, proper_group
from grainpaint.formats.ebsd.table import (
    decoded,
    numbers,
    stated_count,
    stated_number,
    whole,
)
from grainpaint.units import count_text

__all__ = ["laue_group", "read_points"]

_NEEDED = ("phase", "x", "y", "euler1", "euler2", "euler3")
_MOST_LINES = 1000  # of a header
# Of blanks: lengths and angles of the cell, a name with blanks, the Laue group.
_PHASE = re.compile(r"\s*(\S+;\S+;\S+)\s+(\S+;\S+;\S+)\s+(\S.*?)\s+(\d+)(?:\s|$)")
_Number = TypeVar("_Number", int, float)


def read_points(data: bytes) -> OrientationMap:
    """Read a map.

    Parameters
    ----------
    data : bytes
        Content of the file.

    Raises
    ------
    InputError
        If the file is damaged.
    """
    lines, start = _header(data)
    table = data[start:]
    names = [name.lower() for name in lines[-1]]
    lost = [name for name in _NEEDED if name not in names]
    if lost:
        raise InputError(f"its table lacks the columns {', '.join(lost)}")
    at = [names.index(name) for name in _NEEDED]
    separator = "\t" if b"\t" in table[: table.find(b"\n")] else r"\s+"
    decimal = "," if b"," in table else "."
    values = numbers(table, len(lines) + 1, at, separator, decimal)[:, at]
    phases = _phases(lines)
    groups: list[str] = []
    notes: list[str] = []
    for phase in phases:
        group, note = laue_group(phase[3])
        groups.append(group)
        notes += [note] if note else []
    said = {line[0].lower(): line[1] for line in lines if len(line) > 1}
    turns = [_stated(stated_number, said, f"acqe{i}") for i in (1, 2, 3)]
    if any(turns):
        notes.append("orientations are those in the map's axes: AcqE1..3 are unused")
    angles = values[:, 3:6]
    known = values[:, 0] > 0
    largest = np.abs(angles[known]).max(initial=0.0)
    if largest > 720:
        raise InputError(f"damaged: Euler angles in degrees reach {largest:.5g}")
    if known.sum() > 100 and largest <= 2 * np.pi:
        notes.append(
            f"a .ctf file has Euler angles in degrees, but these reach {largest:.4g} "
            "only: are they radians?"
        )
    steps = [_stated(stated_number, said, name) for name in ("xstep", "ystep")]
    columns, rows = (_stated(stated_count, said, name) for name in ("xcells", "ycells"))
    grid = point_grid(
        values[:, 1],
        values[:, 2],
        None,
        Stated(columns, None, rows, steps[0], steps[1]),
    )
    number = whole(values[:, 0], "the phase")
    symmetry = tuple(groups)
    _check(number, len(groups))
    return from_columns(
        with_x_along_a(np.radians(angles), number, symmetry),
        number,
        grid.point,
        symmetry,
        tuple(phase[2] or f"phase{i + 1}" for i, phase in enumerate(phases)),
        spacing=grid.spacing,
        origin=grid.origin,
        notes=(*grid.notes, *notes),
    )


def laue_group(number: object) -> tuple[str, str]:
    """Return the rotations of a Laue group 1..11 of Oxford, and a note."""
    try:
        index = int(str(number))
    except ValueError:
        index = 0
    if not 1 <= index <= len(LAUE_GROUPS):
        raise InputError(
            f"damaged: Laue groups have numbers 1..{len(LAUE_GROUPS)}, got "
            f"{brief(number, 50)!r}"
        )
    return proper_group(LAUE_GROUPS[index - 1])


def _check(number: np.ndarray, n_phases: int) -> None:
    wrong = number[(number < 0) | (number > n_phases)]
    if wrong.size:
        raise InputError(
            f"has points of phase {wrong[0]}, but its header has phases 1..{n_phases}"
        )


def _header(data: bytes) -> tuple[list[list[str]], int]:
    """Return the fields of the lines up to the names of columns, and where they end."""
    lines: list[list[str]] = []
    start = 0
    while start < len(data) and len(lines) < _MOST_LINES:
        end = data.find(b"\n", start)
        end = len(data) if end < 0 else end + 1
        line = decoded(data[start:end])
        lines.append(_fields(line.strip("\r\n")))
        start = end
        fields = [field.lower() for field in lines[-1]]
        if len(fields) > 3 and "phase" in fields and "euler1" in fields:
            return lines, start
        words = re.split(r"[\s;,]+", line.lower())
        if "\t" not in line and {"phase", "euler1"} <= set(words):
            raise InputError(
                "the columns of its table are not separated by tabs or blanks, as in a "
                ".ctf file: save it with tabs"
            )
    raise InputError(
        "damaged or cut off: a .ctf file has a line 'Phase X Y ... Euler1 Euler2 "
        "Euler3' before its points"
    )


def _fields(line: str) -> list[str]:
    """Return the fields of a line of the header; tabs may have become blanks."""
    if "\t" in line:
        return [field.strip() for field in line.split("\t")]
    phase = _PHASE.match(line)
    return list(phase.groups()) if phase else line.split() or [""]


def _phases(lines: list[list[str]]) -> list[list[str]]:
    """Return the fields of the lines that describe phases."""
    heads = [i for i, line in enumerate(lines) if line[0].lower() == "phases"]
    try:
        first = heads[0] + 1
        stated = int(lines[heads[0]][1])
    except (IndexError, ValueError):
        raise InputError(
            "damaged: its header has no line 'Phases' and a number"
        ) from None
    found = lines[first : len(lines) - 1]
    if len(found) != stated or any(len(line) < 4 for line in found):
        raise InputError(
            f"damaged: its header states {count_text(stated, 'phase')}, and "
            f"{count_text(len(found), 'line')} of phases follow"
        )
    return found


def _stated(
    read: Callable[[str, str], _Number], said: dict[str, str], name: str
) -> _Number | None:
    """Return a number of the header, None if it has none."""
    word = said.get(name)
    return read(name, word.replace(",", ".")) if word else None
