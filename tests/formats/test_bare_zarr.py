"""Zarr arrays that say nothing of themselves, or only what their axes are."""

import numpy as np
import pytest
import zarr

from grainpaint import InputError, load
from grainpaint.errors import InputNote

IDS = np.arange(1, 25, dtype="int32").reshape(2, 3, 4)


@pytest.mark.parametrize("version", [2, 3])
def test_a_bare_array_is_read_as_an_npy_is(tmp_path, version):
    zarr.create_array(tmp_path / "a.zarr", data=IDS, zarr_format=version)
    with pytest.warns(InputNote, match=r"voxels of 1 µm in the order \[x, y, z\]"):
        volume = load(tmp_path / "a.zarr")
    np.testing.assert_array_equal(volume.grain_id, IDS)


def test_named_axes_are_obeyed(tmp_path):
    names = {"dimension_names": ["z", "y", "x"]}
    zarr.create_array(tmp_path / "three.zarr", data=IDS.T, **names)
    two = zarr.create_array(tmp_path / "two.zarr", data=IDS.T, zarr_format=2)
    two.attrs["_ARRAY_DIMENSIONS"] = names["dimension_names"]  # as xarray saves them
    for name in ("two", "three"):
        with pytest.warns(InputNote, match="size is not stated"):
            volume = load(tmp_path / f"{name}.zarr")
        np.testing.assert_array_equal(volume.grain_id, IDS)
    zarr.create_array(tmp_path / "b.zarr", data=IDS[0], dimension_names=["z", "y"])
    with pytest.raises(InputError, match="has the axes z, y, not x, y and z"):
        load(tmp_path / "b.zarr")


def test_of_several_arrays_one_is_named(tmp_path):
    group = zarr.open_group(tmp_path / "a.zarr", mode="w")
    group.create_array("cells", data=IDS)
    with pytest.warns(InputNote):
        np.testing.assert_array_equal(load(tmp_path / "a.zarr").grain_id, IDS)
    group.create_array("phases", data=np.ones_like(IDS))
    with pytest.raises(InputError, match=r"Name one \(array\): cells, phases"):
        load(tmp_path / "a.zarr")
    with pytest.warns(InputNote):
        volume = load(tmp_path / "a.zarr", array="cells")
    np.testing.assert_array_equal(volume.grain_id, IDS)


def test_an_array_in_a_group_is_read_by_its_group(tmp_path):
    """A level of an OME-Zarr image: the group states its axes and scale."""
    group = zarr.open_group(tmp_path / "a.zarr", mode="w")
    group.create_array("0", data=IDS)
    with pytest.raises(InputError, match="a Zarr array in a group: give the group"):
        load(tmp_path / "a.zarr" / "0")
