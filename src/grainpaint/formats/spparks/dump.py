"""Text dumps of SPPARKS: snapshots, one after the other."""

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

__all__ = ["TIMESTEP", "dump_starts", "dump_time", "parse_dump"]

TIMESTEP = b"ITEM: TIMESTEP"


def dump_starts(text: bytes) -> list[int]:
    """List where the snapshots of a dump begin."""
    starts, at = [], text.find(TIMESTEP)
    while at >= 0:
        starts.append(at)
        at = text.find(TIMESTEP, at + 1)
    return starts


def dump_time(path: Path, text: bytes, start: int) -> float:
    """Return the time of a snapshot."""
    words = text[start : start + 200].split(b"\n", 2)[1:2]
    try:
        return float(words[0].split()[-1])  # the snapshot's number, then the time
    except (IndexError, ValueError):
        raise InputError(f"{path}: cut off after ITEM: TIMESTEP") from None


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
