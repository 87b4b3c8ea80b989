"""SPPARKS as a process: start it, follow its log, end it."""

import math
import os
import re
import shutil
import signal
import subprocess
import time as clock
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from grainpaint.errors import InputError
from grainpaint.progress import Bar, Progress

__all__ = ["execute"]

_POLL_S = 0.2
_GRACE_S = 5.0  # between asking the program to stop and killing it
_GRID = re.compile(r"(\d+) by (\d+) by (\d+) processor grid")


def execute(
    executable: str,
    n_ranks: int,
    script: Path,
    folder: Path,
    where: Path,
    words: tuple[str, ...],
    total: float | None,
    progress: Progress,
) -> None:
    """Run SPPARKS and report the progress that its log shows.

    Parameters
    ----------
    executable : str
        A path, or a name on the search path.
    n_ranks : int
        Number of processes; more than one are started with mpirun.
    script : Path
    folder : Path
        Receives the log and the output of the program.
    where : Path
        Folder in which the program runs.
    words : tuple of str
        Further words of its command line.
    total : float, optional
        SPPARKS' time at the end, if known.
    progress : Progress
        Receives SPPARKS' time.

    Raises
    ------
    InputError
        If a program is missing or fails, or is not built with MPI but should be.
    """
    program = _find(executable)
    launcher = [_find("mpirun"), "-np", str(n_ranks)] if n_ranks > 1 else []
    log, screen = folder / "log.spparks", folder / "screen"
    command = [*launcher, program, "-in", str(script), "-log", str(log), *words]
    with (
        screen.open("wb") as output,
        progress("SPPARKS", total or 1.0) as bar,
        _child(command, where, output.fileno()) as child,
    ):
        _follow(child, log, bar, total is not None)
    if child.returncode != 0:
        lines = screen.read_text(errors="replace").strip().split("\n")
        last = " | ".join(line.strip() for line in lines[-4:] if line.strip())
        raise InputError(
            f"{executable} failed with exit code {child.returncode}; its last lines: "
            f"{last or 'none'}"
        )
    grid = _GRID.search(log.read_text(errors="replace")) if launcher else None
    if grid and math.prod(map(int, grid.groups())) != n_ranks:
        raise InputError(
            f"{executable} does not share its work among {n_ranks} processes, each did "
            "all of it: use an executable that is built with MPI, or a single process"
        )


def _find(executable: str) -> str:
    """Return the path of a program."""
    found = shutil.which(executable)
    if found is None:
        raise InputError(
            f"{executable}: no such program, or it is not executable: "
            + ("install MPI" if executable == "mpirun" else "give the path of SPPARKS")
        )
    return os.path.abspath(found)


@contextmanager
def _child(
    command: list[str], where: Path, output: int
) -> Iterator["subprocess.Popen[bytes]"]:
    """Start a program that never outlives this block."""
    child = subprocess.Popen(
        command,
        cwd=where,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,  # a group with all processes that mpirun starts
    )
    try:
        yield child
    finally:
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGTERM)
            try:
                child.wait(_GRACE_S)
            except subprocess.TimeoutExpired:
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()


def _follow(
    child: "subprocess.Popen[bytes]", log: Path, bar: Bar, has_total: bool
) -> None:
    """Report the time column of the log until the program ends."""
    at, rest = 0, ""
    while child.poll() is None:
        clock.sleep(_POLL_S)
        if not log.is_file():
            continue
        with log.open() as file:
            file.seek(at)
            text = rest + file.read()
            at = file.tell()
        *lines, rest = text.split("\n")
        reached = [t for t in map(_log_time, lines) if t is not None]
        if reached:
            bar.update(reached[-1] if has_total else 0.0, f"time {reached[-1]:g}")


def _log_time(line: str) -> float | None:
    """Return the time in a line of statistics (numbers only, the time first)."""
    try:
        numbers = [float(word) for word in line.split()]
    except ValueError:
        return None
    return numbers[0] if len(numbers) >= 5 else None
