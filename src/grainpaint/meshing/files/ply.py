"""PLY: binary, with the properties `inside` and `outside` of each face."""

from pathlib import Path

import numpy as np

from grainpaint.meshing.mesh import GrainMesh
from grainpaint.microstructure import Microstructure

__all__ = ["write"]

_HEAD = """ply
format binary_little_endian 1.0
comment boundaries of grains, lengths in micrometers
element vertex {}
property double x
property double y
property double z
element face {}
property list uchar int vertex_indices
property int inside
property int outside
end_header
"""
_FACE = np.dtype(
    [("n", "u1"), ("nodes", "<i4", 3), ("inside", "<i4"), ("outside", "<i4")]
)


def write(mesh: GrainMesh, volume: Microstructure, path: Path) -> None:
    """Write a mesh."""
    faces = np.empty(len(mesh.triangles), _FACE)
    faces["n"] = 3
    faces["nodes"] = mesh.triangles
    faces["inside"], faces["outside"] = mesh.inside, mesh.outside
    with path.open("wb") as file:
        file.write(_HEAD.format(len(mesh.points), len(faces)).encode())
        file.write(mesh.points.astype("<f8").tobytes())
        file.write(faces.tobytes())
