"""grainpaint scan: pictures and other formats of a path."""

from pathlib import Path

import numpy as np
import pytest
from samples import AM_RECIPE
from scan_paths import EVENTS, GCODE, LAYERS, assert_same

from grainpaint.simulate.am.paths import read_path
from grainpaint.simulate.am.plan_path import plan_path
from grainpaint.simulate.am.recipe import load_am_recipe
from grainpaint.simulate.am.scan_file import read_scan

FILE = AM_RECIPE.split("[scan]")[0].replace("[24, 20, 18]", "[220, 60, 18]") + (
    '[scan]\nkind = "file"\nfile = "path"\n'
)


@pytest.fixture(autouse=True)
def folder(monkeypatch, tmp_path):
    """Every command here runs in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lines.toml").write_text(AM_RECIPE)
    (tmp_path / "events.toml").write_text(FILE + 'time = "1ms"\n')
    (tmp_path / "layers.toml").write_text(FILE + "speed = 18\n")
    (tmp_path / "path").write_text(EVENTS)
    (tmp_path / "layers").write_text(LAYERS)
    (tmp_path / "gcode").write_text(GCODE)
    return tmp_path


def test_a_recipe_is_drawn(run):
    code, text, errors = run("scan", "lines.toml", "-o", "a.png", "--layer", 2)
    assert (code, errors) == (0, "")
    assert "tracks in 3 layers" in text
    assert Path("a.png").read_bytes()[:4] == b"\x89PNG"
    code, _, errors = run("scan", "lines.toml", "-o", "a.png", "--force", "--layer", 4)
    assert (code, errors.count("\n")) == (2, 1)
    assert "no layer 4" in errors


@pytest.mark.parametrize("file", ["path", "layers", "gcode"])
def test_a_file_is_drawn(run, file):
    code, text, _ = run("scan", file, "-o", "a.png")
    assert code == 0
    assert "3 tracks in 1 layer, 3 mm" in text


def test_a_recipe_becomes_voxels_and_a_machines_files(run, folder):
    recipe = load_am_recipe(folder / "events.toml")
    path = plan_path(recipe, np.ones(recipe.shape, bool), (0.0, 0.0, 0.0))
    assert run("scan", "events.toml", "-o", "a.csv")[0] == 0
    assert_same(read_scan(folder / "a.csv"), path, 0, 0)
    for name in ("a.inp", "a.gcode"):
        assert run("scan", "events.toml", "-o", name)[0] == 0
        assert_same(read_path(folder / name), read_path(folder / "path"), 1e-6)
    code, _, errors = run("scan", "events.toml", "-o", "a.cli")
    assert code == 0
    assert "speeds and the tracks with the beam off are left out" in errors
    assert len(read_path(folder / "a.cli").on) == 3
    assert run("scan", "events.toml", "-o", "b.cli", "--binary")[0] == 0
    assert b"$$BINARY" in (folder / "b.cli").read_bytes()


def test_a_plan_in_voxels_needs_a_time_to_become_gcode(run, folder):
    code, _, errors = run("scan", "lines.toml", "-o", "a.gcode")
    assert (code, errors.count("\n")) == (2, 1)
    assert "add --time" in errors
    assert run("scan", "lines.toml", "-o", "a.gcode", "--time", "1ms")[0] == 0
    # 12 voxels of 5 µm in 1 ms
    assert read_path(folder / "a.gcode").speed == pytest.approx(60e3)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("layers", "-o", "a.gcode"), "needs speeds in mm/s: layers has none"),
        (("path", "-o", "a.csv"), "counts voxels, and path is in real units"),
        (("plain", "-o", "a.cli"), "real units, and plain counts voxels"),
        (("plain", "-o", "a.png", "--unit", "mm"), "leave out --unit"),
        (("path", "-o", "a.step"), "written as .png, .csv"),
        (("path", "-o", "a.inp", "--layer", 1), "--layer goes with .png only"),
        (("path", "-o", "a.png", "--binary"), "--binary goes with .cli only"),
        (("path", "-o", "a.png", "--time", "1s"), "--time goes with a recipe"),
        (("lines.toml", "-o", "a.png", "--unit", "mm"), "--unit does not go with"),
        (("gcode", "-o", "a.png", "--laser", "blue"), "power, motion or extrusion"),
        (("events.toml", "-o", "a.inp", "--time", "1"), "a duration is a number"),
        (("path", "-o", "path.png"), "exists"),
        (("none", "-o", "a.png"), "no such file"),
    ],
)
def test_what_cannot_be_done_is_one_line(run, folder, words, message):
    (folder / "plain").write_text("0,0,5,10,0,5,8,1\n")
    (folder / "path.png").write_text("")
    code, _, errors = run("scan", *words)
    assert (code, errors.count("\n")) == (2, 1)
    assert message in errors


def test_a_build_follows_a_file(run):
    small = AM_RECIPE.split("[scan]")[0] + (
        '[scan]\nkind = "file"\nfile = "path"\nunit = "mm"\nspeed = 60\n'
        "shift = [-0.4, -0.05, 0.03]\n"
    )
    Path("small.toml").write_text(small)
    code, text, errors = run("simulate", "am", "small.toml", "-o", "a.npz")
    assert code == 0
    assert "grains" in text
    assert "96% of the length of its tracks lies outside the box" in errors
