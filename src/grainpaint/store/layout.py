"""The files of a store, in the bytes that zarr itself would write."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from grainpaint.errors import InputError, brief
from grainpaint.formats.pieces import JOURNAL, PIECEWISE
from grainpaint.formats.zarr import attributes_of

if TYPE_CHECKING:
    from zarr import Array

__all__ = [
    "ARRAYS",
    "CHUNK",
    "JOURNAL",
    "LOCK",
    "OWN",
    "SHARD",
    "VERSION",
    "LostRoot",
    "encode",
    "files",
    "is_metadata",
    "read_attributes",
    "to_json",
]

SHARD = 128  # voxels along the edge of a file
CHUNK = 64  # voxels along the edge of the unit that is compressed and read
ARRAYS: dict[str, np.dtype[Any]] = {
    "tag": np.dtype("uint16"),
    "grain_id": np.dtype("int32"),
}

# benchmarks/store.py: chunks of 64^3 are read two to four times as fast as those of
# 32^3, with the same number of bytes; level 5 saves 10 to 17 % of level 3's bytes, for
# 10 to 20 ms per shard.
_LEVEL = 5
LOCK, RECORD = "work/lock", "run.json"
OWN = {
    "zarr.json",
    "work/zarr.json",
    JOURNAL,
    LOCK,
    RECORD,
    *(f"{a}/zarr.json" for a in ARRAYS),
}
VERSION = 1  # of the layout; others are refused


class LostRoot(InputError):
    """The zarr.json of a store is missing or damaged."""

    def __init__(self, path: Path, reason: str) -> None:
        recorded = (path / RECORD).is_file()  # of a finished volume: it has the recipe
        mend = "run grainpaint verify --repair, or " if recorded else ""
        super().__init__(
            f"{path / 'zarr.json'} is {reason}: {mend}use force to replace the volume"
        )
        self.reason = reason


def _array(shape: tuple[int, ...], name: str, memory: dict[str, Any]) -> Array[Any]:
    """Make one of ARRAYS in memory: only metadata, all voxels 0."""
    import zarr
    from zarr.codecs import ZstdCodec
    from zarr.storage import MemoryStore

    return zarr.create_array(
        MemoryStore(memory),
        shape=shape,
        chunks=(CHUNK,) * 3,
        shards=(SHARD,) * 3,
        dtype=ARRAYS[name],
        compressors=ZstdCodec(level=_LEVEL, checksum=True),
        fill_value=0,
        dimension_names=["x", "y", "z"],
        config={"write_empty_chunks": False},
    )


def encode(name: str, values: np.ndarray) -> bytes | None:
    """Return a shard as bytes, or None if all voxels are 0.

    Parameters
    ----------
    name : str
        One of ARRAYS.
    values : numpy.ndarray, at most SHARD voxels a side
        Fewer at the far faces of a volume; the rest of the shard is 0.
    """
    memory: dict[str, Any] = {}
    shard = _array((SHARD,) * 3, name, memory)
    shard[tuple(slice(0, n) for n in values.shape)] = values
    found = memory.get(shard.metadata.encode_chunk_key((0, 0, 0)))
    return None if found is None else bytes(found.to_bytes())


def files(shape: tuple[int, ...], attributes: dict[str, Any]) -> dict[str, bytes]:
    """Return the content of the files of a new store, by their places in it."""
    made = {"zarr.json": _group(attributes), "work/zarr.json": _group({})}
    for name in ARRAYS:
        memory: dict[str, Any] = {}
        _array(shape, name, memory)
        made[f"{name}/zarr.json"] = memory["zarr.json"].to_bytes()
    return made


def is_metadata(path: Path, shape: tuple[int, ...], name: str) -> bool:
    """Return whether the metadata of the array at `path` are as they should be."""
    import zarr

    try:
        found = zarr.open_array(path, mode="r")
    except (OSError, ValueError, TypeError, KeyError):
        return False
    return bool(found.metadata == _array(shape, name, {}).metadata)


def _group(attributes: dict[str, Any]) -> bytes:
    return to_json({"zarr_format": 3, "node_type": "group", "attributes": attributes})


def to_json(node: dict[str, Any]) -> bytes:
    """Return a zarr.json as bytes."""
    return json.dumps(node, indent=2, ensure_ascii=False).encode()


def read_attributes(path: Path) -> dict[str, Any]:
    """Return the attributes of a store's group.

    Raises
    ------
    LostRoot
        If its zarr.json is missing or damaged.
    InputError
        If there is no store, or it is of another version.
    """
    if not path.exists():
        raise InputError(f"{path}: no such volume")
    if not path.is_dir():
        raise InputError(f"{path} is not a folder, so no volume made piece by piece")
    try:
        node = json.loads((path / "zarr.json").read_bytes())
    except FileNotFoundError:
        if _has_pieces(path):
            raise LostRoot(path, "missing") from None
        raise InputError(_OTHER.format(path)) from None
    except (ValueError, RecursionError) as error:
        if _has_pieces(path):
            raise LostRoot(path, f"damaged ({brief(error, 80)})") from None
        raise InputError(_OTHER.format(path)) from None
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror})") from None
    found = node.get("attributes") if isinstance(node, dict) else None
    if not isinstance(found, dict) or found.get("format") != PIECEWISE:
        if _has_pieces(path):
            raise LostRoot(path, "damaged (it is not that of a volume)")
        raise InputError(_OTHER.format(path))
    if found.get("version") != VERSION:
        raise InputError(
            f"{path} was written by another version of grainpaint (layout "
            f"{found.get('version')}, here {VERSION})"
        )
    wrong = next((name for name, fits in _FITS.items() if not fits(found)), None)
    if wrong is not None:
        raise LostRoot(path, f"damaged ({wrong} is {brief(found.get(wrong), 40)})")
    return found


_OTHER = "{} is not a volume generated here piece by piece"


def _has_pieces(path: Path) -> bool:
    """Return whether a folder has what only a store has."""
    return (path / JOURNAL).is_file() or (path / "tag" / "zarr.json").is_file()


def _three(value: Any, kind: type | tuple[type, ...]) -> bool:
    if not isinstance(value, list) or len(value) != 3:
        return False
    return all(isinstance(x, kind) and not isinstance(x, bool) for x in value)


# What must be in the attributes; those of OME-Zarr state lengths once more.
_FITS: dict[str, Callable[[dict[str, Any]], bool]] = {
    "shape": lambda a: _three(a.get("shape"), int) and min(a["shape"]) > 0,
    "spacing": lambda a: _three(a.get("spacing"), (int, float)),
    "origin": lambda a: _three(a.get("origin"), (int, float)),
    "recipe": lambda a: (
        isinstance(a.get("recipe"), dict)
        and a["recipe"].get("shape", a["shape"]) == a["shape"]
    ),
    "complete": lambda a: isinstance(a.get("complete"), bool),
    "sha256": lambda a: not a["complete"] or isinstance(a.get("sha256"), str),
    "ome": lambda a: a.get("ome") in (None, _stated(a)),
}


def _stated(attributes: dict[str, Any]) -> Any:
    """Return what OME-Zarr's attribute must be, as JSON has it."""
    known = attributes_of(attributes["spacing"], attributes["origin"], (False,) * 3)
    return json.loads(json.dumps(known["ome"]))
