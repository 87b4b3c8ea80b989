"""The files of a store, in the bytes that zarr itself would write."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from grainpaint.errors import InputError
from grainpaint.formats.zarr import PIECEWISE

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
JOURNAL, LOCK = "work/journal.jsonl", "work/lock"
OWN = {
    "zarr.json",
    "work/zarr.json",
    JOURNAL,
    LOCK,
    "run.json",
    *(f"{a}/zarr.json" for a in ARRAYS),
}
VERSION = 1  # of the layout; others are refused


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
    InputError
        If there is no store, or it is damaged or of another version.
    """
    if not path.exists():
        raise InputError(f"{path}: no such volume")
    other = InputError(
        f"{path} is not a volume generated here piece by piece: to make one, choose "
        "another place, or use force to replace it"
    )
    try:
        found = json.loads((path / "zarr.json").read_bytes())["attributes"]
    except (FileNotFoundError, NotADirectoryError, KeyError, TypeError):
        raise other from None
    except PermissionError as error:
        raise InputError(f"{path} cannot be read ({error.strerror})") from None
    except ValueError as error:
        raise InputError(
            f"{path / 'zarr.json'} is damaged ({error}): choose another place, or use "
            "force to replace the volume"
        ) from None
    if not isinstance(found, dict) or found.get("format") != PIECEWISE:
        raise other
    if found.get("version") != VERSION:
        raise InputError(
            f"{path} was written by another version of grainpaint (layout "
            f"{found.get('version')}, here {VERSION})"
        )
    return found
