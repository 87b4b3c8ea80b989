"""Volumes of DREAM.3D, versions 7 and 8, made here by the layout of the format."""

import h5py
import numpy as np
import pytest
from hdf5_files import IDS, Q, dream3d

from grainpaint import InputError, load

pytestmark = pytest.mark.filterwarnings("ignore::grainpaint.errors.InputNote")


@pytest.mark.parametrize("version", ["7.0", "8.0"])
@pytest.mark.parametrize("features", [("AvgEulerAngles",), ("AvgQuats",), ()])
def test_ids_and_orientations(tmp_path, version, features):
    cells = ("FeatureIds", "Phases", "EulerAngles")
    volume = load(dream3d(tmp_path / "a.dream3d", version, cells, features))
    np.testing.assert_array_equal(volume.grain_id, IDS)
    assert volume.spacing == (0.1, 0.2, 0.3)
    assert volume.origin == (1.0, 2.0, 3.0)
    np.testing.assert_allclose(volume.orientations.quaternion, Q, atol=1e-6)
    assert volume.orientations.symmetry == ("622",)


def test_points_alone_become_grains(tmp_path):
    path = dream3d(tmp_path / "a.dream3d", "8.0", ("Phases", "EulerAngles"))
    volume = load(path, min_size=1)
    np.testing.assert_array_equal(volume.grain_id, IDS)


def test_ids_alone_have_no_orientations(tmp_path):
    volume = load(dream3d(tmp_path / "a.dream3d", "7.0", ("FeatureIds",)))
    assert volume.orientations is None


def test_damage_is_one_clear_line(tmp_path):
    path = dream3d(tmp_path / "a.dream3d", "8.0", ("FeatureIds",))
    with pytest.raises(InputError, match="no array Grains; they have FeatureIds"):
        load(path, array="Grains")
    with h5py.File(path, "r+") as file:
        file["DataStructure/Image"].attrs["_DIMENSIONS"] = np.array([9, 9, 9], "u8")
    with pytest.raises(InputError, match=r"\(9, 9, 9\) cells"):
        load(path)
    with h5py.File(path, "r+") as file:
        del file["DataStructure/Image"]
    with pytest.raises(InputError, match="0 image geometries"):
        load(path)
    path.write_bytes(path.read_bytes()[:700])
    with pytest.raises(InputError, match="damaged or cut off"):
        load(path)


def test_the_image_with_the_grains_is_read_wherever_it_is(tmp_path):
    path = dream3d(tmp_path / "a.dream3d", "8.0", ("FeatureIds",))
    with h5py.File(path, "r+") as file:
        root = file["DataStructure"]
        root.copy("Image", root.create_group("Folder"))
        with pytest.raises(InputError, match="2 image geometries, 2 with FeatureIds"):
            load(_closed(file, path))
    with h5py.File(path, "r+") as file:
        cells = file["DataStructure/Image"]["CellData"]
        cells.move("FeatureIds", "Confidence")
    np.testing.assert_array_equal(load(path).grain_id, IDS)
    with h5py.File(path, "r+") as file:
        del file["DataStructure/Image/CellData"]
    np.testing.assert_array_equal(load(path).grain_id, IDS)


@pytest.mark.parametrize(("number", "scale"), [(5, 1e-3), (7, 1e3), (10, 1.0)])
@pytest.mark.parametrize("cells", [("FeatureIds",), ("Phases", "EulerAngles")])
def test_units_that_were_chosen_count(tmp_path, number, scale, cells):
    path = dream3d(tmp_path / "a.dream3d", "8.0", cells)
    with h5py.File(path, "r+") as file:  # 10 is meters, which nobody chose
        file["DataStructure/Image"].attrs["Units"] = np.uint32(number)
    np.testing.assert_allclose(load(path).spacing, np.multiply((0.1, 0.2, 0.3), scale))


def _closed(file, path):
    file.close()
    return path
