"""Read a script to its end whatever stands in the way, and list all obstacles."""

import re
from pathlib import Path

from grainpaint.errors import InputError
from grainpaint.simulate.spparks.applications import PottsApp
from grainpaint.simulate.spparks.script.command import Command, MissingCommand
from grainpaint.simulate.spparks.script.language import commands
from grainpaint.simulate.spparks.script.reader import follow
from grainpaint.simulate.spparks.script.state import ScriptState
from grainpaint.simulate.spparks.script.unknown import UnknownCommand
from grainpaint.simulate.spparks.simulation import Simulation

__all__ = ["survey_script"]

_UNKNOWN_VARIABLE = re.compile(r"no variable '([^']*)'")
_MOST_VARIABLES = 100
_STAND_IN = "1"  # for the value of a variable that is not known


def survey_script(
    path: Path, variables: dict[str, str] | None = None
) -> tuple[Simulation | None, list[str]]:
    """Read a script; return its simulation and all obstacles.

    Parameters
    ----------
    path : Path
    variables : dict
        As in `grainpaint.simulate.spparks.script.reader.read_script`.

    Returns
    -------
    simulation : Simulation, optional
        None if there are obstacles.
    obstacles : list of str
        What `read_script` would object to, one after another, but not what only
        follows from an earlier obstacle.

    Raises
    ------
    InputError
        If there is no such file.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    known = dict(variables or {})
    missing: list[str] = []
    while True:
        try:
            simulation, obstacles = _survey(path, known)
        except InputError as error:
            name = _UNKNOWN_VARIABLE.search(str(error))
            missing.append(str(error))
            if name is None or len(missing) >= _MOST_VARIABLES:
                return None, missing
            known[name[1]] = _STAND_IN
            continue
        return (None if missing else simulation), missing + obstacles


def _survey(
    path: Path, variables: dict[str, str]
) -> tuple[Simulation | None, list[str]]:
    """Read a script whose variables are all known."""
    state = ScriptState(path)
    failed: set[str] = set()
    obstacles = []
    for command in commands(path, variables, state.keyword, state.echoed):
        try:
            follow(state, command)
        except InputError as error:
            if not _follows(error, command, failed):
                obstacles.append(str(error))
            failed.add(command.name)
            if command.name == "app_style" and state.app is None:
                state.app = PottsApp(1)  # so that the other commands are read, too
    if obstacles or failed:
        return None, obstacles
    try:
        return state.simulation(), []
    except InputError as error:
        return None, [str(error)]


def _follows(error: InputError, command: Command, failed: set[str]) -> bool:
    """Return whether an error only follows from commands that have failed."""
    if isinstance(error, MissingCommand):
        return error.what.split()[0] in failed
    # Without the application, its own commands and values are not known.
    of_app = command.name in ("set", "am", "run", "dump", "dump_modify", "diag_style")
    return "app_style" in failed and (of_app or isinstance(error, UnknownCommand))
