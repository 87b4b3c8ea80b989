"""The commands ``echo``, ``log`` and ``print``."""

from grainpaint.simulate.spparks.requests import OpenLog, Say
from grainpaint.simulate.spparks.script.command import Command
from grainpaint.simulate.spparks.script.state import Handler, ScriptState

__all__ = ["COMMANDS"]


def _echo(state: ScriptState, command: Command) -> None:
    where = command.expect(0, "none", "screen", "log", "both")
    state.echo = (where in ("screen", "both"), where in ("log", "both"))


def _log(state: ScriptState, command: Command) -> None:
    name = command.word(0)
    if len(command.words) > 1:
        raise command.fail(f"takes one word, a file; got {' '.join(command.words)}")
    state.steps.append(OpenLog("" if name == "none" else state.named(name)))


def _print(state: ScriptState, command: Command) -> None:
    state.steps.append(Say(" ".join(command.words)))


COMMANDS: dict[str, Handler] = {
    "echo": _echo,
    "log": _log,
    "print": _print,
}
