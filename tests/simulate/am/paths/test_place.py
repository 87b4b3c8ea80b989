import numpy as np
import pytest
from hypothesis import given
from scan_paths import assert_same, file_paths

from grainpaint.errors import InputError
from grainpaint.simulate.am.paths import FilePath
from grainpaint.simulate.am.paths.place import on_centers, to_file, to_voxels
from grainpaint.simulate.am.scan import ScanPath


def test_a_surface_ten_voxels_up_melts_ten_voxels():
    path = FilePath(
        np.array([[5.0, 15.0, 100.0]]),
        np.array([[55.0, 15.0, 100.0]]),
        np.array([2e5]),
        np.array([True]),
    )
    found = to_voxels(path, 10.0, (0.0, 0.0, 0.0), time=1e-3)
    assert found.start.tolist() == [[0, 1, 9.5]]  # voxels 0 to 9 are at or below it
    assert found.end.tolist() == [[5, 1, 9.5]]
    assert found.speed.tolist() == [20]  # 200 mm/s are 20 voxels of 10 µm in 1 ms
    moved = to_voxels(path, 10.0, (-10.0, 20.0, 100.0), speed=18)
    assert moved.start.tolist() == [[1, -1, -0.5]]
    assert moved.speed.tolist() == [18]


@given(file_paths())
def test_a_path_to_voxels_and_back_is_the_same(path):
    place = 2.0, (3.0, -4.0, 5.0)
    voxels = to_voxels(path, *place, time=1e-4)
    assert_same(to_file(voxels, *place, 1e-4), path, 1e-9)


def test_surfaces_that_files_rounded_pass_through_centers():
    """A nanometer below a center a whole plane of voxels would stay powder."""
    z = np.array([94.9999, 95.0008, 95.5, 94.99])
    ends = np.column_stack([np.zeros((4, 2)), z])
    path = ScanPath(ends, ends + np.array([1.0, 0, 0]), np.ones(4), np.ones(4, bool))
    found = on_centers(path)
    assert found.start[:, 2].tolist() == [95, 95, 95.5, 94.99]
    assert found.end[:, 2].tolist() == found.start[:, 2].tolist()
    assert path.start[0, 2] == 94.9999


def test_speeds_come_from_somewhere():
    path = FilePath(
        np.zeros((1, 3)), np.ones((1, 3)), np.full(1, np.nan), np.ones(1, bool)
    )
    with pytest.raises(InputError, match="how fast"):
        to_voxels(path, 1.0, (0, 0, 0))
    with pytest.raises(InputError, match="has no speeds: give `speed`"):
        to_voxels(path, 1.0, (0, 0, 0), time=1.0)
