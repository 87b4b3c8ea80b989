"""Maps that are written and read again: the crystals stand as they stood."""

import warnings

import h5py
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from grainpaint import Microstructure, load
from grainpaint.errors import InputNote
from grainpaint.orientations import Orientations, operators


@pytest.mark.parametrize("symmetry", ["432", "622", "32", "3", "422"])
@pytest.mark.parametrize("suffix", [".ang", ".ctf", ".dream3d"])
@pytest.mark.filterwarnings("ignore::grainpaint.errors.InputNote")
def test_crystals_come_back_as_they_stood(tmp_path, suffix, symmetry):
    ids = np.arange(1, 10).reshape(3, 3).repeat(6, 0).repeat(6, 1)[:, :, None]
    turns = Rotation.random(9, random_state=1)
    known = Orientations(turns.as_quat(scalar_first=True), symmetry)
    back = load(Microstructure(ids, orientations=known).save(tmp_path / f"a{suffix}"))
    assert back.orientations.symmetry == (symmetry,)
    middles = back.grain_id[3::6, 3::6, 0].ravel()
    found = Rotation.from_quat(
        back.orientations.quaternion[middles - 1], scalar_first=True
    )
    same = Rotation.from_quat(operators(symmetry), scalar_first=True)
    for before, after in zip(turns, found):
        assert (before.inv() * after * same).magnitude().min() < 1e-5


@pytest.mark.parametrize("suffix", [".ang", ".ctf"])
@pytest.mark.filterwarnings("ignore::grainpaint.errors.InputNote")
def test_names_of_phases_keep_letters_of_other_alphabets(tmp_path, suffix):
    known = Orientations([[1.0, 0, 0, 0]], names=("Ti-β",))
    volume = Microstructure(np.ones((3, 3, 1), np.int32), orientations=known)
    path = volume.save(tmp_path / f"a{suffix}")
    assert load(path).orientations.names == ("Ti-β",)
    path.write_bytes(path.read_bytes().replace("Ti-β".encode(), b"5\xb0"))
    assert load(path).orientations.names == ("5°",)


@pytest.mark.parametrize("suffix", [".ang", ".ctf", ".dream3d"])
def test_an_axis_that_a_file_has_elsewhere_is_left_out_and_told(tmp_path, suffix):
    known = Orientations([[1.0, 0, 0, 0]], "2")
    volume = Microstructure(np.ones((3, 3, 1), np.int32), orientations=known)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        path = volume.save(tmp_path / f"a{suffix}")
    told = any("symmetry 2 is written as none (1)" in str(w.message) for w in caught)
    assert told == (suffix != ".ang")
    with pytest.warns(InputNote):
        assert load(path).orientations.symmetry == ("1" if told else "2",)


@pytest.mark.filterwarnings("ignore::grainpaint.errors.InputNote")
def test_a_monoclinic_axis_of_dream3d_is_left_out_and_told(tmp_path):
    known = Orientations([[1.0, 0, 0, 0]], "1")
    volume = Microstructure(np.ones((3, 3, 1), np.int32), orientations=known)
    path = volume.save(tmp_path / "a.dream3d")
    with h5py.File(path, "r+") as file:
        image = file["DataStructure/ImageGeom"]
        image["CellEnsembleData/CrystalStructures"][1] = 5
    with pytest.warns(InputNote, match="its monoclinic axis is not c"):
        assert load(path).orientations.symmetry == ("1",)
