"""generate and paint with an additive model."""

import json
import shlex

import numpy as np
import pytest

from grainpaint import formats
from grainpaint.microstructure import Microstructure

RECIPE = """
shape = [32, 32, 40]
voxel = "5um"
[substrate]
height = 12
grain = 10
[pool]
shape = "ellipsoid"
width = 16
depth = 10
length = 22
[haz]
law = "linear"
width = 5
[scan]
speed = 14
hatch = 11
thickness = 7
rotation = 90
"""


@pytest.fixture
def recipe(tmp_path):
    path = tmp_path / "build.toml"
    path.write_text(RECIPE)
    return path


def test_one_recipe_drives_simulator_and_model(run, recipe, additive_model, tmp_path):
    out = tmp_path / "made.npz"
    model = ("--model", str(additive_model), "--no-picture")
    code, _, error = run("generate", *model, "--scan", recipe, "-o", out)
    assert code == 0, error
    code, _, error = run("simulate", "am", recipe, "-o", tmp_path / "simulated.npz")
    assert code == 0, error
    made, simulated = (formats.load(p) for p in (out, tmp_path / "simulated.npz"))
    assert made.shape == simulated.shape
    assert made.spacing == simulated.spacing
    record = json.loads((tmp_path / "made.run.json").read_text())
    assert record["recipe"]["scan"]["scan"]["hatch"] == 11
    code, _, error = run(
        "region", out, "--box", "4:28,4:28,8:36", "-o", tmp_path / "r.npz"
    )
    assert code == 0, error
    piece = formats.load(tmp_path / "r.npz").grain_id
    known = made.grain_id[4:28, 4:28, 8:36]
    np.testing.assert_array_equal(np.diff(piece) != 0, np.diff(known) != 0)
    words = ("extend", out, "--box", "0:34,0:32,0:40", "--grain-size", "40um")
    code, _, error = run(*words, "-o", tmp_path / "e.npz")
    assert code == 0, error
    assert f"{out} was painted along a scan, and what is added is not" in error


def test_a_part_takes_the_voxels_of_the_scan_and_is_painted_piece_by_piece(
    run, recipe, additive_model, tmp_path
):
    import trimesh

    part = tmp_path / "block.stl"
    trimesh.creation.box((0.16, 0.1, 0.2)).export(part)
    words = ("--model", str(additive_model), "--scan", recipe, "--no-picture", "-o")
    grain_id = {}
    for name in ("made.npz", "made.zarr"):
        code, _, error = run("paint", part, *words, tmp_path / name)
        assert code == 0, error
        made = formats.load(tmp_path / name)
        assert made.spacing == (5.0, 5.0, 5.0)
        assert np.count_nonzero(made.grain_id) == 32 * 20 * 40
        grain_id[name] = made.grain_id
    np.testing.assert_array_equal(grain_id["made.npz"], grain_id["made.zarr"])
    code, text, error = run("verify", tmp_path / "made.zarr")
    assert code == 0, error
    code, text, error = run("paint", part, *words, tmp_path / "made.zarr")
    assert code == 0, error
    assert "is finished" in text


def test_a_dry_run_tells_what_a_build_takes(run, recipe, additive_model, tmp_path):
    out = tmp_path / "made.npz"
    words = ("--model", additive_model, "--scan", recipe, "--dry-run", "-o", out)
    code, text, error = run("generate", *words)
    assert code == 0, error
    assert "2 of a network" in text
    assert "32 x 32 x 40" in text
    assert not out.exists()


def test_a_build_is_planned_and_its_script_paints_it(
    run, recipe, additive_model, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    np.save("part.npy", np.ones((20, 24, 40), bool))
    how = ("--model", str(additive_model), "--scan", "build.toml")
    for what, command, size in (
        ([], ["generate"], "32 x 32 x 40"),
        (["--shape", "24,32,40"], ["generate", "--shape", "24,32,40"], "24 x 32 x 40"),
        (["part.npy"], ["paint", "part.npy"], "20 x 24 x 40"),
    ):
        words = ("plan", *what, *how, "--sbatch", "job.sh", "--force")
        code, text, error = run(*words, "--volume", "b.zarr", "--seed", "3")
        assert code == 0, error
        assert size in text
        assert "2 of a network" in text
        script = (tmp_path / "job.sh").read_text()
        (line,) = [t for t in script.splitlines() if " -m grainpaint " in t]
        told = shlex.split(line.removesuffix("\\"))[3:]
        assert told == [*command, *how, "--seed", "3", "-o", "b.zarr"]
    code, _, error = run(*told, "--dry-run")
    assert code == 0, error


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("plan",), "give either a part (a file) or --shape X,Y,Z"),
        (("plan", "--shape", "8,8,8"), "this model follows a scan: add --scan"),
        (("plan", "--scan", "build.toml", "--plan", "grid"), "leave --plan"),
        (("plan", "--scan", "build.toml", "--window", "64"), "--window is not an opt"),
        (("generate", "--scan", "build.toml", "--overlap", "4", "-o", "a.npz"),
         "always makes base windows: leave --plan and --overlap out"),
    ],
)  # fmt: skip
def test_plans_that_a_build_cannot_have_are_refused(
    run, recipe, additive_model, tmp_path, monkeypatch, words, message
):
    monkeypatch.chdir(tmp_path)
    code, _, error = run(*words, "--model", str(additive_model))
    assert (code, error.count("\n")) == (2, 1)
    assert message in error


def test_a_box_that_is_asked_for_is_filled_not_that_of_the_recipe(
    run, recipe, additive_model, tmp_path
):
    words = ("--model", additive_model, "--scan", recipe, "--dry-run", "--shape")
    code, text, error = run("generate", *words, "24,32,40", "-o", tmp_path / "a.npz")
    assert code == 0, error
    assert "24 x 32 x 40" in text


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "this model follows a scan: add --scan RECIPE.toml"),
        (["--scan", "no.toml"], "no.toml: no such file"),
        (["--grain-size", "40um"], "--grain-size is not an option of the model"),
    ],
)
def test_what_does_not_go_with_the_model_is_refused(
    run, additive_model, tmp_path, words, message
):
    out = tmp_path / "made.npz"
    model = ("--model", str(additive_model))
    code, _, error = run("generate", *model, *words, "-o", out)
    assert code == 2
    assert message in error
    assert not out.exists()


def test_models_that_read_no_scan_say_so(run, recipe, tmp_path):
    out = tmp_path / "made.npz"
    code, _, error = run("generate", "--model", "iso", "--scan", recipe, "-o", out)
    assert code == 2
    assert "--scan is not an option of the model 'iso'" in error


def test_the_grains_of_a_build_grow_on(run, tmp_path):
    """Annealing keeps the place, the voxels and the outside, and loses grains."""
    rng = np.random.default_rng(0)
    grain_id = rng.integers(1, 400, (16, 14, 12))
    grain_id[:, :, 10:] = 0
    origin = (10.0, -5.0, 2.5)
    build = Microstructure(grain_id.astype(np.int32), (5.0,) * 3, origin)
    formats.write(build, tmp_path / "build.npz")
    words = ("--start", tmp_path / "build.npz", "--time", "4", "-o")
    code, _, error = run("simulate", "iso", *words, tmp_path / "a.npz")
    assert code == 0, error
    found = formats.load(tmp_path / "a.npz")
    assert found.origin == origin
    assert found.spacing == build.spacing
    assert found.periodic == (False, False, False)
    np.testing.assert_array_equal(found.grain_id == 0, grain_id == 0)
    assert found.n_grains < 0.5 * build.n_grains
    np.savez(tmp_path / "cold.npz", mobility=np.zeros((16, 14, 12)))
    words = (*words[:4], "--mobility", tmp_path / "cold.npz", "-o")
    code, _, error = run("simulate", "iso", *words, tmp_path / "b.npz")
    assert code == 0, error
    cold = formats.load(tmp_path / "b.npz").grain_id
    _, first = np.unique(grain_id, return_inverse=True)
    _, second = np.unique(cold, return_inverse=True)
    assert len(np.unique(first * 1000 + second)) == first.max() + 1  # one to one


def test_a_start_brings_its_shape(run, tmp_path):
    words = ("--start", tmp_path / "b.npz", "--shape", "8,8,8", "-o")
    code, _, error = run("simulate", "iso", *words, tmp_path / "a.npz")
    assert code == 2
    assert "--shape is that of --start" in error
