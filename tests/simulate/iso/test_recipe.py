import numpy as np
import pytest

from grainpaint.errors import InputError
from grainpaint.microstructure import Microstructure
from grainpaint.simulate.iso.isotropic import grow_grains
from grainpaint.simulate.iso.recipe import load_iso_recipe


def test_a_recipe_file_is_the_same_as_its_settings(tmp_path):
    mask = np.ones((16, 16, 16), int)
    mask[:4] = 0
    Microstructure(mask).save(tmp_path / "part.npz")
    np.savez(
        tmp_path / "map.npz", mobility=np.linspace(0, 1, mask.size).reshape(mask.shape)
    )
    (tmp_path / "r.toml").write_text(
        """
        shape = [16, 16, 16]
        time = 4
        spins = 0
        temperature = 0.5
        periodic = "yz"
        mask = "part.npz"
        mobility = "map.npz"
        """
    )
    recipe = load_iso_recipe(tmp_path / "r.toml")
    assert recipe.time == (4.0,)
    volume = next(grow_grains(recipe))
    assert volume.periodic == (False, True, True)
    assert (volume.mask == (mask > 0)).all()
    assert 10 < volume.n_grains < mask.sum()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("shape = [16, 16, 16]\nlatice = 1", "did you mean lattice"),
        ("time = 4", "'shape' is missing"),
        ("shape = [16, 16]", "shape: must have 3 values, got"),
        ("shape = [16, 16, 16]\nspins = -1", "spins"),
        ("shape = [16,", "not TOML"),
        ("shape = [16, 16, 16]\nmask = 'none.npz'", "none.npz: no such file"),
        ("shape = [16, 16, 16]\nmobility = 'none.npz'", "none.npz: no such file"),
        ("shape = [16, 16, 16]\nmobility = 'r.toml'", "array 'mobility'"),
    ],
)
def test_mistakes_in_a_recipe_are_named(tmp_path, text, message):
    (tmp_path / "r.toml").write_text(text)
    with pytest.raises(InputError, match=message):
        next(grow_grains(load_iso_recipe(tmp_path / "r.toml")))
