import json

import numpy as np
import pytest

from grainpaint import formats
from grainpaint.errors import InputError
from grainpaint.formats import zarr
from grainpaint.simulate.iso.isotropic import grow_grains, simulate_iso
from grainpaint.simulate.iso.recipe import IsoRecipe
from grainpaint.simulate.sets import member_name, member_seed, member_time, write_set

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


def test_a_name_says_seed_and_time_and_another_one_is_refused(tmp_path):
    path = tmp_path / member_name(7, 25.5)
    assert member_seed(path) == 7
    assert member_time(path) is None  # the folder is no set
    (tmp_path / "zarr.json").write_text("{}")
    assert member_time(path) == 25.5
    for says in (member_seed, member_time):
        with pytest.raises(InputError, match=r"mine.zarr: .*-t000025.0000.zarr"):
            says(tmp_path / "mine.zarr")


def test_a_set_holds_the_volumes_of_its_recipe(tmp_path):
    recipe = IsoRecipe(**SMALL, time=[2, 5], count=2, voxel="3um")
    assert simulate_iso(recipe, tmp_path / "s.zarr") == "4 volumes"
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
    simulate_iso(recipe, tmp_path / "once.zarr")

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
    simulate_iso(IsoRecipe(**SMALL, time=3, count=2), path)
    before = contents(path)
    simulate_iso(IsoRecipe(**SMALL, time=3, count=3), path)
    assert len(members(path)) == 3
    assert zarr.read_recipe(path)["count"] == 3
    assert before.items() - contents(path).items() == {
        ("zarr.json", before["zarr.json"])
    }
    with pytest.raises(InputError, match=r"recipe \(time = \[3.0\], not \[4.0\]"):
        simulate_iso(IsoRecipe(**SMALL, time=4, count=2), path)
    simulate_iso(IsoRecipe(**SMALL, time=4, count=2), path, force=True)
    assert len(members(path)) == 2
    next(grow_grains(IsoRecipe(**SMALL, time=3))).save(tmp_path / "volume.zarr")
    with pytest.raises(InputError, match="not a set"):
        simulate_iso(IsoRecipe(**SMALL, time=4, count=2), tmp_path / "volume.zarr")


def test_two_runs_on_one_set_do_not_write_into_each_others_volumes(tmp_path):
    recipe = IsoRecipe(**SMALL, time=5.0, count=2)
    simulate_iso(recipe, tmp_path / "once.zarr")

    def rival(seed):
        with pytest.raises(InputError, match=r"a\.zarr belongs to another run"):
            write_set(tmp_path / "a.zarr", settings, [5.0], grown)
        yield from grown(seed)

    def grown(seed):
        yield from grow_grains(recipe, seed)

    settings = {"seed": 4, "count": 2}
    assert write_set(tmp_path / "a.zarr", settings, [5.0], rival) == 2
    assert write_set(tmp_path / "a.zarr", settings, [5.0], grown) == 2
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.zarr", "once.zarr"]
