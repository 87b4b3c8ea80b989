"""The command ``run`` and its settings: sweeps, solvers, temperature, dumps."""

import math
from dataclasses import replace

from grainpaint.errors import InputError
from grainpaint.simulate.spparks.script.am_commands import scan_duration
from grainpaint.simulate.spparks.script.command import Command
from grainpaint.simulate.spparks.script.spins import stitch_time
from grainpaint.simulate.spparks.script.state import Handler, ScriptState
from grainpaint.simulate.spparks.simulation import BezierApp, PottsApp, RunCommand

__all__ = ["COMMANDS"]


def _temperature(state: ScriptState, command: Command) -> None:
    state.temperature = command.number(0)
    if not 0 <= state.temperature < math.inf:
        raise command.fail(f"must be 0 or above, got {state.temperature:g}")


def _sweep(state: ScriptState, command: Command) -> None:
    known = ("random", "raster", "color", "color/strict", "none")
    state.sweep = command.expect(0, *known)
    at_random = state.sweep == "raster" and not isinstance(state.app, PottsApp)
    state.pass_over(command, " (swept at random here)" if at_random else "")


def _sector(state: ScriptState, command: Command) -> None:
    state.sectors = command.expect(0, "yes", "no", "2", "4", "8") != "no"
    state.pass_over(command)


def _solve_style(state: ScriptState, command: Command) -> None:
    how = command.expect(0, "linear", "tree", "group", "none")
    state.solver = how != "none"
    state.pass_over(command)


def _run(state: ScriptState, command: Command) -> None:
    if state.app is None or state.box is None:
        raise command.fail("create_sites must come first")
    upto = False
    at = 1
    while at < len(command.words):
        option = command.expect(at, "upto", "pre", "post")
        upto = upto or option == "upto"
        at += 1 if option == "upto" else 2
    span = command.number(0)
    stop = span if upto else state.time + span
    if isinstance(state.app, PottsApp):
        if not state.time <= stop < math.inf:
            raise command.fail(f"cannot run from time {state.time:g} to {stop:g}")
        if (state.sweep != "none") == state.solver:
            raise command.fail("needs either sweep or solve_style")
    else:
        stop = state.time + _check_additive(state, command)
    state.steps.append(
        RunCommand(
            state.time,
            stop,
            state.temperature,
            state.sweep != "none",
            state.sweep == "raster",
            state.sectors,
            state.dumps.due(command, state.time, stop),
            state.needed_seed(command),
        )
    )
    state.time = stop


def _check_additive(state: ScriptState, command: Command) -> float:
    """Check the needs of additive applications; return how long they run."""
    assert state.box is not None
    if any(isinstance(step, RunCommand) for step in state.steps):
        raise command.fail("a build is done in one run; a second is not supported")
    if state.solver or state.sweep == "none":
        raise command.fail("additive applications need sweep, and no solve_style")
    if isinstance(state.app, BezierApp) and not (
        state.app.x and state.app.y and state.app.z
    ):
        raise command.fail("potts/am/bezier control_points are missing")
    if state.box.lattice != "sc/26n" or state.box.spacing != 1:
        raise command.fail("additive applications need lattice sc/26n 1.0")
    if any(state.box.periodic):
        raise command.fail("additive applications need boundary n n n")
    assert state.extent is not None
    edges = (*state.box.origin, *state.extent.low, *state.extent.high)
    if any(edge != int(edge) for edge in edges):
        raise command.fail("additive applications need a box of whole numbers")
    try:
        return scan_duration(state.am.scan(state.extent))
    except InputError as error:
        raise command.fail(str(error)) from None


def _reset_time(state: ScriptState, command: Command) -> None:
    if command.word(0) == "stitch":
        path = state.file(command, 1)
        state.time = stitch_time(command, path, 2)
    else:
        state.time = command.number(0)
    if state.time < 0:
        raise command.fail(f"the time must be 0 or above, got {state.time:g}")


def _dump(state: ScriptState, command: Command) -> None:
    if not state.dumps.add(command):
        state.pass_over(command)


def _dump_modify(state: ScriptState, command: Command) -> None:
    if not state.dumps.modify(command):
        state.pass_over(command)


def _dump_one(state: ScriptState, command: Command) -> None:
    if not state.dumps.one(command):
        state.pass_over(command)
    elif state.steps and isinstance(state.steps[-1], RunCommand):
        last = state.steps[-1]
        times = tuple(sorted({*last.snapshots, last.stop}))
        state.steps[-1] = replace(last, snapshots=times)
        state.dumps.now = False


def _undump(state: ScriptState, command: Command) -> None:
    state.dumps.remove(command)


COMMANDS: dict[str, Handler] = {
    "dump": _dump,
    "dump_modify": _dump_modify,
    "dump_one": _dump_one,
    "reset_time": _reset_time,
    "run": _run,
    "sector": _sector,
    "solve_style": _solve_style,
    "sweep": _sweep,
    "temperature": _temperature,
    "undump": _undump,
}
