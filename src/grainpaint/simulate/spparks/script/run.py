"""The command ``run`` and its settings: sweeps, solvers, temperature, time."""

import math

from grainpaint.errors import InputError
from grainpaint.simulate.spparks.clock import Clock
from grainpaint.simulate.spparks.script.am_commands import scan_duration
from grainpaint.simulate.spparks.script.command import Command
from grainpaint.simulate.spparks.script.spins import stitch_time
from grainpaint.simulate.spparks.script.state import Handler, ScriptState
from grainpaint.simulate.spparks.simulation import (
    N_NEIGHBORS,
    BezierApp,
    PottsApp,
    RunCommand,
)

__all__ = ["COMMANDS"]


def _temperature(state: ScriptState, command: Command) -> None:
    state.temperature = command.number(0)
    if not 0 <= state.temperature < math.inf:
        raise command.fail(f"must be 0 or above, got {state.temperature:g}")


def _sweep(state: ScriptState, command: Command) -> None:
    known = ("random", "raster", "color", "color/strict", "none")
    state.sweep = command.expect(0, *known)
    if state.sweep == "raster" and not isinstance(state.app, PottsApp):
        state.pass_over(command, " (swept at random here)")


def _sector(state: ScriptState, command: Command) -> None:
    state.sectors = command.expect(0, "yes", "no", "2", "4", "8") != "no"


def _solve_style(state: ScriptState, command: Command) -> None:
    how = command.expect(0, "linear", "tree", "group", "none")
    state.solver = how != "none"


def _run(state: ScriptState, command: Command) -> None:
    if state.app is None or state.box is None:
        raise command.missing("create_sites")
    upto = False
    at = 1
    while at < len(command.words):
        option = command.expect(at, "upto", "pre", "post")
        upto = upto or option == "upto"
        at += 1 if option == "upto" else 2
    span = command.number(0)
    stop = span if upto else state.time + span
    if isinstance(state.app, PottsApp):
        if upto and stop >= 0:
            stop = max(stop, state.time)  # as in SPPARKS: nothing to do
        if not state.time <= stop < math.inf:
            raise command.fail(f"cannot run from time {state.time:g} to {stop:g}")
        if (state.sweep != "none") == state.solver:
            raise command.fail("needs either sweep or solve_style")
    else:
        stop = state.time + _check_additive(state, command)
    # Rounding must not add a sweep after the last one of a build.
    nudge = 0.0 if isinstance(state.app, PottsApp) else 1e-6
    clock = Clock(state.time, stop - nudge, _sweep_time(state))
    moments = state.outputs.due(command, clock)
    for moment in moments:
        for write in moment.dumps:
            if write.dump.style == "stitch":
                state.stitched[write.dump.file].append(moment.time)
    state.steps.append(
        RunCommand(
            state.time,
            stop,
            state.temperature,
            state.sweep != "none",
            state.sweep == "raster",
            state.sectors,
            moments,
            state.outputs.in_stats(),
            state.needed_seed(command),
        )
    )
    state.time = clock.stop


def _sweep_time(state: ScriptState) -> float | None:
    """Return SPPARKS' time of a sweep, None if runs are rejection-free."""
    assert state.app is not None
    if state.sweep == "none":
        return None
    if isinstance(state.app, PottsApp) and not state.app.neighbors_only:
        return 1.0 / state.app.n_spins
    return 1.0 / N_NEIGHBORS[state.lattice]


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
        command.expect(2, "first", "last")
        state.time = stitch_time(state, command, 1)
    else:
        state.time = command.number(0)
    if state.time < 0:
        raise command.fail(f"the time must be 0 or above, got {state.time:g}")


COMMANDS: dict[str, Handler] = {
    "reset_time": _reset_time,
    "run": _run,
    "sector": _sector,
    "solve_style": _solve_style,
    "sweep": _sweep,
    "temperature": _temperature,
}
