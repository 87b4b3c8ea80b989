"""Checking the files of a store against its journal, and repairing the store."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from grainpaint.progress import Progress, silent
from grainpaint.store import durable, journal, layout
from grainpaint.store.journal import Entry
from grainpaint.store.volume import Store, file_size

__all__ = ["Damage", "repair", "verify"]


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

    Raises
    ------
    InputError
        If the journal is missing.
    """
    complete = store.complete
    known = journal.read(store.journal)
    damages = [
        Damage(layout.JOURNAL, f"line {number} is unreadable")
        for number in known.damaged
    ]
    if complete and store.digest() != layout.read_attributes(store.path)["sha256"]:
        damages.append(Damage(layout.JOURNAL, "does not match the finished volume"))
    for name in layout.ARRAYS:
        if not layout.is_metadata(store.path / name, store.shape, name):
            damages.append(Damage(f"{name}/zarr.json", "damaged or missing"))
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
    if not all(damage.harmless for damage in damages):
        store.forget(damage.task for damage in damages if damage.task)
    metadata = layout.files(store.shape, {})
    for damage in damages:
        if damage.path in metadata:
            durable.write(store.path / damage.path, metadata[damage.path])
        elif damage.path != layout.JOURNAL:
            (store.path / damage.path).unlink(missing_ok=True)


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
