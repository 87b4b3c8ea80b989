"""What a file is, by its content: its name does not decide how it is read."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from pathlib import Path

from grainpaint.errors import InputError
from grainpaint.formats.ebsd.kinds import kind_of_text
from grainpaint.formats.files import check_file
from grainpaint.formats.others import other_kind
from grainpaint.formats.plain_text import narrow, with_line_feeds

__all__ = [
    "GZIP",
    "content_of",
    "head_of",
    "inflated",
    "kind_of",
    "known_kind",
    "part_told",
    "refuse_part",
]

GZIP = b"\x1f\x8b"  # how packed files begin
_HEAD = 1 << 16
_SITES = re.compile(rb"^[ \t]*\S+[ \t]+sites\b", re.M)
_STARTS = {  # how files begin that may be volumes
    b"PK\x03\x04": "npz",
    b"SQLite format 3\0": "spparks",
    b"ITEM: TIME": "spparks",  # or TIMESTEP
    b"ITEM: UNITS": "spparks",
    b"\x93NUMPY": "npy",
    b"\x89HDF\r\n\x1a\n": "hdf5",
    b"***tesr": "tesr",
    b"II*\0": "tiff",
    b"MM\0*": "tiff",
    b"II+\0": "tiff",  # of more than 4 GB
    b"MM\0+": "tiff",
}
_PART = re.compile(
    rb"solid\b|ISO-10303-21|ply\r?\n|glTF|(?i:(ST)?C?N?4?n?OFF)\b"
    rb"|([^\0]*\n)?v[ \t]+[-+.\d]"
)
_OF_PARTS = (".stl", ".obj", ".ply", ".3mf", ".glb", ".gltf", ".off", ".step", ".stp")


def content_of(path: Path) -> bytes:
    """Return the bytes of a file, unpacked if it is gzipped; UTF-16 becomes UTF-8.

    A byte order mark of text is taken off.

    Raises
    ------
    InputError
        If it is missing, cannot be read, or is a damaged or monstrous .gz.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    return narrow(_unpacked(path, data) if data.startswith(GZIP) else data)


def _unpacked(path: Path, data: bytes) -> bytes:
    """Unpack all members of a .gz; refuse one that blows up far beyond its size."""
    try:
        found = inflated(data, (128 << 20) + 100 * len(data))
    except zlib.error as error:
        raise InputError(f"{path}: damaged or cut off ({error})") from None
    if found is None:
        raise InputError(
            f"{path}: unpacks to more than a hundred times its size: unpack it by hand "
            "if that is meant"
        )
    return found


def inflated(data: bytes, most: int) -> bytes | None:
    """Return what all members of a .gz hold, or None if that is more than `most` bytes.

    Raises
    ------
    zlib.error
        If it is damaged or cut off.
    """
    size = 0
    for piece in _pieces(data):  # counted first, so that a bomb takes no memory
        size += len(piece)
        if size > most:
            return None
    return b"".join(_pieces(data))


def _pieces(data: bytes) -> Iterator[bytes]:
    """Yield what all members of a .gz hold, piece by piece."""
    rest = data
    while rest:
        stream = zlib.decompressobj(31)
        while not stream.eof:
            part = stream.decompress(rest, 4 << 20)
            rest = stream.unconsumed_tail or stream.unused_data
            if not part and not stream.eof:
                raise zlib.error("truncated: the file ends too early")
            yield part
        rest = rest.lstrip(b"\0")  # tapes are filled up with zeros


def head_of(path: Path) -> bytes:
    """Return how a file begins, unpacked."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
    return narrow(_unpacked_head(head) if head.startswith(GZIP) else head)


def _unpacked_head(packed: bytes) -> bytes:
    """Return what the head of a .gz yields before it ends or proves damaged."""
    stream, head = zlib.decompressobj(31), b""
    try:
        for start in range(0, len(packed), 64):
            head += stream.decompress(packed[start : start + 64], _HEAD)
            if len(head) >= _HEAD or stream.eof:
                break
    except zlib.error:
        pass
    return head


def known_kind(path: Path) -> str | None:
    """Return the module that may read a file or folder, None if there is none."""
    if path.is_dir():
        marks = ("zarr.json", ".zgroup", ".zattrs", ".zarray")
        return "zarr" if any((path / mark).is_file() for mark in marks) else None
    if not path.is_file():
        return None
    head = head_of(path)
    text = head.lstrip()
    for start, kind in _STARTS.items():
        if text.startswith(start):
            return kind
    if text.startswith(b"<") and b"<VTKFile" in text:
        return "vti"
    text = with_line_feeds(text)
    if b"\0" not in head and _SITES.search(text):
        return "spparks"
    return "ebsd" if kind_of_text(text, path) else None


def kind_of(path: Path, known: str) -> str:
    """Return the module that reads a file or folder.

    Parameters
    ----------
    path : Path
    known : str
        What can be read, for the error.

    Raises
    ------
    InputError
        If it is missing, or something else.
    """
    if not path.exists():
        raise InputError(f"{path}: no such file")
    if not path.is_dir():
        check_file(path)
    try:
        kind = known_kind(path)
        if kind is not None:
            return kind
        head = b"" if path.is_dir() else head_of(path)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    other = other_kind(path, head) if head else None
    if other is not None:
        raise InputError(f"{path}: {other}")
    if head and _is_part(path, head):
        raise InputError(part_told(path))
    if path.is_dir():
        what = "a folder without a Zarr group"
    else:
        what = "of an unknown kind" if path.stat().st_size else "empty"
    raise InputError(f"{path}: {what}; known are {known}")


def _is_part(path: Path, head: bytes) -> bool:
    """Return whether a file that is not a volume is a part, by content or name."""
    if _PART.match(head.lstrip()):
        return True
    n_triangles = int.from_bytes(head[80:84], "little")  # of a binary STL
    if len(head) >= 84 and path.stat().st_size == 84 + 50 * n_triangles:
        return True
    return path.name.lower().removesuffix(".gz").endswith(_OF_PARTS)


def part_told(path: Path) -> str:
    """Return what to do with a part where a volume is needed, for an error."""
    return (
        f"{path}: a part, which holds no grains: `grainpaint paint PART -o OUT` fills "
        "it with grains, `grainpaint inspect PART` looks at it"
    )


def refuse_part(path: Path) -> None:
    """Raise if a file is a part where a volume with a record is needed.

    Raises
    ------
    InputError
        If so; nothing is said of files that are missing or cannot be read.
    """
    try:
        kind = known_kind(path) if path.is_file() else "none"
        is_part = kind is None and _is_part(path, head_of(path))
    except OSError:
        return
    if is_part or (kind == "npz" and path.name.lower().endswith(".3mf")):
        raise InputError(part_told(path))
