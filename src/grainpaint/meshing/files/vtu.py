"""VTK: triangles with cell data `inside` and `outside`, nodes with `kind`."""

from pathlib import Path

import numpy as np

from grainpaint.meshing.mesh import GrainMesh
from grainpaint.microstructure import Microstructure

__all__ = ["write"]


def write(mesh: GrainMesh, volume: Microstructure, path: Path) -> None:
    """Write a mesh."""
    from pyvista import CellType, UnstructuredGrid

    grid = UnstructuredGrid({CellType.TRIANGLE: mesh.triangles}, mesh.points)
    grid.cell_data["inside"] = mesh.inside
    grid.cell_data["outside"] = mesh.outside
    grid.point_data["kind"] = mesh.kinds.astype(np.int8)
    grid.save(path)
