"""Images of VTK in HDF5: our own, and as other programs arrange them."""

import h5py
import numpy as np
import pytest
from oriented import oriented

from grainpaint import InputError, Microstructure, load
from grainpaint.errors import InputNote
from grainpaint.formats.slabs import of_volume
from grainpaint.formats.solvers import export

IDS = np.arange(1, 61, dtype=np.int32).reshape(5, 4, 3)


def saved(path, arrays, extent=(0, 5, 0, 4, 0, 3), kind=b"ImageData", direction=None):
    with h5py.File(path, "w") as file:
        group = file.create_group("VTKHDF")
        group.attrs["Version"] = (2, 1)
        group.attrs["Type"] = np.bytes_(kind)
        group.attrs["WholeExtent"] = extent
        group.attrs["Origin"] = (1.0, 2.0, 3.0)
        group.attrs["Spacing"] = (0.5, 0.5, 2.0)
        if direction is not None:
            group.attrs["Direction"] = np.ravel(direction).astype(float)
        for name, array in arrays.items():
            group[name] = array
    return path


CELLS = {"CellData/FeatureIds": IDS.transpose(2, 1, 0)}


@pytest.mark.filterwarnings("ignore::grainpaint.errors.InputNote")
def test_ours_comes_back(tmp_path):
    ids = IDS.copy()
    ids[0] = 0
    volume = Microstructure(ids, (0.25, 0.5, 1.0), (1.0, -2.0, 3.5))
    export(of_volume(volume), tmp_path / "a.vtkhdf", "vtkhdf")
    found = load(tmp_path / "a.vtkhdf")
    np.testing.assert_array_equal(found.grain_id, ids)
    assert found.spacing == volume.spacing
    assert found.origin == volume.origin


@pytest.mark.parametrize(
    ("name", "values", "message"),
    [
        ("quaternion", np.ones((7, 3)), "not those of its grains"),
        ("quaternion", np.full((7, 4), np.nan), "length 1"),
        ("orientation_id", np.arange(7), "not those of its grains"),
        ("orientation_id", np.arange(1, 8) - 2**40, "not those of its grains"),
        ("phase", np.full(7, 9), "phase 9 of 2"),
        ("phase", np.full(7, np.nan), "not integers"),
        ("symmetry", np.array([432, 433]), "unknown crystal symmetry '433'"),
        ("phase_name", np.frombuffer(b"Al", np.uint8), "as many names"),
    ],
)
def test_damaged_orientations_are_one_line(tmp_path, name, values, message):
    path = tmp_path / "a.vtkhdf"
    export(of_volume(oriented()), path, "vtkhdf")
    with h5py.File(path, "r+") as file:
        fields = file["VTKHDF/FieldData"]
        del fields[name]
        fields[name] = values
    with pytest.raises(InputError, match=message):
        load(path)
    with h5py.File(path, "r+") as file:
        del file["VTKHDF/FieldData/symmetry"]
    with pytest.warns(InputNote, match="does not state the symmetry"):
        assert load(path).orientations is None


@pytest.mark.filterwarnings("ignore::grainpaint.errors.InputNote")
def test_extents_directions_points_and_times_are_minded(tmp_path):
    path = tmp_path / "a.vtkhdf"
    moved = load(saved(path, CELLS, (2, 7, 3, 7, 4, 7)))
    assert moved.origin == (2.0, 3.5, 11.0)
    turned = load(saved(path, CELLS, direction=[[0, 1, 0], [1, 0, 0], [0, 0, 1]]))
    np.testing.assert_array_equal(turned.grain_id, IDS.transpose(1, 0, 2))
    points = {"PointData/FeatureIds": IDS.transpose(2, 1, 0)}
    of_points = load(saved(path, points, (0, 4, 0, 3, 0, 2)))
    np.testing.assert_array_equal(of_points.grain_id, IDS)
    assert of_points.origin == (0.75, 1.75, 2.0)
    more = {"CellData/FeatureIds": IDS.transpose(2, 1, 0)[None]}
    more["CellData/Phases"] = np.ones((1, 3, 4, 5), np.int32)
    np.testing.assert_array_equal(load(saved(path, more)).grain_id, IDS)


@pytest.mark.parametrize(
    ("arrays", "options", "message"),
    [
        (CELLS, {"kind": b"PolyData"}, "kind PolyData; ImageData is read"),
        (CELLS, {"extent": (0, 4, 0, 4, 0, 3)}, "has the shape"),
        ({}, {}, "no array with one number"),
        (CELLS, {"direction": [[0.8, 0.6, 0], [-0.6, 0.8, 0], [0, 0, 1]]}, "turns it"),
        (
            CELLS | {"CellData/vtkGhostType": np.full((3, 4, 5), 32, np.uint8)},
            {},
            "blanked out",
        ),
        (
            {f"CellData/{name}": np.ones((3, 4, 5), int) for name in "ab"},
            {},
            "a.vtkhdf: which array holds the grains",
        ),
    ],
)
def test_what_is_no_volume_is_one_line(tmp_path, arrays, options, message):
    with pytest.raises(InputError, match=message):
        load(saved(tmp_path / "a.vtkhdf", arrays, **options))
