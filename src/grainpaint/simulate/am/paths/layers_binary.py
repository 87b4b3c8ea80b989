"""The geometry of the Common Layer Interface as binary commands, little endian.

A command is a 16-bit number with its parameters: 127 and 128 begin a layer (z as 32-bit
float, or as 16-bit integer), 130 and 129 are polylines (id, dir, n and points as 32-bit
or 16-bit numbers), 132 and 131 are hatches (id, n and points).
"""

import struct
from typing import IO

import numpy as np

from grainpaint.errors import InputError
from grainpaint.simulate.am.paths.lines import LayerLines

__all__ = ["read_binary", "write_binary"]

_LAYER_LONG, _LAYER_SHORT = 127, 128
_HATCHES = (131, 132)
# Parameters before the points, as they are and when every one begins at 32 bits, the
# type of the coordinates, and how many of them n counts.
_PARAMETERS: dict[int, tuple[str, str, str, int]] = {
    _LAYER_LONG: ("<f", "<f", "", 0),
    _LAYER_SHORT: ("<H", "<Hxx", "", 0),
    129: ("<3H", "<HxxHxxHxx", "<u2", 2),
    130: ("<3i", "<3i", "<f4", 2),
    131: ("<2H", "<HxxHxx", "<u2", 4),
    132: ("<2i", "<2i", "<f4", 4),
}


def read_binary(data: bytes, at: int, aligned: bool) -> LayerLines:
    """Return the lines of a file, whose header ends at a byte.

    Parameters
    ----------
    data : bytes
    at : int
        A line break there is skipped, as some programs write one.
    aligned : bool
        Whether commands and parameters begin at multiples of 32 bits ($$ALIGN).

    Raises
    ------
    InputError
        If a command is unknown or impossible (its byte is told) or the file is cut off.
    """
    if data[at : at + 1] == b"\r":
        at += 1
    if data[at : at + 1] == b"\n":
        at += 1
    if aligned:
        at += -at % 4
    forms = {
        code: (struct.Struct(wide if aligned else form), np.dtype(kind or "u1"), n)
        for code, (form, wide, kind, n) in _PARAMETERS.items()
    }
    step = 4 if aligned else 2
    z = np.nan
    n_layers = 0
    rows: list[tuple[float, int, bool, bool]] = []
    points: list[np.ndarray] = []
    size = len(data)
    while at < size and (size - at > 64 or data[at:].strip(b"\0\r\n ")):
        code = data[at] | (data[at + 1] << 8 if at + 1 < size else 0)
        if code not in forms:
            raise InputError(
                f"byte {at:,}: {code} is not a command (127 to 132): the file is "
                "damaged, or its header is wrong about $$BINARY or $$ALIGN"
            )
        form, kind, n_each = forms[code]
        body = at + step
        if body + form.size > size:
            raise _cut_off(code, at)
        values = form.unpack_from(data, body)
        body += form.size
        if code in (_LAYER_LONG, _LAYER_SHORT):
            z, n_layers = values[0], n_layers + 1
            at = body
            continue
        n = values[-1]
        at_next = body + n * n_each * kind.itemsize
        if n < 0 or at_next > size:
            raise _cut_off(code, at)
        if not n_layers:
            raise InputError(f"byte {at:,}: a line before the first layer")
        hatches = code in _HATCHES
        if not hatches and values[1] not in (0, 1, 2):
            raise InputError(f"byte {at:,}: dir is 0, 1 or 2, not {values[1]}")
        points.append(np.frombuffer(data, kind, n * n_each, body))
        rows.append((z, n * n_each // 2, hatches, not hatches and values[1] < 2))
        at = at_next
    if not rows:
        raise InputError("holds no layer with a polyline or hatches")
    heights, n_points, are_hatches, solid = zip(*rows)
    return LayerLines(
        n_layers,
        np.array(heights),
        np.array(n_points, np.int64),
        np.array(are_hatches),
        np.array(solid),
        np.concatenate(points, dtype=np.float64).reshape(-1, 2),
    )


def _cut_off(code: int, at: int) -> InputError:
    return InputError(
        f"byte {at:,}: command {code} tells of more than the file holds: it is cut off "
        "or damaged"
    )


def write_binary(layers: list[tuple[float, np.ndarray]], out: IO[bytes]) -> None:
    """Write layers of hatches (mm, shape (n, 4)) after the header, in long commands."""
    for z, xy in layers:
        out.write(struct.pack("<Hf", _LAYER_LONG, z))
        out.write(struct.pack("<Hii", _HATCHES[1], 1, len(xy)))
        out.write(xy.astype("<f4").tobytes())
