"""Volumes of DREAM.3D, versions 7 and 8, made here by the layout of the format."""

import h5py
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from grainpaint import InputError, load

pytestmark = pytest.mark.filterwarnings("ignore::grainpaint.errors.InputNote")
IDS = np.kron([[[1, 2], [3, 3]]], np.ones((3, 2, 2), int))  # [x, y, z]
ANGLES = np.radians([[0.0, 0, 0], [10, 20, 30], [100, 50, 60], [200, 70, 5]])
Q = Rotation.from_euler("ZXZ", ANGLES[1:]).as_quat(canonical=True, scalar_first=True)


def arrays(cells, features):
    """Return the arrays of cells, features and phases."""
    held = {
        "FeatureIds": IDS.transpose(2, 1, 0)[..., None].astype("i4"),
        "Phases": np.ones((*IDS.shape[::-1], 1), "i4"),
        "EulerAngles": ANGLES[IDS.transpose(2, 1, 0)].astype("f4"),
    }
    by_feature = {
        "AvgEulerAngles": ANGLES.astype("f4"),
        "AvgQuats": np.roll(np.concatenate([[[1, 0, 0, 0]], Q]), -1, 1).astype("f4"),
        "Phases": np.array([0, 1, 1, 1], "i4"),
    }
    return (
        {k: v for k, v in held.items() if k in cells},
        {k: v for k, v in by_feature.items() if k in (*features, "Phases")},
        {"CrystalStructures": np.array([[999], [0]], "u4")},
    )


def write(path, version, cells, features=()):
    """Write a file of a version."""
    groups = dict(
        zip(
            ("CellData", "CellFeatureData", "CellEnsembleData"), arrays(cells, features)
        )
    )
    with h5py.File(path, "w") as file:
        file.attrs["FileVersion"] = np.bytes_(version)
        if version == "8.0":
            image = file.create_group("DataStructure/Image")
            image.attrs["_DIMENSIONS"] = np.array(IDS.shape, "u8")
            image.attrs["_SPACING"] = np.array([0.1, 0.2, 0.3], "f4")
            image.attrs["_ORIGIN"] = np.array([1, 2, 3], "f4")
        else:
            image = file.create_group("DataContainers/Image")
            image["_SIMPL_GEOMETRY/DIMENSIONS"] = np.array(IDS.shape, "i8")
            image["_SIMPL_GEOMETRY/SPACING"] = np.array([0.1, 0.2, 0.3], "f4")
            image["_SIMPL_GEOMETRY/ORIGIN"] = np.array([1, 2, 3], "f4")
        for folder, values in groups.items():
            for name, value in values.items():
                image[f"{folder}/{name}"] = value
    return path


@pytest.mark.parametrize("version", ["7.0", "8.0"])
@pytest.mark.parametrize("features", [("AvgEulerAngles",), ("AvgQuats",), ()])
def test_ids_and_orientations(tmp_path, version, features):
    cells = ("FeatureIds", "Phases", "EulerAngles")
    volume = load(write(tmp_path / "a.dream3d", version, cells, features))
    np.testing.assert_array_equal(volume.grain_id, IDS)
    assert volume.spacing == (0.1, 0.2, 0.3)
    assert volume.origin == (1.0, 2.0, 3.0)
    np.testing.assert_allclose(volume.orientations.quaternion, Q, atol=1e-6)
    assert volume.orientations.symmetry == ("622",)


def test_points_alone_become_grains(tmp_path):
    path = write(tmp_path / "a.dream3d", "8.0", ("Phases", "EulerAngles"))
    volume = load(path, min_size=1)
    np.testing.assert_array_equal(volume.grain_id, IDS)


def test_ids_alone_have_no_orientations(tmp_path):
    volume = load(write(tmp_path / "a.dream3d", "7.0", ("FeatureIds",)))
    assert volume.orientations is None


def test_damage_is_one_clear_line(tmp_path):
    path = write(tmp_path / "a.dream3d", "8.0", ("FeatureIds",))
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
