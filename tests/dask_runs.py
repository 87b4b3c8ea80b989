"""Commands that run on a Dask cluster, its processes, and what they leave."""

import os
import subprocess
import sys
import time

from safetensors.torch import load_file

SHAPE = (132, 24, 24)
WORDS = ("generate", "--shape", "132,24,24", "--seed", "5", "--window", "32")
WORDS += ("--no-picture",)


def words(model, path, *more):
    own = [sys.executable, "-m", "grainpaint", *WORDS]
    return [*own, "--model", str(model), "-o", str(path), *map(str, more)]


def contents(path):
    return {p.relative_to(path): p.read_bytes() for p in path.rglob("*") if p.is_file()}


def weights(folder):
    found = load_file(folder / "base.state.safetensors")
    return {name: tensor.numpy().tobytes() for name, tensor in found.items()}


class Processes:
    """A scheduler and workers, each a process, that meet by a file."""

    def __init__(self, folder, options=(), environment=()):
        self.file = folder / "scheduler.json"
        self.log = (folder / "log").open("wb")
        self.options = [*options, "--scheduler-file", str(self.file), "--no-dashboard"]
        self.environment = dict(environment)
        self.started = []
        self.scheduler = self.start("scheduler", "--host", "127.0.0.1", "--port", "0")

    def start(self, kind, *more, **environment):
        words = [sys.executable, "-m", "dask", kind, *self.options, *more]
        child = subprocess.Popen(
            words,
            stdout=self.log,
            stderr=self.log,
            env=os.environ | self.environment | environment,
        )
        self.started.append(child)
        return child

    def await_file(self):
        until(lambda: self.file.exists() and self.file.stat().st_size, self.scheduler)

    def worker(self, **environment):
        """Start a worker, of which nobody takes care."""
        return self.start("worker", "--no-nanny", "--nthreads", "1", **environment)

    def end(self):
        for child in self.started:
            child.kill()
            child.wait()
        self.log.close()


def lines(path):
    journal = path / "work" / "journal.jsonl"
    return journal.read_bytes().count(b"\n") if journal.exists() else 0


def until(condition, child):
    deadline = time.monotonic() + 120
    while not condition():
        assert child.poll() is None, child.stderr.read()
        assert time.monotonic() < deadline
        time.sleep(0.005)


def begun(*words, **environment):
    return subprocess.Popen(
        words, stderr=subprocess.PIPE, text=True, env=os.environ | environment
    )


def ended(child, seconds=180):
    """Return the exit code and the lines of a command, but those of its progress."""
    try:
        error = child.communicate(timeout=seconds)[1]
    finally:
        child.kill()
    said = [line for line in error.splitlines() if "left" not in line]
    return child.returncode, said
