"""Making a store, and opening an existing one."""

import json
import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from grainpaint.errors import InputError
from grainpaint.formats.pieces import PIECEWISE
from grainpaint.formats.zarr import attributes_of
from grainpaint.store import durable, layout, lock
from grainpaint.store.volume import Store

__all__ = ["create", "open_store", "remove", "restore_root"]

_FILES = {  # what a digest in a recipe is of
    "path_sha256": "the file of its scan path",
    "part.sha256": "the file of its part",
    "model_sha256": "its model",
}


def create(
    path: str | Path,
    shape: Sequence[int],
    spacing: Sequence[float],
    origin: Sequence[float],
    recipe: dict[str, Any],
) -> Store:
    """Make a store, or open the existing one if it is of the same volume.

    Parameters
    ----------
    path : path
        NAME.zarr; its folder is made if necessary.
    shape : three ints
        Voxels along x, y, z.
    spacing, origin : three floats
        Edges of a voxel and corner of voxel (0, 0, 0), µm.
    recipe : dict
        Everything that determines the voxels, in JSON types.

    Raises
    ------
    InputError
        If something else is there, such as a store of another volume, or the place is
        not writable.
    """
    path = Path(path)
    wanted = _wanted(shape, spacing, origin, recipe)
    if not path.exists() or (path.is_dir() and not any(path.iterdir())):
        _make(path, wanted)
    try:
        found = layout.read_attributes(path)
    except layout.LostRoot:
        raise
    except InputError as error:
        raise InputError(
            f"{error}: choose another place, or use force to replace it"
        ) from None
    difference = next(_differences(wanted, {key: found.get(key) for key in wanted}), "")
    if difference:
        raise InputError(
            f"{path} holds another volume: {difference}. Use the same settings to "
            "continue it, choose another place, or use force to replace it"
        )
    return open_store(path)


def open_store(path: str | Path) -> Store:
    """Open an existing store, finished or not.

    Raises
    ------
    LostRoot
        If its zarr.json is missing or damaged: see `restore_root`.
    InputError
        If there is no store, or it is of another version.
    """
    path = Path(path)
    found = layout.read_attributes(path)
    return Store(
        path,
        tuple(found["shape"]),
        tuple(found["spacing"]),
        tuple(found["origin"]),
        found["recipe"],
    )


def restore_root(
    path: str | Path,
    shape: Sequence[int],
    spacing: Sequence[float],
    origin: Sequence[float],
    recipe: dict[str, Any],
) -> Store:
    """Write the zarr.json of a store anew: of a volume that is not finished.

    Its pieces stay what they are. Parameters are those of `create`.

    Raises
    ------
    InputError
        If a run is at work on the store, or it is not writable.
    """
    path = Path(path)
    files = _files(_wanted(shape, spacing, origin, recipe))
    with lock.lock(path / layout.LOCK):
        durable.write(path / "zarr.json", files["zarr.json"])
    return open_store(path)


def remove(path: str | Path) -> None:
    """Delete a store, however damaged it is, or what else is in its place.

    Raises
    ------
    InputError
        If a run is at work on it.
    """
    path = Path(path)
    if not path.is_dir():
        path.unlink()
        return
    if (path / layout.LOCK).exists():
        with lock.lock(path / layout.LOCK):
            pass  # nobody is at work on it
    shutil.rmtree(path)


def _wanted(
    shape: Sequence[int],
    spacing: Sequence[float],
    origin: Sequence[float],
    recipe: dict[str, Any],
) -> dict[str, Any]:
    """Return what a store is asked to be, as JSON holds it."""
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
    return wanted


def _files(wanted: dict[str, Any]) -> dict[str, bytes]:
    """Return the content of the files of a new store, by their places in it."""
    known = attributes_of(wanted["spacing"], wanted["origin"], (False,) * 3)
    own = {"format": PIECEWISE, "version": layout.VERSION, "complete": False}
    return layout.files(tuple(wanted["shape"]), {**own, **known, **wanted})


def _make(path: Path, wanted: dict[str, Any]) -> None:
    """Make a store under another name and rename it, unless one is there by then."""
    files = _files(wanted)
    files[layout.JOURNAL] = b""
    beside = durable.aside(path)
    try:
        with durable.explained(path, sum(map(len, files.values()))):
            for place, data in files.items():
                durable.put(beside / place, data)
            try:
                os.rename(beside, path)
            except OSError:
                if not path.exists():
                    raise
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _differences(wanted: Any, found: Any, key: str = "") -> Iterator[str]:
    """Yield the differences of two recipes; nested keys are joined by dots."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        for name in [*wanted, *(n for n in found if n not in wanted)]:
            nested = name if key in ("", "recipe") else f"{key}.{name}"
            yield from _differences(wanted.get(name), found.get(name), nested)
    elif wanted != found and key in _FILES and None not in (wanted, found):
        yield f"{_FILES[key]} has changed since it was begun"
    elif wanted != found:
        yield f"{key} is {json.dumps(found)} there, {json.dumps(wanted)} here"
