"""The commands of applications: ``app_style`` and ``potts/am/bezier``."""

from collections.abc import Callable
from dataclasses import replace

from grainpaint.simulate.spparks.applications import (
    Application,
    BezierApp,
    EllipsoidApp,
    JoiningApp,
    PathsApp,
    PathWeldApp,
    PottsApp,
    WeldApp,
)
from grainpaint.simulate.spparks.script.command import Command
from grainpaint.simulate.spparks.script.state import Handler, ScriptState
from grainpaint.simulate.spparks.script.variant_styles import VARIANTS
from grainpaint.simulate.spparks.variants import PhaseFieldApp

__all__ = ["COMMANDS"]


def _app_style(state: ScriptState, command: Command) -> None:
    if state.box is not None:
        raise command.fail("comes too late: the box exists already")
    if command.word(0) in _ELSEWHERE:
        raise command.fail(
            f"{command.word(0)!r} is not simulated here: it is not grain growth of the "
            "Potts model; SPPARKS itself runs the script"
        )
    style = command.expect(0, *_STYLES, *VARIANTS)
    if style in VARIANTS:
        state.app = VARIANTS[style](command)
        if isinstance(state.app, PhaseFieldApp) and state.app.show_map:
            state.pass_over(command, " (no map of neighbors is printed)")
        return
    wanted, make = _STYLES[style]
    numbers = [command.number(i) for i in range(1, len(command.words))]
    if len(numbers) not in wanted:
        counts = " or ".join(str(n) for n in wanted)
        raise command.fail(f"{style} needs {counts} numbers, got {len(numbers)}")
    if numbers and not 1 <= command.integer(1) < 2**31:
        raise command.fail(
            f"the number of spins must be 1..2147483647: {command.integer(1)}"
        )
    state.app = make(command, numbers)
    if isinstance(state.app, PathWeldApp) and state.app.alpha == 1:
        # alpha is the seed of its random numbers, too, and 1 stops them.
        state.pass_over(
            command,
            " (of alpha 1: there all that SPPARKS melts takes spin 1; here spins are "
            "drawn, as for any other alpha)",
        )


def _above_zero(command: Command, numbers: list[float]) -> None:
    if min(numbers) <= 0:
        raise command.fail(f"all numbers of {command.word(0)} must be above 0")


def _ellipsoid(command: Command, numbers: list[float]) -> EllipsoidApp:
    _above_zero(command, numbers)
    return EllipsoidApp(int(numbers[0]), *numbers[1:])


def _bezier(command: Command, numbers: list[float]) -> BezierApp:
    _above_zero(command, numbers)
    n_spins, width, depth, haz, *tail = numbers
    if not tail:  # the version before 2023
        return BezierApp(int(n_spins), width, depth, haz, haz, 1.5, first=True)
    if tail[0] < haz or not 1.5 <= tail[1] <= 2:
        raise command.fail(
            "needs haz_tail >= haz and a shape parameter of 1.5 to 2, got "
            f"{tail[0]:g}, {haz:g} and {tail[1]:g}"
        )
    return BezierApp(int(n_spins), width, depth, haz, tail[0], tail[1])


def _weld(command: Command, numbers: list[float]) -> WeldApp:
    _above_zero(command, [numbers[2], *numbers[4:]])
    n_spins, start, alpha, beta, velocity, haz = numbers
    return WeldApp(int(n_spins), start, alpha, beta, velocity, haz)


def _path_weld(command: Command, numbers: list[float]) -> PathWeldApp:
    _above_zero(command, [numbers[1], numbers[3]])
    n_spins, alpha, beta, haz = numbers
    return PathWeldApp(int(n_spins), alpha, beta, haz)


def _joining(command: Command, numbers: list[float]) -> JoiningApp:
    n_spins, width, length, cap, haz, start = (command.integer(i) for i in range(1, 7))
    kind, velocity, decay = command.integer(8), numbers[6], numbers[8]
    _above_zero(command, [*numbers[:5], velocity])
    if not 1 <= kind <= 5:
        raise command.fail(f"the weld type must be 1..5, got {kind}")
    if kind > 2 and not 2 <= cap < length:
        raise command.fail("the cap must be longer than 1 and shorter than the pool")
    return JoiningApp(n_spins, width, length, cap, haz, start, velocity, kind, decay)


# Of SPPARKS, with physics of their own: sintering, diffusion, chemistry, ...
_ELSEWHERE = {
    "chemistry", "diffusion", "diffusion/multiphase", "erbium", "membrane", "relax",
    "sinter", "sos", "test/group",
}  # fmt: skip
_Make = Callable[[Command, list[float]], Application]
# The numbers that a style takes, and how it is made of them.
_STYLES: dict[str, tuple[tuple[int, ...], _Make]] = {
    "potts": ((1,), lambda command, n: PottsApp(int(n[0]))),
    "potts/neighonly": ((1,), lambda command, n: PottsApp(int(n[0]), True)),
    "am/ellipsoid": ((10,), _ellipsoid),
    "potts/additive": ((10,), _ellipsoid),
    "potts/am/bezier": ((6, 4), _bezier),
    "potts/am/weld": ((4,), _path_weld),
    "potts/weld": ((6,), _weld),
    "potts/weld/jom": ((9,), _joining),
    "potts/am/path/gen": ((0,), lambda command, n: PathsApp()),
}


def _control_points(state: ScriptState, command: Command) -> None:
    if not isinstance(state.app, BezierApp):
        raise command.missing("app_style potts/am/bezier")
    what = command.expect(0, "control_points", "beta")
    first = 1 if what == "beta" else 2
    numbers = tuple(command.number(i) for i in range(first, len(command.words)))
    if what == "beta":
        if len(numbers) != 2:
            raise command.fail(f"beta needs 2 numbers, got {len(numbers)}")
        state.app = replace(state.app, beta=(numbers[0], numbers[1]))
        return
    axis = command.expect(1, "x", "y", "z")
    wanted = 5 if axis == "x" else 3
    if len(numbers) != wanted:
        raise command.fail(f"{axis} needs {wanted} numbers, got {len(numbers)}")
    match axis:
        case "x":
            state.app = replace(state.app, x=numbers)
        case "y":
            state.app = replace(state.app, y=numbers)
        case _:
            state.app = replace(state.app, z=numbers)


COMMANDS: dict[str, Handler] = {
    "app_style": _app_style,
    "potts/am/bezier": _control_points,
}
