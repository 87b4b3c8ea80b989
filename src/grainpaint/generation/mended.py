"""A damaged volume on disk is made whole: its root from the record, pieces anew."""

import warnings
from collections.abc import Callable, Iterable
from pathlib import Path

from grainpaint.errors import InputError, InputNote
from grainpaint.generation.recorded import load_recipe
from grainpaint.record import outputs, read_record
from grainpaint.store import Damage, Store, repair, restore_root
from grainpaint.units import count_text

__all__ = ["mend", "with_root"]


def with_root(path: Path) -> Store:
    """Write the lost zarr.json of a volume by the record of how it was made.

    Parameters
    ----------
    path : Path
        NAME.zarr, which was made piece by piece.

    Raises
    ------
    InputError
        If there is no record, which is written when a volume is finished; if a run is
        at work on the volume.
    """
    record = outputs(path).record
    known = read_record(record)
    if "recipe" not in known:
        raise InputError(
            f"{path}: zarr.json is lost, and without {record.name} nothing says how "
            "the volume was made: give the command that made it once more, and use "
            "force to replace what is there"
        )
    recipe = load_recipe(record)
    spacing = (recipe.spacing,) * 3
    return restore_root(path, recipe.shape, spacing, recipe.origin, known["recipe"])


def mend(store: Store, damages: Iterable[Damage], run: Callable[[], object]) -> None:
    """Remove what is damaged and make it again.

    Parameters
    ----------
    store : Store
    damages : iterable of Damage
        What `grainpaint.store.verify` found.
    run : callable
        Finishes the volume.

    Warns
    -----
    InputNote
        If pieces that were made again are not what they were.

    Raises
    ------
    InputError
        If a run is at work on the volume, or as `run`.
    """
    damages = list(damages)
    with store.lock():
        before = store.listed()
        repair(store, damages)
    run()
    after = store.listed()
    again = [after[d.path] for d in damages if d.path in after and d.path in before]
    others = [entry for entry in again if entry.sha256 != before[entry.task].sha256]
    if others:
        pieces = count_text(len(others), "piece")
        warnings.warn(
            f"{store.path}: {pieces} made again have other grains than before: they "
            "were made on a processor of another kind, or by another version; the "
            "volume is whole, its grains are numbered anew",
            InputNote,
            stacklevel=3,
        )
