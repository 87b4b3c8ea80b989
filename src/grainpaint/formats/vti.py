"""VTK ImageData (.vti) in the dialect that DAMASK, ParaView and OVITO all read.

Cell data: one Int32 array ``material``, counted from 0, x fastest, binary (inline
base64, uncompressed), 64-bit headers, lengths in meters, each tag on one line.
Grain g is material g and the outside is material 0, even if no voxel is outside: IDs
are the same in every file, and DAMASK merely has an unused material 0.
"""

import base64
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np

from grainpaint.errors import InputError
from grainpaint.formats.spparks import Snapshot, grains_of_spins
from grainpaint.microstructure import Microstructure

__all__ = ["read", "write"]

_M_PER_UM = 1e-6


def write(volume: Microstructure, path: Path) -> None:
    """Write the grain IDs as materials from 0 (see the module's docstring)."""
    material = volume.grain_id
    data = np.ascontiguousarray(material.transpose(2, 1, 0), "<i4")
    extent = " ".join(f"0 {n}" for n in volume.shape)
    origin = " ".join(repr(o * _M_PER_UM) for o in volume.origin)
    spacing = " ".join(repr(s * _M_PER_UM) for s in volume.spacing)
    head = f"""<?xml version="1.0"?>
<VTKFile type="ImageData" version="1.0" byte_order="LittleEndian" header_type="UInt64">
  <ImageData WholeExtent="{extent}" Origin="{origin}" Spacing="{spacing}" \
Direction="1 0 0 0 1 0 0 0 1">
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
    # One base64 stream: pieces of a multiple of 3 bytes join without padding.
    payload = np.uint64(data.nbytes).tobytes() + data.tobytes()
    with path.open("wb") as file:
        file.write(head.encode())
        piece = 3 << 20
        for start in range(0, len(payload), piece):
            file.write(base64.b64encode(payload[start : start + piece]))
        file.write(tail.encode())


def read(path: Path) -> Microstructure:
    """Read a volume in the dialect that `write` writes, or a .vti of SPPARKS.

    Raises
    ------
    InputError
        If the file is damaged, or a .vti of another kind.
    """
    try:
        return _parse(path.read_bytes())
    except (ET.ParseError, KeyError, ValueError, TypeError, AttributeError) as error:
        raise InputError(
            f"{path}: neither a .vti of inline binary Int32 materials nor one of "
            f"SPPARKS ({error})"
        ) from None


def _parse(text: bytes) -> Microstructure:
    root = ET.fromstring(text)
    image = root.find("ImageData")
    spin = root.find(".//CellData/DataArray[@Name='Spin']")
    if image is not None and spin is not None:
        return grains_of_spins(_spins(image, spin))
    array = root.find(".//CellData/DataArray[@Name='material']")
    if (
        image is None
        or array is None
        or root.get("header_type") != "UInt64"
        or root.get("compressor")
    ):
        raise ValueError("no cell array 'material', or compressed")
    if array.get("type") != "Int32" or array.get("format") != "binary":
        raise ValueError("'material' is not binary Int32")
    nx, ny, nz = (int(n) for n in image.attrib["WholeExtent"].split()[1::2])
    payload = base64.b64decode(re.sub(r"\s", "", array.text or ""))
    material = np.frombuffer(payload[8:], "<i4").reshape(nz, ny, nx).transpose(2, 1, 0)
    return Microstructure(
        material,
        tuple(round(float(s) / _M_PER_UM, 9) for s in image.attrib["Spacing"].split()),
        tuple(round(float(o) / _M_PER_UM, 9) for o in image.attrib["Origin"].split()),
    )


def _spins(image: ET.Element, array: ET.Element) -> Snapshot:
    """Return the spins in the ASCII array ``Spin`` that SPPARKS writes.

    Raises
    ------
    ValueError
        If the numbers are not one integer for each cell.
    """
    nx, ny, nz = (int(n) for n in image.attrib["WholeExtent"].split()[1::2])
    if array.get("format") != "ascii":
        raise ValueError("'Spin' is not ascii")
    spin = np.array((array.text or "").split(), np.int32)
    if spin.size != nx * ny * nz:
        raise ValueError(f"'Spin' has {spin.size:,} values for {nx * ny * nz:,} cells")
    return Snapshot(spin.reshape(nz, ny, nx).transpose(2, 1, 0))
