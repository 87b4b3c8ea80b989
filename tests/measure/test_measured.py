"""Measured volumes and the sets that they come in."""

import numpy as np
import pytest

from grainpaint import InputError, Microstructure
from grainpaint.measure.correlation import two_point
from grainpaint.measure.grain_table import table
from grainpaint.measure.measured import list_volumes, measure, measure_set, read_listed
from grainpaint.measure.volume_measures import volume_measures


@pytest.fixture
def cubes():
    x, y, z = np.indices((8, 8, 8)) // 4
    return Microstructure(x + 2 * y + 4 * z + 1, (2.0,) * 3)


def test_one_tally_gives_what_each_function_counts_itself(cubes):
    expected = table(cubes), volume_measures(cubes), two_point(cubes)
    found = measure(cubes)
    assert found.table.equals(expected[0])
    assert found.measures == expected[1]
    assert np.array_equal(found.correlation.radial, expected[2].radial)
    assert (found.shape, found.spacing, found.n_voxels) == ((8, 8, 8), (2.0,) * 3, 512)


def test_sets_are_listed_without_reading_them(cubes, tmp_path):
    paths = [cubes.save(tmp_path / f"{name}.npz") for name in "ab"]
    assert list_volumes(cubes) == [cubes]
    assert list_volumes(str(tmp_path / "*.npz")) == paths
    assert list_volumes([tmp_path, cubes]) == [*paths, cubes]
    assert all(v.n_grains == 8 for v in read_listed([*paths, cubes]))
    with pytest.raises(InputError, match="no such file"):
        list_volumes(tmp_path / "c.npz")


def test_sets_are_measured_once(cubes):
    once = measure_set(cubes)
    assert measure_set(once)[0] is once[0]
    assert measure_set([]) == []
