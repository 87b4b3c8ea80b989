"""The script for SLURM where its programs are stand-ins: what it does around them."""

import os
import signal
import subprocess
import sys
import time

import pytest

PROGRAM = """#!{python}
import sys, time, pathlib
words, here = sys.argv[2:], pathlib.Path({folder!r})
def log(text):
    with (here / "log").open("a") as file:
        file.write(text + "\\n")
meet = pathlib.Path(words[words.index("--scheduler-file") + 1])
if words[:2] == ["dask", "scheduler"]:
    log("scheduler")
    while not (here / "go").exists():
        time.sleep(0.02)
    meet.write_text("new")
    time.sleep(60)
elif words[:2] == ["dask", "worker"]:
    log("worker " + meet.read_text())
else:
    log("command " + meet.read_text())
"""
SRUN = """#!/bin/bash
echo "srun $*" >> {folder}/log
while [[ $1 == --* ]]; do shift; done
"$@"
"""


@pytest.fixture
def job(tmp_path, monkeypatch, run, tiny_model):
    """A script whose Python is a stand-in, and what begins it."""
    monkeypatch.chdir(tmp_path)
    size = ("--shape", "16,16,16", "--model", tiny_model)
    assert run("plan", *size, "--sbatch", "job.sh")[0] == 0
    names = {"python": sys.executable, "folder": str(tmp_path)}
    for name, text in (("program", PROGRAM), ("srun", SRUN)):
        (tmp_path / name).write_text(text.format(**names))
        (tmp_path / name).chmod(0o755)
    script = (tmp_path / "job.sh").read_text()
    (begin,) = [line for line in script.splitlines() if line.startswith("python=")]
    (tmp_path / "job.sh").write_text(
        script.replace(begin, f"python={tmp_path}/program")
    )

    def submitted():
        known = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "SLURM_JOB_ID": "17"}
        return subprocess.Popen(["bash", "job.sh"], env=os.environ | known)

    return submitted


def begun(folder):
    for _ in range(1000):
        if (folder / "log").exists():
            return
        time.sleep(0.02)
    raise AssertionError


def test_a_requeued_job_does_not_ask_the_scheduler_of_its_first_life(job, tmp_path):
    meet = tmp_path / ".grainpaint-17"
    meet.mkdir()
    (meet / "scheduler.json").write_text("old")
    script = job()
    begun(tmp_path)
    (tmp_path / "go").touch()
    assert script.wait(30) == 0
    text = (tmp_path / "log").read_text()
    assert "command new\n" in text
    assert "old" not in text
    assert not meet.exists()


def test_a_signal_before_the_command_begins_is_not_lost(job, tmp_path):
    script = job()
    begun(tmp_path)
    script.send_signal(signal.SIGTERM)
    assert script.wait(30) == 128 + signal.SIGTERM
    assert (tmp_path / "log").read_text() == "scheduler\n"
    assert not (tmp_path / ".grainpaint-17").exists()


def test_a_worker_that_dies_ends_no_other_whatever_the_site_has_set(job, tmp_path):
    (tmp_path / "go").touch()
    assert job().wait(30) == 0
    text = (tmp_path / "log").read_text()
    (words,) = [line for line in text.splitlines() if line.startswith("srun ")]
    assert {"--export=ALL", "--kill-on-bad-exit=0", "--wait=0"} <= set(words.split())
