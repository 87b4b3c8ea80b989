"""Shared by all benchmarks: options, timers, and JSON files with a stamp.

Every script takes `--quick`, which runs the same code on tiny inputs, and `--out FILE`.
Without `--out`, the JSON goes beside the script, or nowhere if `--quick` is given.
Scripts that need a program or data that are not there exit with code 3.
"""

import argparse
import contextlib
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import psutil
from stamps import stamp

os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # commands load compiled modules

__all__ = [
    "MISSING",
    "REPOSITORY",
    "SHARED",
    "TABLE_2",
    "Finished",
    "Stopwatch",
    "folder_for",
    "grainpaint",
    "in_turns",
    "make_parser",
    "median_seconds",
    "missing",
    "run_anew",
    "save",
    "shortest",
    "show",
    "timed",
]

REPOSITORY = Path(__file__).parents[1]
SHARED = REPOSITORY.parent / "shared" / "data"  # recorded runs and parts
MISSING = 3  # exit code
TABLE_2 = {  # voxels a minute on two A100, Table 2 of the paper
    (224, 224, 224): 25.3e3,
    (368, 368, 224): 24.2e3,
    (416, 416, 224): 24.2e3,
    (464, 464, 224): 23.2e3,
}
_MACHINE = ("machine", "instructions", "cores", "precision")  # one row for each


def make_parser(description, **quick):
    """Return a parser with the options of all benchmarks.

    Parameters
    ----------
    description : str
        The docstring of the script.
    **quick
        Values that options take under `--quick`, where none is given.
    """
    parser = _Parser(description=description, formatter_class=_AsWritten)
    parser.quick = quick
    parser.add_argument("--quick", action="store_true", help="tiny inputs, for tests")
    parser.add_argument("--out", type=Path, help="JSON file, if not beside the script")
    return parser


class _AsWritten(
    argparse.RawDescriptionHelpFormatter, argparse.ArgumentDefaultsHelpFormatter
):
    """Show docstrings as they are, and the default of each option."""


class _Parser(argparse.ArgumentParser):
    """A parser whose defaults are smaller under `--quick`."""

    quick: dict

    def parse_args(self, args=None, namespace=None):
        """Parse twice if `--quick` is among the words."""
        found = super().parse_args(args, namespace)
        if found.quick:
            self.set_defaults(**self.quick)
            found = super().parse_args(args, namespace)
        return found


def missing(what):
    """Say in one line what a benchmark needs, and exit with code 3."""
    print(what, file=sys.stderr)
    sys.exit(MISSING)


@contextlib.contextmanager
def folder_for(options, name):
    """Yield runs/NAME, where volumes are kept, or an empty folder under `--quick`."""
    if options.quick:
        with tempfile.TemporaryDirectory() as folder:
            yield Path(folder)
    else:
        yield REPOSITORY / "runs" / name


# Timers


def timed(call):
    """Return the seconds that a call takes, and its result."""
    start = time.perf_counter()
    result = call()
    return time.perf_counter() - start, result


def shortest(call, runs=3):
    """Return the shortest time of some runs, in seconds."""
    return min(timed(call)[0] for _ in range(runs))


def median_seconds(call, runs=3):
    """Return the median time of some runs, in seconds."""
    return statistics.median(timed(call)[0] for _ in range(runs))


def in_turns(calls, rounds):
    """Return the shortest seconds of each call, after one round to warm up.

    Calls are timed in turns, since the speed of shared machines drifts.
    """
    for call in calls:
        call()
    found = [[timed(call)[0] for call in calls] for _ in range(rounds)]
    return [min(times) for times in zip(*found)]


class Stopwatch:
    """Processor seconds of this process between `start` and `stop`; pairs may nest."""

    def __init__(self):
        self.seconds, self._depth, self._begin = 0.0, 0, 0.0

    def start(self):
        """Start, unless it runs already."""
        if self._depth == 0:
            self._begin = time.process_time()
        self._depth += 1

    def stop(self):
        """Stop, if this ends the outermost pair."""
        self._depth -= 1
        if self._depth == 0:
            self.seconds += time.process_time() - self._begin


@dataclass(frozen=True)
class Finished:
    """What a command took.

    Attributes
    ----------
    seconds : float
        From its start to its end.
    processor_seconds : float
        Of all its processes.
    peak_bytes : int
        Resident memory at the peak, of all its processes together.
    output : str
        What it printed.
    """

    seconds: float
    processor_seconds: float
    peak_bytes: int
    output: str


def grainpaint(*words, codes=(0,), script=None, stop_after=None, **environment):
    """Run a command of grainpaint and return what it took.

    Parameters
    ----------
    *words
        The command.
    codes : tuple of int
        Exit codes that are no failure.
    script : Path, optional
        A Python script to run in place of grainpaint.
    stop_after : float, optional
        Seconds after which it gets SIGTERM.
    **environment
        Variables that differ from those of this process.
    """
    tool = [str(script)] if script else ["-m", "grainpaint"]
    with tempfile.TemporaryFile("w+") as output, ThreadPoolExecutor(1) as pool:
        start = time.perf_counter()
        child = subprocess.Popen(
            [sys.executable, *tool, *map(str, words)],
            stdout=output,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **environment},
        )
        together = pool.submit(_peak_of_family, child.pid)
        if stop_after is not None:
            timer = threading.Timer(stop_after, os.kill, (child.pid, signal.SIGTERM))
            timer.start()
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - start
        if stop_after is not None:
            timer.cancel()
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode not in codes:
            sys.exit(f"grainpaint {' '.join(map(str, words))} failed")
        output.seek(0)
        used = usage.ru_utime + usage.ru_stime
        return Finished(seconds, used, together.result(), output.read())


def _peak_of_family(pid):
    """Sample the resident bytes of a process and all below it until it ends.

    Of the process itself Linux tells the peak. That of `wait4` counts what this process
    held when it made the child.
    """
    peak = 0
    with contextlib.suppress(psutil.NoSuchProcess):
        parent = psutil.Process(pid)
        while parent.status() != psutil.STATUS_ZOMBIE:
            family = [parent, *parent.children(recursive=True)]
            together = sum(process.memory_info().rss for process in family)
            peak = max(peak, together, _peak_of(pid))
            time.sleep(0.1)
    return peak


def _peak_of(pid):
    """Return the most resident bytes that a process has had, 0 where none tells."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return 0


def run_anew(script, function, *arguments, **environment):
    """Call a function of a script in a new process; return what it returns.

    Its result must be valid JSON; it may print, too.
    """
    code = (
        "import json, sys; from pathlib import Path;"
        f"sys.path.insert(0, {str(script.parent)!r}); import {script.stem} as script;"
        f"result = script.{function}(*json.loads({json.dumps(arguments)!r}));"
        "print(json.dumps(result))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        env=os.environ | environment,
    )
    return json.loads(done.stdout.splitlines()[-1])


# Files


def save(options, script, figures, part=None, per_machine=False, **known):
    """Write the JSON of a benchmark, figures after their stamp.

    Parameters
    ----------
    options : argparse.Namespace
        With `quick` and `out`.
    script : Path
        The JSON bears its name; or the name of the JSON itself.
    figures : dict
        What was measured.
    part : str, optional
        The file has several parts, each with its own stamp; only this one is written.
    per_machine : bool
        The file is a list with a row for each machine and precision.
    **known
        Arguments of `stamp`.
    """
    path = options.out or (None if options.quick else script.with_suffix(".json"))
    if path is None:
        return
    content = {"stamp": stamp(**known), **figures}
    before = json.loads(path.read_text()) if path.exists() else None
    if part:
        content = {**(before or {}), part: content}
    elif per_machine:
        own = _place(content)
        content = [*(row for row in before or [] if _place(row) != own), content]
    path.write_text(
        json.dumps(content, indent=1, ensure_ascii=False, default=float) + "\n"
    )


def show(rows):
    """Print rows, dicts with the same keys, as a table in Markdown."""
    print("|", " | ".join(map(str, rows[0])), "|")
    print("|" + "---|" * len(rows[0]))
    for row in rows:
        print("|", " | ".join(str(value) for value in row.values()), "|", flush=True)


def _place(row):
    return [row["stamp"][key] for key in _MACHINE]
