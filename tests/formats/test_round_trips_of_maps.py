"""Maps that are written and read again: the crystals stand as they stood."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from grainpaint import Microstructure, load
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
