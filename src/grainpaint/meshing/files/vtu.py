"""VTK: triangles with cell data `inside` and `outside`, nodes with `kind`.

Tetrahedra have the cell data `grain`.
"""

from pathlib import Path

import numpy as np

from grainpaint.meshing.mesh import GrainMesh
from grainpaint.meshing.solid import SolidMesh
from grainpaint.microstructure import Microstructure

__all__ = ["write"]


def write(mesh: GrainMesh | SolidMesh, volume: Microstructure, path: Path) -> None:
    """Write a mesh."""
    from pyvista import CellType, UnstructuredGrid

    if isinstance(mesh, SolidMesh):
        grid = UnstructuredGrid({CellType.TETRA: mesh.tetrahedra}, mesh.points)
        grid.cell_data["grain"] = mesh.grain
        grid.save(path)
        return
    grid = UnstructuredGrid({CellType.TRIANGLE: mesh.triangles}, mesh.points)
    grid.cell_data["inside"] = mesh.inside
    grid.cell_data["outside"] = mesh.outside
    grid.point_data["kind"] = mesh.kinds.astype(np.int8)
    grid.save(path)
