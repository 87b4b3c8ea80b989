"""Making a store, and opening an existing one."""

import json
import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from grainpaint.errors import InputError
from grainpaint.formats.zarr import PIECEWISE, attributes_of
from grainpaint.store import durable, layout
from grainpaint.store.volume import Store

__all__ = ["create", "open_store"]

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
    found = layout.read_attributes(path)
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
    InputError
        If there is no store, or it is damaged or of another version.
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


def _make(path: Path, wanted: dict[str, Any]) -> None:
    """Make a store under another name and rename it, unless one is there by then."""
    known = attributes_of(wanted["spacing"], wanted["origin"], (False,) * 3)
    own = {"format": PIECEWISE, "version": layout.VERSION, "complete": False}
    files = layout.files(tuple(wanted["shape"]), {**own, **known, **wanted})
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
