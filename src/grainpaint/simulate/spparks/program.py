"""SPPARKS itself: write its input script, run a user's executable, read the result."""

import math
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time as clock
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from grainpaint.errors import InputError
from grainpaint.formats.spparks import grains_of_spins, read_spins, times
from grainpaint.microstructure import Microstructure
from grainpaint.progress import Bar, Progress, silent
from grainpaint.simulate.spparks import read_script
from grainpaint.simulate.spparks.values import (
    Bezier,
    Build,
    Ellipsoid,
    Potts,
    ReadFile,
    Run,
    SetSpins,
    Simulation,
    Step,
)

__all__ = ["run_script", "run_simulation", "script_text"]

_POLL_S = 0.2
_GRACE_S = 5.0  # between asking the program to stop and killing it
_MOST_CHARACTERS = 2000  # of a line that SPPARKS reads
_DUMP = "grainpaint"
_GRID = re.compile(r"(\d+) by (\d+) by (\d+) processor grid")


def script_text(simulation: Simulation, dump: str, n_ranks: int = 1) -> str:
    """Return the input script with which SPPARKS does a simulation.

    Parameters
    ----------
    simulation : Simulation
        Its sites fill the box; spins are set everywhere, or read from a site file.
    dump : str
        File for the spins at the end of each run.
    n_ranks : int
        More than one need sectors.

    Raises
    ------
    InputError
        If a line would be longer than SPPARKS reads.
    """
    box = simulation.box
    a = box.spacing  # regions count in lattice constants
    corner = [o / a for o in box.origin]
    if box.lattice.startswith("sq"):
        corner[2] -= 0.5  # its sites lie in the middle
    faces = " ".join(f"{c:g} {c + n:g}" for c, n in zip(corner, box.shape))
    first = simulation.runs[0]
    sectors = n_ranks > 1 or first.sectors
    sweep = "sweep raster" if first.raster else "sweep random"
    lines = [
        f"seed {first.seed}",
        *_app(simulation.app),
        f"dimension {3 if box.lattice.startswith('sc') else 2}",
        f"lattice {box.lattice} {a:g}",
        f"boundary {' '.join('p' if p else 'n' for p in box.periodic)}",
        f"region box block {faces}",
        "create_box box",
        "create_sites box",
        *(_build(simulation.build) if simulation.build else []),
        f"sector {'yes' if sectors else 'no'}",
        sweep if first.rejection else "solve_style tree",
        "diag_style energy",
        f"stats {simulation.runs[-1].stop / 100:g}",
        f"dump {_DUMP} text 1e20 {dump} id site x y z",
        f"dump_modify {_DUMP} delay 1e20",
        *(line for step in simulation.steps for line in _step(step)),
    ]
    for line in lines:
        if len(line) > _MOST_CHARACTERS:
            raise InputError(
                f"SPPARKS reads no line of {len(line):,} characters: {line[:60]} ..."
            )
    return "\n".join(lines) + "\n"


def _app(app: Potts | Ellipsoid | Bezier) -> list[str]:
    """Return the lines of the application."""
    match app:
        case Potts(n_spins, neighbors_only):
            return [f"app_style potts{'/neighonly' * neighbors_only} {n_spins}"]
        case Ellipsoid():
            pool = (app.width, app.tail, app.depth, app.cap)
            zone = (app.haz_width, app.haz_tail, app.haz_depth, app.haz_cap, app.decay)
            return [f"app_style am/ellipsoid {app.n_spins} {_words(pool + zone)}"]
        case Bezier():
            words = (app.width, app.depth, app.haz, app.haz_tail, app.power)
            points = (("x", app.x), ("y", app.y), ("z", app.z))
            return [
                f"app_style potts/am/bezier {app.n_spins} {_words(words)}",
                *(f"potts/am/bezier control_points {a} {_words(p)}" for a, p in points),
                f"potts/am/bezier beta {_words(app.beta)}",
            ]


def _words(numbers: tuple[float, ...]) -> str:
    return " ".join(f"{n:.10g}" for n in numbers)


def _build(build: Build) -> list[str]:
    """Return the lines of a scan, each track as a path."""
    lines = []
    path_id = 0
    for layer_id, (tracks, thickness) in enumerate(build.layers, 1):
        first = path_id + 1
        for start, end, speed in tracks:
            path_id += 1
            lines.append(
                f"am path {path_id} start {_words(start)} end {_words(end)} "
                f"speed {speed:.10g}"
            )
        ids = " ".join(str(i) for i in range(first, path_id + 1))
        lines.append(
            f"am path_layer {layer_id} num_paths {len(tracks)} path_ids {ids} "
            f"thickness {thickness:g}"
        )
    return [*lines, f"am build start {build.start:g} num_layers {build.n_layers}"]


def _step(step: Step) -> list[str]:
    """Return the lines of a step."""
    match step:
        case ReadFile(path, None):
            return [f"read_sites {path}"]
        case SetSpins(low, high) if step == SetSpins(low, high, seed=step.seed):
            return [f"set site range {low} {high}"]
        case Run():
            return [
                f"temperature {step.temperature:.10g}",
                f"run {step.stop:.10g} upto",
                f"dump_one {_DUMP}",
            ]
    raise InputError(f"a script for SPPARKS cannot say {step}")


def run_simulation(
    simulation: Simulation,
    executable: str,
    n_ranks: int = 1,
    progress: Progress = silent,
    spacing: float = 1.0,
) -> list[tuple[float, Microstructure]]:
    """Let SPPARKS do a simulation.

    Parameters
    ----------
    simulation : Simulation
    executable : str
        SPPARKS: a path, or a name on the search path.
    n_ranks : int
        Processes, by mpirun if more than one.
    progress : Progress
        Told SPPARKS' time.
    spacing : float
        Edge of a voxel of the volumes, µm.

    Returns
    -------
    list of (time, volume)
        The grains at the end of each run.

    Raises
    ------
    InputError
        If the executable is missing or fails; its last lines are in the message.
    """
    with tempfile.TemporaryDirectory(prefix="grainpaint-") as name:
        folder = Path(name)
        dump = folder / "spins.dump"
        script = folder / "in.spparks"
        script.write_text(script_text(simulation, dump.name, n_ranks))
        total = simulation.runs[-1].stop
        _execute(executable, n_ranks, script, folder, folder, (), total, progress)
        found = _volumes(dump, executable, simulation.box.periodic)
        return [(t, replace(v, spacing=(spacing,) * 3)) for t, v in found]


def run_script(
    path: Path,
    variables: dict[str, str],
    executable: str,
    n_ranks: int = 1,
    progress: Progress = silent,
) -> tuple[float, Microstructure]:
    """Let SPPARKS run a user's script; return the time and the grains at its end.

    It runs where the script lies, as always: files that the script names are found
    there, and its dumps land there.

    Parameters
    ----------
    path : Path
        The script; of any application with one spin a site.
    variables : dict
        SPPARKS' ``-var``.
    executable, n_ranks, progress
        As in `run_simulation`.

    Raises
    ------
    InputError
        If a file is missing or the executable fails.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    with tempfile.TemporaryDirectory(prefix="grainpaint-") as name:
        folder = Path(name)
        dump = folder / "spins.dump"
        script = folder / "in.spparks"
        script.write_text(
            f'include "{path.absolute()}"\n'
            f'dump {_DUMP} text 1e20 "{dump}" id site x y z\ndump_one {_DUMP}\n'
        )
        words = tuple(w for pair in variables.items() for w in ("-var", *pair))
        known = _understood(path, variables)
        total = known.runs[-1].stop if known else None
        periodic = known.box.periodic if known else (False,) * 3
        where = path.absolute().parent
        _execute(executable, n_ranks, script, folder, where, words, total, progress)
        return _volumes(dump, executable, periodic)[-1]


def _understood(path: Path, variables: dict[str, str]) -> Simulation | None:
    """Return what a script asks for, if not only SPPARKS understands it."""
    try:
        return read_script(path, variables)
    except InputError:
        return None


def _volumes(
    dump: Path, executable: str, periodic: tuple[bool, ...]
) -> list[tuple[float, Microstructure]]:
    """Read all snapshots of a dump."""
    if not dump.is_file():
        raise InputError(f"{executable} ended without an error and wrote no spins")
    return [(t, grains_of_spins(read_spins(dump, t), periodic)) for t in times(dump)]


def _execute(
    executable: str,
    n_ranks: int,
    script: Path,
    folder: Path,
    where: Path,
    words: tuple[str, ...],
    total: float | None,
    progress: Progress,
) -> None:
    """Run SPPARKS in `where`, follow its log in `folder`; raise if it fails."""
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
            "all of it: give one that is built with MPI, or leave --ranks out"
        )


def _find(executable: str) -> str:
    """Return the path of a program."""
    found = shutil.which(executable)
    if found is None:
        raise InputError(
            f"{executable}: no such program, or it is not executable; "
            + ("install an MPI" if executable == "mpirun" else "give --spparks PATH")
        )
    return os.path.abspath(found)


@contextmanager
def _child(
    command: list[str], where: Path, output: int
) -> Iterator["subprocess.Popen[bytes]"]:
    """Start a program; whatever happens, it does not outlive this block."""
    child = subprocess.Popen(
        command,
        cwd=where,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,  # with all processes that mpirun starts
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
    """Return the time of a line of statistics: numbers only, the time first."""
    try:
        numbers = [float(word) for word in line.split()]
    except ValueError:
        return None
    return numbers[0] if len(numbers) >= 5 else None
