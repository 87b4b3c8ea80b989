"""The numbers of a glTF file: its text, its buffers, and the arrays in them."""

import base64
import struct
from typing import Any

import numpy as np

__all__ = ["Numbers", "counted", "opened"]

_KINDS = {5120: "<i1", 5121: "<u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
_WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4}


def opened(data: bytes) -> tuple[bytes, bytes | None]:
    """Return the text of a file, and the numbers behind it if it is a .glb.

    Raises
    ------
    ValueError, struct.error
        If its chunks are not as long as it states.
    """
    if data[:4] != b"glTF":
        return data, None
    version, size, n, kind = struct.unpack_from("<4xIII4s", data)
    if version != 2:
        raise ValueError(f"glTF 2 is read, not {version}")
    if size != len(data) or kind != b"JSON" or 20 + n > size:
        raise ValueError(f"it states {size} bytes, and has {len(data)}")
    at = 20 + n
    if at + 8 > size:
        return data[20:at], None
    n_binary, kind = struct.unpack_from("<I4s", data, at)
    if kind != b"BIN\0" or at + 8 + n_binary > size:
        raise ValueError("its numbers are cut off")
    return data[20:at], data[at + 8 : at + 8 + n_binary]


class Numbers:
    """The arrays of a file.

    Parameters
    ----------
    tree : dict
        Its text.
    binary : bytes or None
        The numbers behind the text.
    size : int
        Of the file, bytes.
    """

    def __init__(self, tree: Any, binary: bytes | None, size: int) -> None:
        self._accessors, self._views = (
            tree.get("accessors", []),
            tree.get("bufferViews"),
        )
        buffers = tree.get("buffers", [])
        self._buffers = [_content(one, i, binary) for i, one in enumerate(buffers)]
        for view in self._views:
            buffer = self._buffers[counted(view["buffer"])]
            start, length = view.get("byteOffset", 0), view["byteLength"]
            if counted(start) + counted(length) > len(buffer):
                raise ValueError("its numbers are cut off")
        self._most = size

    def array(self, number: int, width: int) -> np.ndarray:
        """Return an array, float64, shape (n, width); fractions of integers as such.

        Raises
        ------
        ValueError, LookupError, TypeError
            If it is not there, is cut off, or has another width.
        """
        one = self._accessors[counted(number)]
        if _WIDTHS.get(one["type"]) != width:
            raise ValueError(f"an array of {one['type']} is not one of {width} numbers")
        kind, count = np.dtype(_KINDS[one["componentType"]]), counted(one["count"])
        if "bufferView" in one:
            found = self._look(one, kind, count, width).astype(np.float64)
        elif "sparse" not in one or count > self._most:
            raise ValueError("an array has no numbers")
        else:
            found = np.zeros((count, width))
        if "sparse" in one:
            said = one["sparse"]
            n = counted(said["count"])
            index_kind = np.dtype(_KINDS[said["indices"]["componentType"]])
            index = self._look(said["indices"], index_kind, n, 1)[:, 0]
            found[index] = self._look(said["values"], kind, n, width)
        if one.get("normalized") and kind.kind in "iu":
            found = np.maximum(found / np.iinfo(kind).max, -1.0)
        return found

    def _look(self, place: Any, kind: np.dtype, count: int, width: int) -> np.ndarray:
        """Return numbers of a buffer, shape (count, width)."""
        view = self._views[counted(place["bufferView"])]
        start = view.get("byteOffset", 0)
        data = self._buffers[view["buffer"]][start : start + view["byteLength"]]
        step = counted(view.get("byteStride", 0)) or width * kind.itemsize
        offset = counted(place.get("byteOffset", 0))
        steps = (step, kind.itemsize)
        return np.ndarray((count, width), kind, data, offset, steps)


def counted(number: Any) -> int:
    """Return a number that counts something."""
    if not isinstance(number, int) or number < 0:
        raise ValueError(f"{str(number)[:20]!r} counts nothing")
    return number


def _content(buffer: Any, number: int, binary: bytes | None) -> bytes:
    """Return the bytes of a buffer, which nothing outside the file holds."""
    uri = buffer.get("uri")
    if uri is None:
        if number or binary is None:
            raise ValueError("its numbers are missing")
        found = binary
    else:
        head, comma, text = str(uri).partition(",")
        if not comma or not head.startswith("data:") or not head.endswith(";base64"):
            raise ValueError(
                "it keeps its numbers in other files: save all in one, as .glb"
            )
        found = base64.b64decode(text, validate=True)
    if len(found) < counted(buffer["byteLength"]):
        raise ValueError("its numbers are cut off")
    return found
