"""Files of meshes, a module for each format; all lengths in µm."""

from __future__ import annotations

import importlib
from pathlib import Path

from grainpaint.errors import InputError
from grainpaint.formats.files import refuse_to_replace, replace_with
from grainpaint.meshing.mesh import GrainMesh
from grainpaint.meshing.solid import SolidMesh
from grainpaint.microstructure import Microstructure

__all__ = ["check_mesh_output", "write_mesh"]

_MODULES = {".vtu": "vtu", ".ply": "ply", ".stl": "stl", ".inp": "inp"}
_SOLID = {".vtu": "vtu", ".inp": "solid_inp"}


def check_mesh_output(path: Path, force: bool, solid: bool = False) -> None:
    """Raise unless a mesh may be written.

    Parameters
    ----------
    path : Path
    force : bool
        Whether a file may be replaced.
    solid : bool
        Whether it is one of tetrahedra.

    Raises
    ------
    InputError
        If the suffix is none of such a mesh, or the file exists and `force` is false.
    """
    what, known = ("tetrahedra", _SOLID) if solid else ("meshes", _MODULES)
    if path.suffix.lower() not in known:
        raise InputError(f"{path}: {what} are written as {', '.join(known)}")
    refuse_to_replace(path, force)


def write_mesh(mesh: GrainMesh | SolidMesh, volume: Microstructure, path: Path) -> None:
    """Write a mesh in the format of the suffix; what exists is replaced as a whole.

    Parameters
    ----------
    mesh : GrainMesh or SolidMesh
    volume : Microstructure
        What it was made of: its orientations go into .inp.
    path : Path

    Raises
    ------
    InputError
        If the suffix is none of such a mesh.
    """
    solid = isinstance(mesh, SolidMesh)
    check_mesh_output(path, force=True, solid=solid)
    name = (_SOLID if solid else _MODULES)[path.suffix.lower()]
    module = importlib.import_module(f"{__name__}.{name}")
    replace_with(path, lambda aside: module.write(mesh, volume, aside))
