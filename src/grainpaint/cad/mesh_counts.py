"""What mesh files say of themselves against what they hold.

The library that reads them takes what it finds: faces that are missing, and corners
beyond a line are left out without a word.
"""

import re
import struct

__all__ = ["Property", "check_counts", "off_lines", "ply_header"]

_SIZES = {
    **{"char": "b", "uchar": "B", "short": "h", "ushort": "H", "int": "i"},
    **{"uint": "I", "float": "f", "double": "d", "int8": "b", "uint8": "B"},
    **{"int16": "h", "uint16": "H", "int32": "i", "uint32": "I"},
    **{"float32": "f", "float64": "d"},
}
_COMMENT = re.compile(rb"#[^\r\n]*")
_NAME = re.compile(rb"\s*(?:ST)?C?N?4?n?OFF\b", re.I)
_MOST_PROPERTIES = 1000

Property = tuple[str, str]  # kind of the count of a list, "" for none; kind of a value


def check_counts(data: bytes, kind: str) -> None:
    """Raise if a file holds something else than it says.

    Parameters
    ----------
    data : bytes
    kind : str
        off or ply; files of other kinds state no counts.

    Raises
    ------
    ValueError, LookupError, RecursionError
        If so, or if what it says is damaged.
    """
    if kind == "off":
        _check_off(data)
    elif kind == "ply":
        _check_ply(data)


def off_lines(data: bytes) -> list[bytes]:
    """Return the lines of an OFF file from its counts on, without its name.

    The name, which may be missing, stands in a line of its own or before the counts.

    Raises
    ------
    ValueError
        If its points are not of three dimensions, or it is binary.
    """
    lines = [line for line in _COMMENT.sub(b"", data).splitlines() if line.strip()]
    if not lines:
        raise ValueError("it has no counts of points and faces")
    name = _NAME.match(lines[0])
    if name is None:
        return lines
    if b"4" in name[0] or b"nOFF" in name[0]:
        raise ValueError("points of four or more dimensions")
    rest = lines[0][name.end() :]
    if rest.split()[:1] == [b"BINARY"]:
        raise ValueError("binary: save it as text")
    return [rest, *lines[1:]] if rest.strip() else lines[1:]


def _check_off(data: bytes) -> None:
    counts, *lines = off_lines(data)
    n_points, n_faces = (int(word) for word in counts.split()[:2])
    if min(n_points, n_faces) < 0 or len(lines) != n_points + n_faces:
        raise ValueError(
            f"it states {n_points} points and {n_faces} faces, and has "
            f"{len(lines)} lines"
        )
    for line in lines[n_points:]:
        words = line.split()
        if not 3 <= int(words[0]) < len(words):
            raise ValueError(f"a face of {int(words[0])} corners has {len(words) - 1}")


def _check_ply(data: bytes) -> None:
    head, end, body = data.partition(b"end_header")
    if not end:
        raise ValueError("its header has no end")
    elements, form = ply_header(head)
    body = body[2:] if body.startswith(b"\r\n") else body[1:]
    if form == "ascii":
        _check_ply_text(elements, body)
    else:
        order = "<" if form == "binary_little_endian" else ">"
        found = _ply_size(elements, body, order)
        if found > len(body) or body[found:].strip():
            raise ValueError(f"its elements take {found} bytes, and {len(body)} follow")


def ply_header(head: bytes) -> tuple[list[tuple[int, list[Property]]], str]:
    """Return count and properties of each element of a PLY file, and its format.

    Parameters
    ----------
    head : bytes
        Its header, without the last line.

    Raises
    ------
    ValueError, LookupError
        If it is damaged.
    """
    elements: list[tuple[int, list[Property]]] = []
    form = ""
    for line in head.decode("latin-1").splitlines():
        match line.split():
            case ["format", word, *_]:
                form = word
            case ["element", _, n]:
                elements.append((int(n), []))
            case ["property", "list", count, value, _]:
                elements[-1][1].append((_SIZES[count], _SIZES[value]))
            case ["property", value, _]:
                elements[-1][1].append(("", _SIZES[value]))
        if elements and len(elements[-1][1]) > _MOST_PROPERTIES:
            raise ValueError("an element has too many properties")
    if form not in ("ascii", "binary_little_endian", "binary_big_endian"):
        raise ValueError(f"it is of the format {form[:50]!r}")
    if any(n < 0 for n, _ in elements):
        raise ValueError("it states fewer elements than none")
    return elements, form


def _check_ply_text(elements: list[tuple[int, list[Property]]], body: bytes) -> None:
    lines = [line for line in body.splitlines() if line.strip()]
    stated = sum(n for n, _ in elements)
    if len(lines) != stated:
        raise ValueError(f"it states {stated} elements, and has {len(lines)} lines")
    at = 0
    for n, properties in elements:
        for line in lines[at : at + n]:
            words = line.split()
            due = 0
            for count, _ in properties:
                due += 1 + (int(words[due]) if count else 0)
            if due != len(words):
                raise ValueError(f"a line of {len(words)} numbers has {due} by count")
        at += n


def _ply_size(
    elements: list[tuple[int, list[Property]]], body: bytes, order: str
) -> int:
    """Return how many bytes elements take."""
    at = 0
    for n, properties in elements:
        if not any(count for count, _ in properties):
            at += n * sum(struct.calcsize(kind) for _, kind in properties)
            continue
        steps = [
            (struct.Struct(order + count) if count else None, struct.calcsize(kind))
            for count, kind in properties
        ]
        for _ in range(n):
            for lengths, size in steps:
                if lengths is None:
                    at += size
                    continue
                (length,) = lengths.unpack_from(body, at)
                if length < 0:
                    raise ValueError("a list has fewer entries than none")
                at += lengths.size + int(length) * size
            if at > len(body):
                raise ValueError("cut off in a list")
    return at
