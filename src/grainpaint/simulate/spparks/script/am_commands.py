"""The ``am`` commands of a script: passes, layers and paths of the melt pool."""

import math
from dataclasses import dataclass, field
from typing import NamedTuple, cast

from grainpaint.errors import InputError
from grainpaint.simulate.am.layers import cartesian_layer
from grainpaint.simulate.am.scan import Corner, Segment
from grainpaint.simulate.spparks.applications import Application
from grainpaint.simulate.spparks.regions import BlockRegion
from grainpaint.simulate.spparks.script.am_patterns import AmPatterns
from grainpaint.simulate.spparks.script.build_state import BuildState
from grainpaint.simulate.spparks.script.command import Command
from grainpaint.simulate.spparks.simulation import LayeredScan

__all__ = ["AmCommands", "CartesianLayer"]

_MOST_LAYERS = 1_000_000


class CartesianLayer(NamedTuple):
    """A layer of parallel tracks, as ``pathgen`` needs it."""

    tracks: tuple[Segment, ...]
    thickness: int
    direction: str  # X or Y


@dataclass
class AmCommands:
    """What the ``am`` commands have defined so far."""

    passes: dict[int, Command] = field(default_factory=dict)
    paths: dict[int, Segment] = field(default_factory=dict)
    layers: list[tuple[tuple[Segment, ...], float]] = field(default_factory=list)
    metas: list[CartesianLayer] = field(default_factory=list)
    start: float | None = None
    n_layers: int | None = None
    patterns: AmPatterns = field(default_factory=AmPatterns)
    state: BuildState = field(default_factory=BuildState)

    def follow(self, command: Command, box: BlockRegion, app: Application) -> None:
        """Execute a command."""
        if self.patterns.follow(command, app):
            return
        match command.expect(
            0, "pass", "cartesian_layer", "path", "path_layer", "build",
            "transverse_pass", "pattern",
        ):  # fmt: skip
            case "pass":
                self._pass(command)
            case "cartesian_layer":
                self._cartesian_layer(command, box)
            case "path":
                self._path(command, box)
            case "path_layer":
                self._path_layer(command)
            case "build":
                command.expect(1, "start")
                command.expect(3, "num_layers")
                self.start, self.n_layers = command.number(2), command.integer(4)
                self.state.surface = None
                if not 1 <= self.n_layers <= _MOST_LAYERS:
                    raise command.fail(
                        f"needs 1 to {_MOST_LAYERS:,} layers, got {self.n_layers}"
                    )

    def build(self, box: BlockRegion, time: float) -> LayeredScan:
        """Return the build of a first run, lengths in sites from the box's first site.

        `time` is that of the run, which decides when a pattern of layers ends.
        """
        if self.patterns.pattern is not None:
            return self.patterns.scan(box, time)
        if not self.layers:
            raise InputError("no am cartesian_layer and no path_layer to scan")
        start = box.high[2] if self.start is None else self.start
        n_layers = self.n_layers or len(self.layers)
        return LayeredScan(tuple(self.layers), start - box.low[2], n_layers)

    def _pass(self, command: Command) -> None:
        for at, key in ((2, "dir"), (4, "speed"), (6, "hatch")):
            command.expect(at, key)
        command.expect(3, "X", "Y")
        if len(command.words) > 8:
            command.expect(8, "overhatch")
            command.number(9)
        for at, what in ((5, "speed"), (7, "hatch")):
            if not 0 < command.number(at) < math.inf:
                raise command.fail(f"{what} must be above 0, got {command.word(at)}")
        self.passes[command.integer(1)] = command

    def _cartesian_layer(self, command: Command, box: BlockRegion) -> None:
        for at, key in ((2, "start"), (4, "pass_id"), (6, "thickness")):
            command.expect(at, key)
        corner = cast(Corner, command.expect(3, "LL", "LR", "UL", "UR"))
        chosen = self.passes.get(command.integer(5))
        if chosen is None:
            raise command.fail(f"no am pass {command.word(5)}")
        serpentine, offset = True, (0.0, 0.0)
        at = 8
        while at < len(command.words):
            if command.expect(at, "serpentine", "offset") == "offset":
                offset = command.number(at + 1), command.number(at + 2)
                at += 3
            else:
                serpentine = command.integer(at + 1) != 0
                at += 2
        try:
            tracks = cartesian_layer(
                tuple(round(b - a) for a, b in zip(box.low, box.high)),
                "x" if chosen.word(3) == "X" else "y",
                chosen.number(5),
                chosen.number(7),
                corner,
                offset,
                chosen.number(9) if len(chosen.words) > 8 else 0.0,
                serpentine,
            )
        except InputError as error:
            raise command.fail(str(error)) from None
        self._add_layer(command, tracks, 7)
        self.metas.append(
            CartesianLayer(tuple(tracks), command.integer(7), chosen.word(3))
        )

    def _path(self, command: Command, box: BlockRegion) -> None:
        for at, key in ((2, "start"), (5, "end"), (8, "speed")):
            command.expect(at, key)
        x, y, _ = box.low
        start = command.number(3) - x, command.number(4) - y
        end = command.number(6) - x, command.number(7) - y
        speed = command.number(9)
        if start == end or not 0 < speed < math.inf:
            raise command.fail(f"needs a length and a speed above 0, got {speed:g}")
        self.paths[command.integer(1)] = Segment(start, end, speed)

    def _path_layer(self, command: Command) -> None:
        command.expect(2, "num_paths")
        command.expect(4, "path_ids")
        n = command.integer(3)
        ids = [command.integer(5 + i) for i in range(n)]
        missing = [i for i in ids if i not in self.paths]
        if missing or not ids:
            raise command.fail(f"no am path {missing[0]}" if missing else "no path")
        command.expect(5 + n, "thickness")
        self._add_layer(command, [self.paths[i] for i in ids], 6 + n)

    def _add_layer(self, command: Command, tracks: list[Segment], at: int) -> None:
        thickness = command.integer(at)
        if thickness <= 0:
            raise command.fail(f"the thickness must be above 0, got {thickness}")
        self.layers.append((tuple(tracks), float(thickness)))
