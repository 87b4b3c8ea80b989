"""Checking the files of a store against its journal, and repairing the store."""

import hashlib
import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from grainpaint.progress import Progress, silent
from grainpaint.store import durable, journal, layout
from grainpaint.store.journal import Entry
from grainpaint.store.volume import Store, digest, file_size

__all__ = ["Damage", "repair", "verify"]

_LOST = "missing"  # the journal
_WORK = "work/zarr.json"  # for readers of Zarr alone


@dataclass(frozen=True)
class Damage:
    """Something in a store that differs from its journal.

    Parameters
    ----------
    path : str
        The file, relative to the store.
    reason : str
    task : str or None
        What must be made again; None for lines of the journal and for leftovers.
    harmless : bool
        Whether it is a leftover of a killed run that does not affect the volume.
    """

    path: str
    reason: str
    task: str | None = None
    harmless: bool = False


def verify(store: Store, progress: Progress = silent) -> list[Damage]:
    """Compare every file with the journal, by SHA-256, without changing anything.

    Parameters
    ----------
    store : Store
    progress : Progress
        Called with the bytes read.

    Returns
    -------
    list of Damage
        During a run, they include the pieces being written, as harmless.

    """
    complete = store.complete
    damages = [
        Damage(f"{name}/zarr.json", "damaged or missing")
        for name in layout.ARRAYS
        if not layout.is_metadata(store.path / name, store.shape, name)
    ]
    if not (store.path / _WORK).is_file():
        damages.append(Damage(_WORK, "missing", harmless=True))
    if not store.journal.is_file():  # nothing to compare with
        return [Damage(layout.JOURNAL, _LOST), *damages]
    known = journal.read(store.journal)
    damages += [
        Damage(layout.JOURNAL, f"line {number} is unreadable")
        for number in known.damaged
    ]
    if complete and store.digest() != store.finished_digest():
        damages.append(Damage(layout.JOURNAL, "does not match the finished volume"))
    sizes = [entry.n_bytes for entry in known.entries.values()]
    n_bytes = 0
    with progress("verify", max(1, sum(sizes))) as bar:
        for entry in known.entries.values():
            reason = _fault(store.path / entry.task, entry)
            if reason:
                damages.append(Damage(entry.task, reason, entry.task))
            n_bytes += entry.n_bytes
            bar.update(n_bytes)
    damages += _leftovers(store, known.entries, complete)
    return damages


def _leftovers(
    store: Store, entries: dict[str, Entry], complete: bool
) -> Iterator[Damage]:
    """Yield the files that belong neither to the layout nor to the journal."""
    for path in sorted(store.path.rglob("*")):
        place = path.relative_to(store.path).as_posix()
        if place in layout.OWN or place in entries or not path.is_file():
            continue
        half = durable.is_aside(path)
        harmless = half or not complete or place.startswith("work/")
        reason = "half-written" if half else "not in the journal"
        yield Damage(place, reason, harmless=harmless)


def repair(store: Store, damages: Iterable[Damage]) -> None:
    """Remove what is damaged or left over, so that a run makes only this again.

    Call it under `store.lock()`.

    Parameters
    ----------
    store : Store
        No longer complete, unless all damages are harmless.
    damages : iterable of Damage
        What `verify` found.
    """
    damages = list(damages)
    if Damage(layout.JOURNAL, _LOST) in damages:
        journal.rewrite(store.journal, _of_files(store))
        damages = verify(store)
    if not all(damage.harmless for damage in damages):
        store.forget(damage.task for damage in damages if damage.task)
    metadata = layout.files(store.shape, {})
    for damage in damages:
        if damage.path in metadata:
            durable.write(store.path / damage.path, metadata[damage.path])
        elif damage.path != layout.JOURNAL:
            (store.path / damage.path).unlink(missing_ok=True)


def _of_files(store: Store) -> list[Entry]:
    """Return the entries of a finished volume, made from its files.

    They are those that were lost if their digest is that of the volume. If it is not,
    or the volume was not finished, nothing says which files are whole: none are kept.
    """
    if not store.complete:
        return []
    tasks = [
        store.shard_task(name, index)
        for name in layout.ARRAYS
        for index in itertools.product(*map(range, store.grid))
    ]
    found = [_entry(store.path, task) for task in tasks]
    written = [entry for entry in found if entry.path is not None]
    for entries in (written, found):  # shards of zeros have entries, or none
        if digest(entries) == store.finished_digest():
            return entries
    return []


def _entry(folder: Path, task: str) -> Entry:
    """Return the entry of the file of a shard, or of none."""
    size = file_size(folder / task)
    if size is None:
        return Entry(task, None, 0, "")
    with (folder / task).open("rb") as file:
        return Entry(task, task, size, hashlib.file_digest(file, "sha256").hexdigest())


def _fault(path: Path, entry: Entry) -> str:
    """Return what is wrong with the file of a piece; "" if nothing."""
    size = file_size(path)
    if entry.path is None:
        return "" if size is None else "exists, though all its voxels are 0"
    if size is None:
        return "missing"
    if size != entry.n_bytes:
        return f"has {size} bytes, not {entry.n_bytes}"
    try:
        with path.open("rb") as file:
            same = hashlib.file_digest(file, "sha256").hexdigest() == entry.sha256
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    return "" if same else "its SHA-256 differs"
