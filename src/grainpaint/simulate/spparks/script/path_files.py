"""The command ``pathgen``: a file of paths and the blocks around them."""

import math
from pathlib import Path

from grainpaint.simulate.spparks.applications import PathsApp
from grainpaint.simulate.spparks.regions import BlockRegion
from grainpaint.simulate.spparks.script.am_commands import CartesianLayer
from grainpaint.simulate.spparks.script.command import Command
from grainpaint.simulate.spparks.script.state import Handler, ScriptState
from grainpaint.simulate.spparks.simulation import WritePaths

__all__ = ["COMMANDS", "path_lines"]

_KEYS = ("outfile", "num_layers", "zstart", "width_haz", "melt_depth", "depth_haz")


def _pathgen(state: ScriptState, command: Command) -> None:
    if not isinstance(state.app, PathsApp):
        raise command.fail("needs app_style potts/am/path/gen")
    if state.extent is None or not state.am.metas:
        raise command.fail("create_box and am cartesian_layer must come first")
    for i, key in enumerate(_KEYS):
        command.expect(2 * i, key)
    n_layers, start, width, melt_depth, depth = (
        command.integer(i) for i in (3, 5, 7, 9, 11)
    )
    lines = path_lines(
        state.am.metas, state.extent, n_layers, start, width, melt_depth, depth
    )
    state.steps.append(WritePaths(Path(state.named(command.word(1))), "".join(lines)))


def path_lines(
    layers: list[CartesianLayer],
    box: BlockRegion,
    n_layers: int,
    start: int,
    width: int,
    melt_depth: int,
    depth: int,
) -> list[str]:
    """Return the lines of SPPARKS' file of paths.

    Parameters
    ----------
    layers : list of CartesianLayer
        The pattern of layers, which repeats; positions from the corner of the box.
    box : BlockRegion
    n_layers, start : int
        Number of layers; height of the bottom of the first.
    width, melt_depth, depth : int
        Width of the heat-affected zone, depth of the pool and of the zone.
    """
    low = [math.trunc(v) for v in box.low]
    high = [math.trunc(v) for v in box.high]
    half = int(1 + width // 2)
    lines, top = [], start
    for i in range(n_layers):
        layer = layers[i % len(layers)]
        bottom, top = top, top + layer.thickness
        lowest = start if i == 0 else top - depth
        lines.append(
            f"layer window {bottom:8d} {top:8d}  haz {lowest:8d} {top:8d} "
            f"melt_depth {melt_depth:8d}\n"
        )
        across = 1 if layer.direction == "X" else 0
        for (x0, y0), (x1, y1), _ in layer.tracks:
            a = (x0 + box.low[0], y0 + box.low[1])
            b = (x1 + box.low[0], y1 + box.low[1])
            block = [[low[0], high[0]], [low[1], high[1]]]
            block[across] = [
                max(low[across], math.floor(a[across] - half)),
                min(high[across], math.ceil(a[across] + half)),
            ]
            ends = f"start {a[0]:8.1f} {a[1]:8.1f} end {b[0]:8.1f} {b[1]:8.1f}"
            sides = " ".join(f"{v:8d}" for pair in block for v in pair)
            lines.append(f"path {ends} block {sides} \n")
    return lines


COMMANDS: dict[str, Handler] = {
    "pathgen": _pathgen,
}
