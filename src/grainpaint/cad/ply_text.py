"""Binary PLY files as text: the library reads lists of unequal lengths only there."""

import struct

import numpy as np

from grainpaint.cad.mesh_counts import Property, ply_header

__all__ = ["with_even_lists"]


def with_even_lists(data: bytes) -> bytes:
    """Return a PLY file, as text if it is binary and has lists of unequal lengths.

    Parameters
    ----------
    data : bytes
        A file that `check_counts` finds whole.
    """
    head, mark, body = data.partition(b"end_header")
    elements, form = ply_header(head)
    if form == "ascii":
        return data
    order = "<" if form == "binary_little_endian" else ">"
    at = start = 2 if body.startswith(b"\r\n") else 1
    for n, properties in elements:
        size = _even_size(n, properties, body, at, order)
        if size is None:
            break
        at += n * size
    else:
        return data
    at = start
    lines: list[str] = []
    for n, properties in elements:
        for _ in range(n):
            row, at = _row(properties, body, at, order)
            lines.append(" ".join(map(repr, row)))
    text = "\n".join(lines).encode()
    return head.replace(form.encode(), b"ascii", 1) + mark + b"\n" + text + b"\n"


def _even_size(
    n: int, properties: list[Property], body: bytes, at: int, order: str
) -> int | None:
    """Return the bytes of each of n elements, None if their lists differ in length."""
    if n == 0:
        return 0
    size = _row(properties, body, at, order)[1] - at
    if at + n * size > len(body):
        return None
    place = at
    for count, kind in properties:
        if not count:
            place += struct.calcsize(kind)
            continue
        lengths = np.ndarray((n,), order + count, body, place, (size,))
        if (lengths != lengths[0]).any():
            return None
        place += lengths.itemsize + int(lengths[0]) * struct.calcsize(kind)
    return size


def _row(
    properties: list[Property], body: bytes, at: int, order: str
) -> tuple[list[float], int]:
    """Return the numbers of one element, lists with their lengths, and its end."""
    row: list[float] = []
    for count, kind in properties:
        n = 1
        if count:
            (n,) = struct.unpack_from(order + count, body, at)
            at += struct.calcsize(count)
            row.append(n)
        row += struct.unpack_from(f"{order}{n}{kind}", body, at)
        at += n * struct.calcsize(kind)
    return row, at
