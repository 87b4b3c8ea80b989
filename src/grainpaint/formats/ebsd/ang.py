"""Maps of EDAX (TSL), .ang: Euler angles in radians.

Columns are phi1, PHI, phi2, x, y, image quality, confidence, phase. The header of a
file of one phase may number it 1 and its points 0. Points without a solution have a
confidence of -1, a phase of -1, or angles of 4 pi. Crystal axes: x along a.
"""

from __future__ import annotations

import re

import numpy as np

from grainpaint.errors import InputError, brief
from grainpaint.formats.ebsd.grid import Stated, point_grid
from grainpaint.formats.ebsd.points import OrientationMap, from_columns, over_a_turn
from grainpaint.formats.ebsd.symmetries import proper_group
from grainpaint.formats.ebsd.table import (
    decoded,
    numbers,
    stated_count,
    stated_number,
)

__all__ = ["read_points"]

_X, _Y, _QUALITY, _CONFIDENCE, _PHASE = 3, 4, 5, 6, 7
_ENTRY = re.compile(r"#\s*([A-Za-z_]+)\s*:?\s*(.*)")
_NUMBER = re.compile(r"[-+\d.eE]+")


def read_points(data: bytes, symmetry: str | None = None) -> OrientationMap:
    """Read a map.

    Parameters
    ----------
    data : bytes
        Content of the file.
    symmetry : str, optional
        Crystal symmetry of all phases, if the header does not have it.

    Raises
    ------
    InputError
        If the file is damaged, or its angles are no radians.
    """
    header, start, n_lines = _header(data)
    if not header and symmetry is None:
        raise InputError(
            "no header: an .ang file begins with lines such as '# Phase 1', "
            "'# Symmetry 43', '# GRID: SqrGrid'; without, say the symmetry of its "
            "crystals (symmetry)"
        )
    table = _between_blanks(data[start:])
    needed = [_X, _Y, _QUALITY, _CONFIDENCE, _PHASE]
    decimal = "," if b"," in table else "."
    values = numbers(table, n_lines + 1, needed, decimal=decimal)
    notes: list[str] = []
    if "GRID" not in dict(header):
        notes.append("its header has no GRID: which one it is, its coordinates say")
    angles = values[:, :3]
    solved = (values[:, _CONFIDENCE] >= 0) & (values[:, _PHASE] >= 0)
    solved &= ~np.isnan(angles).any(1)
    nothing = ~values[:, [0, 1, 2, _QUALITY, _CONFIDENCE]].any(1)
    if nothing.any():
        notes.append(
            "points whose angles, quality and confidence are all 0 count as unindexed: "
            f"{nothing.sum():,}"
        )
        solved &= ~nothing
    largest = np.abs(angles[solved]).max(initial=0.0)
    if largest > 4 * np.pi + 1e-3:
        raise InputError(
            f"an .ang file has Euler angles in radians, but these reach {largest:.5g}: "
            "they look like degrees; divide them by 180/pi"
        )
    notes += over_a_turn(angles[solved])
    ids, groups, names = _phases(header, symmetry, notes)
    phase = _numbered(values[:, _PHASE], ids, solved)
    grid = point_grid(values[:, _X], values[:, _Y], stated=_stated(header))
    return from_columns(
        angles,
        phase,
        grid.point,
        groups,
        names,
        spacing=grid.spacing,
        origin=grid.origin,
        unit="nm" if any("ACOM" in value for _, value in header) else "um",
        notes=(*grid.notes, *notes),
    )


def _header(data: bytes) -> tuple[list[tuple[str, str]], int, int]:
    """Return names and values of the header, where it ends, and its lines."""
    entries, start, n_lines, in_notes = [], 0, 0, False
    while start < len(data):
        end = data.find(b"\n", start)
        end = len(data) if end < 0 else end + 1
        line = decoded(data[start:end]).strip()
        if line and not line.startswith("#"):
            break
        match = _ENTRY.match(line)
        if match and match[1].upper().endswith("NOTES"):  # the user's, up to their end
            in_notes = match[2].lower().startswith("start")
        elif match and not in_notes:
            entries.append((match[1].upper(), match[2].strip()))
        start, n_lines = end, n_lines + 1
    return entries, start, n_lines


def _between_blanks(table: bytes) -> bytes:
    """Return a table whose columns stand between blanks, not commas or semicolons."""
    first = table.partition(b"\n")[0]
    if b";" in first:
        return table.replace(b";", b" ")
    return table.replace(b",", b" ") if b"," in first and b"." in first else table


def _stated(header: list[tuple[str, str]]) -> Stated:
    """Return what a header says of the grid."""
    said = dict(header)

    def word(name: str) -> str | None:
        match = _NUMBER.match(said.get(name, "").replace(",", "."))
        return match[0] if match else None

    def count(name: str) -> int | None:
        found = word(name)
        return None if found is None else stated_count(name, found)

    def step(name: str) -> float | None:
        found = word(name)
        return None if found is None else stated_number(name, found)

    odd, even, rows = count("NCOLS_ODD"), count("NCOLS_EVEN"), count("NROWS")
    kind = said.get("GRID", "").lower()
    hexagonal = {"sqr": False, "hex": True}.get(kind[:3])
    return Stated(odd, even, rows, step("XSTEP"), step("YSTEP"), hexagonal)


def _phases(
    header: list[tuple[str, str]], symmetry: str | None, notes: list[str]
) -> tuple[list[int], tuple[str, ...], tuple[str, ...]]:
    """Return number, symmetry and name of each phase of the header."""
    found: list[dict[str, str]] = []
    for name, value in header:
        if name == "PHASE" and value.split():
            word = value.split()[0]
            if not (word.isascii() and word.isdecimal() and len(word) < 10):
                raise InputError(f"damaged: its header has Phase {brief(word, 50)!r}")
            found.append({"number": word})
        elif name in ("MATERIALNAME", "SYMMETRY"):
            if not found or name in found[-1]:
                found.append({"number": str(len(found) + 1)})
            found[-1][name] = value
    if not found:
        found = [{"number": "1"}]
    found.sort(key=lambda phase: int(phase["number"]))
    numbers_ = [int(phase["number"]) for phase in found]
    if len(set(numbers_)) < len(numbers_):
        raise InputError("damaged: its header has two phases of the same number")
    groups = []
    for phase in found:
        if "SYMMETRY" in phase:
            group, note = proper_group(phase["SYMMETRY"])
            notes += [note] if note else []
        elif symmetry is not None:
            group = symmetry
        else:
            raise InputError(
                f"its header has no symmetry of phase {phase['number']}: add a line "
                "such as '# Symmetry 43' (cubic), or say it (symmetry)"
            )
        groups.append(group)
    names = [phase.get("MATERIALNAME") or f"phase{phase['number']}" for phase in found]
    return numbers_, tuple(groups), tuple(names)


def _numbered(column: np.ndarray, ids: list[int], solved: np.ndarray) -> np.ndarray:
    """Return phases 1..n, 0 where there is no solution."""
    stated = column[solved]
    if (stated != np.rint(stated)).any() or (np.abs(stated) > 1e6).any():
        raise InputError(
            "damaged, or with other columns: the eighth holds the phase, an integer"
        )
    if len(ids) == 1:  # whatever its number is, it is that phase
        others = np.setdiff1d(stated, [0, 1, ids[0]])
        if others.size:
            raise InputError(f"has points of phase {others[0]:g}, but one phase")
        return np.where(solved, 1, 0)
    lost = np.setdiff1d(stated, [*ids, 0])
    if lost.size:
        raise InputError(
            f"has points of phase {lost[0]:g}, but its header has phases "
            f"{', '.join(map(str, ids))}"
        )
    number = np.zeros(column.size, np.int64)
    for k, one in enumerate(ids):
        number[solved & (column == one)] = k + 1
    return number
