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
from grainpaint.formats.vti.layout import M_PER_UM, PIECE, around_materials
from grainpaint.formats.vti.stated import (
    CHECKSUM,
    NAMES,
    PERIODIC,
    PHASE,
    QUATERNION,
    SHAPE,
    SYMMETRY,
    VOID,
    checksum,
)
from grainpaint.microstructure import Microstructure
from grainpaint.orientations import Orientations

__all__ = ["write"]


def write(volume: Microstructure, path: Path) -> None:
    """Write the grain IDs as materials from 0 (see the module's docstring)."""
    material = volume.grain_id
    data = in_order(material.transpose(2, 1, 0), "<i4")
    spacing = [s * M_PER_UM for s in volume.spacing]
    origin = [o * M_PER_UM for o in volume.origin]
    known = volume.orientations
    fields = {
        VOID: [0],
        PERIODIC: [int(p) for p in volume.periodic],
        SHAPE: list(volume.shape),
        CHECKSUM: [
            checksum(
                spacing,
                origin,
                volume.periodic,
                volume.shape,
                data.transpose(2, 1, 0),
                None if known is None else known.quaternion,
            )
        ],
    }
    head, tail = around_materials(
        volume.shape,
        spacing,
        origin,
        fields,
        (int(material.min()), int(material.max())),
        "" if known is None else _orientations(known),
    )
    values = data.data.cast("B")
    first = PIECE - 8
    with path.open("wb") as file:
        file.write(head.encode())
        size = np.uint64(data.nbytes).tobytes()
        file.write(base64.b64encode(size + values[:first]))
        for start in range(first, len(values), PIECE):
            file.write(base64.b64encode(values[start : start + PIECE]))
        file.write(tail.encode())


def _orientations(known: Orientations) -> str:
    """Return the arrays of orientations as binary arrays of the file as a whole."""
    names = "\n".join(known.names).encode()
    arrays = {
        QUATERNION: ("Float64", known.quaternion.astype("<f8")),
        SYMMETRY: ("Int64", np.array([int(s) for s in known.symmetry], "<i8")),
        PHASE: ("Int32", known.phase.astype("<i4")),
        NAMES: ("UInt8", np.frombuffer(names, np.uint8)),
    }
    stated = ""
    for name, (kind, values) in arrays.items():
        size = np.uint64(values.nbytes).tobytes()
        more = f' NumberOfComponents="{values.shape[1]}"' if values.ndim > 1 else ""
        stated += (
            f'      <DataArray type="{kind}" Name="{name}"{more} '
            f'NumberOfTuples="{len(values)}" format="binary">\n'
            f"{base64.b64encode(size + values.tobytes()).decode()}\n"
            "      </DataArray>\n"
        )
    return stated
