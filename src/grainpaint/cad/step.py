"""Triangles from a STEP file, through cascadio (OpenCASCADE) in a child process.

What comes back is compared with the text of the file: the corners that it names must
lie in the box of the mesh, and the sizes must agree.
"""

import importlib.util
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from grainpaint.cad.step_edges import check_edges
from grainpaint.cad.step_text import step_text
from grainpaint.errors import InputError
from grainpaint.units import UNITS, length_text

__all__ = ["CHILD", "n_solids", "step_triangles"]

CHILD = Path(__file__).with_name("step_child.py")
_LONGEST_S, _STARTING_S, _S_PER_MB = 300, 9, 60
_FARTHEST = 1e15
_CHORD = 1 / 2000  # of the size: a quarter of a voxel, 500 along the size
_SLACK = 0.02  # of the size, by which corners may lie outside

_NUMBER = rb"\s*([-+]?[\d.]+(?:[eE][-+]?\d+)?)\s*"
_POINT = re.compile(
    rb"#(\d+)\s*=\s*CARTESIAN_POINT\s*\([^(]*\(" + b",".join([_NUMBER] * 3) + rb"\)"
)
_VERTEX = re.compile(rb"VERTEX_POINT\s*\(\s*(?:'[^']*'|\$)\s*,\s*#(\d+)\s*\)")
_SOLID = re.compile(rb"=\s*(?:MANIFOLD_SOLID_BREP|BREP_WITH_VOIDS|FACETED_BREP)\s*\(")
_CURVED = re.compile(rb"[A-Z]_SURFACE\b|SURFACE_OF_")
_PLACED = re.compile(
    rb"NEXT_ASSEMBLY_USAGE_OCCURRENCE|MAPPED_ITEM|_WITH_TRANSFORMATION"
)
_SI_LENGTH = re.compile(
    rb"LENGTH_UNIT\s*\(\s*\)[^;]{0,400}?SI_UNIT\s*\(\s*(\.\w+\.|\$)\s*,\s*\.METRE\.\s*\)"
)
_OTHER_LENGTH = re.compile(
    rb"CONVERSION_BASED_UNIT\s*\(\s*'([^']{0,99})'[^;]{0,400}LENGTH_UNIT\s*\(\s*\)"
)
_PREFIXES = {b"$": "m", b".CENTI.": "cm", b".MILLI.": "mm", b".MICRO.": "um"}
_PREFIXES[b".NANO."] = "nm"


def n_solids(data: bytes) -> int:
    """Return how many solids a STEP file defines; assemblies may repeat them."""
    return len(_SOLID.findall(data))


def step_triangles(
    path: Path, data: bytes, read_glb: Callable[[bytes], np.ndarray]
) -> tuple[np.ndarray, str, tuple[str, ...]]:
    """Return the triangles of the solids in a file, the file's unit, and notes.

    Parameters
    ----------
    path : Path
        Of the file, for messages.
    data : bytes
    read_glb : callable
        Returns the triangles in a GLB file, m.

    Raises
    ------
    InputError
        If cascadio is not installed, the file is damaged or holds no solid, the child
        process fails, or what it makes is not what the file says.
    """
    if importlib.util.find_spec("cascadio") is None:
        raise InputError(
            f"{path}: STEP files are read by the package cascadio, which is missing: "
            "pip install 'grainpaint[step]'"
        )
    if b"END-ISO-10303-21" not in data[-2000:]:
        raise InputError(f"{path}: truncated: this STEP file has no END-ISO-10303-21")
    if not n_solids(data):
        raise InputError(
            f"{path}: the STEP file defines no solid (surfaces or lines only): export "
            "solids"
        )
    unit = _unit(path, data)
    try:
        points = _points(data)
    except ValueError:
        raise InputError(f"{path}: a point of the STEP file is no numbers") from None
    if len(points) < 2:
        raise InputError(f"{path}: the STEP file has no points")
    places = np.array(list(points.values()))
    if not (np.abs(places) < _FARTHEST).all():
        raise InputError(f"{path}: a point of the STEP file is too far away")
    size = float(np.linalg.norm(np.ptp(places, axis=0))) * UNITS[unit]
    if not size > 0:
        raise InputError(f"{path}: all points of the STEP file are one")
    check_edges(step_text(path, data), points)
    chord = size * _CHORD
    glb = _convert(path, data, chord / UNITS["mm"])
    triangles = read_glb(glb) * (UNITS["m"] / UNITS[unit])
    _check(path, triangles, points, data)
    if not _CURVED.search(data):
        return triangles, unit, ()
    note = f"curved faces are flat pieces that lie within {length_text(chord)} of them"
    return triangles, unit, (note,)


def _points(data: bytes) -> dict[bytes, tuple[float, ...]]:
    """Return all points with three coordinates, by their number in the file."""
    return {m[1]: tuple(float(m[i]) for i in (2, 3, 4)) for m in _POINT.finditer(data)}


def _unit(path: Path, data: bytes) -> str:
    """Return the unit of lengths."""
    other = _OTHER_LENGTH.search(data)
    if other:
        name = other[1].strip().lower().decode(errors="replace")
        if name in ("inch", "in"):
            return "inch"
        raise InputError(f"{path}: lengths in {name!r} are not read: export in mm")
    found = _SI_LENGTH.search(data)
    if found is None or found[1] not in _PREFIXES:
        raise InputError(f"{path}: the STEP file does not say its unit of length")
    return _PREFIXES[found[1]]


def _convert(path: Path, data: bytes, chord: float) -> bytes:
    """Let a child process make a GLB file; `chord` in mm, as OpenCASCADE has it."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "part.step"), Path(folder, "part.glb")
        source.write_bytes(data)
        words = [sys.executable, "-P", str(CHILD), str(source), str(target)]
        patience = min(_LONGEST_S, _STARTING_S + _S_PER_MB * len(data) / 1e6)
        try:
            done = subprocess.run(
                [*words, f"{chord:.6e}"],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd=folder,
                timeout=patience,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise InputError(
                f"{path}: the STEP reader was stopped after {patience:.0f} s: export "
                "the part as STL"
            ) from None
        if done.returncode or not target.is_file():
            how = "crashed" if done.returncode < 0 else "found nothing that it can read"
            raise InputError(
                f"{path}: the STEP reader (OpenCASCADE) {how}: export the part as STL"
            )
        return target.read_bytes()


def _check(
    path: Path,
    triangles: np.ndarray,
    points: dict[bytes, tuple[float, ...]],
    data: bytes,
) -> None:
    """Raise if a mesh is not of the size that the points of the file have."""
    low, high = triangles.min((0, 1)), triangles.max((0, 1))
    size = float((high - low).max())
    known = float(np.ptp(np.array(list(points.values())), axis=0).max())
    sound = np.isfinite(size) and size <= 10 * known
    placed = _PLACED.search(data) is not None
    corners = [points[k] for k in _VERTEX.findall(data) if k in points]
    if corners and not placed:  # in an assembly, points are in other coordinates
        corner = np.array(corners)
        slack = _SLACK * size
        sound &= bool((corner >= low - slack).all() and (corner <= high + slack).all())
    if not sound:
        raise InputError(
            f"{path}: what the STEP reader made (OpenCASCADE; "
            f"{' x '.join(f'{s:.4g}' for s in (high - low).tolist())}) does not fit "
            "the points in the file: export the part as STL"
        )
