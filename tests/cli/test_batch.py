"""The script for SLURM, run as SLURM would, with its srun stood in for."""

import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from samples import GEAR

import grainpaint
from grainpaint import store

SIZE = ("--shape", "140,40,24", "--window", "32")
SRUN = """#!/bin/bash
while [[ $1 == --* ]]; do
    [[ $1 == --ntasks=* ]] && n=${1#*=}
    shift
done
trap 'kill $(jobs -p); wait' TERM
for ((i = 0; i < n; i++)); do "$@" & done
wait
"""


@pytest.fixture
def planned(tmp_path, monkeypatch, run):
    """Return a function that plans with a script, in a folder with a space in it."""
    folder = tmp_path / "a folder"
    folder.mkdir()
    monkeypatch.chdir(folder)

    def plan(*words):
        code, out, _ = run("plan", *words, "--sbatch", "job.sh")
        assert code == 0
        assert out.endswith("when it is given to sbatch\n")
        path = folder / "job.sh"
        subprocess.run(["bash", "-n", path], check=True)
        return path

    return plan


def line(text, begin):
    (found,) = [each for each in text.splitlines() if each.startswith(begin)]
    return found


def test_the_script_asks_for_what_the_volume_takes(planned, tiny_model):
    path = planned(*SIZE, "--model", tiny_model)
    text = path.read_text()
    assert "@" not in text.replace("TERM@90", "")
    head = text.partition("\nset -u")[0]
    assert head.count("#SBATCH ") == text.count("#SBATCH ") == 7
    assert "--signal=B:TERM@90" in head
    assert line(text, "#SBATCH --ntasks").endswith("=6")  # 5 windows of the base
    memory = int(line(text, "#SBATCH --mem-per-cpu").partition("=")[2][:-1])
    assert 800 * 1.3 < memory < 1200
    assert line(text, "#SBATCH --time").endswith("=1:00:00")
    assert line(text, "cd ") == f"cd -- {shlex.quote(str(path.parent))} || exit"
    assert path.stat().st_mode & 0o111


def test_the_command_in_the_script_says_all_that_decides_the_voxels(
    planned, tiny_model
):
    how = ("--voxel", "1mm", "--rotate", "z:90", "--rotate", "x:90")
    how += ("--scale", "2.0", "--halo", "4", "--model", tiny_model)
    text = planned(GEAR, *how, "--seed", "7", "--volume", "it's.zarr").read_text()
    command = line(text, '"$python" -m grainpaint').removesuffix(" \\")
    words = shlex.split(command)[3:]
    assert words[:2] == ["paint", str(GEAR)]
    rest = dict(zip(words[2::2], words[3::2]))
    assert rest == {
        "--voxel": "1mm",
        "--rotate": "x:90",
        "--scale": "2.0",
        "--halo": "4",
        "--model": str(tiny_model),
        "--seed": "7",
        "-o": "it's.zarr",
    }
    assert words.count("--rotate") == 2


def test_scripts_that_cannot_be_written_are_refused(run, tmp_path, tiny_model):
    how = ("plan", *SIZE, "--model", tiny_model)
    (tmp_path / "job.sh").write_text("mine")
    for more, told in [
        (("--volume", "a.zarr"), "add --sbatch"),
        (("--sbatch", tmp_path / "j.sh", "--volume", "a.vti"), "--volume NAME.zarr"),
        (("--sbatch", tmp_path / "job.sh"), "exists"),
    ]:
        code, _, error = run(*how, *more)
        assert (code, error.count("\n")) == (2, 1)
        assert told in error
    assert (tmp_path / "job.sh").read_text() == "mine"


def test_without_slurm_the_script_says_so_at_once(run, tmp_path, tiny_model):
    path = tmp_path / "new folder" / "job.sh"
    assert run("plan", *SIZE, "--model", tiny_model, "--sbatch", path)[0] == 0
    no_path = {"PATH": str(tmp_path)}
    ran = subprocess.run(["/bin/bash", path], env=no_path, capture_output=True)
    assert ran.returncode == 1
    assert b"no srun here" in ran.stderr
    assert ran.stderr.count(b"\n") == 1


@pytest.mark.slow
def test_the_script_survives_a_kill_and_stops_before_the_limit_and_goes_on(
    planned, tiny_model, tmp_path
):
    path = planned(*SIZE, "--model", tiny_model, "--seed", "5", "--volume", "b.zarr")
    volume, other = path.with_name("b.zarr"), tmp_path / "a.zarr"
    srun = tmp_path / "bin" / "srun"
    srun.parent.mkdir()
    srun.write_text(SRUN)
    srun.chmod(0o755)
    environment = os.environ | {
        "PATH": f"{srun.parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(Path(grainpaint.__file__).parents[1]),
        "SLURM_NTASKS": "3",
        "SLURM_JOB_ID": "17",
        "SLURM_MEM_PER_CPU": "2000",
    }

    def submitted():
        with (tmp_path / "log").open("w") as log:
            return subprocess.Popen(
                [path], env=environment, stdout=log, stderr=log, cwd=tmp_path
            )

    def lines():
        journal = volume / "work" / "journal.jsonl"
        return journal.read_bytes().count(b"\n") if journal.exists() else 0

    def until_lines(n, job):
        deadline = time.monotonic() + 120
        while lines() < n:
            assert job.poll() is None, (tmp_path / "log").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.005)

    job = submitted()
    try:
        until_lines(1, job)
        family = psutil.Process(job.pid).children(recursive=True)
        workers = [p for p in family if "spawn_main" in " ".join(p.cmdline())]
        assert len(workers) == 2
        workers[0].kill()
        until_lines(lines() + 1, job)
        job.send_signal(signal.SIGTERM)
        assert job.wait(60) == 128 + signal.SIGTERM
        psutil.wait_procs(family, 30)
        assert not any(p.is_running() for p in family)
    finally:
        job.kill()
    left = store.open_store(volume)
    assert not left.complete
    assert not (volume / "work" / "lock").exists()
    assert [d for d in store.verify(left) if not d.harmless] == []
    assert not [*path.parent.glob(".grainpaint-*")]

    assert submitted().wait(120) == 0, (tmp_path / "log").read_text()
    here = ("generate", *SIZE, "--model", tiny_model, "--seed", "5", "--no-picture")
    command = [sys.executable, "-m", "grainpaint", *here, "-o", other]
    subprocess.run(command, check=True, capture_output=True)
    assert left.digest() == store.open_store(other).digest()
    assert store.verify(left) == []
