"""The commands of the weld applications: the shape of the pool and its pulse."""

from dataclasses import replace
from typing import Literal, cast

from grainpaint.simulate.spparks.applications import (
    JoiningApp,
    PathWeldApp,
    WeldApp,
    WeldShape,
)
from grainpaint.simulate.spparks.script.command import Command
from grainpaint.simulate.spparks.script.state import Handler, ScriptState

__all__ = ["COMMANDS"]


def _ellipse(state: ScriptState, command: Command) -> None:
    if not isinstance(state.app, WeldApp):
        raise command.fail("needs app_style potts/weld")
    width, length = _positive(command, 0), _positive(command, 1)
    state.app = replace(state.app, shape=WeldShape(width, length))


def _teardrop(state: ScriptState, command: Command) -> None:
    if not isinstance(state.app, WeldApp | PathWeldApp):
        raise command.fail("needs app_style potts/weld or potts/am/weld")
    command.expect(0, "width")
    command.expect(2, "case")
    case = cast(Literal["I", "II", "III"], command.expect(3, "I", "II", "III"))
    state.app = replace(state.app, shape=WeldShape(_positive(command, 1), case=case))


def _pulse(state: ScriptState, command: Command) -> None:
    if not isinstance(state.app, WeldApp):
        raise command.fail("needs app_style potts/weld")
    amplitude, period = command.number(0), command.integer(1)
    if not 0 <= amplitude < 1 or period <= 2:
        raise command.fail(
            f"needs an amplitude in 0..1 and a period above 2, got {amplitude:g} and "
            f"{period}"
        )
    state.app = replace(state.app, pulse=(amplitude, float(period)))


def _deep(state: ScriptState, command: Command) -> None:
    if not isinstance(state.app, JoiningApp):
        raise command.fail("needs app_style potts/weld/jom")
    value = command.integer(0)
    if value < 0:
        raise command.fail(f"must be 0 or above, got {value}")
    match command.name:
        case "deep_width":
            state.app = replace(state.app, deep_width=value)
        case "deep_length":
            state.app = replace(state.app, deep_length=value)
        case _:
            state.app = replace(state.app, depth=value)


def _positive(command: Command, index: int) -> float:
    value = command.number(index)
    if not value > 0:
        raise command.fail(f"must be above 0, got {value:g}")
    return value


COMMANDS: dict[str, Handler] = {
    "deep_length": _deep,
    "deep_width": _deep,
    "ellipsoid_depth": _deep,
    "pulse": _pulse,
    "weld_shape_ellipse": _ellipse,
    "weld_shape_teardrop": _teardrop,
}
