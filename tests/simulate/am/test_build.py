import tomllib

import numpy as np
import pytest
import trimesh
from samples import AM_RECIPE, am_recipe
from solids import box
from typer.testing import CliRunner

from grainpaint import formats
from grainpaint.cli import app
from grainpaint.errors import InputError, InputNote
from grainpaint.simulate.am.build import additive, map_process
from grainpaint.simulate.am.recipe import load_am_recipe


def write(folder, text):
    file = folder / "am.toml"
    file.write_text(text)
    return file


def test_everything_above_the_substrate_melts_and_its_foot_does_not():
    maps = map_process(am_recipe())
    assert (maps.track[:, :, 8:] >= 0).all()
    assert (maps.track[:, :, :5] == -1).all()


def test_grains_grow_on_from_the_substrate():
    """Most of what was molten belongs to grains that reach the unmolten foot."""
    volume = additive(am_recipe(), seed=1)
    foot = np.unique(volume.grain_id[:, :, :4])
    assert np.isin(volume.grain_id[:, :, 8:14], foot).mean() > 0.5
    assert volume.spacing == (5.0, 5.0, 5.0)


def test_substrate_has_grains_of_the_size_asked_for():
    volume = additive(am_recipe(shape=[60, 60, 40], substrate__height=34), seed=2)
    foot = volume.crop((slice(None), slice(None), slice(0, 28)))
    n = np.unique(foot.grain_id).size
    mean = foot.n_voxels / n * 6 / np.pi
    assert mean ** (1 / 3) == pytest.approx(6, rel=0.12)


def test_a_recipe_may_be_a_file_or_its_content(tmp_path):
    file = write(tmp_path, AM_RECIPE)
    for given in (file, str(file), tomllib.loads(AM_RECIPE)):
        same = additive(given, seed=1)
        np.testing.assert_array_equal(same.grain_id, additive(am_recipe(), 1).grain_id)
    with pytest.raises(InputError, match="recipe: unknown key 'voxle'"):
        additive(tomllib.loads(AM_RECIPE) | {"voxle": "5um"})


def test_the_seed_decides_the_grains():
    a, b, c = (additive(am_recipe(), seed=s).grain_id for s in (1, 1, 2))
    np.testing.assert_array_equal(a, b)
    assert (a != c).any()


def test_a_part_has_grains_inside_and_nothing_outside(tmp_path):
    ball = trimesh.creation.icosphere(radius=0.05)  # mm
    ball.export(tmp_path / "ball.stl")
    text = AM_RECIPE.replace("shape = [24, 20, 18]", 'part = "ball.stl"')
    text = text.replace("[substrate]\nheight = 8\ngrain = 6\n", "")
    plan = load_am_recipe(write(tmp_path, text + "contours = 1\n"))
    volume = additive(plan, seed=1)
    center = np.moveaxis(np.indices(volume.shape) + 0.5, 0, -1) * 5 + volume.origin
    radius = np.linalg.norm(center, axis=-1)
    assert (volume.grain_id[radius < 48] > 0).all()
    assert (volume.grain_id[radius > 52] == 0).all()
    maps = map_process(plan)
    assert (maps.track[~volume.mask] == -1).all()
    assert np.isnan(maps.time[~volume.mask]).all()
    assert (maps.track[volume.mask] >= 0).mean() > 0.9
    sizes = volume.grain_volumes()
    assert sizes[sizes >= 5].sum() > 0.8 * volume.n_voxels


def test_what_voxels_lose_of_a_part_is_said(tmp_path, run):
    """As paint says it: a plate of 1.3 voxels beside a block."""
    plate = box((0.1, 0.1, 0.0065))
    plate.apply_translation((0, 0, 0.1))
    trimesh.util.concatenate([box((0.1, 0.1, 0.1)), plate]).export(tmp_path / "a.stl")
    text = AM_RECIPE.replace("shape = [24, 20, 18]", 'part = "a.stl"')
    file = write(tmp_path, text)
    line = "1 of 2 bodies are off by 3 % of their volume or more"
    with pytest.warns(InputNote) as notes:
        additive(file, seed=1)
    assert sum(line in str(note.message) for note in notes) == 1
    code, _, error = run("simulate", "am", file, "-o", tmp_path / "a.npz")
    assert code == 0
    assert error.count(line) == 1


def test_path_of_a_file_is_followed(tmp_path):
    (tmp_path / "line.csv").write_text("0,10,17,24,10,17,12,1\n")
    head = AM_RECIPE[: AM_RECIPE.index("[scan]")]
    plan = load_am_recipe(
        write(tmp_path, head + '[scan]\nkind="csv"\nfile="line.csv"\n')
    )
    maps = map_process(plan)
    assert (maps.track[:, 10, 17] == 0).all()
    assert (maps.track[:, 2, :] == -1).all()


def test_a_missing_part_or_path_is_told(tmp_path):
    text = AM_RECIPE.replace("shape = [24, 20, 18]", 'part = "no.stl"')
    with pytest.raises(InputError, match=r"no\.stl"):
        additive(load_am_recipe(write(tmp_path, text)))
    head = AM_RECIPE[: AM_RECIPE.index("[scan]")]
    text = head + '[scan]\nkind="csv"\nfile="no.csv"\n'
    with pytest.raises(InputError, match=r"no\.csv: no such file"):
        additive(load_am_recipe(write(tmp_path, text)))


def test_command_writes_a_volume_and_its_process_maps(tmp_path):
    file, out = write(tmp_path, AM_RECIPE), tmp_path / "am.npz"
    maps = tmp_path / "maps.npz"
    argv = ["simulate", "am", str(file), "-o", str(out), "--seed", "4"]
    result = CliRunner().invoke(app, [*argv, "--maps", str(maps)])
    assert result.exit_code == 0, result.output
    volume = formats.load(out)
    np.testing.assert_array_equal(
        volume.grain_id, additive(am_recipe(), seed=4).grain_id
    )
    with np.load(maps) as saved:
        np.testing.assert_array_equal(saved["track"], map_process(am_recipe()).track)
    assert CliRunner().invoke(app, argv).exit_code != 0  # no --force


def test_several_builds_go_into_a_set_that_goes_on(tmp_path):
    import zarr

    file, out = write(tmp_path, AM_RECIPE), tmp_path / "am.zarr"
    argv = ["simulate", "am", str(file), "-o", str(out), "--seed", "4"]
    assert CliRunner().invoke(app, [*argv, "--count", "2"]).exit_code == 0
    first = sorted(out.glob("s*.zarr"))
    assert len(first) == 2
    stamp = first[0].stat().st_mtime_ns
    assert CliRunner().invoke(app, [*argv, "--count", "3"]).exit_code == 0
    assert first[0].stat().st_mtime_ns == stamp
    members = sorted(out.glob("s*.zarr"))
    assert len(members) == 3
    np.testing.assert_array_equal(
        formats.load(members[2]).grain_id, additive(am_recipe(), seed=6).grain_id
    )
    kept = zarr.open_group(out, mode="r").attrs["recipe"]
    assert kept["pool"]["width"] == 9
    assert kept["kind"] == "additive"
    file.write_text(AM_RECIPE.replace("hatch = 6", "hatch = 5"))
    assert CliRunner().invoke(app, [*argv, "--count", "3"]).exit_code != 0
