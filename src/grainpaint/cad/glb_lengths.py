"""Points of GLB files that are fractions of a whole number, as lengths.

With KHR_mesh_quantization points may be normalized integers, which stand for -1 to 1 or
0 to 1. The library takes the integers themselves.
"""

import json
import struct
from typing import Any

import numpy as np

__all__ = ["with_lengths"]

_INTEGERS = {5120: "i1", 5121: "u1", 5122: "<i2", 5123: "<u2"}
_FLOAT = 5126


def with_lengths(data: bytes) -> bytes:
    """Return a GLB file with 32-bit floats in the place of normalized points.

    Parameters
    ----------
    data : bytes
        A file that `check_counts` finds whole.

    Raises
    ------
    ValueError, LookupError
        If its points are damaged.
    """
    (size,) = struct.unpack_from("<I", data, 12)
    tree = json.loads(data[20 : 20 + size])
    used = {
        one["attributes"].get("POSITION")
        for mesh in tree.get("meshes", ())
        for one in mesh["primitives"]
    }
    accessors = [tree["accessors"][number] for number in used - {None}]
    packed = [one for one in accessors if one.get("normalized")]
    if not packed:
        return data
    binary = bytearray(data[28 + size :])
    for one in packed:
        points = _fractions(one, tree["bufferViews"][one["bufferView"]], binary)
        binary += b"\0" * (-len(binary) % 4)
        view = {"buffer": 0, "byteOffset": len(binary), "byteLength": points.nbytes}
        binary += points.tobytes()
        tree["bufferViews"].append(view)
        one |= {"bufferView": len(tree["bufferViews"]) - 1, "byteOffset": 0}
        one |= {"componentType": _FLOAT, "normalized": False}
    tree["buffers"][0]["byteLength"] = len(binary)
    text = json.dumps(tree).encode()
    text += b" " * (-len(text) % 4)
    head = struct.pack("<4s2I", b"glTF", 2, 28 + len(text) + len(binary))
    chunks = struct.pack("<I4s", len(text), b"JSON") + text
    chunks += struct.pack("<I4s", len(binary), b"BIN\0") + bytes(binary)
    return head + chunks


def _fractions(accessor: Any, view: Any, binary: bytearray) -> np.ndarray:
    """Return points as floats of -1 to 1, float32, shape (n, 3)."""
    kind = np.dtype(_INTEGERS[accessor["componentType"]])
    start = view.get("byteOffset", 0) + accessor.get("byteOffset", 0)
    step = view.get("byteStride", 3 * kind.itemsize)
    shape = (accessor["count"], 3)
    points = np.ndarray(shape, kind, bytes(binary), start, (step, kind.itemsize))
    largest = np.iinfo(kind).max
    return np.maximum(points / np.float32(largest), -1).astype("<f4")
