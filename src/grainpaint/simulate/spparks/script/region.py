"""The command ``region``."""

import math

from grainpaint.simulate.spparks.regions import (
    BlockRegion,
    CylinderRegion,
    Region,
    RegionMix,
    SphereRegion,
)
from grainpaint.simulate.spparks.script.command import Command
from grainpaint.simulate.spparks.script.state import Handler, ScriptState

__all__ = ["COMMANDS"]


def _region(state: ScriptState, command: Command) -> None:
    if not state.lattice:
        raise command.missing("lattice")
    name = command.word(0)
    if name in state.regions:
        raise command.fail(f"{name!r} exists already")
    style = command.expect(1, "block", "sphere", "cylinder", "union", "intersect")
    n_words = {"block": 8, "sphere": 6, "cylinder": 8}.get(style)
    if n_words is None:
        n_words = 3 + command.integer(2)
    outside = False
    if len(command.words) > n_words:
        command.expect(n_words, "side")
        outside = command.expect(n_words + 1, "in", "out") == "out"
    state.regions[name] = _shape(state, command, style, n_words, outside)


def _shape(
    state: ScriptState, command: Command, style: str, n_words: int, outside: bool
) -> Region:
    """Return the region that a command describes."""
    a = state.spacing
    if style in ("union", "intersect"):
        parts = tuple(state.region(command, i) for i in range(3, n_words))
        if len(parts) < 2:
            raise command.fail(f"{style} needs at least two regions")
        return RegionMix(parts, style == "union", outside)
    if style == "sphere":
        x, y, z, radius = (a * command.number(i) for i in range(2, 6))
        return SphereRegion((x, y, z), radius, outside)
    if style == "cylinder":
        axis = "xyz".index(command.expect(2, "x", "y", "z"))
        u, v, radius = (a * command.number(i) for i in range(3, 6))
        low, high = (_face(state, command, i, axis, i - 6) for i in (6, 7))
        return CylinderRegion(axis, (u, v), radius, low, high, outside)
    faces = [
        _face(state, command, 2 + 2 * axis + side, axis, side)
        for axis in range(3)
        for side in range(2)
    ]
    low3 = (faces[0], faces[2], faces[4])
    high3 = (faces[1], faces[3], faces[5])
    if any(low > high for low, high in zip(low3, high3)):
        raise command.fail(f"the block ends before it starts: {low3}, {high3}")
    return BlockRegion(low3, high3, outside)


def _face(
    state: ScriptState, command: Command, index: int, axis: int, side: int
) -> float:
    """Return a coordinate; INF is infinity, EDGE the face of the box."""
    word = command.word(index)
    if word not in ("INF", "EDGE"):
        return state.spacing * command.number(index)
    if state.extent is None:
        raise command.fail(f"{word} needs a box, but there is none yet")
    if word == "INF":
        return math.inf if side else -math.inf
    return (state.extent.high if side else state.extent.low)[axis]


COMMANDS: dict[str, Handler] = {
    "region": _region,
}
