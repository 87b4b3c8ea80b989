"""What is done: a text file with a line a piece, only ever appended to."""

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from grainpaint.errors import InputError
from grainpaint.store import durable

__all__ = ["Entry", "Journal", "append", "read", "rewrite", "trim"]


@dataclass(frozen=True)
class Entry:
    """One piece that is done.

    Parameters
    ----------
    task : str
        Its name: the place of its file in the store, such as "tag/c/0/1/2".
    path : str or None
        The same, or None where all voxels are 0 and no file is needed.
    n_bytes : int
        Size of the file.
    sha256 : str
        Of the file, in hexadecimal digits; "" where there is none.
    """

    task: str
    path: str | None
    n_bytes: int
    sha256: str

    def to_line(self) -> bytes:
        """Return the line of the journal."""
        row = {"task": self.task, "path": self.path, "bytes": self.n_bytes}
        return json.dumps(row | {"sha256": self.sha256}).encode() + b"\n"

    @classmethod
    def from_line(cls, line: bytes) -> "Entry":
        """Read a line of the journal; ValueError if it is damaged."""
        row = json.loads(line)  # UnicodeDecodeError and JSONDecodeError are ValueErrors
        if not isinstance(row, dict) or row.keys() != {
            "task",
            "path",
            "bytes",
            "sha256",
        }:
            raise ValueError("not an entry")
        entry = cls(row["task"], row["path"], row["bytes"], row["sha256"])
        if not (
            isinstance(entry.task, str)
            and all(p and not p.startswith(".") for p in entry.task.split("/"))
            and entry.path in (None, entry.task)
            and isinstance(entry.n_bytes, int)
            and isinstance(entry.sha256, str)
        ):
            raise ValueError("not an entry")
        return entry


@dataclass(frozen=True)
class Journal:
    """A journal as read.

    Parameters
    ----------
    entries : dict of str to Entry
        By task; the last line of a task counts.
    damaged : tuple of int
        Numbers of unreadable lines (from 1) with good ones after them.
    n_bytes : int
        Length of the file up to its last good line; a power failure may leave a rest.
    """

    entries: dict[str, Entry]
    damaged: tuple[int, ...]
    n_bytes: int


def read(path: Path) -> Journal:
    """Read a journal, also one that is damaged or being written."""
    entries: dict[str, Entry] = {}
    damaged: list[int] = []
    bad: list[int] = []  # since the last good line
    place = n_bytes = 0
    try:
        lines = path.read_bytes().splitlines(keepends=True)
    except FileNotFoundError:
        raise InputError(
            f"{path}: the journal of this volume is missing; start it again in another "
            "place, or use force to replace it"
        ) from None
    for number, line in enumerate(lines, 1):
        place += len(line)
        try:
            if not line.endswith(b"\n"):
                raise ValueError("cut off")
            entry = Entry.from_line(line)
        except ValueError:
            bad.append(number)
            continue
        entries[entry.task] = entry
        damaged += bad
        bad.clear()
        n_bytes = place
    return Journal(entries, tuple(damaged), n_bytes)


def append(path: Path, entries: Iterable[Entry]) -> None:
    """Add lines and wait for the disk; all of them or, if it is full, none."""
    lines = b"".join(entry.to_line() for entry in entries)
    with durable.explained(path, len(lines)), path.open("ab", buffering=0) as file:
        start = file.seek(0, os.SEEK_END)
        try:
            left = memoryview(lines)
            while left:  # a disk that is nearly full takes a part, and then raises
                left = left[file.write(left) :]
            os.fsync(file.fileno())
        except OSError:
            file.truncate(start)
            raise


def rewrite(path: Path, entries: Iterable[Entry]) -> None:
    """Replace the journal as a whole."""
    durable.write(path, b"".join(entry.to_line() for entry in entries))


def trim(path: Path) -> None:
    """Cut off what a power failure left after the last good line."""
    n_bytes = read(path).n_bytes
    if path.stat().st_size > n_bytes:
        with durable.explained(path, 0), path.open("r+b") as file:
            file.truncate(n_bytes)
            os.fsync(file.fileno())
