"""DREAM.3D: HDF5 in the layout of version 8 (DREAM3D-NX), or of version 7 (6.x).

All strings of attributes have a fixed length and all numbers the types of DREAM.3D:
it reads others as something else, without a word. Lengths are in µm.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from grainpaint.formats.slabs import Slabs
from grainpaint.formats.solvers import Settings
from grainpaint.formats.solvers.crystals import CODES, axis_told

__all__ = ["write"]

_PACKED = {"compression": "gzip", "compression_opts": 1, "shuffle": True}
_CHUNK = 64
_UNKNOWN = 999  # the crystal structure of phase 0
# What version 8 and 7 call the types of arrays.
_TYPES = {
    "i4": ("DataArray<int32>", "DataArray<int32_t>"),
    "u4": ("DataArray<uint32>", "DataArray<uint32_t>"),
    "f4": ("DataArray<float32>", "DataArray<float>"),
    "str": ("StringArray", "StringDataArray"),
}
_KINDS = {"CellData": 3, "CellFeatureData": 7, "CellEnsembleData": 11}  # of version 7


def write(slabs: Slabs, paths: Sequence[Path], settings: Settings) -> list[str]:
    """Write feature IDs, and phases, Euler angles (radians) and ensembles if known."""
    import h5py

    version = settings.variant or "8.0"
    with h5py.File(paths[0], "w") as file:
        file.attrs["FileVersion"] = np.bytes_(version)
        kind = _Version8 if version == "8.0" else _Version7
        _fill(kind(file, slabs), slabs)
    notes = []
    if slabs.orientations is None:
        notes.append("its grains have no orientations: it holds feature IDs only")
    else:
        notes += axis_told(slabs.orientations)
    return notes


def _fill(layout: _Layout, slabs: Slabs) -> None:
    """Write the arrays of cells, features and ensembles."""
    nx, ny, nz = slabs.shape
    cells = (nz, ny, nx)
    known = slabs.known
    arrays = [layout.array("CellData", "FeatureIds", "i4", cells, 1)]
    if known is not None:
        arrays.append(layout.array("CellData", "Phases", "i4", cells, 1))
        arrays.append(layout.array("CellData", "EulerAngles", "f4", cells, 3))
        phase = np.append(0, known.phase).astype("i4")
        euler = np.concatenate([np.zeros((1, 3)), known.euler()]).astype("f4")
    z = 0
    for rows in slabs.rows():
        here = slice(z, z + len(rows))
        arrays[0][here] = rows[..., None]
        if known is not None:
            arrays[1][here] = phase[rows][..., None]
            arrays[2][here] = euler[rows]
        z += len(rows)
    n = (slabs.n_grains + 1,)
    if known is None:
        active = layout.array("CellFeatureData", "Active", "i4", n, 1)
        active[1:] = 1
        return
    layout.array("CellFeatureData", "Phases", "i4", n, 1)[:] = phase[:, None]
    layout.array("CellFeatureData", "EulerAngles", "f4", n, 3)[:] = euler
    codes = [_UNKNOWN, *(CODES[s].ebsdlib for s in known.symmetry)]
    n = (len(codes),)
    structures = layout.array("CellEnsembleData", "CrystalStructures", "u4", n, 1)
    structures[:] = np.array(codes, "u4")[:, None]
    names = layout.array("CellEnsembleData", "MaterialName", "str", n, 1)
    names[:] = ["Invalid Phase", *known.names]


class _Layout:
    """Where a version keeps its arrays."""

    version: int

    def __init__(self, file: Any, slabs: Slabs) -> None:
        raise NotImplementedError

    def matrix(self, name: str, tuples: tuple[int, ...]) -> Any:
        """Return the group of an attribute matrix, made if need be."""
        raise NotImplementedError

    def name_tuples(self, node: Any, tuples: tuple[int, ...]) -> None:
        """Write how many tuples an array has."""
        raise NotImplementedError

    def array(
        self, matrix: str, name: str, kind: str, tuples: tuple[int, ...], n: int
    ) -> Any:
        """Return a new dataset of tuples with n components."""
        import h5py

        group = self.matrix(matrix, tuples)
        text = kind == "str"
        # Arrays of strings have no axis of components, and are of variable length.
        shape = tuples if text else (*tuples, n)
        more: dict[str, Any] = {}
        if len(tuples) == 3:
            more = {**_PACKED, "chunks": (*(min(_CHUNK, m) for m in tuples), n)}
        node = group.create_dataset(
            name, shape, h5py.string_dtype() if text else f"<{kind}", **more
        )
        node.attrs["ObjectType"] = np.bytes_(_TYPES[kind][8 - self.version])
        self.name_tuples(node, tuples)
        node.attrs["ComponentDimensions"] = np.array([n], "u8")
        return node


class _Version8(_Layout):
    """A tree of objects with IDs; extents of tuples are (z, y, x)."""

    version = 8

    def __init__(self, file: Any, slabs: Slabs) -> None:
        pipeline = file.create_group("Pipeline")
        pipeline.attrs["Pipeline Version"] = np.int32(3)
        pipeline.attrs["Current Pipeline"] = np.bytes_("grainpaint")
        text = json.dumps({"isDisabled": False, "name": "grainpaint", "pipeline": []})
        pipeline.create_dataset("Pipeline", data=np.bytes_(text))
        self.structure = file.create_group("DataStructure")
        self.next_id = 1
        self.geometry = self.structure.create_group("ImageGeom")
        self.identify(self.geometry, "ImageGeom")
        self.geometry.attrs["_DIMENSIONS"] = np.array(slabs.shape, "u8")
        self.geometry.attrs["_ORIGIN"] = np.array(slabs.origin, "f4")
        self.geometry.attrs["_SPACING"] = np.array(slabs.spacing, "f4")

    def identify(self, node: Any, kind: str) -> None:
        node.attrs["ObjectType"] = np.bytes_(kind)
        node.attrs["ObjectId"] = np.uint64(self.next_id)
        node.attrs["Importable"] = np.int32(1)
        self.next_id += 1
        self.structure.attrs["NextObjectId"] = np.uint64(self.next_id)

    def matrix(self, name: str, tuples: tuple[int, ...]) -> Any:
        if name in self.geometry:
            return self.geometry[name]
        group = self.geometry.create_group(name)
        self.identify(group, "AttributeMatrix")
        group.attrs["TupleDims"] = np.array(tuples, "u8")
        if name == "CellData":
            self.geometry.attrs["Cell Data ID"] = group.attrs["ObjectId"]
        return group

    def name_tuples(self, node: Any, tuples: tuple[int, ...]) -> None:
        self.identify(node, node.attrs["ObjectType"].decode())
        node.attrs["TupleDimensions"] = np.array(tuples, "u8")


class _Version7(_Layout):
    """A data container; extents of tuples are (x, y, z)."""

    version = 7

    def __init__(self, file: Any, slabs: Slabs) -> None:
        self.container = file.create_group("DataContainers/ImageDataContainer")
        geometry = self.container.create_group("_SIMPL_GEOMETRY")
        geometry.attrs["GeometryName"] = np.bytes_("ImageGeometry")
        geometry.attrs["GeometryTypeName"] = np.bytes_("ImageGeometry")
        geometry.attrs["GeometryType"] = np.uint32(0)
        geometry.attrs["SpatialDimensionality"] = np.int32(3)
        geometry.attrs["UnitDimensionality"] = np.int32(3)
        geometry["DIMENSIONS"] = np.array(slabs.shape, "i8")
        geometry["ORIGIN"] = np.array(slabs.origin, "f4")
        geometry["SPACING"] = np.array(slabs.spacing, "f4")

    def matrix(self, name: str, tuples: tuple[int, ...]) -> Any:
        if name in self.container:
            return self.container[name]
        group = self.container.create_group(name)
        group.attrs["AttributeMatrixType"] = np.uint32(_KINDS[name])
        group.attrs["TupleDimensions"] = np.array(tuples[::-1], "u8")
        return group

    def name_tuples(self, node: Any, tuples: tuple[int, ...]) -> None:
        node.attrs["TupleDimensions"] = np.array(tuples[::-1], "u8")
        node.attrs["DataArrayVersion"] = np.int32(2)
