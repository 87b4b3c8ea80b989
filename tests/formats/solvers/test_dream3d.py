"""HDF5 of DREAM.3D: groups, types and attributes as its readers demand them.

Beside these tests, files were opened with the package damask 3.1 (load_DREAM3D).
"""

import h5py
import numpy as np
import pytest
from oriented import SHAPE, numbers_of, oriented, without

from grainpaint.formats.slabs import of_volume
from grainpaint.formats.solvers import export

NX, NY, NZ = SHAPE


def attributes(node):
    """Return the attributes; strings must be of fixed length."""
    for name in node.attrs:
        kind = node.attrs.get_id(name).dtype
        assert h5py.check_string_dtype(kind) is None or kind.kind == "S", name
    return {
        key: value.decode() if isinstance(value, bytes) else value
        for key, value in node.attrs.items()
    }


def written(path, volume, name):
    export(of_volume(volume), path, name)
    return h5py.File(path, "r")


@pytest.mark.parametrize("void", [False, True])
def test_version_8_is_laid_out_as_its_reader_demands(tmp_path, monkeypatch, void):
    monkeypatch.setattr("grainpaint.formats.slabs._SLAB", 20)
    volume = oriented(void, gaps=True)
    numbers, ids = numbers_of(volume)
    known = volume.orientations.rows(ids)
    with written(tmp_path / "a.dream3d", volume, "dream3d") as file:
        assert attributes(file) == {"FileVersion": "8.0"}
        assert attributes(file["Pipeline"])["Pipeline Version"] == 3
        structure = file["DataStructure"]
        geometry = structure["ImageGeom"]
        found = attributes(geometry)
        for name, kind in (
            ("_DIMENSIONS", "u8"),
            ("_ORIGIN", "f4"),
            ("_SPACING", "f4"),
        ):
            assert found[name].dtype == kind
        assert found["_DIMENSIONS"].tolist() == [*SHAPE]
        assert found["_SPACING"].tolist() == [2, 3, 4]
        assert found["_ORIGIN"].tolist() == [1, 0, -5]
        cells = geometry["CellData"]
        assert found["Cell Data ID"] == cells.attrs["ObjectId"]
        assert attributes(cells)["TupleDims"].tolist() == [NZ, NY, NX]
        objects = [geometry]
        geometry.visititems(lambda _, node: objects.append(node))
        numbered = [attributes(node)["ObjectId"] for node in objects]
        assert min(numbered) == 1
        assert len({*numbered}) == len(numbered)
        assert structure.attrs["NextObjectId"] > max(numbered)
        assert structure.attrs["NextObjectId"].dtype == "u8"
        for node in objects:
            said = attributes(node)
            assert said["Importable"].dtype == "i4"
            assert said["ObjectId"].dtype == "u8"
            if isinstance(node, h5py.Dataset) and node.dtype.kind != "O":
                words = {"i": "int", "u": "uint", "f": "float"}
                kind = f"{words[node.dtype.kind]}{8 * node.dtype.itemsize}"
                assert said["ObjectType"] == f"DataArray<{kind}>"
                assert said["TupleDimensions"].tolist() == [*node.shape[:-1]]
                assert said["ComponentDimensions"].tolist() == [node.shape[-1]]
        x_last = numbers.transpose(2, 1, 0)
        np.testing.assert_array_equal(cells["FeatureIds"][..., 0], x_last)
        np.testing.assert_array_equal(
            cells["Phases"][..., 0], np.append(0, known.phase)[x_last]
        )
        euler = np.concatenate([np.zeros((1, 3)), known.euler()])
        np.testing.assert_allclose(cells["EulerAngles"], euler[x_last], rtol=1e-6)
        features = geometry["CellFeatureData"]
        assert attributes(features)["TupleDims"].tolist() == [ids.size + 1]
        np.testing.assert_allclose(features["EulerAngles"], euler, rtol=1e-6)
        ensembles = geometry["CellEnsembleData"]
        assert ensembles["CrystalStructures"][:, 0].tolist() == [999, 1, 0]
        assert ensembles["CrystalStructures"].dtype == "u4"
        names = ensembles["MaterialName"]
        assert attributes(names)["ObjectType"] == "StringArray"
        assert names.asstr()[1:].tolist() == ["Al", "Ti alpha"]


def test_version_7_counts_tuples_the_other_way_round(tmp_path):
    volume = oriented(void=True)
    with written(tmp_path / "a.dream3d", volume, "dream3d7") as file:
        assert attributes(file)["FileVersion"] == "7.0"
        container = file["DataContainers/ImageDataContainer"]
        geometry = container["_SIMPL_GEOMETRY"]
        assert attributes(geometry)["GeometryTypeName"] == "ImageGeometry"
        assert geometry["DIMENSIONS"].dtype == "i8"
        assert geometry["DIMENSIONS"][:].tolist() == [*SHAPE]
        assert geometry["SPACING"].dtype == "f4"
        cells = container["CellData"]
        assert attributes(cells)["AttributeMatrixType"] == 3
        assert attributes(cells)["TupleDimensions"].tolist() == [*SHAPE]
        ids = cells["FeatureIds"]
        assert ids.shape == (NZ, NY, NX, 1)
        assert attributes(ids)["ObjectType"] == "DataArray<int32_t>"
        assert attributes(ids)["TupleDimensions"].tolist() == [*SHAPE]
        np.testing.assert_array_equal(ids[..., 0], volume.grain_id.transpose(2, 1, 0))


def test_without_orientations_there_are_feature_ids_only(tmp_path):
    notes = export(of_volume(without(oriented())), tmp_path / "a.dream3d", "dream3d")
    assert "no orientations" in notes[0]
    with h5py.File(tmp_path / "a.dream3d") as file:
        assert [*file["DataStructure/ImageGeom/CellData"]] == ["FeatureIds"]
