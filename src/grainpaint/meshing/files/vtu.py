"""VTK: triangles with cell data `inside` and `outside`, nodes with `kind`.

Tetrahedra have the cell data `grain`. Orientations are data of the file as a whole
(FieldData), as in .vtkhdf.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from grainpaint.formats.vtkhdf import fields_of
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
    else:
        grid = UnstructuredGrid({CellType.TRIANGLE: mesh.triangles}, mesh.points)
        grid.cell_data["inside"] = mesh.inside
        grid.cell_data["outside"] = mesh.outside
        grid.point_data["kind"] = mesh.kinds.astype(np.int8)
    if volume.orientations is not None:
        ids = volume.ids()
        for name, values in fields_of(ids, volume.orientations.rows(ids)).items():
            grid.field_data[name] = values
    _save(grid, path)


def _save(grid: Any, path: Path) -> None:
    """Write a grid as bytes, packed lightly: a third of the time that VTK's own takes.

    Its own way, base64 and denser packing, makes larger files, too.
    """
    from vtkmodules.vtkIOXML import vtkXMLUnstructuredGridWriter

    writer = vtkXMLUnstructuredGridWriter()
    writer.SetFileName(str(path))
    writer.SetInputData(grid)
    writer.SetHeaderTypeToUInt64()
    writer.SetDataModeToAppended()
    writer.EncodeAppendedDataOff()
    writer.SetCompressorTypeToZLib()
    writer.SetCompressionLevel(1)
    if not writer.Write():
        raise OSError(f"{path}: could not be written")
