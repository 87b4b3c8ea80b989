"""SPPARKS run as a program: its script, its progress, its failures.

A stand-in plays back a recorded run. With the environment variable GRAINPAINT_SPPARKS
set to an executable, the real one is run too.
"""

import os
import sys
import time
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest
from samples import BEZIER, ELLIPSOID, ISO, RECORDED

from grainpaint import InputError, load
from grainpaint.simulate.am.build import AdditiveRecipe, plan_path
from grainpaint.simulate.am.scan import build
from grainpaint.simulate.spparks import read_script
from grainpaint.simulate.spparks.program import run_script, run_simulation, script_text
from grainpaint.simulate.spparks.recipes import build_simulation, read_recipe
from grainpaint.simulate.spparks.runner import _pool


class Told:
    """Progress that keeps what it is told."""

    def __init__(self, interrupt=False):
        self.reports, self.total, self.interrupt = [], None, interrupt

    @contextmanager
    def __call__(self, task, total):
        self.total = total
        yield self

    def update(self, done, note=""):
        self.reports.append(done)
        if self.interrupt:
            raise KeyboardInterrupt


def script(tmp_path, text, name="in.script"):
    path = tmp_path / name
    path.write_text(text)
    return path


POTTS = ISO.replace("dump", "# dump")


@pytest.mark.parametrize(
    "text",
    [
        POTTS,
        POTTS.replace("potts", "potts/neighonly").replace("p p n", "n p p"),
        POTTS.replace("sweep random", "solve_style tree").replace("sc/26n", "sc/6n"),
        POTTS.replace("run 10.0", "run 10\ntemperature 0.25\nrun 25 upto"),
        ELLIPSOID,
        "seed 3\n" + BEZIER + ELLIPSOID.replace("app_style", "#").replace("seed", "#"),
    ],
)
def test_the_script_for_spparks_asks_for_the_same_simulation(tmp_path, text):
    asked = read_script(script(tmp_path, text))
    again = read_script(script(tmp_path, script_text(asked, "out.dump"), "in.again"))
    assert (again.app, again.box, again.build) == (asked.app, asked.box, asked.build)
    ends = [replace(run, snapshots=(run.stop,)) for run in asked.runs]
    assert list(again.runs) == ends  # dumped at the end of each run
    assert again.steps[0] == asked.steps[0]


def test_a_line_that_spparks_would_not_read_is_refused(tmp_path):
    layer = "am cartesian_layer 1 start LL pass_id 1 thickness 25 offset -80.0 0.0\n"
    text = ELLIPSOID.replace("hatch 25", "hatch 0.1")
    assert layer in text
    with pytest.raises(InputError, match="no line of"):
        script_text(read_script(script(tmp_path, text)), "out.dump")


def test_a_run_reports_progress_and_returns_the_snapshots(tmp_path, stand_in):
    told = Told()
    simulation = read_script(script(tmp_path, POTTS))
    found = run_simulation(simulation, str(stand_in), progress=told)
    assert [t for t, _ in found] == [0.0, 1.03333]
    assert found[1][1].periodic == (True, True, False)
    np.testing.assert_array_equal(found[1][1].mask, load(RECORDED / "tiny.dump").mask)
    assert told.total == 10
    assert told.reports == sorted(told.reports)
    assert told.reports[-1] == 1.0  # the time column of the last row


def test_a_script_runs_where_it_lies_with_its_variables(tmp_path, stand_in):
    home = tmp_path / "home of scripts"
    home.mkdir()
    path = script(home, POTTS.replace("temperature 0.5", "temperature ${T}"))
    reached, volume = run_script(path, {"T": "0.5"}, str(stand_in))
    assert reached == 1.03333
    assert volume.periodic == (True, True, False)
    _, where, words, *text = (tmp_path / "note").read_text().split("\n")
    assert where == str(home)
    assert "'-var', 'T', '0.5'" in words
    assert text[0] == f'include "{path}"'


def test_an_executable_that_fails_shows_its_last_lines(tmp_path, stand_in, monkeypatch):
    monkeypatch.setenv("STAND_IN_FAILS", "1")
    path = script(tmp_path, POTTS)
    with pytest.raises(InputError, match=r"exit code 1.*invalid values") as error:
        run_script(path, {}, str(stand_in))
    assert "\n" not in str(error.value)


def test_a_program_without_mpi_is_told_by_its_grid_of_one(
    tmp_path, stand_in, monkeypatch
):
    mpirun = tmp_path / "mpirun"
    mpirun.write_text('#!/bin/sh\nshift 2\nexec "$@"\n')
    mpirun.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    path = script(tmp_path, POTTS)
    assert run_script(path, {}, str(stand_in), 1)[0] == 1.03333
    with pytest.raises(InputError, match=r"2 processes.*built with MPI"):
        run_script(path, {}, str(stand_in), 2)


def test_missing_programs_and_files_are_one_line(tmp_path):
    path = script(tmp_path, POTTS)
    with pytest.raises(InputError, match=r"no such program.*--spparks"):
        run_script(path, {}, str(tmp_path / "spk"))
    with pytest.raises(InputError, match="no such file"):
        run_script(tmp_path / "in.none", {}, sys.executable)


def test_an_interrupt_ends_the_program(tmp_path, stand_in, monkeypatch):
    monkeypatch.setenv("STAND_IN_ROWS", "1000")
    with pytest.raises(KeyboardInterrupt):
        run_script(script(tmp_path, POTTS), {}, str(stand_in), 1, Told(True))
    pid = int((tmp_path / "note").read_text().split("\n")[0])
    for _ in range(50):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.1)
    pytest.fail("the program is still running")


@pytest.mark.skipif(
    "GRAINPAINT_SPPARKS" not in os.environ, reason="GRAINPAINT_SPPARKS is not set"
)
def test_spparks_itself_agrees_with_us_on_a_start_without_time(tmp_path):
    """A site file of ours, run for no time by SPPARKS, comes back as it was."""
    executable = os.environ["GRAINPAINT_SPPARKS"]
    text = POTTS.replace("run 10.0", "run 0").replace("p p n", "n p n")
    spin = np.random.default_rng(1).integers(1, 101, (20, 30, 10)).astype(np.int32)
    from grainpaint.formats.spparks import write_sites
    from grainpaint.simulate.spparks.runner import simulate

    write_sites(tmp_path / "start.sites", spin, (False, True, False))
    path = script(
        tmp_path, text.replace("set site range 1 100", "read_sites start.sites")
    )
    _, theirs = run_script(path, {}, executable)
    ((_, ours),) = simulate(read_script(path))
    np.testing.assert_array_equal(ours.grain_id, theirs.grain_id)


BUILD = {
    "shape": (40, 30, 20),
    "spins": 100,
    "temperature": 0.3,
    "copy_molten": True,
    "pool": {
        "shape": "double-ellipsoid", "width": 9, "depth": 6, "front": 4, "rear": 12,
    },
    "haz": {
        "law": "exponential", "decay": 0.3,
        "width": 12, "depth": 8, "front": 6, "rear": 15,
    },
    "scan": {"speed": 12.0, "hatch": 7.0, "thickness": 4, "rotation": 90.0},
}  # fmt: skip
POINTS = {"x": (0, 0, 2, 3, 3), "y": (1, 2, 1), "z": (-1, -2, -1)}
CURVED = {"shape": "bezier", "width": 9, "depth": 6, **POINTS}
LINEAR = {"law": "linear", "width": 3, "tail": 5, "power": 2.0}


@pytest.mark.parametrize("change", [{}, {"pool": CURVED, "haz": LINEAR}])
def test_a_recipe_becomes_the_script_of_the_same_build(tmp_path, change):
    recipe = AdditiveRecipe.model_validate(BUILD | change)
    asked = build_simulation(recipe, seed=4)
    again = read_script(script(tmp_path, script_text(asked, "out.dump")))
    assert again.app == asked.app
    layers = [(list(tracks), t) for tracks, t in again.build.layers]
    path = build(layers, again.build.start, again.build.n_layers)
    expected = plan_path(recipe, np.ones(recipe.shape, bool))
    for name in ("start", "end", "speed"):
        np.testing.assert_allclose(
            getattr(path, name), getattr(expected, name), rtol=1e-9, atol=1e-7
        )
    pool, zone = _pool(again.app)
    assert (pool, zone) == (recipe.pool, recipe.haz)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"substrate": {"height": 4, "grain": 5}}, "neither parts nor substrates"),
        ({"haz": LINEAR}, "got double-ellipsoid and linear"),
        ({"scan": BUILD["scan"] | {"thickness": 2.5}}, "whole voxels, these by 2.5"),
    ],
)
def test_recipes_that_spparks_cannot_do_are_refused(change, message):
    recipe = AdditiveRecipe.model_validate(BUILD | change)
    with pytest.raises(InputError, match=message):
        build_simulation(recipe, seed=4)
    with pytest.raises(InputError, match=r"seeds are 1\.\."):
        build_simulation(AdditiveRecipe.model_validate(BUILD), seed=0)


def test_a_recipe_of_isotropic_growth_becomes_runs_to_its_times(tmp_path):
    path = script(
        tmp_path,
        'shape = [12, 10, 1]\nlattice = "sq/8n"\nperiodic = "x"\ntime = [5, 20]\n'
        'spins = 30\ntemperature = 0.5\nseed = 3\nvoxel = "2um"\n',
        "iso.toml",
    )
    asked, edge = read_recipe(path, None)
    assert edge == 2.0
    again = read_script(script(tmp_path, script_text(asked, "out.dump")))
    assert (again.app, again.box) == (asked.app, asked.box)
    assert [(r.start, r.stop, r.snapshots) for r in again.runs] == [
        (0, 5, (5,)),
        (5, 20, (20,)),
    ]
    assert {(r.seed, r.temperature, r.rejection) for r in again.runs} == {
        (3, 0.5, False)
    }
    assert read_recipe(path, 8)[0].runs[0].seed == 8
    path.write_text(path.read_text() + "count = 2\n")
    with pytest.raises(InputError, match="one volume at a time"):
        read_recipe(path)
