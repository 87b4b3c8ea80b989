"""NumPy archives."""

import numpy as np
import pytest
from samples import example_volume

import grainpaint
from grainpaint import InputError, Microstructure, load
from grainpaint.errors import InputNote
from grainpaint.orientations import Orientations


def test_npz_holds_the_arrays_of_the_contract(tmp_path):
    with np.load(example_volume().save(tmp_path / "a.npz")) as archive:
        assert sorted(archive) == ["grain_id", "origin", "periodic", "spacing"]
        assert archive["grain_id"].dtype == np.int32
        assert archive["spacing"].dtype == archive["origin"].dtype == np.float64
        assert archive["periodic"].dtype == bool


def test_phases_that_are_not_kept_are_told(tmp_path):
    example_volume().save(tmp_path / "a.npz")
    with np.load(tmp_path / "a.npz") as held:
        np.savez(tmp_path / "b.npz", **held, phase=[1, 2], phase_name=["Al", "Ti"])
    with pytest.warns(InputNote, match="b.npz: phases without orientations are not"):
        grainpaint.load(tmp_path / "b.npz")


def test_several_symmetries_need_the_phase_of_each_grain(tmp_path):
    turns = {"quaternion": np.tile([1.0, 0, 0, 0], (2, 1)), "symmetry": ["432", "622"]}
    ids = np.array([[[1], [2]]])
    np.savez(tmp_path / "a.npz", grain_id=ids, **turns)
    with pytest.raises(grainpaint.InputError, match="2 symmetries but no phase"):
        grainpaint.load(tmp_path / "a.npz")


def test_what_a_script_leaves_out_has_a_default(tmp_path):
    """And nothing that it states is lost: orientations, a single spacing."""
    ids = np.arange(1, 7).reshape(2, 3, 1)
    turns = {"quaternion": np.tile([1.0, 0, 0, 0], (6, 1)), "symmetry": "432"}
    np.savez(tmp_path / "a.npz", grain_id=ids[:, :, 0], spacing=0.5, **turns)
    volume = grainpaint.load(tmp_path / "a.npz")
    np.testing.assert_array_equal(volume.grain_id, ids)
    assert volume.spacing == (0.5, 0.5, 0.5)
    assert volume.origin == (0, 0, 0)
    assert not any(volume.periodic)
    assert len(volume.orientations) == 6
    np.savez(tmp_path / "b.npz", grain_id=ids, **turns)
    with pytest.warns(
        InputNote, match="assumed: cubes, since no spacing is stated, 1 µm a voxel"
    ):
        assert len(grainpaint.load(tmp_path / "b.npz").orientations) == 6
    np.savez(tmp_path / "c.npz", grain_id=ids, spacing=np.ones(2))
    with pytest.raises(grainpaint.InputError, match="spacing has three values, or one"):
        grainpaint.load(tmp_path / "c.npz")
    np.savez(tmp_path / "d.npz", grain_id=ids, spacing=1.0, periodic=[1, 2, 0])
    with pytest.raises(grainpaint.InputError, match="periodic says true or false"):
        grainpaint.load(tmp_path / "d.npz")


def test_a_row_too_many_is_refused_unless_grains_of_ours_were_cut_off(tmp_path):
    """With a row for what is outside, each grain would have that of another one."""
    ids, path = np.arange(1, 5).reshape(4, 1, 1), tmp_path / "a.npz"
    turns = {"quaternion": np.tile([1.0, 0, 0, 0], (5, 1)), "symmetry": "432"}
    np.savez(path, grain_id=ids, spacing=np.ones(3), **turns)
    with pytest.raises(InputError, match=r"5 rows and the grain IDs reach 4.* 4 rows"):
        load(path)
    whole = Microstructure(ids, orientations=Orientations(turns["quaternion"]))
    back = load(whole.crop((slice(0, 2), slice(None), slice(None))).save(path))
    assert back.n_grains == 2
