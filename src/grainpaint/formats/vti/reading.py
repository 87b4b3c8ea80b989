"""Images of VTK: which array holds the grains, and what its numbers mean."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import numpy as np

from grainpaint.errors import InputError, brief
from grainpaint.formats.content import content_of
from grainpaint.formats.raw import RawVolume, ReadOptions, integers
from grainpaint.formats.vti.arrays import decode, n_components
from grainpaint.formats.vti.conventions import MATERIAL, choose, convention_of
from grainpaint.formats.vti.document import Document, parse
from grainpaint.formats.vti.grid import assemble, drop_empty, frame_of, turned
from grainpaint.formats.vti.materials import with_materials
from grainpaint.formats.vti.stated import (
    CHECKSUM,
    FIELDS,
    NAMES,
    PERIODIC,
    PHASE,
    QUATERNION,
    SHAPE,
    SYMMETRY,
    VOID,
    checksum,
    is_earlier,
    is_own,
)
from grainpaint.orientations import Orientations

__all__ = ["read", "read_array"]

_OTHERS = {
    "RectilinearGrid": ": its voxels may differ in size",
    "StructuredGrid": ": its voxels may be skewed",
    "UnstructuredGrid": ": a mesh of cells",
    "PolyData": ": a surface",
    "PImageData": ": its data are in other files",
}
_ATTRIBUTES = {"WholeExtent", "Origin", "Spacing", "Direction", "TimeValues"}
_INTEGERS = re.compile(r"U?Int\d+|Bit")
# InputError is a ValueError.
_DAMAGED = (ValueError, MemoryError, OverflowError, RecursionError)
_GHOST = "vtkGhostType"
_HIDDEN = {"CellData": 32, "PointData": 2}  # the bit of a voxel that is blanked out


def read(path: Path, data: bytes, options: ReadOptions) -> RawVolume:
    """Read the grains of an image of VTK, whoever wrote it.

    Raises
    ------
    InputError
        If the file is damaged, of another kind, or it is unclear which array is meant.
    """
    try:
        image = _Image(data)
        place, element = image.choose(options.array)
        ids, spacing, origin = image.array(place, element)
        ids = integers(ids, f"array {element.get('Name')!r}")
        raw = _meant(image, place, element, RawVolume(ids, spacing, origin))
        if place == "CellData" and element.get("Name") == MATERIAL:
            raw = with_materials(path, raw, options)
        return raw
    except _DAMAGED as error:
        raise InputError(f"{path}: {brief(error, 400)}") from None


def read_array(
    path: str | Path, name: str | None = None
) -> tuple[np.ndarray, tuple[float, ...], tuple[float, ...]]:
    """Return any array of an image of VTK, such as a mask.

    Parameters
    ----------
    path : path
        May be gzipped.
    name : str, optional
        An array of the cells or points, of one number each; if there is only one, or
        only one of integers, it needs no name.

    Returns
    -------
    values : numpy.ndarray, shape (nx, ny, nz)
        In the type of the file.
    spacing, origin : three floats
        Edges of a voxel and lower corner of voxel (0, 0, 0), in the file's unit.

    Raises
    ------
    InputError
        If the file is damaged, of another kind, or it is unclear which array is meant.
    """
    path = Path(path)
    data = content_of(path)
    try:
        image = _Image(data)
        return image.array(*image.choose(name))
    except _DAMAGED as error:
        raise InputError(f"{path}: {brief(error, 400)}") from None


class _Image:
    """The one image of a file. All methods raise ValueError if it is damaged."""

    def __init__(self, data: bytes) -> None:
        self.document: Document = parse(data)
        root = self.document.root
        kind = root.get("type")
        if root.tag != "VTKFile" or kind != "ImageData":
            why = _OTHERS.get(kind or "", "")
            raise ValueError(f"a VTK file of the kind {kind}{why}; ImageData is read")
        element = root.find("ImageData")
        if element is not None:
            drop_empty(element)
        piece = None if element is None else element.find("Piece")
        if element is None or piece is None:
            raise ValueError("it has no ImageData with a Piece")
        if not set(element.attrib) <= _ATTRIBUTES:
            others = ", ".join(sorted(set(element.attrib) - _ATTRIBUTES))
            raise ValueError(f"its ImageData has the unknown attributes {others}")
        if len((element.get("TimeValues") or "").split()) > 1:
            raise ValueError("it holds several time steps: save one of them")
        self.element, self.piece = element, piece

    def choose(self, name: str | None) -> tuple[str, ET.Element]:
        """Return where the array of the grains is, and its element."""
        found = [
            (place, element)
            for place in ("CellData", "PointData")
            for element in self.piece.iterfind(f"{place}/DataArray")
            if n_components(element) == 1 and element.get("Name") != _GHOST
        ]
        names = [str(element.get("Name")) for _, element in found]
        whole = [bool(_INTEGERS.fullmatch(e.get("type") or "")) for _, e in found]
        return found[choose(names, whole, name)]

    def array(
        self, place: str, element: ET.Element
    ) -> tuple[np.ndarray, tuple[float, ...], tuple[float, ...]]:
        """Return an array [x, y, z], spacing and origin."""
        grid = frame_of(self.element)
        name = element.get("Name")
        values = assemble(self.document, place, name)
        self._check_range(place, name, values)
        if any(e.get("Name") == _GHOST for e in self.piece.iterfind(f"{place}/*")):
            ghosts = assemble(self.document, place, _GHOST)
            if (ghosts & _HIDDEN[place]).any():
                raise ValueError("some of its voxels are blanked out: fill them first")
        return turned(grid, values, place == "PointData")

    def _check_range(self, place: str, name: str | None, values: np.ndarray) -> None:
        """Raise if the values leave the range that the file states for them."""
        arrays = self.element.iterfind(f"Piece/{place}/DataArray")
        own = [element for element in arrays if element.get("Name") == name]
        low = min(float(element.get("RangeMin") or "-inf") for element in own)
        high = max(float(element.get("RangeMax") or "inf") for element in own)
        slack = 1e-5 * max((abs(x) for x in (low, high) if np.isfinite(x)), default=0)
        if values.min() < low - slack or values.max() > high + slack:
            raise ValueError(
                f"array {name!r} is damaged: it holds {values.min()}..{values.max()}, "
                f"and the file states {low:g}..{high:g}"
            )

    def field(self, name: str) -> list[int] | None:
        """Return one of our arrays of the file as a whole, None if there is none."""
        for element in self.element.iterfind("FieldData/DataArray"):
            if element.get("Name") == name:
                n = int(element.get("NumberOfTuples") or 0) * n_components(element)
                if n != FIELDS[name]:
                    raise ValueError(f"its field array {name} has {n} numbers")
                return [int(value) for value in decode(self.document, element, n)]
        return None

    def orientations(self) -> Orientations | None:
        """Return the orientations of the grains of our file, None if it has none."""
        found = {}
        for element in self.element.iterfind("FieldData/DataArray"):
            name = element.get("Name")
            if name in (QUATERNION, PHASE, SYMMETRY, NAMES):
                n = int(element.get("NumberOfTuples") or 0) * n_components(element)
                found[name] = decode(self.document, element, n)
        if not found:
            return None
        lost = [n for n in (QUATERNION, PHASE, SYMMETRY, NAMES) if n not in found]
        if lost:
            raise ValueError(f"damaged: it lacks its field arrays {', '.join(lost)}")
        return Orientations(
            found[QUATERNION].reshape(-1, 4),
            tuple(str(int(s)) for s in found[SYMMETRY]),
            found[PHASE],
            tuple(found[NAMES].astype(np.uint8).tobytes().decode().split("\n")),
        )

    def by_damask(self) -> bool:
        """Return whether it has the comments that DAMASK writes."""
        fields = self.element.iterfind("FieldData/Array")
        return any(element.get("Name") == "comments" for element in fields)


def _meant(image: _Image, place: str, element: ET.Element, raw: RawVolume) -> RawVolume:
    """Return the volume with the unit, the void and the periodic axes of the file."""
    name = element.get("Name")
    raw = replace(raw, **convention_of(name)._asdict())
    own = name == MATERIAL and place == "CellData"
    fields = {name: image.field(name) for name in FIELDS}
    if any(values is not None for values in fields.values()):
        return _with_fields(image, raw, fields, own)
    if not own:
        return raw
    if is_earlier(image.document.data):
        return replace(raw, void=0, assumed_unit="", assumed_void="")
    if image.by_damask():
        return replace(raw, assumed_void="")
    data = image.piece.find(place)
    assert data is not None
    if element.get("type") == "Int32" and not data.attrib and len(data) == 1:
        # So look our earlier files if VTK saved them again; DAMASK writes Int64.
        return replace(raw, void=0, assumed_void="material 0 is outside")
    return raw


def _with_fields(
    image: _Image, raw: RawVolume, fields: dict[str, list[int] | None], own: bool
) -> RawVolume:
    """Return what our own file states, after comparing it with what it holds.

    Lengths and periodic axes are those of any array that another program has added; the
    outside, orientations and the checksum are of the array that we wrote (`own`).
    """
    lost = [name for name, values in fields.items() if values is None]
    if lost:
        raise ValueError(f"damaged: it lacks its field arrays {', '.join(lost)}")
    (void,), flags, shape, (stated,) = (
        fields[name] or [] for name in (VOID, PERIODIC, SHAPE, CHECKSUM)
    )
    if void not in (0, -1):
        raise ValueError(f"damaged: its field array {VOID} is {void}")
    periodic = tuple(map(bool, flags))
    kept = tuple(p and n == m for p, n, m in zip(periodic, shape, raw.ids.shape))
    unit = convention_of(MATERIAL).unit
    raw = replace(raw, unit=unit, assumed_unit="", periodic=kept)
    cut = ", and cut it: the axes cut are no longer periodic" * (kept != periodic)
    note = f"another program has changed it since grainpaint wrote it{cut}"
    if not own:
        return replace(raw, notes=(*raw.notes, note))
    raw = replace(raw, void=void, assumed_void="")
    known = image.orientations()
    raw = replace(raw, orientations=known)
    turned = None if known is None else known.quaternion
    if checksum(raw.spacing, raw.origin, periodic, shape, raw.ids, turned) == stated:
        return raw
    if is_own(image.document.data):
        raise ValueError("damaged: its checksum is not that of its content")
    return replace(raw, notes=(*raw.notes, note))
