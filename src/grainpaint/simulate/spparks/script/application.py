"""The commands of applications: ``app_style`` and ``potts/am/bezier``."""

from dataclasses import replace

from grainpaint.simulate.spparks.script.command import Command
from grainpaint.simulate.spparks.script.state import Handler, ScriptState
from grainpaint.simulate.spparks.simulation import BezierApp, EllipsoidApp, PottsApp

__all__ = ["COMMANDS"]


def _app_style(state: ScriptState, command: Command) -> None:
    if state.box is not None:
        raise command.fail("comes too late: the box exists already")
    style = command.expect(
        0, "potts", "potts/neighonly", "am/ellipsoid", "potts/am/bezier"
    )
    numbers = [command.number(i) for i in range(1, len(command.words))]
    wanted = {"am/ellipsoid": 10, "potts/am/bezier": 6}.get(style, 1)
    if len(numbers) != wanted:
        raise command.fail(f"{style} needs {wanted} numbers, got {len(numbers)}")
    n_spins = command.integer(1)
    if not 1 <= n_spins < 2**31:
        raise command.fail(f"the number of spins must be 1..2147483647: {n_spins}")
    if style in ("potts", "potts/neighonly"):
        state.app = PottsApp(n_spins, style == "potts/neighonly")
        return
    if min(numbers) <= 0:
        raise command.fail(f"all numbers of {style} must be above 0")
    if style == "am/ellipsoid":
        app = state.app = EllipsoidApp(n_spins, *numbers[1:])
        for zone, pool, what in (
            (app.haz_width, app.width, "width"),
            (app.haz_tail, app.tail, "length behind"),
            (app.haz_depth, app.depth, "depth"),
            (app.haz_cap, app.cap, "length in front"),
        ):
            if zone < pool:
                raise command.fail(
                    f"the heat-affected zone has a {what} of {zone:g}, less than "
                    f"the pool's {pool:g}"
                )
    else:
        width, depth, haz, tail, power = numbers[1:]
        bezier = state.app = BezierApp(n_spins, width, depth, haz, tail, power)
        if bezier.haz_tail < bezier.haz or bezier.power < 1.5:
            raise command.fail(
                "needs haz_tail >= haz and a shape parameter >= 1.5, got "
                f"{bezier.haz_tail:g}, {bezier.haz:g} and {bezier.power:g}"
            )


def _bezier(state: ScriptState, command: Command) -> None:
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
    "potts/am/bezier": _bezier,
}
