"""Read a script to its end whatever stands in the way, and list all obstacles."""

import re
from pathlib import Path

from grainpaint.errors import InputError
from grainpaint.formats.files import check_file
from grainpaint.simulate.spparks.applications import PottsApp
from grainpaint.simulate.spparks.script.command import Command, MissingCommand
from grainpaint.simulate.spparks.script.language import commands
from grainpaint.simulate.spparks.script.reader import follow
from grainpaint.simulate.spparks.script.state import ScriptState
from grainpaint.simulate.spparks.script.unknown import UnknownCommand
from grainpaint.simulate.spparks.simulation import ReadFile, Simulation
from grainpaint.simulate.spparks.sites import Sites

__all__ = ["survey_script", "unfit_files"]

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
        follows from an earlier obstacle. Of a text without any command of SPPARKS, one
        that says so.

    Raises
    ------
    InputError
        If there is no such file.
    """
    check_file(path)
    known = dict(variables or {})
    missing: list[str] = []
    while True:
        simulation, obstacles = _survey(path, known)
        names = ((_UNKNOWN_VARIABLE.search(line), line) for line in obstacles)
        name, line = next(((n, line) for n, line in names if n), (None, ""))
        if name is None or name[1] in known or len(missing) >= _MOST_VARIABLES:
            return (None if missing else simulation), missing + obstacles
        missing.append(line)
        known[name[1]] = _STAND_IN


def unfit_files(simulation: Simulation) -> list[str]:
    """Return what is wrong with the site files that a script reads.

    They are read as a run would do it. Files that the script itself writes do not
    exist yet.
    """
    dumped = {w.path for part in simulation.parts
              for moment in part.moments for w in moment.dumps}  # fmt: skip
    found: dict[str, None] = {}
    for part in simulation.parts:
        for step in part.steps:
            if not isinstance(step, ReadFile) or step.time is not None:
                continue
            if step.path in dumped or not step.path.is_file():
                continue
            try:
                Sites(part.box).read_file(step)
            except InputError as error:
                found[str(error)] = None
    return list(found)


def _survey(
    path: Path, variables: dict[str, str]
) -> tuple[Simulation | None, list[str]]:
    """Read a script to its end with the variables that are known."""
    state = ScriptState(path)
    failed: set[str] = set()
    understood = strange = 0
    obstacles: dict[str, None] = {}  # in order; a loop comes to the same one again

    def note(error: InputError) -> None:
        obstacles[str(error)] = None

    try:
        for command in commands(
            path, variables, state.keyword, state.echoed, note, state.named
        ):
            try:
                follow(state, command)
                understood += 1
            except InputError as error:
                strange += isinstance(error, UnknownCommand)
                understood += not isinstance(error, UnknownCommand)
                if not _follows(error, command, failed):
                    note(error)
                failed.add(command.name)
                if command.name == "app_style" and state.app is None:
                    state.app = PottsApp(1)  # so that the other commands are read, too
    except InputError as error:
        note(error)  # the script has no end, or a label is missing
    if strange and not understood:
        return None, [
            f"{path}: is not a script of SPPARKS: none of its commands is known"
        ]
    for missing in state.missing_files() if "dump" not in failed else ():
        note(missing)
    if obstacles or failed:
        return None, list(obstacles)
    try:
        return state.simulation(), []
    except InputError as error:
        return None, [str(error)]


def _follows(error: InputError, command: Command, failed: set[str]) -> bool:
    """Return whether an error only follows from commands that have failed."""
    if isinstance(error, MissingCommand):  # some applications need no lattice
        return error.what.split()[0] in failed or "app_style" in failed
    # Without the application, its own commands and values are not known.
    of_app = command.name in ("set", "am", "run", "dump", "dump_modify", "diag_style")
    return "app_style" in failed and (of_app or isinstance(error, UnknownCommand))
