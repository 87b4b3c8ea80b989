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
from grainpaint.cad.step_text import StepText, step_text
from grainpaint.cad.step_units import units_of
from grainpaint.errors import InputError
from grainpaint.units import UNITS, length_text

__all__ = ["CHILD", "n_solids", "step_triangles"]

CHILD = Path(__file__).with_name("step_child.py")
_LONGEST_S, _STARTING_S, _S_PER_MB = 300, 9, 60
_FARTHEST = 1e15
_CHORD = 1 / 2000  # of the size: a quarter of a voxel, 500 along the size
_SLACK = 0.02  # of the size, by which corners may lie outside

_POINT = re.compile(rb"\$,\(([-+.\dEe]+),([-+.\dEe]+),([-+.\dEe]+)\)")
_SOLID = re.compile(rb"=\s*(?:MANIFOLD_SOLID_BREP|BREP_WITH_VOIDS|FACETED_BREP)\s*\(")
_COMMENT = re.compile(rb"/\*.*?\*/", re.S)
_CURVED = re.compile(rb"[A-Z]_SURFACE\b|SURFACE_OF_")
_PLACED = re.compile(
    rb"NEXT_ASSEMBLY_USAGE_OCCURRENCE|MAPPED_ITEM|_WITH_TRANSFORMATION"
)
_MARK = b"\xef\xbb\xbf"  # of UTF-8, which OpenCASCADE does not read


def n_solids(data: bytes) -> int:
    """Return how many solids a STEP file defines; assemblies may repeat them."""
    return len(_SOLID.findall(_COMMENT.sub(b"", data) if b"/*" in data else data))


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
    text = step_text(path, data)
    units = units_of(text)
    unit, edges = units[0], [UNITS[u] for u in units]
    try:
        points = _points(text)
    except ValueError:
        raise InputError(
            f"{path}: a point of the STEP file is not made of numbers"
        ) from None
    if len(points) < 2:
        raise InputError(f"{path}: the STEP file has no points")
    places = np.array(list(points.values()))
    if not (np.abs(places) < _FARTHEST).all():
        raise InputError(f"{path}: a point of the STEP file is too far away")
    size = float(np.linalg.norm(np.ptp(places, axis=0))) * min(edges)
    if not size > 0:
        raise InputError(f"{path}: all points of the STEP file are one")
    check_edges(text, points)
    chord = size * _CHORD
    glb = _convert(path, data, chord / UNITS["mm"])
    triangles = read_glb(glb) * (UNITS["m"] / UNITS[unit])
    _check(text, triangles, points, max(edges) / UNITS[unit])
    notes = []
    if len(units) > 1:
        notes.append(f"its parts are in {' and '.join(units)}, each as the file says")
    if _CURVED.search(data):
        far = length_text(chord)
        notes.append(f"curved faces are flat pieces that lie within {far} of them")
    return triangles, unit, tuple(notes)


def _points(text: StepText) -> dict[bytes, tuple[float, ...]]:
    """Return all points with three coordinates, by their number in the file."""
    bodies = {n: text.statements[n][1] for n in text.of_kind(b"CARTESIAN_POINT")}
    found = {n: _POINT.fullmatch(body) for n, body in bodies.items()}
    return {n: tuple(float(v) for v in m.groups()) for n, m in found.items() if m}


def _convert(path: Path, data: bytes, chord: float) -> bytes:
    """Let a child process make a GLB file; `chord` in mm, as OpenCASCADE has it."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "part.step"), Path(folder, "part.glb")
        source.write_bytes(data.removeprefix(_MARK))
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
    text: StepText,
    triangles: np.ndarray,
    points: dict[bytes, tuple[float, ...]],
    widest: float,
) -> None:
    """Raise if a mesh is not of the size that the points of the file have.

    The largest unit of the file measures `widest` of those of the mesh.
    """
    low, high = triangles.min((0, 1)), triangles.max((0, 1))
    size = float((high - low).max())
    known = float(np.ptp(np.array(list(points.values())), axis=0).max()) * widest
    sound = np.isfinite(size) and size <= 10 * known
    placed = any(
        _PLACED.search(kind or body) for kind, body in text.statements.values()
    )
    corners = [
        points[text.links[vertex][0][0]] for vertex in text.of_kind(b"VERTEX_POINT")
    ]
    if corners and not placed:  # in an assembly, points are in other coordinates
        corner = np.array(corners)
        slack = _SLACK * size
        sound &= bool((corner >= low - slack).all() and (corner <= high + slack).all())
    if not sound:
        raise InputError(
            f"{text.path}: what the STEP reader made (OpenCASCADE; "
            f"{' x '.join(f'{s:.4g}' for s in (high - low).tolist())}) does not fit "
            "the points in the file: export the part as STL"
        )
