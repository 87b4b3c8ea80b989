"""SPPARKS run as a program: its script, its progress, its failures.

A stand-in plays back a recorded run. With the environment variable GRAINPAINT_SPPARKS
set to an executable, the real one is run too.
"""

import os
import sys
import time
from contextlib import contextmanager

import numpy as np
import pytest
from samples import ISO, RECORDED

from grainpaint import InputError, load
from grainpaint.simulate.spparks import read_script
from grainpaint.simulate.spparks.program import execute_script, execute_simulation


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


def test_a_run_reports_progress_and_returns_the_snapshots(tmp_path, stand_in):
    told = Told()
    simulation = read_script(script(tmp_path, POTTS))
    found = execute_simulation(simulation, str(stand_in), progress=told)
    assert [t for t, _ in found] == [0.0, 1.03333]
    assert found[1][1].periodic == (True, True, False)
    np.testing.assert_array_equal(found[1][1].mask, load(RECORDED / "tiny.dump").mask)
    assert told.total == 10.0
    assert told.reports == sorted(told.reports)
    assert told.reports[-1] == 1.0  # the time column of the last row


def test_a_script_runs_where_it_lies_with_its_variables(tmp_path, stand_in):
    home = tmp_path / "home of scripts"
    home.mkdir()
    path = script(home, POTTS.replace("temperature 0.5", "temperature ${T}"))
    reached, volume = execute_script(path, {"T": "0.5"}, str(stand_in))
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
        execute_script(path, {}, str(stand_in))
    assert "\n" not in str(error.value)


def test_a_program_without_mpi_is_told_by_its_grid_of_one(
    tmp_path, stand_in, monkeypatch
):
    mpirun = tmp_path / "mpirun"
    mpirun.write_text('#!/bin/sh\nshift 2\nexec "$@"\n')
    mpirun.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    path = script(tmp_path, POTTS)
    assert execute_script(path, {}, str(stand_in), 1)[0] == 1.03333
    with pytest.raises(InputError, match=r"2 processes.*built with MPI"):
        execute_script(path, {}, str(stand_in), 2)


def test_missing_programs_and_files_are_one_line(tmp_path):
    path = script(tmp_path, POTTS)
    with pytest.raises(InputError, match=r"no such program.*path of SPPARKS"):
        execute_script(path, {}, str(tmp_path / "spk"))
    with pytest.raises(InputError, match="no such file"):
        execute_script(tmp_path / "in.none", {}, sys.executable)


def test_an_interrupt_ends_the_program(tmp_path, stand_in, monkeypatch):
    monkeypatch.setenv("STAND_IN_ROWS", "1000")
    with pytest.raises(KeyboardInterrupt):
        execute_script(script(tmp_path, POTTS), {}, str(stand_in), 1, Told(True))
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
    from grainpaint.simulate.spparks.runner import run_simulation

    write_sites(tmp_path / "start.sites", spin, (False, True, False))
    path = script(
        tmp_path, text.replace("set site range 1 100", "read_sites start.sites")
    )
    _, theirs = execute_script(path, {}, executable)
    ((_, ours),) = run_simulation(read_script(path))
    np.testing.assert_array_equal(ours.grain_id, theirs.grain_id)
