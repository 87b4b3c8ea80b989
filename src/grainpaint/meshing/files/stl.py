"""STL: binary, all triangles of all boundaries once; it holds no grains."""

from pathlib import Path

import numpy as np

from grainpaint.meshing.mesh import GrainMesh
from grainpaint.microstructure import Microstructure

__all__ = ["write"]

_TITLE = b"grainpaint: boundaries of grains, lengths in micrometers"
_ROW = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("rest", "<u2")])


def write(mesh: GrainMesh, volume: Microstructure, path: Path) -> None:
    """Write a mesh."""
    corners = mesh.points[mesh.triangles]
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    rows = np.zeros(len(corners), _ROW)
    rows["normal"] = normal / np.linalg.norm(normal, axis=1)[:, None]
    rows["corners"] = corners
    with path.open("wb") as file:
        file.write(_TITLE.ljust(80) + np.uint32(len(rows)).tobytes() + rows.tobytes())
