"""The volume on disk: workers write its pieces, their parent keeps the journal."""

import hashlib
import json
import re
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from grainpaint.errors import InputError
from grainpaint.store import durable, journal, layout, lock
from grainpaint.store.journal import Entry
from grainpaint.store.layout import ARRAYS, SHARD

__all__ = ["Store", "digest", "file_size"]

_NAME = re.compile(r"(?!\.)[^/]+(/(?!\.)[^/]+)*")
_REPAIR = "run grainpaint verify --repair"

Shape = tuple[int, ...]
Box = Sequence[tuple[int, int]]


@dataclass(frozen=True)
class Store:
    """A generated volume on disk, made by `create` or opened by `open_store`.

    It holds no open files, so it can be sent to worker processes. `write_shard`,
    `write_file`, `read_file` and `read` may be called from any process at any time;
    `record`, `forget` and `finish` only by the process that holds `lock()`.

    Parameters
    ----------
    path : Path
    shape : three ints
        Voxels along x, y, z.
    spacing, origin : three floats
        Edges of a voxel and corner of voxel (0, 0, 0), µm.
    recipe : dict
        Everything that determines the voxels, in JSON types.
    """

    path: Path
    shape: Shape
    spacing: tuple[float, ...]
    origin: tuple[float, ...]
    recipe: dict[str, Any]

    @property
    def complete(self) -> bool:
        """Whether `finish` was called, and nothing forgotten since."""
        return bool(layout.read_attributes(self.path)["complete"])

    @property
    def grid(self) -> Shape:
        """Number of shards along x, y, z."""
        return tuple(-(-n // SHARD) for n in self.shape)

    @property
    def journal(self) -> Path:
        """Path of the journal."""
        return self.path / layout.JOURNAL

    def box(self, index: Shape) -> tuple[tuple[int, int], ...]:
        """Return the voxel ranges, half open, of a shard."""
        return tuple(
            (i * SHARD, min((i + 1) * SHARD, n)) for i, n in zip(index, self.shape)
        )

    @staticmethod
    def shard_task(array: str, index: Shape) -> str:
        """Return the name of the task of `write_shard` in the journal.

        Examples
        --------
        >>> Store.shard_task("tag", (0, 1, 2))
        'tag/c/0/1/2'
        """
        return "/".join([array, "c", *map(str, index)])

    @staticmethod
    def file_task(name: str) -> str:
        """Return the name of the task of `write_file` in the journal.

        Examples
        --------
        >>> Store.file_task("base/0.1.2")
        'work/base/0.1.2'
        """
        return f"work/{name}"

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the store for one run, and remove what a killed one left behind.

        Raises
        ------
        InputError
            If another run holds it, or it cannot be written.
        """
        with lock.lock(self.path / layout.LOCK):
            for path in self.path.rglob(".*"):
                if durable.is_aside(path):
                    path.unlink(missing_ok=True)
            journal.trim(self.journal)
            yield

    @contextmanager
    def signed(self) -> Iterator[str]:
        """Hold a file in the store that no other run has; yield its name.

        A worker elsewhere sees by it that its path leads to this store, and that the
        run is not over. Call it under `lock()`, which removes that of a killed run.

        Raises
        ------
        InputError
            If the disk is full.
        """
        sign = durable.aside(self.path / "work" / "run")
        durable.write(sign, b"")
        try:
            yield sign.name
        finally:
            with suppress(OSError):  # the next run removes it
                sign.unlink()

    def has_sign(self, name: str) -> bool:
        """Return whether the run that `signed` yielded a name for is under way."""
        return (self.path / "work" / name).exists()

    def write_shard(
        self, array: str, index: Shape, values: np.ndarray, rest: int | None = None
    ) -> Entry:
        """Write one shard as a whole, or no file if all voxels are 0.

        Parameters
        ----------
        array : str
            "tag" or "grain_id".
        index : three ints
            Position of the shard, counted in shards along x, y, z.
        values : numpy.ndarray, uint16 or int32
            Has the shape of `box(index)`.
        rest : int, optional
            Bytes that the caller expects to need after this, for the message if the
            disk is full.

        Raises
        ------
        InputError
            If the disk is full; the store is then as it was.
        ValueError
            If there is no such shard, or the values have a wrong shape or type.
        """
        wanted = tuple(b - a for a, b in self.box(index))
        if values.shape != wanted or values.dtype != ARRAYS[array] or min(index) < 0:
            raise ValueError(
                f"shard {index} of {array} needs {wanted} of {ARRAYS[array]}, got "
                f"{values.shape} of {values.dtype}"
            )
        task = self.shard_task(array, index)
        data = layout.encode(array, values)
        if data is None:
            (self.path / task).unlink(missing_ok=True)
            return Entry(task, None, 0, "")
        return self._write(task, data, rest)

    def write_file(self, name: str, data: bytes, rest: int | None = None) -> Entry:
        """Write an intermediate file as a whole, with a checksum appended.

        Parameters
        ----------
        name : str
            May contain slashes; folders are made.
        data : bytes
        rest : int, optional
            See `write_shard`.

        Raises
        ------
        InputError
            If the disk is full; the store is then as it was.
        ValueError
            If the name is used by the store itself, or a part begins with a dot.
        """
        top = self.file_task(name.split("/")[0])
        if not _NAME.fullmatch(name) or top in layout.OWN:
            raise ValueError(f"not a valid name for an intermediate file: {name!r}")
        return self._write(self.file_task(name), data + _checksum(data), rest)

    def _write(self, task: str, data: bytes, rest: int | None) -> Entry:
        durable.write(self.path / task, data, rest)
        return Entry(task, task, len(data), hashlib.sha256(data).hexdigest())

    def read_file(self, name: str) -> bytes:
        """Return the data that `write_file` wrote.

        Raises
        ------
        InputError
            If the file is missing or damaged.
        """
        path = self.path / self.file_task(name)
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            raise InputError(f"{path} is missing: {_REPAIR}") from None
        if data[-4:] != _checksum(data[:-4]):
            raise InputError(f"{path} is damaged: {_REPAIR}")
        return data[:-4]

    def read(self, array: str, box: Box) -> np.ndarray:
        """Return the voxels of a box: 0 outside the volume and where nothing is yet.

        Parameters
        ----------
        array : str
            "tag" or "grain_id".
        box : three pairs of ints
            Voxel ranges, half open.

        Returns
        -------
        numpy.ndarray, uint16 or int32, shape of the box

        Raises
        ------
        InputError
            If a shard of the box is damaged.
        """
        import zarr

        values = np.zeros(tuple(b - a for a, b in box), ARRAYS[array])
        inside = [(max(a, 0), min(b, n)) for (a, b), n in zip(box, self.shape)]
        if any(a >= b for a, b in inside):
            return values
        there = tuple(slice(a - o, b - o) for (a, b), (o, _) in zip(inside, box))
        try:
            found = zarr.open_array(self.path / array, mode="r")
            values[there] = found[tuple(slice(a, b) for a, b in inside)]
        except (ValueError, RuntimeError, OSError, KeyError, TypeError) as error:
            raise InputError(
                f"{self.path / array} is damaged in voxels {inside} ({error}): "
                f"{_REPAIR}"
            ) from None
        return values

    def record(self, *entries: Entry) -> None:
        """Add pieces to the journal; they count as done once this returns.

        Raises
        ------
        InputError
            If the disk is full; the journal is then as it was.
        """
        journal.append(self.journal, entries)

    def listed(self) -> dict[str, Entry]:
        """Return the entries of the journal as it is, by task; none without one."""
        return journal.read(self.journal).entries if self.journal.exists() else {}

    def done(self) -> dict[str, Entry]:
        """Return the entries whose files exist with the right size, by task.

        Raises
        ------
        InputError
            If the journal is damaged anywhere but at its end.
        """
        found = journal.read(self.journal)
        if found.damaged:
            raise InputError(
                f"{self.journal}, line {found.damaged[0]} is damaged: {_REPAIR}"
            )
        return {
            task: entry
            for task, entry in found.entries.items()
            if entry.path is None or file_size(self.path / entry.path) == entry.n_bytes
        }

    def digest(self) -> str:
        """Return a SHA-256 over the finished shards; equal for equal volumes."""
        return digest(journal.read(self.journal).entries.values())

    def finished_digest(self) -> str | None:
        """Return what `digest` was when the volume was finished, None if it is not."""
        found = layout.read_attributes(self.path)["sha256"] if self.complete else None
        return None if found is None else str(found)

    def forget(self, tasks: Iterable[str]) -> None:
        """Remove pieces, to be made again, from the journal and from the disk."""
        tasks = set(tasks)
        self._mark(complete=False)
        self._remove(tasks)

    def finish(self, drop: Iterable[str] = ()) -> None:
        """Mark the volume as complete, then drop what is no longer needed.

        Parameters
        ----------
        drop : iterable of str
            Tasks of intermediate files, to be removed from the journal and the disk.

        Raises
        ------
        ValueError
            If a shard is among them.
        """
        tasks = set(drop)
        shards = {task for task in tasks if not task.startswith("work/")}
        if shards:
            raise ValueError(f"not an intermediate file: {min(shards)}")
        self._mark(complete=True)
        self._remove(tasks)

    def _remove(self, tasks: set[str]) -> None:
        """Drop the entries first, so that none ever names a missing file."""
        entries = journal.read(self.journal).entries.values()
        journal.rewrite(self.journal, (e for e in entries if e.task not in tasks))
        for entry in entries:
            if entry.task in tasks:
                (self.path / entry.task).unlink(missing_ok=True)

    def _mark(self, complete: bool) -> None:
        path = self.path / "zarr.json"
        node = json.loads(path.read_bytes())
        state = {"complete": complete, "sha256": self.digest() if complete else None}
        node["attributes"].update(state)
        durable.write(path, layout.to_json(node))


def digest(entries: Iterable[Entry]) -> str:
    """Return a SHA-256 over finished shards, in any order."""
    shards = sorted((e.task, e.sha256) for e in entries if _in_array(e))
    return hashlib.sha256(json.dumps(shards).encode()).hexdigest()


def file_size(path: Path) -> int | None:
    """Return the size of a file in bytes, or None if there is no file."""
    try:
        return path.stat().st_size
    except (FileNotFoundError, NotADirectoryError):
        return None


def _in_array(entry: Entry) -> bool:
    return entry.task.split("/")[0] in ARRAYS


def _checksum(data: bytes) -> bytes:
    return zlib.crc32(data).to_bytes(4, "little")
