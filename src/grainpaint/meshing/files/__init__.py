"""Files of meshes, a module for each format; all lengths in µm."""

from __future__ import annotations

import importlib
from pathlib import Path

from grainpaint.errors import InputError
from grainpaint.formats.files import refuse_to_replace, replace_with
from grainpaint.meshing.mesh import GrainMesh
from grainpaint.microstructure import Microstructure

__all__ = ["check_mesh_output", "write_mesh"]

_MODULES = {".vtu": "vtu", ".ply": "ply", ".stl": "stl", ".inp": "inp"}


def check_mesh_output(path: Path, force: bool) -> None:
    """Raise unless a mesh may be written.

    Raises
    ------
    InputError
        If the suffix is none of a mesh, or the file exists and `force` is false.
    """
    if path.suffix.lower() not in _MODULES:
        raise InputError(f"{path}: meshes are written as {', '.join(_MODULES)}")
    refuse_to_replace(path, force)


def write_mesh(mesh: GrainMesh, volume: Microstructure, path: Path) -> None:
    """Write a mesh in the format of the suffix; what exists is replaced as a whole.

    Parameters
    ----------
    mesh : GrainMesh
    volume : Microstructure
        What it was made of: its orientations go into .inp.
    path : Path

    Raises
    ------
    InputError
        If the suffix is none of a mesh.
    """
    check_mesh_output(path, force=True)
    module = importlib.import_module(f"{__name__}.{_MODULES[path.suffix.lower()]}")
    replace_with(path, lambda aside: module.write(mesh, volume, aside))
