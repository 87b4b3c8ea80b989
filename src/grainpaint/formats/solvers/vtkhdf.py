"""VTKHDF image data (.vtkhdf) for ParaView: chunked and packed, lengths in µm."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from grainpaint.formats.slabs import Slabs
from grainpaint.formats.solvers import Settings
from grainpaint.formats.vtkhdf import PERIODIC, fields_of

__all__ = ["write"]

_CHUNK = 64


def write(slabs: Slabs, paths: Sequence[Path], settings: Settings) -> list[str]:
    """Write grain_id as cell data.

    Orientations and periodic axes are data of the file as a whole (FieldData), see
    `fields_of`.
    """
    import h5py

    nx, ny, nz = slabs.shape
    with h5py.File(paths[0], "w") as file:
        group = file.create_group("VTKHDF")
        group.attrs["Version"] = np.array([2, 0], "i8")
        group.attrs["Type"] = np.bytes_("ImageData")
        group.attrs["WholeExtent"] = np.array([0, nx, 0, ny, 0, nz], "i8")
        group.attrs["Origin"] = np.array(slabs.origin, "f8")
        group.attrs["Spacing"] = np.array(slabs.spacing, "f8")
        group.attrs["Direction"] = np.eye(3).ravel()
        cells = group.create_group("CellData")
        cells.attrs["Scalars"] = np.bytes_("grain_id")
        array = cells.create_dataset(
            "grain_id",
            (nz, ny, nx),
            "<i4",
            chunks=tuple(min(_CHUNK, n) for n in (nz, ny, nx)),
            compression="gzip",
            compression_opts=1,
            shuffle=True,
        )
        z = 0
        for layer in slabs.layers():
            rows = layer.transpose(2, 1, 0)
            array[z : z + len(rows)] = rows
            z += len(rows)
        known = slabs.known
        fields = {} if known is None else fields_of(slabs.ids, known)
        if any(slabs.periodic):
            fields[PERIODIC] = np.array(slabs.periodic, "i1")
        for name, values in fields.items():
            group[f"FieldData/{name}"] = values
    return []
