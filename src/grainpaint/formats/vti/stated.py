"""What our own files state beside the IDs, in arrays of the file as a whole.

VTK keeps such arrays (FieldData) when it saves a file again. `SHAPE` and the checksum
tell whether the volume was cut or changed since.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence

import numpy as np

from grainpaint.formats.raw import in_order

__all__ = [
    "CHECKSUM",
    "FIELDS",
    "NAMES",
    "PERIODIC",
    "PHASE",
    "QUATERNION",
    "SHAPE",
    "SYMMETRY",
    "VOID",
    "begun_checksum",
    "checksum",
    "is_earlier",
    "is_own",
]

VOID, PERIODIC, SHAPE, CHECKSUM = (
    f"grainpaint_{name}" for name in ("void", "periodic", "shape", "crc32")
)
FIELDS = {VOID: 1, PERIODIC: 3, SHAPE: 3, CHECKSUM: 1}  # and their numbers of values
# Of a volume with orientations: row i is that of grain i + 1; symmetries as numbers,
# such as 432, and names of phases as the bytes of a text with a line for each.
QUATERNION, PHASE, SYMMETRY, NAMES = (
    f"grainpaint_{name}" for name in ("quaternion", "phase", "symmetry", "phase_name")
)
_HEAD = (
    rb'<\?xml version="1\.0"\?>\n<VTKFile type="ImageData" version="1\.0" '
    rb'byte_order="LittleEndian" header_type="UInt64">\n  <ImageData [^\n]*>\n'
)
# VTK indents its data, we do not.
_OWN = re.compile(
    _HEAD + rb"    <FieldData>\n(?:      <DataArray [^\n]*>\n[^ \n][^\n]*\n"
    rb"      </DataArray>\n)+    </FieldData>\n"
)
_EARLIER = re.compile(
    _HEAD + rb"  <Piece [^\n]*>\n    <PointData>\n    </PointData>\n    <CellData>\n"
    rb'      <DataArray type="Int32" Name="material" [^\n]*>\n[A-Za-z0-9+/]'
)


def is_own(data: bytes) -> bool:
    """Return whether a file is laid out as we write it, so by no one else since."""
    return _OWN.match(data) is not None


def is_earlier(data: bytes) -> bool:
    """Return whether a file is as earlier versions of ours wrote it, without fields."""
    return _EARLIER.match(data) is not None


def checksum(
    spacing: Sequence[float],
    origin: Sequence[float],
    periodic: Sequence[bool],
    shape: Sequence[int],
    ids: np.ndarray,
    quaternion: np.ndarray | None = None,
) -> int:
    """Return the CRC-32 of a volume.

    Parameters
    ----------
    spacing, origin : three floats
        In the file's unit.
    periodic : three bools
    shape : three ints
        As stated.
    ids : numpy.ndarray, integer, shape (nx, ny, nz)
    quaternion : numpy.ndarray, float64, shape (n, 4), optional
        Orientations of the grains.
    """
    start = begun_checksum(spacing, origin, periodic, shape)
    if quaternion is not None:
        start = zlib.crc32(np.ascontiguousarray(quaternion, "<f8").data, start)
    return zlib.crc32(in_order(ids.transpose(2, 1, 0), "<i4").data, start)


def begun_checksum(
    spacing: Sequence[float],
    origin: Sequence[float],
    periodic: Sequence[bool],
    shape: Sequence[int],
) -> int:
    """Return the CRC-32 of a volume before its IDs (int32, x fastest); see above."""
    place = np.array([*spacing, *origin, *shape], "<f8").tobytes()
    return zlib.crc32(place + bytes(map(bool, periodic)))
