"""Run simulations and scripts with a user's executable of SPPARKS."""

import tempfile
from dataclasses import replace
from pathlib import Path

from grainpaint.errors import InputError
from grainpaint.formats.files import check_file
from grainpaint.formats.spparks import grains_of_spins, read_spins, times
from grainpaint.microstructure import Microstructure
from grainpaint.progress import Progress, silent
from grainpaint.simulate.spparks.process import execute
from grainpaint.simulate.spparks.script.reader import read_script
from grainpaint.simulate.spparks.script_text import DUMP, script_text
from grainpaint.simulate.spparks.simulation import Simulation

__all__ = ["execute_script", "execute_simulation"]


def execute_simulation(
    simulation: Simulation,
    executable: str,
    n_ranks: int = 1,
    progress: Progress = silent,
    spacing: float = 1.0,
) -> list[tuple[float, Microstructure]]:
    """Run a simulation with SPPARKS.

    Parameters
    ----------
    simulation : Simulation
    executable : str
        SPPARKS' executable: a path, or a name on the search path.
    n_ranks : int
        Number of processes; more than one are started with mpirun.
    progress : Progress
        Receives SPPARKS' time.
    spacing : float
        Edge of a voxel, µm.

    Returns
    -------
    list of (time, volume)
        The grains at the end of each run.

    Raises
    ------
    InputError
        If the executable is missing or fails; the message quotes its last lines.
    """
    with tempfile.TemporaryDirectory(prefix="grainpaint-") as name:
        folder = Path(name)
        dump = folder / "spins.dump"
        script = folder / "in.spparks"
        script.write_text(script_text(simulation, dump.name, n_ranks))
        total = simulation.runs[-1].stop
        execute(executable, n_ranks, script, folder, folder, (), total, progress)
        found = _volumes(dump, executable, simulation.box.periodic)
        return [(t, replace(v, spacing=(spacing,) * 3)) for t, v in found]


def execute_script(
    path: Path,
    variables: dict[str, str],
    executable: str,
    n_ranks: int = 1,
    progress: Progress = silent,
) -> tuple[float, Microstructure]:
    """Run a user's script with SPPARKS; return the time and the grains at its end.

    SPPARKS runs in the folder of the script: it finds the files that the script names
    there, and writes its dumps there.

    Parameters
    ----------
    path : Path
        The script, of any application with one spin per site.
    variables : dict
        SPPARKS' ``-var``.
    executable, n_ranks, progress
        As in `execute_simulation`.

    Raises
    ------
    InputError
        If a file is missing or the executable fails.
    """
    check_file(path)
    with tempfile.TemporaryDirectory(prefix="grainpaint-") as name:
        folder = Path(name)
        dump = folder / "spins.dump"
        script = folder / "in.spparks"
        script.write_text(
            f'include "{path.absolute()}"\n'
            f'dump {DUMP} text 1e20 "{dump}" id site x y z\ndump_one {DUMP}\n'
        )
        words = tuple(w for pair in variables.items() for w in ("-var", *pair))
        known = _understood(path, variables)
        total = known.runs[-1].stop if known else None
        periodic = known.box.periodic if known else (False,) * 3
        where = path.absolute().parent
        execute(executable, n_ranks, script, folder, where, words, total, progress)
        return _volumes(dump, executable, periodic)[-1]


def _understood(path: Path, variables: dict[str, str]) -> Simulation | None:
    """Return the simulation of a script, None if only SPPARKS understands it."""
    try:
        return read_script(path, variables)
    except InputError:
        return None


def _volumes(
    dump: Path, executable: str, periodic: tuple[bool, ...]
) -> list[tuple[float, Microstructure]]:
    """Read all snapshots of a dump."""
    if not dump.is_file():
        raise InputError(f"{executable} ended without an error but wrote no spins")
    return [(t, grains_of_spins(read_spins(dump, t), periodic)) for t in times(dump)]
