"""Volumes of DREAM.3D, versions 7 and 8, made here by the layout of the format."""

import h5py
import numpy as np
import pytest
from hdf5_files import IDS, Q, dream3d

from grainpaint import InputError, load
from grainpaint.errors import InputNote

pytestmark = pytest.mark.filterwarnings("ignore::grainpaint.errors.InputNote")


@pytest.mark.parametrize("version", ["7.0", "8.0"])
@pytest.mark.parametrize("features", [("AvgEulerAngles",), ("AvgQuats",), ()])
def test_ids_places_and_orientations_are_those_written(tmp_path, version, features):
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


@pytest.mark.parametrize("version", ["7.0", "8.0"])
def test_the_only_array_of_integers_needs_no_name(tmp_path, version):
    path = dream3d(tmp_path / "a.dream3d", version, ("FeatureIds", "Phases"))
    with h5py.File(path, "r+") as file:
        cells = file.visititems(lambda name, _: name if "/CellData" in name else None)
        file[cells].move("FeatureIds", "ParentIds")
    with pytest.warns(InputNote, match="no array FeatureIds: .* those of ParentIds"):
        np.testing.assert_array_equal(load(path).grain_id, IDS)
    with h5py.File(path, "r+") as file:
        file[cells].copy("ParentIds", "Twins")
    with pytest.raises(InputError, match=r"one \(array\): ParentIds, Phases, Twin"):
        load(path)
    with h5py.File(path, "r+") as file:
        del file[cells]["ParentIds"], file[cells]["Twins"]
    with pytest.raises(InputError, match="which array holds the grains"):  # not phases
        load(path)


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
    with pytest.raises(InputError, match="without an image geometry"):
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


def rectilinear(path, version, bounds):
    """Write a file whose cells have bounds along each axis."""
    dream3d(path, version, ("FeatureIds",))
    with h5py.File(path, "r+") as file:
        if version == "8.0":
            grid = file["DataStructure/Image"]
            for name in ("_DIMENSIONS", "_SPACING", "_ORIGIN"):
                del grid.attrs[name]
            for number, (axis, values) in enumerate(zip("XYZ", bounds)):
                grid[f"{axis} Bounds"] = values
                grid[f"{axis} Bounds"].attrs["ObjectId"] = np.uint64(10 + number)
                grid.attrs[f"{axis} Bounds ID"] = np.uint64(10 + number)
        else:
            grid = file["DataContainers/Image/_SIMPL_GEOMETRY"]
            grid.clear()
            for axis, values in zip("xyz", bounds):
                grid[f"{axis}BoundsList"] = values
    return path


@pytest.mark.parametrize("version", ["7.0", "8.0"])
def test_rectilinear_grids_are_read_if_their_steps_are_even(tmp_path, version):
    bounds = [
        np.linspace(o, o + s * n, n + 1).astype("f4")
        for o, s, n in zip((1, 2, 3), (0.1, 0.2, 0.3), IDS.shape)
    ]
    volume = load(rectilinear(tmp_path / "a.dream3d", version, bounds))
    np.testing.assert_array_equal(volume.grain_id, IDS)
    assert volume.spacing == (0.1, 0.2, 0.3)
    assert volume.origin == (1.0, 2.0, 3.0)
    bounds[2][-1] += 1
    with pytest.raises(InputError, match=r"cells along z are 0\.3 to 1\.3"):
        load(rectilinear(tmp_path / "b.dream3d", version, bounds))


def test_a_file_of_version_4_says_so(tmp_path):
    with h5py.File(tmp_path / "a.dream3d", "w") as file:
        file.attrs["FileVersion"] = np.bytes_("4.0")
        file["VoxelDataContainer/DIMENSIONS"] = np.array([2, 2, 2])
    with pytest.raises(InputError, match=r"of the version 4\.0, which is too old"):
        load(tmp_path / "a.dream3d")
