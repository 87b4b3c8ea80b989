"""The words for scans that ``potts/additive`` had until 2020.

``am_pass``, ``am_transverse_pass``, ``am_cartesian_layer`` and ``am_pattern`` (or ``am
pass ... distance`` and so on). Each track goes on for the length of the heat-affected
zone beyond its end, and layer after layer is scanned until the time of ``run`` is over.
"""

import math
from dataclasses import dataclass, field
from typing import NamedTuple

from grainpaint.simulate.am.scan import SWEEPS_PER_TIME, Segment
from grainpaint.simulate.spparks.applications import Application, EllipsoidApp
from grainpaint.simulate.spparks.regions import BlockRegion
from grainpaint.simulate.spparks.script.command import Command
from grainpaint.simulate.spparks.simulation import LayeredScan

__all__ = ["AmPatterns"]


class _Pass(NamedTuple):
    """``am_pass``: a track, and whether the first one runs backward."""

    direction: str  # X or Y
    distance: float
    speed: float
    backward: bool


class _Layer(NamedTuple):
    """``am_cartesian_layer``: where it starts, its tracks, the way across them."""

    start: tuple[float, float]
    track: _Pass
    across: tuple[float, float]  # distance, increment
    serpentine: bool


@dataclass
class AmPatterns:
    """What these commands have defined so far."""

    passes: dict[int, _Pass] = field(default_factory=dict)
    across: dict[int, tuple[float, float]] = field(default_factory=dict)
    layers: dict[int, _Layer] = field(default_factory=dict)
    pattern: tuple[tuple[int, ...], float, float] | None = None  # ids, z, increment
    overrun: float = 0.0

    def follow(self, command: Command, app: Application) -> bool:
        """Execute an ``am`` command; return whether it is one of these."""
        words = command.words
        what = command.word(0)
        if not (
            (what == "pass" and "distance" in words)
            or (what == "cartesian_layer" and "start_position" in words)
            or what in ("transverse_pass", "pattern")
        ):
            return False
        if not isinstance(app, EllipsoidApp):
            raise command.fail(f"{what} needs app_style potts/additive")
        self.overrun = app.haz_tail + app.haz_cap
        match what:
            case "pass":
                self._pass(command)
            case "transverse_pass":
                self._transverse(command)
            case "cartesian_layer":
                self._layer(command)
            case _:
                self._pattern(command)
        return True

    def _pass(self, command: Command) -> None:
        for at, key in ((2, "dir"), (4, "distance"), (6, "speed")):
            command.expect(at, key)
        backward = False
        if len(command.words) > 8:
            command.expect(8, "init_heading")
            backward = command.integer(9) != 0
        distance, speed = command.number(5), command.number(7)
        if not (distance > 0 and 0 < speed < math.inf):
            raise command.fail("needs a distance and a speed above 0")
        way = command.expect(3, "X", "Y")
        self.passes[command.integer(1)] = _Pass(way, distance, speed, backward)

    def _transverse(self, command: Command) -> None:
        command.expect(2, "distance")
        command.expect(4, "increment")
        distance, increment = command.number(3), command.number(5)
        if not (distance >= 0 and increment > 0):
            raise command.fail("needs a distance of 0 or more and an increment above 0")
        self.across[command.integer(1)] = distance, increment

    def _layer(self, command: Command) -> None:
        keys = ("start_position", "pass_id", "transverse_pass_id", "serpentine")
        for at, key in zip((2, 5, 7, 9), keys):
            command.expect(at, key)
        track, across = command.integer(6), command.integer(8)
        if track not in self.passes:
            raise command.fail(f"no am_pass {track}")
        if across not in self.across:
            raise command.fail(f"no am_transverse_pass {across}")
        self.layers[command.integer(1)] = _Layer(
            (command.number(3), command.number(4)),
            self.passes[track],
            self.across[across],
            command.integer(10) != 0,
        )

    def _pattern(self, command: Command) -> None:
        command.expect(2, "num_layers")
        command.expect(4, "layer_ids")
        n = command.integer(3)
        ids = tuple(command.integer(5 + i) for i in range(n))
        missing = [i for i in ids if i not in self.layers]
        if missing or not ids:
            what = f"am_cartesian_layer {missing[0]}" if missing else "layer"
            raise command.fail(f"no {what}")
        command.expect(5 + n, "z_start")
        command.expect(7 + n, "z_increment")
        rise = command.number(8 + n)
        if not rise > 0:
            raise command.fail(f"the z_increment must be above 0, got {rise:g}")
        self.pattern = ids, command.number(6 + n), rise

    def scan(self, box: BlockRegion, time: float) -> LayeredScan:
        """Return the scan that lasts for a time, lengths from the first site."""
        assert self.pattern is not None
        ids, z, rise = self.pattern
        layers = [(_tracks(self.layers[i], self.overrun, box), rise) for i in ids]
        n_layers, left = 0, time * SWEEPS_PER_TIME
        while left > 0:
            for start, end, speed in layers[n_layers % len(layers)][0]:
                left -= math.ceil(math.dist(start, end) / (speed / SWEEPS_PER_TIME))
            n_layers += 1
        surface = z - box.low[2]
        return LayeredScan(tuple(layers), surface, max(1, n_layers), timed=True)


def _tracks(layer: _Layer, overrun: float, box: BlockRegion) -> tuple[Segment, ...]:
    """Return the tracks of a layer, relative to the corner of the box."""
    track, (width, increment) = layer.track, layer.across
    length = track.distance + overrun
    stride = track.speed / SWEEPS_PER_TIME
    gone = (math.ceil(length / stride) - 1) * stride  # the last move turns instead
    x0, y0 = layer.start[0] - box.low[0], layer.start[1] - box.low[1]
    tracks, along, back = [], 0.0, track.backward
    for i in range(int(width / increment + 1e-9) + 1):
        ends = along, along - length if back else along + length
        points = []
        for s in ends:
            across = i * increment
            if track.direction == "X":
                points.append((x0 + s, y0 + across))
            else:
                points.append((x0 - across, y0 + s))
        tracks.append(Segment(points[0], points[1], track.speed))
        along += -gone if back else gone
        if layer.serpentine:
            back = not back
            along += -overrun if back else overrun
        else:
            along = 0.0
    return tuple(tracks)
