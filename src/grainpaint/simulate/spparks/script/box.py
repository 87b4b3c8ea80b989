"""The commands that define the box and its sites."""

import math

from grainpaint.simulate.spparks.regions import BlockRegion
from grainpaint.simulate.spparks.script.command import Command
from grainpaint.simulate.spparks.script.state import Handler, ScriptState
from grainpaint.simulate.spparks.simulation import (
    SetSpins,
    SimulationBox,
    value_names,
)

__all__ = ["COMMANDS"]

_DIMENSIONS = {"sc/26n": 3, "sc/6n": 3, "sq/8n": 2, "sq/4n": 2}
# Of SPPARKS, with sites that form no grid of cubes or squares.
_ELSEWHERE = {
    "bcc", "diamond", "fcc", "fcc/octa/tetra", "line/2n", "random/1d", "random/2d",
    "random/3d", "tri",
}  # fmt: skip
_MOST_SITES = 1 << 40
_FARTHEST = 1 << 40  # lattice constants from 0, so that positions are exact


def _dimension(state: ScriptState, command: Command) -> None:
    state.dimension = 2 if command.expect(0, "2", "3") == "2" else 3


def _lattice(state: ScriptState, command: Command) -> None:
    if command.word(0) in _ELSEWHERE:
        raise command.fail(
            f"{command.word(0)!r} is not simulated here, only "
            f"{' | '.join(_DIMENSIONS)}: SPPARKS itself runs the script"
        )
    lattice = command.expect(0, *_DIMENSIONS)
    if _DIMENSIONS[lattice] != state.dimension:
        raise command.fail(
            f"{lattice} needs dimension {_DIMENSIONS[lattice]}, not {state.dimension}"
        )
    spacing = command.number(1)
    if not 0 < spacing < math.inf:
        raise command.fail(f"the lattice constant must be > 0: {spacing:g}")
    state.lattice, state.spacing = lattice, spacing


def _boundary(state: ScriptState, command: Command) -> None:
    if state.extent is not None:
        raise command.fail("comes too late: the box exists already")
    x, y, z = (command.expect(i, "p", "n") == "p" for i in range(3))
    state.periodic = (x, y, z)


def _create_box(state: ScriptState, command: Command) -> None:
    if state.app is None:
        raise command.missing("app_style")
    if state.extent is not None:
        raise command.fail("the box exists already")
    region = state.region(command, 0)
    if region.outside or not isinstance(region, BlockRegion):
        raise command.fail("the box must be a region block with side in")
    if state.dimension == 2 and not state.periodic[2]:
        raise command.fail("dimension 2 needs a periodic z (boundary)")
    if not all(map(math.isfinite, (*region.low, *region.high))):
        raise command.fail(f"the box has no end: {region.low}, {region.high}")
    state.extent = region


def _create_sites(state: ScriptState, command: Command) -> None:
    if state.extent is None or state.app is None:
        raise command.missing("create_box")
    if state.box is not None:
        raise command.fail("the sites exist already")
    within = None
    at = 1
    if command.expect(0, "box", "region") == "region":
        within = state.region(command, 1)
        at = 2
    shape, origin = [0, 0, 0], [0.0, 0.0, 0.0]
    for i, (low, high) in enumerate(zip(state.extent.low, state.extent.high)):
        shape[i], origin[i] = _sites_along(state, command, i, low, high)
    if math.prod(shape) > _MOST_SITES:
        raise command.fail(f"{math.prod(shape):.2g} sites are more than any memory")
    state.box = SimulationBox(
        (shape[0], shape[1], shape[2]),
        (origin[0], origin[1], origin[2]),
        state.spacing,
        state.lattice,
        state.periodic,
        within,
        faces=(state.extent.low, state.extent.high),
    )
    if at < len(command.words):
        state.steps.append(_first_values(state, command, at))


def _first_values(state: ScriptState, command: Command, at: int) -> SetSpins:
    """Return the values that sites are created with: ``value`` and ``basis``.

    The lattices that are simulated have one site in a unit cell, so ``basis`` names it.
    SPPARKS keeps a single value, the last one.
    """
    assert state.app is not None
    what, value = "", 0.0
    while at < len(command.words):
        option = command.expect(at, "value", "basis")
        if option == "value":
            what = command.expect(at + 1, "site", *value_names(state.app))
        elif not what:
            raise command.fail("value must come before basis")
        else:
            command.expect(at + 1, "1", "*", "1*", "*1", "1*1")
        number = command.number if what.startswith("d") else command.integer
        value = number(at + 2)
        at += 3
    return SetSpins(value, value, what="site" if what == "i1" else what)


def _sites_along(
    state: ScriptState, command: Command, axis: int, low: float, high: float
) -> tuple[int, float]:
    """Return the number of sites along an axis and the position of the first."""
    a = state.spacing
    if max(abs(low), abs(high)) / a > _FARTHEST:
        raise command.fail(
            f"the box must lie within {_FARTHEST:,} lattice constants of 0, got "
            f"{low:g} to {high:g} along {'xyz'[axis]}: use a smaller box"
        )
    if state.dimension == 2 and axis == 2:
        return 1, (low + high) / 2
    if state.periodic[axis]:
        n = int((high - low) / a + 1e-6)
        if n < 1 or abs(n * a - (high - low)) > 1e-4 * a:
            raise command.fail(
                f"the periodic box from {low:g} to {high:g} along {'xyz'[axis]} "
                f"is not a multiple of the lattice constant {a:g}"
            )
        return n, low
    first = math.ceil(low / a - 1e-9)
    n = math.ceil(high / a - 1e-9) - first
    if n < 1:
        raise command.fail(f"no site between {low:g} and {high:g}")
    return n, first * a


COMMANDS: dict[str, Handler] = {
    "boundary": _boundary,
    "create_box": _create_box,
    "create_sites": _create_sites,
    "dimension": _dimension,
    "lattice": _lattice,
}
