"""Opening HDF5 files and reading their arrays, none of which is trusted.

HDF5 opens other files by itself: those that external links, virtual datasets and
external storage name. None is opened here. It unpacks a chunk before it compares sizes,
so chunks are unpacked on trial first. And it turns in circles for ever in damaged heaps
of texts and of names, so heaps are walked through first. Damaged headers of objects
make it ask for gigabytes: Linux keeps it from that while it reads them.
"""

from __future__ import annotations

import io
import math
import os
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from grainpaint.errors import InputError, brief
from grainpaint.formats.arrays import blows_up

__all__ = ["array_of", "floats_of", "opened", "text_of"]

_MEMORY = "/proc/self/statm"  # of Linux: pages of memory of this process
_PLAIN = 128 << 20  # bytes that the headers of a file may take, and more:
_MOST_LINKS = 20_000  # of a file; those of makers have some hundred
_DEFLATE, _CHECKSUM = 1, 3  # numbers of HDF5's filters
_NUMBERS, _TEXTS = "iufb", "SO"
_HEAP = b"GCOL\1\0\0\0"  # how a heap of texts begins, version 1
_FREE = 0  # index of what is free in a heap
_NAMES = b"HEAP\0\0\0\0"  # how a heap of names begins, version 0
_NO_MORE = (0, 1)  # ends of its list of free blocks: the second is right


@contextmanager
def opened(data: bytes) -> Iterator[Any]:
    """Open the content of a file; what HDF5 finds damaged is an `InputError`."""
    import h5py

    try:
        _check_heaps(data)
        _check_names(data)
        with _little_memory(_PLAIN + 4 * len(data)):
            file = h5py.File(io.BytesIO(data), "r")
        with file:
            with _little_memory(_PLAIN + 4 * len(data)):
                _refuse_links_outside(file)
            yield file
    except InputError:
        raise
    except (
        OSError,
        KeyError,
        RuntimeError,
        ValueError,
        TypeError,
        AttributeError,
        IndexError,
        OverflowError,
        MemoryError,
    ) as error:
        raise InputError(
            f"an HDF5 file, damaged or cut off ({brief(error, 100)})"
        ) from None


def _check_heaps(data: bytes) -> None:
    """Raise unless the entries of all global heaps lie in them, one behind the other.

    References
    ----------
    HDF5 File Format Specification 3.0, III.E, Global Heap.
    """
    if data[8:9] <= b"\1" and data[14:15] != b"\x08" and len(data) > 14:
        raise InputError("an HDF5 file whose lengths do not have 8 bytes: not read")
    start = data.find(_HEAP)
    while start >= 0:
        (size,) = struct.unpack_from("<Q", data[start + 8 : start + 16].ljust(8, b"\0"))
        at, end = start + 16, start + size
        if not start + 16 <= end <= len(data):
            raise InputError("an HDF5 file, damaged or cut off (a heap of texts)")
        while at + 16 <= end:
            index, length = struct.unpack_from("<H6xQ", data, at)
            at += length if index == _FREE else 16 + (length + 7) // 8 * 8
            if at > end or (index == _FREE and length < 16):
                raise InputError("an HDF5 file, damaged or cut off (a heap of texts)")
        start = data.find(_HEAP, start + 16)


def _check_names(data: bytes) -> None:
    """Raise if the free blocks of a local heap are listed in a circle.

    HDF5 would take memory for each, until there is none. Whatever else is wrong with
    the list it finds itself.

    References
    ----------
    HDF5 File Format Specification 3.0, III.D, Local Heap.
    """
    wide = data[13 if data[8:9] <= b"\1" else 9] if len(data) > 13 else 8
    left = len(data) // 16  # blocks of all heaps; each has 16 bytes or more
    start = data.find(_NAMES)
    while start >= 0:
        head = data[start : start + 24 + wide].ljust(24 + wide, b"\0")
        size, block = struct.unpack_from("<QQ", head, 8)
        address = int.from_bytes(head[24:], "little")
        seen = set()
        while block not in _NO_MORE and block < size and address + block < len(data):
            if block in seen or left == 0:
                raise InputError("an HDF5 file, damaged or cut off (a heap of names)")
            seen.add(block)
            left -= 1
            where = address + block
            block = int.from_bytes(data[where : where + 8], "little")
        start = data.find(_NAMES, start + 8)


@contextmanager
def _little_memory(n_bytes: int) -> Iterator[None]:
    """Let this process have only so much more memory, where that can be told."""
    if not os.path.exists(_MEMORY):
        yield
        return
    import resource

    with open(_MEMORY) as file:
        used = int(file.read().split()[0]) * resource.getpagesize()
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    limits = [used + n_bytes, *(n for n in (soft, hard) if n != resource.RLIM_INFINITY)]
    resource.setrlimit(resource.RLIMIT_AS, (min(limits), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def _refuse_links_outside(file: Any) -> None:
    """Raise if a link leads to another file; opens all objects of this one."""
    import h5py

    waiting, seen, n_links = [file["/"]], set(), 0
    while waiting:
        group = waiting.pop()
        place = h5py.h5o.get_info(group.id).addr
        if place in seen:
            continue
        seen.add(place)
        for name in group:
            n_links += 1
            if n_links > _MOST_LINKS:
                raise InputError(f"an HDF5 file with over {_MOST_LINKS:,} links")
            link = group.get(name, getlink=True)
            if isinstance(link, h5py.ExternalLink):
                raise InputError(
                    f"{brief(name, 50)} is in another file, {brief(link.filename, 50)}"
                    ": save everything in one file"
                )
            if isinstance(link, h5py.HardLink):
                thing = group[name]
                if isinstance(thing, h5py.Group):
                    waiting.append(thing)


def array_of(dataset: Any, grown: int = 1) -> np.ndarray:
    """Return the numbers of a dataset, unless they are far more than what is stored.

    Parameters
    ----------
    dataset : h5py.Dataset
    grown : int
        How many times its size is needed to work on it.

    Raises
    ------
    InputError
        If so, or if it is none of numbers, or lies in another file.
    """
    _check(dataset, _NUMBERS, grown)
    return np.asarray(dataset)


def floats_of(dataset: Any, grown: int = 1) -> np.ndarray:
    """Return the numbers of a dataset as float64; as `array_of`."""
    values = array_of(dataset, grown)
    with np.errstate(invalid="ignore"):  # a NaN that signals stays a NaN
        return values.astype(np.float64)


def text_of(dataset: Any, row: int = 0) -> str:
    """Return a text of a dataset, "" if there are not so many; errors as `array_of`."""
    _check(dataset, _TEXTS, 1)
    rows = np.ravel(dataset)
    text = rows[row] if row < rows.size else b""
    return text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)


def _check(dataset: Any, kinds: str, grown: int) -> None:
    """Raise unless a dataset may be read."""
    import h5py

    if not isinstance(dataset, h5py.Dataset):
        raise InputError(f"damaged: {brief(dataset.name, 50)} is not an array")
    name = brief(dataset.name, 50)
    if dataset.shape is None:
        raise InputError(f"damaged: {name} is empty")
    plain = dataset.dtype.kind in kinds
    if not plain or (dataset.dtype.kind == "O" and not _is_text(dataset.dtype)):
        what = "numbers" if kinds == _NUMBERS else "texts"
        raise InputError(
            f"damaged: {name} holds {brief(dataset.dtype, 50)}, not {what}"
        )
    if dataset.is_virtual or dataset.external:
        raise InputError(f"{name} is in another file: save everything in one file")
    stored = dataset.id.get_storage_size()
    stated = math.prod(dataset.shape) * dataset.dtype.itemsize
    unpacked = math.prod(dataset.chunks or ()) * dataset.dtype.itemsize
    if blows_up(max(stated * grown, unpacked), stored) or _is_bomb(dataset, unpacked):
        raise InputError(
            f"damaged: {name} states shape {brief(dataset.shape, 50)}, and holds "
            f"{stored:,} bytes"
        )


def _is_text(dtype: np.dtype) -> bool:
    import h5py

    return h5py.check_string_dtype(dtype) is not None


def _is_bomb(dataset: Any, n_bytes: int) -> bool:
    """Return whether a chunk unpacks to more than n_bytes."""
    if dataset.chunks is None:
        return False
    made = dataset.id.get_create_plist()
    filters = [made.get_filter(i)[0] for i in range(made.get_nfilters())]
    if _DEFLATE not in filters:
        return False
    if filters.count(_DEFLATE) > 1:
        return True
    if filters[-1] not in (_DEFLATE, _CHECKSUM):
        return False
    places: list[tuple[int, ...]] = []
    dataset.id.chunk_iter(lambda chunk: places.append(chunk.chunk_offset))
    return any(
        _inflates_beyond(dataset.id.read_direct_chunk(place)[1], n_bytes)
        for place in places
    )


def _inflates_beyond(packed: bytes, most: int) -> bool:
    """Return whether bytes unpack to more; those that do not unpack do not."""
    stream, size, rest = zlib.decompressobj(), 0, packed
    try:
        while rest and not stream.eof and size <= most:
            size += len(stream.decompress(rest, 1 << 22))
            rest = stream.unconsumed_tail
    except zlib.error:
        return False
    return size > most
