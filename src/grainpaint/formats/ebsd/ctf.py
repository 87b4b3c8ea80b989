"""Maps of Oxford Instruments (HKL), .ctf: Euler angles in degrees.

Decimal commas are read too. Phase 0 means no solution. Crystal axes: x along a*, which
is turned to a; see `with_x_along_a`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import TypeVar

import numpy as np

from grainpaint.errors import InputError, brief
from grainpaint.formats.ebsd.grid import PointGrid, Stated, point_grid
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


def read_points(data: bytes, symmetry: str | None = None) -> OrientationMap:
    """Read a map; one with several values of Z is a volume.

    Parameters
    ----------
    data : bytes
        Content of the file.
    symmetry : str, optional
        Crystal symmetry of phases of which the header does not have it.

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
    columns = [*_NEEDED, *(["z"] if "z" in names else [])]
    at = [names.index(name) for name in columns]
    separator = "\t" if b"\t" in table[: table.find(b"\n")] else r"\s+"
    decimal = "," if b"," in table else "."
    values = numbers(table, len(lines) + 1, at, separator, decimal)[:, at]
    phases = _phases(lines, symmetry)
    groups: list[str] = []
    notes: list[str] = []
    for phase in phases:
        group, note = laue_group(phase[3], symmetry)
        groups.append(group)
        notes += [note] if note else []
    said = {line[0].lower(): line[1] for line in lines if len(line) > 1}
    turns = [_stated(stated_number, said, f"acqe{i}") for i in (1, 2, 3)]
    if any(turns):
        notes.append("orientations are those in the map's axes: AcqE1..3 are unused")
    angles = values[:, 3:6]
    notes += _check_degrees(angles[values[:, 0] > 0])
    grid = _grid(values, said)
    number = whole(values[:, 0], "the phase")
    found = tuple(groups)
    _check(number, len(groups))
    return from_columns(
        with_x_along_a(np.radians(angles), number, found),
        number,
        grid.point,
        found,
        tuple(phase[2] or f"phase{i + 1}" for i, phase in enumerate(phases)),
        spacing=grid.spacing,
        origin=grid.origin,
        notes=(*grid.notes, *notes),
    )


def _check_degrees(angles: np.ndarray) -> list[str]:
    """Return a note if angles look like radians; raise if they are none at all."""
    largest = np.abs(angles).max(initial=0.0)
    if largest > 720:
        raise InputError(f"damaged: Euler angles in degrees reach {largest:.5g}")
    if len(angles) <= 100 or largest > 2 * np.pi:
        return []
    return [
        f"a .ctf file has Euler angles in degrees, but these reach {largest:.4g} "
        "only: are they radians?"
    ]


def _grid(values: np.ndarray, said: dict[str, str]) -> PointGrid:
    """Return the grid of points, of several layers if they have several z."""
    steps = [_stated(stated_number, said, name) for name in ("xstep", "ystep")]
    cells = [_stated(stated_count, said, f"{axis}cells") for axis in "xyz"]
    x, y, z = values[:, 1], values[:, 2], values[:, 6] if values.shape[1] > 6 else None
    if z is not None and (z == z[0]).all():
        z = None
    elif z is not None and None not in cells:
        due = math.prod(n for n in cells if n is not None)
        if len(values) < due:
            raise InputError(
                f"cut off: it has {len(values):,} points of the {cells[0]} x "
                f"{cells[1]} x {cells[2]} that its header states"
            )
    return point_grid(x, y, z, Stated(cells[0], None, cells[1], steps[0], steps[1]))


def laue_group(number: object, otherwise: str | None = None) -> tuple[str, str]:
    """Return the rotations of a Laue group 1..11 of Oxford, and a note.

    Group 0 is none: of such crystals, another symmetry counts if there is one.
    """
    try:
        index = int(str(number))
    except ValueError:
        index = -1
    if index == 0 and otherwise is not None:
        return otherwise, ""
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


def _phases(lines: list[list[str]], symmetry: str | None) -> list[list[str]]:
    """Return the fields of the lines that describe phases.

    Where the header has no phase at all, there is one with the symmetry given.
    """
    heads = [i for i, line in enumerate(lines) if line[0].lower() == "phases"]
    heads = [i for i in heads if lines[i][1:2] != ["0"]]
    if not heads and symmetry is not None:
        return [["", "", "", "0"]]
    try:
        first = heads[0] + 1
        stated = int(lines[heads[0]][1])
    except (IndexError, ValueError):
        raise InputError(
            "damaged: its header has no line 'Phases' and a number, and the lines of "
            "phases behind it; of one phase, you may say its symmetry (symmetry)"
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
