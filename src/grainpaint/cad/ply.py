"""Triangles from PLY files: text or binary, faces or strips of triangles.

What the header states is compared with what follows. Colors, normals and whatever else
points and faces have is left alone.

References
----------
G. Turk, The PLY polygon file format, Stanford 1994.
"""

import struct
from typing import NamedTuple

import numpy as np

from grainpaint.cad.polygons import fan_triangles, strip_corners

__all__ = ["ply_triangles"]

_SIZES = {
    **{"char": "b", "uchar": "B", "short": "h", "ushort": "H", "int": "i"},
    **{"uint": "I", "float": "f", "double": "d", "int8": "b", "uint8": "B"},
    **{"int16": "h", "uint16": "H", "int32": "i", "uint32": "I"},
    **{"float32": "f", "float64": "d"},
}
_ORDERS = {"ascii": "", "binary_little_endian": "<", "binary_big_endian": ">"}
_CORNERS = ("vertex_indices", "vertex_index")
_MOST_PROPERTIES = 1000


class _Property(NamedTuple):
    """A value, or a list of values."""

    counted: str  # kind of the count of a list, "" for none
    kind: str  # of a value
    name: str


class _Element(NamedTuple):
    """What the header states of points, faces or something else."""

    name: str
    n: int
    properties: list[_Property]


class _Column(NamedTuple):
    """The values of a property, one after the other, and of lists how many each has."""

    lengths: np.ndarray
    values: np.ndarray


def ply_triangles(data: bytes) -> np.ndarray:
    """Return the triangles of a PLY file, float64, shape (m, 3, 3).

    Raises
    ------
    Exception
        Of many kinds, if it is damaged, or holds something else than it states.
    """
    head, end, body = data.partition(b"end_header")
    if not end:
        raise ValueError("its header has no end")
    elements, form = _header(head)
    windows = b"\r\n" in head and body.startswith(b"\r\n")
    body = body[2:] if windows else body[1:]
    if form == "ascii":
        found = _read_text(elements, body)
    else:
        found = _read_binary(elements, body, _ORDERS[form])
    points = np.empty((0, 3))
    counts, corners = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for element, columns in zip(elements, found):
        if element.name == "vertex":
            points = _points(element, columns)
        elif element.name in ("face", "tristrips") and element.n:
            count, index = _lists(element, columns)
            if element.name == "tristrips":
                strips = np.split(index, np.cumsum(count)[:-1])
                index = np.concatenate([_unstripped(strip) for strip in strips])
                count = np.full(len(index) // 3, 3)
            counts.append(count)
            corners.append(index)
    return fan_triangles(points, np.concatenate(counts), np.concatenate(corners))


def _points(element: _Element, columns: list[_Column]) -> np.ndarray:
    """Return points, shape (n, 3)."""
    known = {one.name: i for i, one in enumerate(element.properties) if not one.counted}
    if not {"x", "y", "z"} <= set(known):
        raise ValueError("its points have no x, y and z")
    return np.column_stack(
        [columns[known[axis]].values.astype(np.float64) for axis in "xyz"]
    )


def _lists(element: _Element, columns: list[_Column]) -> tuple[np.ndarray, np.ndarray]:
    """Return the lists of corners: how many each has, and one after the other."""
    known = {one.name: i for i, one in enumerate(element.properties) if one.counted}
    for name in (*_CORNERS, *known):
        if name in known:
            count, values = columns[known[name]]
            if values.dtype.kind == "f" and (values != np.floor(values)).any():
                raise ValueError("a face has a corner that is not a whole number")
            return count.astype(np.int64), values.astype(np.int64)
    raise ValueError("its faces have no corners")


def _unstripped(corners: np.ndarray) -> np.ndarray:
    """Return the corners of the triangles of strips, which -1 keeps apart."""
    parts = np.split(corners, np.flatnonzero(corners == -1))
    whole = [part[part != -1] for part in parts]
    return np.concatenate([strip_corners(part) for part in whole]).ravel()


def _header(head: bytes) -> tuple[list[_Element], str]:
    """Return the elements of a file, and its format."""
    elements: list[_Element] = []
    form = ""
    for line in head.decode("latin-1").splitlines():
        match line.split():
            case ["format", word, *_]:
                form = word
            case ["element", name, n]:
                elements.append(_Element(name, int(n), []))
            case ["property", "list", count, value, name]:
                kinds = _SIZES[count], _SIZES[value]
                elements[-1].properties.append(_Property(*kinds, name))
            case ["property", value, name]:
                elements[-1].properties.append(_Property("", _SIZES[value], name))
        if elements and len(elements[-1].properties) > _MOST_PROPERTIES:
            raise ValueError("an element has too many properties")
    if form not in _ORDERS:
        raise ValueError(f"it is of the format {form[:50]!r}")
    if any(one.n and not one.properties for one in elements):
        raise ValueError("its elements have no properties")
    if any(one.n < 0 for one in elements):
        raise ValueError("it states fewer elements than none")
    return elements, form


def _read_text(elements: list[_Element], body: bytes) -> list[list[_Column]]:
    """Return the columns of each element; a line holds one."""
    lines = [line for line in body.splitlines() if line.strip()]
    stated = sum(one.n for one in elements)
    if len(lines) != stated:
        raise ValueError(f"it states {stated} elements, and has {len(lines)} lines")
    found, at = [], 0
    for element in elements:
        own = lines[at : at + element.n]
        found.append(_even_lines(element, own) or _uneven_lines(element, own))
        at += element.n
    return found


def _even_lines(element: _Element, lines: list[bytes]) -> list[_Column] | None:
    """Return the columns of an element, None unless all lines are of one form."""
    try:
        table = np.loadtxt(lines, ndmin=2, comments=None, encoding="latin-1")
    except ValueError:
        return None
    columns, due = [], 0
    for one in element.properties:
        n = 1
        if one.counted:
            if due >= table.shape[1] or (table[:, due] != table[:1, due]).any():
                return None
            n, due = int(table[0, due]) if len(table) else 0, due + 1
        values = table[:, due : due + max(n, 0)]
        columns.append(_Column(np.full(len(table), n), values.ravel()))
        due += n
    return columns if due == table.shape[1] and len(table) else None


def _uneven_lines(element: _Element, lines: list[bytes]) -> list[_Column]:
    """Return the columns of an element line by line."""
    count: list[list[int]] = [[] for _ in element.properties]
    words: list[list[bytes]] = [[] for _ in element.properties]
    for line in lines:
        row = line.split()
        due = 0
        for i, one in enumerate(element.properties):
            n = int(row[due]) if one.counted else 1
            due += bool(one.counted)
            count[i].append(n)
            words[i] += row[due : due + max(n, 0)]
            due += n
            if n < 0 or due > len(row):
                break
        if due != len(row):
            raise ValueError(f"a line of {len(row)} numbers has {due} by count")
    values = [np.array(w).astype(float) if w else np.empty(0) for w in words]
    return [_Column(np.array(n, np.int64), v) for n, v in zip(count, values)]


def _read_binary(
    elements: list[_Element], body: bytes, order: str
) -> list[list[_Column]]:
    """Return the columns of each element; nothing but blanks may follow."""
    found, at = [], 0
    for element in elements:
        if not element.n:
            found.append([_Column(np.empty(0), np.empty(0))] * len(element.properties))
            continue
        even = _even(element, body, at, order)
        if even is None:
            columns, at = _uneven(element, body, at, order)
        else:
            size = element.n * even.itemsize
            if at + size > len(body):
                raise ValueError(
                    f"its elements take {at + size} bytes, and {len(body)} follow"
                )
            values = np.frombuffer(body, even, element.n, at)
            columns = [
                _of_field(values, one, i) for i, one in enumerate(element.properties)
            ]
            at += size
        found.append(columns)
    if body[at:].strip():
        raise ValueError(f"its elements take {at} bytes, and {len(body)} follow")
    return found


def _of_field(values: np.ndarray, one: _Property, i: int) -> _Column:
    """Return a column of elements that are all as long."""
    if not one.counted:
        return _Column(np.ones(len(values), np.int64), values[f"v{i}"])
    return _Column(values[f"n{i}"].astype(np.int64), values[f"v{i}"].ravel())


def _even(element: _Element, body: bytes, at: int, order: str) -> np.dtype | None:
    """Return the type of an element, None if its lists differ in length."""
    fields: list[tuple[str, str] | tuple[str, str, tuple[int]]] = []
    place = at
    for i, (count, kind, _) in enumerate(element.properties):
        n = 1
        if count:
            (n,) = struct.unpack_from(order + count, body, place)
            if n < 0:
                raise ValueError("a list has fewer entries than none")
            n = int(n)
            place += struct.calcsize(count)
            fields += [(f"n{i}", order + count), (f"v{i}", order + kind, (n,))]
        else:
            fields.append((f"v{i}", order + kind))
        place += n * struct.calcsize(kind)
        if place > len(body) and any(one.counted for one in element.properties):
            raise ValueError("cut off in a list")
    whole = np.dtype(fields)
    if any(one.counted for one in element.properties):
        if at + element.n * whole.itemsize > len(body):
            return None
        values = np.frombuffer(body, whole, element.n, at)
        for name in whole.names or ():
            if name[0] == "n" and (values[name] != values[name][0]).any():
                return None
    return whole


def _uneven(
    element: _Element, body: bytes, at: int, order: str
) -> tuple[list[_Column], int]:
    """Return the columns of an element whose lists differ in length, and its end."""
    count: list[list[int]] = [[] for _ in element.properties]
    values: list[list[float]] = [[] for _ in element.properties]
    for _ in range(element.n):
        for i, (kind_of_count, kind, _) in enumerate(element.properties):
            n = 1
            if kind_of_count:
                n = int(struct.unpack_from(order + kind_of_count, body, at)[0])
                at += struct.calcsize(kind_of_count)
            if n < 0:
                raise ValueError("a list has fewer entries than none")
            if at + n * struct.calcsize(kind) > len(body):
                raise ValueError("cut off in a list")
            count[i].append(n)
            values[i] += struct.unpack_from(f"{order}{n}{kind}", body, at)
            at += n * struct.calcsize(kind)
    columns = [_Column(np.array(n), np.array(v)) for n, v in zip(count, values)]
    return columns, at
