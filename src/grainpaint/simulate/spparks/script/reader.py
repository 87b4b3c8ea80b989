"""Read an input script of SPPARKS into plain frozen values.

`read_script` follows a script command by command and returns a `Simulation`: the box,
the application with its parameters, and the steps (spins set, files read, runs) in
order. Nothing is simulated here. A command that our kernels cannot honor is an error
that names its line; one that does not change the physics is listed.
"""

from pathlib import Path

from grainpaint.simulate.spparks.applications import AdditiveApp, PathsApp
from grainpaint.simulate.spparks.script import (
    application,
    box,
    diagnostics,
    dumps,
    messages,
    path_files,
    region,
    run,
    shell_commands,
    spins,
    variant_styles,
    weld_commands,
)
from grainpaint.simulate.spparks.script.command import Command
from grainpaint.simulate.spparks.script.language import commands
from grainpaint.simulate.spparks.script.state import Handler, ScriptState
from grainpaint.simulate.spparks.script.unknown import unknown
from grainpaint.simulate.spparks.simulation import Simulation

__all__ = ["follow", "read_script"]

_PASSED_OVER = {"processors"}  # commands without effect here


def read_script(path: Path, variables: dict[str, str] | None = None) -> Simulation:
    """Read an input script of SPPARKS.

    Parameters
    ----------
    path : Path
    variables : dict
        SPPARKS' ``-var``; they take precedence over variables that the script defines.

    Returns
    -------
    Simulation

    Raises
    ------
    InputError
        With file and line, if something is wrong or not supported.
    """
    state = ScriptState(path)
    for command in commands(
        path, variables or {}, state.keyword, state.echoed, named=state.named
    ):
        follow(state, command)
    return state.simulation()


def follow(state: ScriptState, command: Command) -> None:
    """Execute a command."""
    if command.name in _PASSED_OVER:
        state.pass_over(command)
    elif command.name in _COMMANDS:
        _COMMANDS[command.name](state, command)
    else:
        raise unknown(command, (*_COMMANDS, *_PASSED_OVER))
    for note in command.notes:
        state.pass_over(command, note)


def _am(state: ScriptState, command: Command) -> None:
    if not isinstance(state.app, AdditiveApp | PathsApp):
        raise command.fail(
            "needs app_style am/ellipsoid, potts/am/bezier, potts/am/weld or "
            "potts/am/path/gen"
        )
    if state.extent is None:
        raise command.missing("create_box")
    state.am.follow(command, state.extent, state.app)


def _am_word(state: ScriptState, command: Command) -> None:
    """Execute ``am_pass`` and the like, the words of ``potts/additive`` until 2020.

    For some weeks of 2017 they were ``pass`` and so on.
    """
    words = (command.name.removeprefix("am_"), *command.words)
    _am(state, Command("am", words, command.where))


def _clear(state: ScriptState, command: Command) -> None:
    if command.words:
        raise command.fail("takes no words")
    state.clear()


_COMMANDS: dict[str, Handler] = {
    **application.COMMANDS,
    **box.COMMANDS,
    **region.COMMANDS,
    **spins.COMMANDS,
    **variant_styles.COMMANDS,
    **run.COMMANDS,
    **diagnostics.COMMANDS,
    **dumps.COMMANDS,
    **messages.COMMANDS,
    **weld_commands.COMMANDS,
    **path_files.COMMANDS,
    **shell_commands.COMMANDS,
    "am": _am,
    "am_cartesian_layer": _am_word,
    "am_pass": _am_word,
    "am_pattern": _am_word,
    "am_transverse_pass": _am_word,
    "cartesian_layer": _am_word,
    "pass": _am_word,
    "pattern": _am_word,
    "transverse_pass": _am_word,
    "clear": _clear,
}
