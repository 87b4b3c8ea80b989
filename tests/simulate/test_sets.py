import json

import numpy as np
import pytest

from grainpaint import formats
from grainpaint.errors import InputError
from grainpaint.formats import zarr
from grainpaint.microstructure import Microstructure
from grainpaint.simulate.iso.recipe import IsoRecipe, grow_grains, load_recipe, simulate
from grainpaint.simulate.sets import member_name, write_set

SMALL = {"shape": (16, 16, 16), "spins": 50, "seed": 4}


def members(path):
    return [formats.load(p) for p in formats.find_volumes([path])]


def contents(path):
    """Return all bytes of a set by their places."""
    return {
        str(p.relative_to(path)): p.read_bytes() for p in path.rglob("*") if p.is_file()
    }


def test_names_sort_by_seed_then_time():
    wanted = [(s, t) for s in (2, 10, 4_000_000_000) for t in (0.125, 5.0, 25.0, 100.0)]
    names = [member_name(s, t) for s, t in wanted]
    assert sorted(names) == names


def test_a_set_holds_the_volumes_of_its_recipe(tmp_path):
    recipe = IsoRecipe(**SMALL, time=[2, 5], count=2, voxel="3um")
    assert simulate(recipe, tmp_path / "s.zarr") == "4 volumes"
    paths = formats.find_volumes([tmp_path / "s.zarr"])
    assert [p.name for p in paths] == [
        member_name(s, t) for s in (4, 5) for t in (2, 5)
    ]
    expected = [v for seed in (4, 5) for v in grow_grains(recipe, seed)]
    for path, volume, read in zip(paths, expected, members(tmp_path / "s.zarr")):
        np.testing.assert_array_equal(read.grain_id, volume.grain_id)
        assert read.spacing == (3.0,) * 3
        np.testing.assert_array_equal(formats.load(path).grain_id, volume.grain_id)
    assert zarr.read_recipe(tmp_path / "s.zarr")["spins"] == 50
    note = json.loads((paths[3] / "zarr.json").read_text())["attributes"]
    assert (note["seed"], note["time"]) == (5, 5.0)


def test_a_stopped_set_goes_on_and_ends_as_if_never_stopped(tmp_path):
    """Stopped in the middle of a volume: what is there is whole, nothing is remade."""
    recipe = IsoRecipe(**SMALL, time=[2, 5], count=3)
    simulate(recipe, tmp_path / "once.zarr")

    def breaks(seed):
        frames = grow_grains(recipe, seed)
        yield next(frames)
        if seed == 5:
            raise KeyboardInterrupt
        yield next(frames)

    path = tmp_path / "twice.zarr"
    settings = recipe.model_dump(mode="json")
    with pytest.raises(KeyboardInterrupt):
        write_set(path, settings, recipe.time, breaks)
    assert len(members(path)) == 3
    (tmp_path / ".twice.zarr.part").mkdir()  # as a kill leaves it
    (tmp_path / ".twice.zarr.part" / "zarr.json").write_text("half")
    made = []

    def watched(seed):
        made.append(seed)
        return grow_grains(recipe, seed)

    write_set(path, settings, recipe.time, watched)
    assert made == [5, 6]
    assert contents(path) == contents(tmp_path / "once.zarr")
    assert len(list(tmp_path.iterdir())) == 2


def test_a_set_can_be_prolonged_but_not_mixed(tmp_path):
    path = tmp_path / "s.zarr"
    simulate(IsoRecipe(**SMALL, time=3, count=2), path)
    before = contents(path)
    simulate(IsoRecipe(**SMALL, time=3, count=3), path)
    assert len(members(path)) == 3
    assert zarr.read_recipe(path)["count"] == 3
    assert before.items() - contents(path).items() == {
        ("zarr.json", before["zarr.json"])
    }
    with pytest.raises(InputError, match=r"recipe \(time = \[3.0\], not \[4.0\]"):
        simulate(IsoRecipe(**SMALL, time=4, count=2), path)
    simulate(IsoRecipe(**SMALL, time=4, count=2), path, force=True)
    assert len(members(path)) == 2
    next(grow_grains(IsoRecipe(**SMALL, time=3))).save(tmp_path / "volume.zarr")
    with pytest.raises(InputError, match="no set"):
        simulate(IsoRecipe(**SMALL, time=4, count=2), tmp_path / "volume.zarr")


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
    recipe = load_recipe(tmp_path / "r.toml")
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
        ("shape = [16, 16]", r"shape.*missing"),
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
        next(grow_grains(load_recipe(tmp_path / "r.toml")))
