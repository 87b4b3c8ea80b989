"""The command ``run`` and its settings: sweeps, solvers, temperature, time."""

import math
from itertools import product

from grainpaint.errors import InputError
from grainpaint.simulate.spparks.applications import (
    AdditiveApp,
    BezierApp,
    PathsApp,
    PathWeldApp,
    PottsApp,
    WeldApp,
)
from grainpaint.simulate.spparks.clock import Clock
from grainpaint.simulate.spparks.script.build_state import scan_duration
from grainpaint.simulate.spparks.script.command import Command
from grainpaint.simulate.spparks.script.ready import check_colors, check_spins
from grainpaint.simulate.spparks.script.spins import stitch_time
from grainpaint.simulate.spparks.script.state import Handler, ScriptState
from grainpaint.simulate.spparks.simulation import N_NEIGHBORS, LayeredScan, RunCommand
from grainpaint.simulate.spparks.variants import IsingApp, NullBinApp, PinApp

__all__ = ["COMMANDS"]


def _temperature(state: ScriptState, command: Command) -> None:
    state.temperature = command.number(0)


def _sweep(state: ScriptState, command: Command) -> None:
    known = ("random", "raster", "color", "color/strict", "none")
    state.sweep = command.expect(0, *known)
    state.masked = False
    if len(command.words) > 1:
        command.expect(1, "mask")
        state.masked = command.expect(2, "yes", "no") == "yes"


def _sector(state: ScriptState, command: Command) -> None:
    word = command.expect(0, "yes", "no", "2", "4", "8")
    state.sectors, state.sector_count = word != "no", int(word) if word.isdigit() else 0
    state.stop_after = 1.0, 0.0
    for at in range(1, len(command.words), 2):
        option, value = command.expect(at, "nstop", "tstop"), command.number(at + 1)
        if not 0 < value < math.inf:
            raise command.fail(f"{option} must be above 0, got {value:g}")
        state.stop_after = (value, 0.0) if option == "nstop" else (0.0, value)
    if state.stop_after != (1.0, 0.0) and not isinstance(state.app, PottsApp | None):
        state.pass_over(command, " (with a melt pool, all is done once a sweep)")


def _solve_style(state: ScriptState, command: Command) -> None:
    how = command.expect(0, "linear", "tree", "group", "none")
    state.solver = how != "none"


def _run(state: ScriptState, command: Command) -> None:
    if state.app is None or state.box is None:
        raise command.missing("create_sites")
    span = command.number(0)
    upto, begins = _run_options(state, command)
    build = None
    stop = span if upto else state.time + span
    if isinstance(state.app, PottsApp):
        if upto and stop >= 0:
            stop = max(stop, state.time)  # as in SPPARKS: nothing to do
        if not state.time <= stop < math.inf:
            raise command.fail(f"cannot run from time {state.time:g} to {stop:g}")
        if (state.sweep != "none") == state.solver:
            raise command.fail("needs either sweep or solve_style")
        if state.app.needs and state.solver != (state.app.needs == "solve_style"):
            raise command.fail(f"this app_style needs {state.app.needs}")
    else:
        _check_pool(state, command)
        if not isinstance(state.app, AdditiveApp):
            if not state.time <= stop < math.inf:
                raise command.fail(f"cannot run from time {state.time:g} to {stop:g}")
        else:
            build = _build(state, command, stop - state.time, begins)
            if not build.timed and begins:
                stop = state.time + scan_duration(build)
    check_spins(state, command)
    check_colors(state, command)
    turn = _turn(state, command)
    try:
        clock = Clock(state.time, stop, _turn_time(state, turn, stop - state.time))
    except InputError as error:
        raise command.fail(str(error)) from None
    temperature = _effective_temperature(state, command)
    moments = state.outputs.due(command, clock)
    for moment in moments:
        for write in moment.dumps:
            if write.dump.style == "stitch":
                state.stitched.setdefault(write.dump.file, []).append(moment.time)
    state.steps.append(
        RunCommand(
            state.time,
            stop,
            temperature,
            state.sweep != "none",
            state.sweep == "raster",
            state.sweep.startswith("color"),
            state.sectors,
            state.masked,
            moments,
            state.outputs.in_stats(),
            state.needed_seed(command),
            build and state.am.state.next_run(build, moments[-1].n_sweeps, begins),
            state.outputs.with_files(),
            begins,
            turn,
        )
    )
    if build is not None:
        state.am.state.advance(build, moments[-1].n_sweeps, begins)
    state.time = clock.stop


def _run_options(state: ScriptState, command: Command) -> tuple[bool, bool]:
    """Return whether the time is that of the end, and whether the run begins anew."""
    upto, before = False, "yes"
    at = 1
    while at < len(command.words):
        option = command.expect(at, "upto", "pre", "post")
        if option == "upto":
            upto = True
        else:
            word = command.expect(at + 1, "yes", "no")
            before = word if option == "pre" else before
        at += 1 if option == "upto" else 2
    begun = any(isinstance(step, RunCommand) for step in state.steps)
    return upto, before == "yes" or not begun


def _effective_temperature(state: ScriptState, command: Command) -> float:
    """Return the temperature; one below 0 acts as it does in SPPARKS.

    There, exp(-rise / T) is then above 1, so sweeps take any flip; rejection-free,
    ``potts`` leaves flips that raise the energy out.
    """
    if state.temperature >= 0:
        return state.temperature
    if type(state.app) not in (PottsApp, IsingApp, NullBinApp, PinApp) or (
        isinstance(state.app, IsingApp) and state.solver
    ):
        raise command.fail(
            f"the temperature must be 0 or above, got {state.temperature:g}"
        )
    return 0.0 if state.solver else math.inf


def _sweep_time(state: ScriptState) -> float | None:
    """Return SPPARKS' time of a sweep, None if runs are rejection-free."""
    assert state.app is not None
    if state.sweep == "none":
        return None
    n_neighbors = N_NEIGHBORS[state.lattice]
    if isinstance(state.app, PottsApp):
        return 1.0 / state.app.tries(n_neighbors)
    return 1.0 / n_neighbors


def _turn(state: ScriptState, command: Command) -> float:
    """Return how many sweeps SPPARKS makes before it looks at the clock.

    In each sector it attempts ``nstop`` times as many sites as there are, or as many as
    take ``tstop``; at random these are whole attempts, in order whole sweeps.
    """
    if state.sweep == "none" or not isinstance(state.app, PottsApp):
        return 1.0
    assert state.box is not None
    n_sweeps, time = state.stop_after
    n_sweeps = n_sweeps or time / (_sweep_time(state) or 1.0)
    if state.sweep != "random":
        turn = float(int(n_sweeps))
    else:
        n_split = {2: 1, 4: 2, 8: 3}.get(state.sector_count, state.box.dimension)
        halves = [
            (n - n // 2, n // 2) if state.sectors and axis < n_split else (n,)
            for axis, n in enumerate(state.box.shape)
        ]
        sizes = [a * b * c for a, b, c in product(*halves)]
        turn = sum(int(n_sweeps * n) for n in sizes) / sum(sizes)
    if turn == 0:
        raise command.fail("nstop or tstop of sector is too small: no site is tried")
    return turn


def _turn_time(state: ScriptState, turn: float, most: float) -> float | None:
    """Return the time between two looks at the clock, None if runs need none."""
    step = _sweep_time(state)
    if step is None or turn == 1:
        return step
    return min(turn * step, most) or step


def _check_pool(state: ScriptState, command: Command) -> None:
    """Check the needs of applications with a melt pool."""
    assert state.box is not None
    app = state.app
    if isinstance(app, PathsApp):
        raise command.fail("potts/am/path/gen has nothing to run")
    if state.solver or state.sweep == "none":
        raise command.fail(
            "applications with a melt pool need sweep, and no solve_style"
        )
    if isinstance(app, BezierApp) and not (app.x and app.y and app.z):
        raise command.fail("potts/am/bezier control_points are missing")
    if isinstance(app, WeldApp | PathWeldApp) and app.shape is None:
        raise command.fail("weld_shape_ellipse or weld_shape_teardrop is missing")
    if state.box.lattice != "sc/26n" or state.box.spacing != 1:
        raise command.fail("applications with a melt pool need lattice sc/26n 1.0")
    alone = [n == 1 and p for n, p in zip(state.box.shape, state.box.periodic)]
    if any(alone[:2]):
        raise command.fail("a periodic box needs two sites or more along x and y")
    assert state.extent is not None
    edges = (*state.box.origin, *state.extent.low, *state.extent.high)
    if any(edge != int(edge) for edge in edges):
        raise command.fail("applications with a melt pool need a box of whole numbers")


def _build(
    state: ScriptState, command: Command, time: float, begins: bool
) -> LayeredScan:
    """Return the build of an additive application; check how long it takes."""
    assert state.extent is not None
    try:
        build = state.am.build(state.extent, time)
        scan_duration(build)
    except InputError as error:
        raise command.fail(str(error)) from None
    if build.timed and not begins:
        raise command.fail("pre no does not go with the words of 2019: leave it out")
    if (build.timed or not begins) and not 0 <= time < math.inf:
        raise command.fail(f"the time of a run must be 0 or above, got {time:g}")
    return build


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
