"""Triangles from files of any mesh format: what a file is, its bytes decide."""

import re
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np

from grainpaint.cad.gltf import gltf_triangles
from grainpaint.cad.off import off_triangles
from grainpaint.cad.ply import ply_triangles
from grainpaint.cad.polygons import obj_triangles
from grainpaint.cad.step import n_solids, step_triangles
from grainpaint.cad.stl import is_stl, stl_triangles
from grainpaint.cad.threemf import is_3mf, threemf_triangles
from grainpaint.errors import InputError, brief

__all__ = ["KNOWN", "format_of", "read_triangles"]

KNOWN = "STL, OBJ, PLY, 3MF, GLB, OFF or STEP"

_OBJ = re.compile(rb"^[ \t]*(v|f)[ \t]+[-+.\d]", re.M)
_OFF = re.compile(rb"\s*(#[^\n]*\n\s*)*(ST)?C?N?4?n?OFF\b", re.I)
_UNIT_OF_GLTF = "m"  # glTF 2.0, section 3.1: all distances are meters


def format_of(path: Path, data: bytes) -> str | None:
    """Return stl, obj, ply, 3mf, glb, gltf, off or step; None for anything else."""
    head = data[:512].lstrip(b"\xef\xbb\xbf \t\r\n")
    if head[:4] == b"glTF":
        return "glb"
    if re.match(rb"ply[\r\n]", head):
        return "ply"
    if head.startswith(b"ISO-10303-21"):
        return "step"
    if is_3mf(data):
        return "3mf"
    if head[:1] == b"{" and b'"asset"' in data:
        return "gltf"
    if _OFF.match(data[:4096]):
        return "off"
    suffixes = [s.lower() for s in path.suffixes if s.lower() != ".gz"]
    if suffixes[-1:] != [".stl"] and _OBJ.search(data[: 1 << 20]):
        return "obj"
    if is_stl(data) or suffixes[-1:] == [".stl"]:
        return "stl"
    if suffixes[-1:] == [".off"] and b"\0" not in data[:512]:
        return "off"  # the word may be missing
    return None


def read_triangles(
    path: Path, data: bytes, kind: str
) -> tuple[np.ndarray, str | None, tuple[str, ...], int]:
    """Return the triangles of a mesh file, the unit that it names, notes, and solids.

    Meshes of a scene are placed as the scene says. Materials, textures and files that
    a file refers to are not read.

    Parameters
    ----------
    path : Path
        Of the file, for messages.
    data : bytes
    kind : str
        See `format_of`.

    Returns
    -------
    triangles : numpy.ndarray, float64, shape (m, 3, 3)
    unit : str or None
        One of `units.UNITS`; None if the format names none.
    notes : tuple of str
    n_solids : int
        That the file states; 0 if it states none.

    Raises
    ------
    InputError
        If the file is damaged or holds no triangles.
    """
    if kind == "stl":
        triangles, notes = stl_triangles(path, data)
        return triangles, None, notes, 0
    if kind == "step":
        found = step_triangles(path, data, lambda glb: _parsed(path, glb, "glb"))
        return *found, n_solids(data)
    if kind == "3mf":
        return threemf_triangles(path, data)
    unit = _UNIT_OF_GLTF if kind in ("glb", "gltf") else None
    return _parsed(path, data, kind), unit, (), 0


def _parsed(path: Path, data: bytes, kind: str) -> np.ndarray:
    """Return the triangles of a file, in place."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            triangles = _READERS[kind](data)
    except Exception as error:  # whatever a parser trips over is a damaged file
        reason = brief(error, 120)
        raise InputError(
            f"{path}: cannot be read as {kind.upper()} ({reason})"
        ) from None
    if not len(triangles):
        raise InputError(f"{path}: the file holds no triangles (points or lines only?)")
    return triangles


_READERS: dict[str, Callable[[bytes], np.ndarray]] = {
    "glb": gltf_triangles,
    "gltf": gltf_triangles,
    "obj": obj_triangles,
    "off": off_triangles,
    "ply": ply_triangles,
}
