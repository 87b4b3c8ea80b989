"""Text dumps of SPPARKS: snapshots, one after the other."""

import re
from pathlib import Path

import numpy as np

from grainpaint.errors import InputError, brief
from grainpaint.formats.spparks.rows import (
    parse_rows,
    places_of_coordinates,
    places_of_ids,
    scatter,
    to_integers,
)
from grainpaint.formats.spparks.snapshot import Snapshot

__all__ = ["BEGINNINGS", "dump_starts", "dump_time", "length_of_dump", "parse_dump"]

_TIMESTEP, _TIME, _UNITS = b"ITEM: TIMESTEP", b"ITEM: TIME", b"ITEM: UNITS"
BEGINNINGS = (_TIME, _UNITS)  # the first one also begins TIMESTEP
_LONGEST = 1000  # bytes of the items before TIMESTEP
# LAMMPS states units once, and the time before each of its steps, if it is asked to.
_BEFORE = re.compile(rb"(?:ITEM: (?:UNITS|TIME)[ \t]*\n[^\n]*\n\s*)*\Z")
_STYLES = {  # µm per unit of length of LAMMPS' units
    "real": 1e-4,
    "metal": 1e-4,
    "si": 1e6,
    "cgs": 1e4,
    "electron": 5.29177210544e-5,
    "micro": 1.0,
    "nano": 1e-3,
    "lj": 1.0,  # has none
}


def dump_starts(path: Path, text: bytes) -> list[int]:
    """List where the snapshots of a dump begin.

    Raises
    ------
    InputError
        If there is none.
    """
    starts, at = [], text.find(_TIMESTEP)
    while at >= 0:
        low = max(0, at - _LONGEST)
        before = _BEFORE.search(text[low:at])
        starts.append(at if before is None else low + before.start())
        at = text.find(_TIMESTEP, at + 1)
    if not starts:
        raise InputError(f"{path}: cut off: it has no line ITEM: TIMESTEP")
    return starts


def _after(item: bytes, head: bytes) -> list[bytes]:
    """Return the words of the line after an item; none if it is not there."""
    found = re.search(re.escape(item) + rb"[ \t]*\n([^\n]*)", head)
    return [] if found is None else found[1].split()


def dump_time(path: Path, text: bytes, start: int) -> float:
    """Return the time of a snapshot: of ITEM: TIME, or its line after TIMESTEP."""
    begin = text.index(_TIMESTEP, start)
    stated = _after(_TIME, text[start:begin])
    # SPPARKS writes the snapshot's number, then the time; LAMMPS the step.
    words = stated or _after(_TIMESTEP, text[begin : begin + 200])
    try:
        return float(words[-1])
    except (IndexError, ValueError):
        raise InputError(
            f"{path}: cut off after ITEM: TIME{'' if stated else 'STEP'}"
        ) from None


def length_of_dump(head: bytes) -> float:
    """Return µm per unit of length as the head of a dump states it, 1 if it does not.

    Raises
    ------
    InputError
        If it states units that LAMMPS does not know.

    References
    ----------
    https://docs.lammps.org/units.html
    """
    before, _, _ = head.partition(_TIMESTEP)
    style = b" ".join(_after(_UNITS, before)).decode(errors="replace") or "lj"
    if style not in _STYLES:
        raise InputError(
            f"its ITEM: UNITS {brief(style, 40)!r} is none of {', '.join(_STYLES)}: "
            "give the unit of its lengths (unit)"
        )
    return _STYLES[style]


def _upright(where: str, rows: list[list[bytes]]) -> np.ndarray:
    """Return both ends of a box along x, y, z; a tilted box has further numbers."""
    box = np.array(rows, float)
    if box.shape not in ((3, 2), (3, 3), (3, 4)) or not np.isfinite(box).all():
        raise ValueError("a box has two ends along each axis")
    if box[:, 3:].size or box[:, 2:].any():  # vectors, or their lean
        raise InputError(
            f"{where} has a tilted box (triclinic): sites of a square or cubic lattice "
            "are read"
        )
    if (box[:, 0] > box[:, 1]).any():
        raise InputError(f"{where} has a box that ends before it begins")
    return box[:, :2]


def parse_dump(path: Path, text: bytes, time: float) -> Snapshot:
    """Return the spins of one snapshot, each at its place."""
    where = f"{path}: the snapshot of time {time:g}"
    head = text[:2000].split(b"\n")
    titles = [i for i, line in enumerate(head) if line.startswith(b"ITEM: ATOMS")]
    if not titles:
        raise InputError(f"{where} is cut off: it has no line ITEM: ATOMS")
    title = titles[0]
    items = {head[i].strip(): i for i in range(title) if head[i].startswith(b"ITEM:")}
    try:
        n_rows = int(head[items[b"ITEM: NUMBER OF ATOMS"] + 1])
        at = next(i for name, i in items.items() if name.startswith(b"ITEM: BOX"))
        box = _upright(where, [line.split() for line in head[at + 1 : at + 4]])
        letters = head[at].split()[3:][-3:]  # LAMMPS and some SPPARKS: pp pp pp
        periodic = tuple(word.startswith(b"p") for word in letters)
    except InputError:
        raise
    except (KeyError, StopIteration, ValueError):
        raise InputError(
            f"{where} lacks ITEM: NUMBER OF ATOMS or three lines ITEM: BOX BOUNDS"
        ) from None
    names = head[title].decode(errors="replace").split()[2:]
    spin_column = next((n for n in ("type", "site", "i1") if n in names), None)
    if spin_column is None:
        raise InputError(
            f"{where} has the columns {brief(' '.join(names))} and no spin: "
            "add site to dump"
        )
    columns = [n for n in (spin_column, "id", "x", "y", "z") if n in names]
    body = text[sum(len(line) + 1 for line in head[: title + 1]) :]
    table = parse_rows(
        where, body, n_rows, len(names), [names.index(c) for c in columns]
    )
    column = dict(zip(columns, table.T))
    spin = to_integers(where, column[spin_column])
    if {"x", "y", "z"} <= set(columns):
        place, spacing, origin = places_of_coordinates(
            where, [column[a] for a in "xyz"], box
        )
    elif "id" in columns:
        spacing, origin = 1.0, tuple(box[:, 0].tolist())
        place = places_of_ids(where, to_integers(where, column["id"]), box)
    else:
        raise InputError(f"{where} has neither x y z nor id: dump id site x y z")
    if len(periodic) != 3:
        periodic = (False, False, False)
    return Snapshot(scatter(where, place, spin), time, spacing, origin, periodic)
