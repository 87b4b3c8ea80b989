"""VTK ImageData (.vti) in the dialect that DAMASK, ParaView and OVITO all read.

Cell data: one Int32 array ``material``, counted from 0, x fastest, binary (inline
base64, uncompressed), 64-bit headers, lengths in meters, each tag on one line.
Grain g is material g and the outside is material 0, even if no voxel is outside: IDs
are the same in every file, and DAMASK merely has an unused material 0. Arrays of the
file as a whole, which all programs skip or keep, say so (see `stated`).
"""

import base64
from pathlib import Path

import numpy as np

from grainpaint.formats.raw import in_order
from grainpaint.formats.vti.stated import CHECKSUM, PERIODIC, SHAPE, VOID, checksum
from grainpaint.microstructure import Microstructure

__all__ = ["write"]

_M_PER_UM = 1e-6
_PIECE = 3 << 20  # bytes: base64 of multiples of 3 joins without padding


def write(volume: Microstructure, path: Path) -> None:
    """Write the grain IDs as materials from 0 (see the module's docstring)."""
    material = volume.grain_id
    data = in_order(material.transpose(2, 1, 0), "<i4")
    extent = " ".join(f"0 {n}" for n in volume.shape)
    spacing = [s * _M_PER_UM for s in volume.spacing]
    origin = [o * _M_PER_UM for o in volume.origin]
    image = (
        f'<ImageData WholeExtent="{extent}" Origin="{" ".join(map(repr, origin))}" '
        f'Spacing="{" ".join(map(repr, spacing))}" '
        'Direction="1 0 0 0 1 0 0 0 1">'
    )
    fields = {
        VOID: [0],
        PERIODIC: [int(p) for p in volume.periodic],
        SHAPE: list(volume.shape),
        CHECKSUM: [
            checksum(
                spacing, origin, volume.periodic, volume.shape, data.transpose(2, 1, 0)
            )
        ],
    }
    stated = "".join(
        f'      <DataArray type="Int64" Name="{name}" NumberOfTuples="{len(values)}" '
        f'format="ascii">\n{" ".join(map(str, values))}\n      </DataArray>\n'
        for name, values in fields.items()
    )
    head = f"""<?xml version="1.0"?>
<VTKFile type="ImageData" version="1.0" byte_order="LittleEndian" header_type="UInt64">
  {image}
    <FieldData>
{stated}    </FieldData>
  <Piece Extent="{extent}">
    <PointData>
    </PointData>
    <CellData>
      <DataArray type="Int32" Name="material" format="binary" \
RangeMin="{material.min()}" RangeMax="{material.max()}">
"""
    tail = """
      </DataArray>
    </CellData>
  </Piece>
  </ImageData>
</VTKFile>
"""
    values = data.data.cast("B")
    first = _PIECE - 8
    with path.open("wb") as file:
        file.write(head.encode())
        size = np.uint64(data.nbytes).tobytes()
        file.write(base64.b64encode(size + values[:first]))
        for start in range(first, len(values), _PIECE):
            file.write(base64.b64encode(values[start : start + _PIECE]))
        file.write(tail.encode())
