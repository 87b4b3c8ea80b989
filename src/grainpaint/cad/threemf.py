"""Triangles from a 3MF file: a zip archive with meshes, components and build items.

Read by the 3MF Core Specification 1.3 and its production extension (objects in other
files of the archive). What slicers mark as no part is left out. Materials, slices and
everything else are left alone, but objects made by extensions are refused.
"""

import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np

from grainpaint.cad.archive import read_member
from grainpaint.cad.slicer_roles import SETTINGS, Roles, is_no_part, read_roles
from grainpaint.errors import InputError, brief
from grainpaint.units import UNITS, count_text, micrometers

__all__ = ["is_3mf", "threemf_triangles"]

# As the specification names them: our unit, of which it may be several.
_UNITS = {
    **{"micron": "um", "millimeter": "mm", "centimeter": "cm", "inch": "inch"},
    **{"foot": "inch", "meter": "m"},
}
_FARTHEST = 1e15
_DEEPEST = 32  # components within components
_MOST_TRIANGLES = 2_000_000  # of instances, and more in large files:
_MORE_TRIANGLES = 20  # for each byte of the archive, packed
_MOST_PLACES = 100_000  # of objects, which may hold each other many times
_FOREIGN = ("beamlattice", "booleanshape", "displacementmesh", "levelset")
# What may be required: it changes no triangle, or is found where it is used.
_EXTENSIONS = (
    *("/production/", "/material/", "/slice/", "/trianglesets/"),
    *("/beamlattice/", "/boolean", "/displacement/", "/volumetric/"),
)
_RELATION = re.compile(rb"<Relationship\b[^<>]*>")
_MODEL = re.compile(rb"""\bType\s*=\s*["'][^"']*/3dmanufacturing/2013/01/3dmodel["']""")
_TARGET = re.compile(rb"""\bTarget\s*=\s*["']([^"']*)["']""")
_MOST_RELATIONS = 1 << 20  # bytes
_ENCODINGS = ("ascii", "utf-16-le", "utf-16-be")

Key = tuple[str, str]  # file in the archive, id of an object


@dataclass
class _Object:
    """A mesh, or other objects with their places."""

    triangles: np.ndarray
    components: list[tuple[Key, np.ndarray]]
    foreign: str = ""  # what of an extension it is made of
    no_part: bool = False
    n_parts: int = 1  # solids in its triangles, as far as the file says


def is_3mf(data: bytes) -> bool:
    """Return whether bytes are a zip archive with a 3-D model."""
    return data[:4] == b"PK\x03\x04" and _model_name(data) is not None


def _model_name(data: bytes) -> str | None:
    """Return the name of the main model in an archive, None if there is none."""
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            names = [n for n in archive.namelist() if n.lower().endswith(".model")]
            stated = _stated_model(archive)
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        return None
    for name in names:
        if name.lower().lstrip("/") == stated:
            return name
    main = [n for n in names if n.lower().lstrip("/") == "3d/3dmodel.model"]
    return next(iter(main or sorted(names, key=len)), None)


def _stated_model(archive: zipfile.ZipFile) -> str:
    """Return which file the archive says is its model, in small letters; "" if none."""
    try:
        with archive.open("_rels/.rels") as file:
            relations = file.read(_MOST_RELATIONS)
    except (LookupError, OSError, RuntimeError, zlib.error):
        return ""
    for one in _RELATION.findall(relations):
        target = _TARGET.search(one)
        if target and _MODEL.search(one):
            return target[1].decode("utf-8", "replace").lower().lstrip("/")
    return ""


def threemf_triangles(
    path: Path, data: bytes
) -> tuple[np.ndarray, str, tuple[str, ...], int]:
    """Return the triangles of all build items, in place, their unit, notes, solids.

    Solids are counted if the file states several: each mesh that is built is one.

    Raises
    ------
    InputError
        If the archive or a model in it is damaged, or refers to what is not there.
    """
    name = _model_name(data)
    assert name is not None, "is_3mf"
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            most = _MOST_TRIANGLES + _MORE_TRIANGLES * len(data)
            found, scale, unit, notes, n = _assemble(path, archive, name, most)
    except (zipfile.BadZipFile, ElementTree.ParseError, EOFError) as error:
        raise InputError(f"{path}: damaged 3MF ({brief(error)})") from None
    except InputError:
        raise
    except (LookupError, ValueError, OverflowError, OSError, RuntimeError) as error:
        raise InputError(f"{path}: damaged 3MF ({brief(repr(error))})") from None
    return found * scale, unit, notes, n


def _assemble(
    path: Path, archive: zipfile.ZipFile, name: str, most: int
) -> tuple[np.ndarray, float, str, tuple[str, ...], int]:
    """Return triangles of the build items, their scale and unit, notes, solids."""
    root = _parse(path, archive, name)
    _check_required(path, archive, name, root)
    named = root.get("unit", "millimeter")
    if named not in _UNITS:
        raise InputError(f"{path}: 3MF knows no unit {brief(named)!r}")
    unit = _UNITS[named]
    scale = (micrometers(named) or 0.0) / UNITS[unit]
    models = {name: _objects(root, name)}
    n_roles = _leave_out(path, archive, models[name])
    pieces: list[np.ndarray] = []
    n_places = n_triangles = n_solids = 0

    def place(key: Key, matrix: np.ndarray, depth: int) -> None:
        nonlocal n_places, n_triangles, n_solids, n_roles
        n_places += 1
        if not (np.abs(matrix) <= _FARTHEST).all():
            raise ValueError("transforms one after the other reach beyond 1e15")
        if n_places > _MOST_PLACES:
            raise InputError(f"{path}: objects are built over {_MOST_PLACES:,} times")
        if key[0] not in models:
            models[key[0]] = _objects(_parse(path, archive, key[0]), key[0])
        thing = models[key[0]].get(key[1])
        if thing is None:
            raise InputError(f"{path}: damaged 3MF: there is no object {brief(key[1])}")
        if depth > _DEEPEST:
            raise InputError(f"{path}: damaged 3MF: {brief(key[1])} holds itself")
        if thing.no_part:
            n_roles += 1
            return
        if thing.foreign:
            raise InputError(
                f"{path}: object {brief(key[1])} is made by {brief(thing.foreign)}, an "
                "extension of 3MF that is not read: save the part as a mesh"
            )
        n_triangles += len(thing.triangles)
        if n_triangles > most:
            raise InputError(
                f"{path}: objects that are built many times make over {most:,} "
                "triangles: save the part as one mesh"
            )
        if len(thing.triangles):
            placed = thing.triangles @ matrix[:3] + matrix[3]
            n_solids += thing.n_parts
            mirrored = np.linalg.det(matrix[:3]) < 0
            pieces.append(placed[:, ::-1] if mirrored else placed)
        for inner, own in thing.components:
            place(inner, _then(own, matrix), depth + 1)

    items = [item for build in _all(root, "build") for item in _all(build, "item")]
    printed = [item for item in items if item.get("printable", "1") != "0"]
    for item in printed:
        place(_key(item, name), _matrix(item), 0)
    if not pieces:
        raise InputError(f"{path}: the 3MF file builds no mesh")
    notes = []
    if named == "foot":
        notes.append("its unit is the foot: read as 12 inches")
    if len(printed) < len(items):
        n = count_text(len(items) - len(printed), "item")
        notes.append(f"{n} that the file says not to print: left out")
    if n_roles:
        n = count_text(n_roles, "volume")
        notes.append(f"{n} of a slicer, modifiers or supports, no part: left out")
    n_solids = n_solids if n_solids > 1 else 0
    return np.concatenate(pieces), scale, unit, tuple(notes), n_solids


def _check_required(path: Path, archive: zipfile.ZipFile, name: str, root: Any) -> None:
    """Raise if a model requires an extension that is not known."""
    words = root.get("requiredextensions", "").split()
    if not words:
        return
    known: dict[str, str] = {}
    text = BytesIO(read_member(path, archive, name))
    for event, value in ElementTree.iterparse(text, ("start-ns", "start")):
        if event == "start":
            break
        known.setdefault(*value)
    for word in words:
        space = known.get(word, word)
        if not any(extension in space for extension in _EXTENSIONS):
            raise InputError(
                f"{path}: it requires {brief(space)}, an extension of 3MF that is not "
                "read: save the part as a mesh"
            )


def _leave_out(
    path: Path, archive: zipfile.ZipFile, objects: dict[str, _Object]
) -> int:
    """Take from objects what a slicer marks as no part; return how many bodies."""
    roles = Roles()
    for name in SETTINGS:
        if name in archive.namelist():
            read_roles(path, _parse(path, archive, name), roles)
    n = 0
    for number, thing in objects.items():
        kept = [
            c for c in thing.components if (number, c[0][1]) not in roles.components
        ]
        n += len(thing.components) - len(kept) + len(roles.triangles.get(number, ()))
        thing.components = kept
        inside = np.ones(len(thing.triangles), bool)
        for first, last in roles.triangles.get(number, ()):
            inside[first : last + 1] = False
        thing.triangles = thing.triangles[inside]
        thing.n_parts = roles.n_parts.get(number, 1)
    return n


def _parse(path: Path, archive: zipfile.ZipFile, name: str) -> Any:
    text = read_member(path, archive, name)
    if any("<!DOCTYPE".encode(code) in text for code in _ENCODINGS):
        raise InputError(f"{path}: a 3MF model has no document type, this one does")
    return ElementTree.fromstring(text)


def _all(element: Any, tag: str) -> Iterator[Any]:
    """Yield children by their name, whatever the namespace."""
    return (child for child in element if child.tag.rpartition("}")[2] == tag)


def _objects(root: Any, name: str) -> dict[str, _Object]:
    """Return all objects of a model by their ids; supports are left out."""
    found = {}
    for resources in _all(root, "resources"):
        for element in _all(resources, "object"):
            triangles = np.empty((0, 3, 3))
            for mesh in _all(element, "mesh"):
                triangles = _triangles(mesh)
            components = [
                (_key(c, name), _matrix(c))
                for group in _all(element, "components")
                for c in _all(group, "component")
            ]
            made = triangles, components, _foreign(element), is_no_part(element)
            found[element.attrib["id"]] = _Object(*made)
    return found


def _foreign(element: Any) -> str:
    """Return the name of what makes an object other than triangles, "" if nothing."""
    inner = [part for mesh in _all(element, "mesh") for part in mesh]
    names = [child.tag.rpartition("}")[2] for child in (*element, *inner)]
    return next((name for name in names if name in _FOREIGN), "")


def _triangles(mesh: Any) -> np.ndarray:
    """Return the triangles of a mesh element, shape (m, 3, 3)."""
    corners = [
        [v.attrib["x"], v.attrib["y"], v.attrib["z"]]
        for group in _all(mesh, "vertices")
        for v in _all(group, "vertex")
    ]
    faces = [
        [t.attrib["v1"], t.attrib["v2"], t.attrib["v3"]]
        for group in _all(mesh, "triangles")
        for t in _all(group, "triangle")
    ]
    if not faces:
        return np.empty((0, 3, 3))
    index = np.array(faces).astype(np.int64)
    if index.min() < 0 or index.max() >= len(corners):
        raise ValueError("a triangle has a corner that is not there")
    points = np.array(corners).astype(float)
    if not (np.abs(points) <= _FARTHEST).all():
        raise ValueError("a corner is not finite, or beyond 1e15")
    return points[index]


def _key(element: Any, name: str) -> Key:
    """Return which object an item or a component means."""
    other = [v for k, v in element.attrib.items() if k.rpartition("}")[2] == "path"]
    return (other[0].lstrip("/") if other else name), element.attrib["objectid"]


def _matrix(element: Any) -> np.ndarray:
    """Return a transform, shape (4, 3): rows multiply x, y, z and 1."""
    text = element.get("transform")
    if text is None:
        return np.eye(4, 3)
    matrix = np.array(text.split(), dtype=float).reshape(4, 3)
    if not (np.abs(matrix) <= _FARTHEST).all():
        raise ValueError("a transform is not finite, or beyond 1e15")
    return matrix


def _then(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return one transform for two, one after the other."""
    both: np.ndarray = first @ second[:3]
    both[3] += second[3]
    return both
