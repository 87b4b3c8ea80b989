"""Chunks packed by Blosc, whose reader believes what their heads say.

It does not know how long a chunk is: a head that states more makes it read beyond the
end, which can end the process. So heads are looked at before it sees them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

__all__ = ["check_chunks"]

_HEAD = 16  # bytes: versions, flags, type size; then three lengths, 4 bytes each
_NO_CHUNK = 2**64 - 1  # offset of a chunk that a shard lacks
_INDEX = ["bytes", "crc32c"]  # codecs of the index that Zarr's writers use


def check_chunks(array: Any) -> None:
    """Check the heads of all chunks of a Zarr array, if Blosc packed them.

    Parameters
    ----------
    array : zarr.Array
        In a folder.

    Raises
    ------
    ValueError
        If a head states other lengths than its chunk has, shards have an index of an
        unknown kind, or Blosc is a filter, whose lengths nobody knows.
    """
    metadata = array.metadata.to_dict()
    codecs = metadata.get("codecs") or [metadata.get("compressor") or {}]
    shard = codecs[0]["configuration"] if array.shards else None
    inner = shard["codecs"] if shard else codecs
    if any(c.get("id") == "blosc" for c in metadata.get("filters") or ()):
        raise ValueError("Blosc is one of its filters")
    if not any("blosc" in (c.get("id"), c.get("name")) for c in inner):
        return
    n_bytes = math.prod(array.chunks) * array.dtype.itemsize
    n_index = _n_index(array, shard) if shard else 0
    for path in _chunk_files(Path(array.store.root) / array.path):
        size = path.stat().st_size
        with path.open("rb") as file:
            places = _in_shard(file, size, n_index, shard) if shard else [(0, size)]
            for start, length in places:
                _check_head(file, start, length, n_bytes)


def _chunk_files(folder: Path) -> Iterator[Path]:
    """Yield the files of chunks."""
    for path in folder.rglob("*"):
        if path.is_file() and path.name != "zarr.json" and path.name[0] != ".":
            yield path


def _n_index(array: Any, shard: dict[str, Any]) -> int:
    """Return the bytes of the index of a shard, without their checksum."""
    if [c["name"] for c in shard["index_codecs"]] != _INDEX:
        raise ValueError("the index of its shards is of an unknown kind")
    count: int = math.prod(s // c for s, c in zip(array.shards, array.chunks))
    return 16 * count


def _in_shard(
    file: BinaryIO, size: int, n_index: int, shard: dict[str, Any]
) -> Iterator[tuple[int, int]]:
    """Yield where the chunks of a shard begin, and how long they are."""
    at_end = shard.get("index_location", "end") == "end"
    file.seek(max(size - n_index - 4, 0) if at_end else 0)
    stored = file.read(n_index)
    if len(stored) < n_index:
        raise ValueError("a shard is cut off")
    for start, length in np.frombuffer(stored, "<u8").reshape(-1, 2).tolist():
        if start != _NO_CHUNK:
            if start + length > size:
                raise ValueError("a shard has chunks beyond its end")
            yield start, length


def _check_head(file: BinaryIO, start: int, length: int, n_bytes: int) -> None:
    """Raise ValueError unless a chunk is as long as its head says."""
    file.seek(start)
    head = file.read(_HEAD)
    if length < _HEAD or len(head) < _HEAD:
        raise ValueError("a chunk is cut off")
    unpacked, block, packed = np.frombuffer(head, "<u4", 3, 4).tolist()
    if (unpacked, packed) != (n_bytes, length) or block > unpacked:
        raise ValueError(
            f"a chunk of {length} bytes says that it has {packed} and unpacks to "
            f"{unpacked}; {n_bytes} are needed"
        )
