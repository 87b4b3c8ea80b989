"""The volume on disk: pieces written by workers, a journal kept by their parent."""

import hashlib
import json
import os
import re
import shutil
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from grainpaint.errors import InputError
from grainpaint.formats.zarr import PIECEWISE, attributes_of
from grainpaint.progress import Progress, silent
from grainpaint.store import durable, journal, layout, lock
from grainpaint.store.journal import Entry
from grainpaint.store.layout import ARRAYS, SHARD

__all__ = ["Damage", "Store", "create", "open_store"]

_VERSION = 1  # of what is written; another one is refused
_RESERVED = ("journal.jsonl", "lock", "zarr.json")
_NAME = re.compile(r"(?!\.)[^/]+(/(?!\.)[^/]+)*")
_REPAIR = "run grainpaint verify --repair"

Shape = tuple[int, ...]
Box = Sequence[tuple[int, int]]


@dataclass(frozen=True)
class Damage:
    """Something in a store that is not as its journal says.

    Parameters
    ----------
    path : str
        Which file, relative to the store.
    reason : str
    task : str or None
        What must be made again; None for a line of the journal and for leftovers.
    harmless : bool
        A leftover of a run that was killed: the volume is none the worse for it.
    """

    path: str
    reason: str
    task: str | None = None
    harmless: bool = False


@dataclass(frozen=True)
class Store:
    """A generated volume on disk; get one by `create` or `open_store`.

    Holds no open file, so it can be sent to worker processes. `write_shard`,
    `write_file`, `read_file` and `read` may be called from any process at any time;
    `record`, `forget`, `finish` and `repair` only by the process that holds `lock()`.

    Parameters
    ----------
    path : Path
    shape : three ints
        Voxels along x, y, z.
    spacing, origin : three floats
        Edges of a voxel and corner of voxel (0, 0, 0), µm.
    recipe : dict
        All that decides the voxels, as JSON can hold it.
    """

    path: Path
    shape: Shape
    spacing: tuple[float, ...]
    origin: tuple[float, ...]
    recipe: dict[str, Any]

    @property
    def complete(self) -> bool:
        """Whether `finish` was called, and nothing forgotten since."""
        return bool(_attributes(self.path)["complete"])

    @property
    def grid(self) -> Shape:
        """Number of shards along x, y, z."""
        return tuple(-(-n // SHARD) for n in self.shape)

    @property
    def _journal(self) -> Path:
        return self.path / "work" / "journal.jsonl"

    def box(self, index: Shape) -> tuple[tuple[int, int], ...]:
        """Return the voxel ranges, half open, of a shard."""
        return tuple(
            (i * SHARD, min((i + 1) * SHARD, n)) for i, n in zip(index, self.shape)
        )

    @staticmethod
    def shard_task(array: str, index: Shape) -> str:
        """Return the task that `write_shard` does, as it stands in the journal.

        Examples
        --------
        >>> Store.shard_task("color", (0, 1, 2))
        'color/c/0/1/2'
        """
        return "/".join([array, "c", *map(str, index)])

    @staticmethod
    def file_task(name: str) -> str:
        """Return the task that `write_file` does, as it stands in the journal.

        Examples
        --------
        >>> Store.file_task("base/0.1.2")
        'work/base/0.1.2'
        """
        return f"work/{name}"

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the store for one run, and clear away what a killed one left.

        Raises
        ------
        InputError
            If another run holds it, or it cannot be written.
        """
        work = self.path / "work"
        with durable.explained(work, 0):
            work.mkdir(exist_ok=True)
        with lock.lock(work / "lock"):
            for path in self.path.rglob(".*"):
                if durable.is_aside(path):
                    path.unlink(missing_ok=True)
            if self._journal.exists():  # else `done` says so, and `repair` helps
                journal.trim(self._journal)
            yield

    def write_shard(
        self, array: str, index: Shape, values: np.ndarray, rest: int | None = None
    ) -> Entry:
        """Write one shard whole; nothing is written where all voxels are 0.

        Parameters
        ----------
        array : str
            "color" or "grain_id".
        index : three ints
            Which shard, counted along x, y, z.
        values : numpy.ndarray, uint8 or int32
            Of the shape of `box(index)`.
        rest : int, optional
            Bytes that the caller expects to need after this, for the message of a full
            disk.

        Raises
        ------
        InputError
            If the disk is full; the store is then as it was.
        ValueError
            If there is no such shard, or values have another shape or type.
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
        """Write an intermediate file whole, with a checksum after its end.

        Parameters
        ----------
        name : str
            May have slashes: folders are made.
        data : bytes
        rest : int, optional
            See `write_shard`.

        Raises
        ------
        InputError
            If the disk is full; the store is then as it was.
        ValueError
            If the name is one of the store's own, or has a part that begins with a dot.
        """
        if not _NAME.fullmatch(name) or name.split("/")[0] in _RESERVED:
            raise ValueError(f"no name for an intermediate file: {name!r}")
        return self._write(self.file_task(name), data + _checksum(data), rest)

    def _write(self, task: str, data: bytes, rest: int | None) -> Entry:
        durable.write(self.path / task, data, rest)
        return Entry(task, task, len(data), hashlib.sha256(data).hexdigest())

    def read_file(self, name: str) -> bytes:
        """Return what `write_file` wrote.

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
        """Return the voxels of a box, 0 where nothing is (yet) or out of the volume.

        Parameters
        ----------
        array : str
            "color" or "grain_id".
        box : three pairs of ints
            Voxel ranges, half open.

        Returns
        -------
        numpy.ndarray, uint8 or int32, shape of the box

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
        except (ValueError, RuntimeError, OSError) as error:  # checksums, codecs, disk
            raise InputError(
                f"{self.path / array} is damaged in voxels {inside} ({error}): "
                f"{_REPAIR}"
            ) from None
        return values

    def record(self, *entries: Entry) -> None:
        """Add pieces to the journal; they are done once this returns.

        Raises
        ------
        InputError
            If the disk is full; the journal is then as it was.
        """
        journal.append(self._journal, entries)

    def done(self) -> dict[str, Entry]:
        """Return what the journal has and whose files are there in their size, by task.

        Raises
        ------
        InputError
            If the journal is damaged other than at its end.
        """
        found = journal.read(self._journal)
        if found.damaged:
            raise InputError(
                f"{self._journal}, line {found.damaged[0]} is damaged: {_REPAIR}"
            )
        return {
            task: entry
            for task, entry in found.entries.items()
            if entry.path is None or _size(self.path / entry.path) == entry.n_bytes
        }

    def verify(self, progress: Progress = silent) -> list[Damage]:
        """Compare every file with the journal, by SHA-256; changes nothing.

        Parameters
        ----------
        progress : Progress
            Told the bytes read.

        Returns
        -------
        list of Damage
            While a run is under way the pieces in hand are among them, as harmless.
        """
        try:
            known = journal.read(self._journal)
        except InputError:
            known = journal.Journal({}, (), 0)
            damages = [Damage("work/journal.jsonl", "missing")]
        else:
            damages = [
                Damage("work/journal.jsonl", f"line {n} is unreadable")
                for n in known.damaged
            ]
        for name in ARRAYS:
            if not layout.is_metadata(self.path / name, self.shape, name):
                damages.append(Damage(f"{name}/zarr.json", "damaged or missing"))
        sizes = [entry.n_bytes for entry in known.entries.values()]
        n_bytes = 0
        with progress("verify", max(1, sum(sizes))) as bar:
            for entry in known.entries.values():
                reason = _fault(self.path / entry.task, entry)
                if reason:
                    damages.append(Damage(entry.task, reason, entry.task))
                n_bytes += entry.n_bytes
                bar.update(n_bytes)
        damages += self._leftovers(known.entries)
        return damages

    def _leftovers(self, entries: dict[str, Entry]) -> Iterator[Damage]:
        """Yield the files that nothing speaks of."""
        own = {f"work/{name}" for name in _RESERVED} | {"zarr.json"}
        own |= {f"{name}/zarr.json" for name in ARRAYS}
        for path in sorted(self.path.rglob("*")):
            place = path.relative_to(self.path).as_posix()
            if place in own or place in entries or not path.is_file():
                continue
            reason = "half-written" if durable.is_aside(path) else "not in the journal"
            yield Damage(place, reason, harmless=True)

    def repair(self, damages: Iterable[Damage]) -> None:
        """Remove what is damaged or left over, so that a run makes only that again.

        Parameters
        ----------
        damages : iterable of Damage
            What `verify` found.
        """
        damages = list(damages)
        if any(not damage.harmless for damage in damages):
            self._mark(complete=False)
            self._keep({damage.task for damage in damages})
        own = layout.files(self.shape, {})
        for damage in damages:
            if damage.path in own:
                durable.write(self.path / damage.path, own[damage.path])
            elif damage.path != "work/journal.jsonl":
                (self.path / damage.path).unlink(missing_ok=True)

    def forget(self, tasks: Iterable[str]) -> None:
        """Take pieces out of the journal and remove their files."""
        tasks = set(tasks)
        self._mark(complete=False)
        self._remove(tasks)

    def finish(self, drop: Iterable[str] = ()) -> None:
        """Mark the volume complete, and only then drop what is no longer needed.

        Parameters
        ----------
        drop : iterable of str
            Tasks of intermediate files; they leave the journal and the disk.
        """
        self._mark(complete=True)
        self._remove(set(drop))

    def _remove(self, tasks: set[str]) -> None:
        """Drop entries first: no entry ever stands for a file that is gone."""
        for entry in self._keep(tasks):
            (self.path / entry.task).unlink(missing_ok=True)

    def _keep(self, without: set[str] | set[str | None]) -> list[Entry]:
        """Rewrite the journal without some tasks; return what it had of them."""
        try:
            entries = journal.read(self._journal).entries.values()
        except InputError:
            entries = {}.values()
        dropped = [entry for entry in entries if entry.task in without]
        journal.rewrite(self._journal, (e for e in entries if e.task not in without))
        return dropped

    def _mark(self, complete: bool) -> None:
        path = self.path / "zarr.json"
        node = json.loads(path.read_bytes())
        if node["attributes"]["complete"] != complete:
            node["attributes"]["complete"] = complete
            durable.write(path, layout.to_json(node))


def create(
    path: str | Path,
    shape: Sequence[int],
    spacing: Sequence[float],
    origin: Sequence[float],
    recipe: dict[str, Any],
) -> Store:
    """Make a store, or open the one that is there if it is of the same volume.

    Parameters
    ----------
    path : path
        NAME.zarr; its folder is made if need be.
    shape : three ints
        Voxels along x, y, z.
    spacing, origin : three floats
        Edges of a voxel and corner of voxel (0, 0, 0), µm.
    recipe : dict
        All that decides the voxels, as JSON can hold it.

    Raises
    ------
    InputError
        If something else is there, also a store of another volume, or the place cannot
        be written.
    """
    path = Path(path)
    wanted: dict[str, Any] = json.loads(
        json.dumps(
            {
                "shape": [int(n) for n in shape],
                "spacing": [float(s) for s in spacing],
                "origin": [float(o) for o in origin],
                "recipe": recipe,
            }
        )
    )
    if not path.exists() or (path.is_dir() and not any(path.iterdir())):
        _make(path, wanted)
    found = _attributes(path)
    difference = next(_differences(wanted, {key: found.get(key) for key in wanted}), "")
    if difference:
        raise InputError(
            f"{path} holds another volume: {difference}. Give what was given then to "
            "go on with it, choose another place, or add --force to replace it"
        )
    return open_store(path)


def open_store(path: str | Path) -> Store:
    """Open a store that is there, finished or not.

    Raises
    ------
    InputError
        If there is none, it is damaged or of another version.
    """
    path = Path(path)
    found = _attributes(path)
    return Store(
        path,
        tuple(found["shape"]),
        tuple(found["spacing"]),
        tuple(found["origin"]),
        found["recipe"],
    )


def _make(path: Path, wanted: dict[str, Any]) -> None:
    """Make a store aside and rename it, unless another run was faster."""
    known = attributes_of(path.stem, wanted["spacing"], wanted["origin"], (False,) * 3)
    own = {"format": PIECEWISE, "version": _VERSION, "complete": False}
    files = layout.files(tuple(wanted["shape"]), {**own, **known, **wanted})
    files["work/journal.jsonl"] = b""
    beside = durable.aside(path)
    try:
        for place, data in files.items():
            durable.write(beside / place, data)
        with durable.explained(path, 0):
            os.rename(beside, path)
    except FileExistsError:
        pass
    except OSError:
        if not path.exists():
            raise
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _attributes(path: Path) -> dict[str, Any]:
    """Return the attributes of a store's group."""
    if not path.exists():
        raise InputError(f"{path}: no such volume")
    other = InputError(
        f"{path} exists and is no volume that was generated here: choose another "
        "place, or add --force to replace it"
    )
    try:
        found = json.loads((path / "zarr.json").read_bytes())["attributes"]
    except (FileNotFoundError, NotADirectoryError, KeyError, TypeError):
        raise other from None
    except PermissionError as error:
        raise InputError(f"{path} cannot be read ({error.strerror})") from None
    except ValueError as error:
        raise InputError(
            f"{path / 'zarr.json'} is damaged ({error}): choose another place, or add "
            "--force to replace the volume"
        ) from None
    if not isinstance(found, dict) or found.get("format") != PIECEWISE:
        raise other
    if found.get("version") != _VERSION:
        raise InputError(
            f"{path} was written by another version of grainpaint (layout "
            f"{found.get('version')}, here {_VERSION})"
        )
    return found


def _differences(wanted: Any, found: Any, key: str = "") -> Iterator[str]:
    """Yield where two recipes differ, the keys of nested ones joined by dots."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        for name in [*wanted, *(n for n in found if n not in wanted)]:
            nested = name if key in ("", "recipe") else f"{key}.{name}"
            yield from _differences(wanted.get(name), found.get(name), nested)
    elif wanted != found:
        yield f"{key} is {json.dumps(found)} there, {json.dumps(wanted)} here"


def _fault(path: Path, entry: Entry) -> str:
    """Say what is wrong with the file of a piece, or nothing."""
    size = _size(path)
    if entry.path is None:
        return "" if size is None else "is there, though all its voxels are 0"
    if size is None:
        return "missing"
    if size != entry.n_bytes:
        return f"has {size} bytes, not {entry.n_bytes}"
    try:
        with path.open("rb") as file:
            same = hashlib.file_digest(file, "sha256").hexdigest() == entry.sha256
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    return "" if same else "its SHA-256 is another"


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except (FileNotFoundError, NotADirectoryError):
        return None


def _checksum(data: bytes) -> bytes:
    return zlib.crc32(data).to_bytes(4, "little")
