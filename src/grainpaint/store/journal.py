"""The journal of finished pieces: a text file with one line per piece."""

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
    """One finished piece.

    Parameters
    ----------
    task : str
        Its name, which is the place of its file in the store, e.g. "tag/c/0/1/2".
    path : str or None
        The same, or None if all voxels are 0 and no file is needed.
    n_bytes : int
        Size of the file.
    sha256 : str
        SHA-256 of the file in hexadecimal digits; "" if there is no file.
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
        """Read a line of the journal; raise ValueError if it is damaged."""
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
    """The content of a journal.

    Parameters
    ----------
    entries : dict of str to Entry
        By task; the last line for a task counts.
    damaged : tuple of int
        Numbers (from 1) of unreadable lines that are followed by good ones.
    n_bytes : int
        Length of the file up to its last good line. A power failure may leave more.
    """

    entries: dict[str, Entry]
    damaged: tuple[int, ...]
    n_bytes: int


def read(path: Path) -> Journal:
    """Read a journal, even one that is damaged or being written."""
    entries: dict[str, Entry] = {}
    damaged: list[int] = []
    bad: list[int] = []  # since the last good line
    place = n_bytes = 0
    try:
        lines = path.read_bytes().splitlines(keepends=True)
    except FileNotFoundError:
        raise InputError(
            f"{path}: the journal of this volume is missing: run grainpaint verify "
            "--repair"
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
    """Add lines and wait for the disk; if it is full, add none of them."""
    lines = b"".join(entry.to_line() for entry in entries)
    with durable.explained(path, len(lines)), path.open("ab", buffering=0) as file:
        start = file.seek(0, os.SEEK_END)
        try:
            left = memoryview(lines)
            while left:  # a nearly full disk takes a part of them, then raises
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
    if not path.exists():  # `read` says what to do about it
        return
    n_bytes = read(path).n_bytes
    if path.stat().st_size > n_bytes:
        with durable.explained(path, 0), path.open("r+b") as file:
            file.truncate(n_bytes)
            os.fsync(file.fileno())
