"""Read an input script of SPPARKS into plain frozen values.

`read_script` follows a script command by command and returns a `Simulation`: the box,
the application with its parameters, and the steps (values set, files read, runs) in
their order. Nothing is simulated here. A command that our kernels cannot honour is an
error that names its line; one that does not change the physics is listed.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from grainpaint.errors import InputError
from grainpaint.formats import spparks
from grainpaint.simulate.spparks.dumps import Dumps
from grainpaint.simulate.spparks.language import Command, commands
from grainpaint.simulate.spparks.region import Block, Cylinder, Mix, Region, Sphere
from grainpaint.simulate.spparks.scanning import Scanning, duration
from grainpaint.simulate.spparks.values import (
    Bezier,
    Box,
    Condition,
    Ellipsoid,
    Potts,
    ReadFile,
    Run,
    SetSpins,
    Simulation,
    Step,
)

__all__ = ["read_script"]

_LATTICES = {"sc/26n": 3, "sc/6n": 3, "sq/8n": 2, "sq/4n": 2}  # their dimensions
# Commands that change neither the physics nor what comes out.
_PASSED_OVER = {
    "diag_style", "echo", "log", "print", "processors", "stats",
}  # fmt: skip


def read_script(path: Path, variables: dict[str, str] | None = None) -> Simulation:
    """Read an input script of SPPARKS.

    Parameters
    ----------
    path : Path
    variables : dict
        As SPPARKS' ``-var``; they win over variables that the script defines.

    Returns
    -------
    Simulation

    Raises
    ------
    InputError
        With file and line, if something is wrong or not supported.
    """
    reader = _Reader(path)
    for command in commands(path, variables or {}, reader.keyword):
        reader.execute(command)
    return reader.simulation()


@dataclass
class _Reader:
    """The state of SPPARKS while it reads a script."""

    path: Path
    app: Potts | Ellipsoid | Bezier | None = None
    dimension: int = 3
    lattice: str = ""
    spacing: float = 1.0
    periodic: tuple[bool, bool, bool] = (True, True, True)
    regions: dict[str, Region] = field(default_factory=dict)
    extent: Block | None = None
    box: Box | None = None
    seed: int | None = None
    temperature: float = 0.0
    sweep: str = "none"
    sectors: bool = False
    solver: bool = False
    time: float = 0.0
    dumps: Dumps = field(default_factory=Dumps)
    scanning: Scanning = field(default_factory=Scanning)
    steps: list[Step] = field(default_factory=list)
    passed_over: list[str] = field(default_factory=list)

    def execute(self, command: Command) -> None:
        name = command.name
        if name in _PASSED_OVER:
            self._pass_over(command)
        elif name in _COMMANDS:
            _COMMANDS[name](self, command)
        else:
            known = sorted({*_COMMANDS, *_PASSED_OVER})
            raise command.fail(f"not supported; supported are {', '.join(known)}")

    def keyword(self, name: str) -> float:
        if name == "time":
            return self.time
        return float(math.prod(self.box.shape)) if self.box else 0.0

    def simulation(self) -> Simulation:
        """Return the result once the script is at its end."""
        if self.app is None or self.box is None:
            missing = "app_style" if self.app is None else "create_sites"
            raise InputError(f"{self.path}: no command {missing}: nothing to simulate")
        if not self.steps or not isinstance(self.steps[-1], Run):
            raise InputError(f"{self.path}: no run at its end: nothing to simulate")
        build = None
        if not isinstance(self.app, Potts):
            assert self.extent is not None
            build = self.scanning.build(self.extent)
        return Simulation(
            self.app, self.box, tuple(self.steps), build, tuple(self.passed_over)
        )

    def _pass_over(self, command: Command, note: str = "") -> None:
        text = f"{command.where}: {' '.join((command.name, *command.words))}{note}"
        if text not in self.passed_over:
            self.passed_over.append(text)

    # The application and the box.

    def _app_style(self, command: Command) -> None:
        if self.box is not None:
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
            self.app = Potts(n_spins, style == "potts/neighonly")
            return
        if min(numbers) <= 0:
            raise command.fail(f"all numbers of {style} must be above 0")
        if style == "am/ellipsoid":
            app = self.app = Ellipsoid(n_spins, *numbers[1:])
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
            bezier = self.app = Bezier(n_spins, width, depth, haz, tail, power)
            if bezier.haz_tail < bezier.haz or bezier.power < 1.5:
                raise command.fail(
                    "needs haz_tail >= haz and a shape parameter >= 1.5, got "
                    f"{bezier.haz_tail:g}, {bezier.haz:g} and {bezier.power:g}"
                )

    def _bezier(self, command: Command) -> None:
        if not isinstance(self.app, Bezier):
            raise command.fail("app_style potts/am/bezier must come first")
        what = command.expect(0, "control_points", "beta")
        first = 1 if what == "beta" else 2
        numbers = tuple(command.number(i) for i in range(first, len(command.words)))
        if what == "beta":
            if len(numbers) != 2:
                raise command.fail(f"beta needs 2 numbers, got {len(numbers)}")
            self.app = replace(self.app, beta=(numbers[0], numbers[1]))
            return
        axis = command.expect(1, "x", "y", "z")
        wanted = 5 if axis == "x" else 3
        if len(numbers) != wanted:
            raise command.fail(f"{axis} needs {wanted} numbers, got {len(numbers)}")
        match axis:
            case "x":
                self.app = replace(self.app, x=numbers)
            case "y":
                self.app = replace(self.app, y=numbers)
            case _:
                self.app = replace(self.app, z=numbers)

    def _dimension(self, command: Command) -> None:
        self.dimension = 2 if command.expect(0, "2", "3") == "2" else 3

    def _lattice(self, command: Command) -> None:
        lattice = command.expect(0, *_LATTICES)
        if _LATTICES[lattice] != self.dimension:
            raise command.fail(
                f"{lattice} needs dimension {_LATTICES[lattice]}, not {self.dimension}"
            )
        self.lattice, self.spacing = lattice, command.number(1)
        if not 0 < self.spacing < math.inf:
            raise command.fail(f"the lattice constant must be > 0: {self.spacing:g}")

    def _boundary(self, command: Command) -> None:
        if self.extent is not None:
            raise command.fail("comes too late: the box exists already")
        x, y, z = (command.expect(i, "p", "n") == "p" for i in range(3))
        self.periodic = (x, y, z)

    def _region(self, command: Command) -> None:
        if not self.lattice:
            raise command.fail("lattice must come first: lengths are in its units")
        name = command.word(0)
        if name in self.regions:
            raise command.fail(f"{name!r} exists already")
        style = command.expect(1, "block", "sphere", "cylinder", "union", "intersect")
        n_words = {"block": 8, "sphere": 6, "cylinder": 8}.get(style)
        if n_words is None:
            n_words = 3 + command.integer(2)
        outside = False
        if len(command.words) > n_words:
            command.expect(n_words, "side")
            outside = command.expect(n_words + 1, "in", "out") == "out"
        self.regions[name] = self._shape(command, style, n_words, outside)

    def _shape(
        self, command: Command, style: str, n_words: int, outside: bool
    ) -> Region:
        """Return the region that a command describes."""
        a = self.spacing
        if style in ("union", "intersect"):
            parts = tuple(self._known_region(command, i) for i in range(3, n_words))
            if len(parts) < 2:
                raise command.fail(f"{style} needs two regions or more")
            return Mix(parts, style == "union", outside)
        if style == "sphere":
            x, y, z, radius = (a * command.number(i) for i in range(2, 6))
            return Sphere((x, y, z), radius, outside)
        if style == "cylinder":
            axis = "xyz".index(command.expect(2, "x", "y", "z"))
            u, v, radius = (a * command.number(i) for i in range(3, 6))
            low, high = (self._face(command, i, axis, i - 6) for i in (6, 7))
            return Cylinder(axis, (u, v), radius, low, high, outside)
        faces = [
            self._face(command, 2 + 2 * axis + side, axis, side)
            for axis in range(3)
            for side in range(2)
        ]
        low3 = (faces[0], faces[2], faces[4])
        high3 = (faces[1], faces[3], faces[5])
        if any(low > high for low, high in zip(low3, high3)):
            raise command.fail(f"the block ends before it starts: {low3}, {high3}")
        return Block(low3, high3, outside)

    def _face(self, command: Command, index: int, axis: int, side: int) -> float:
        """Return a coordinate; INF and EDGE are the infinite and the box's face."""
        word = command.word(index)
        if word not in ("INF", "EDGE"):
            return self.spacing * command.number(index)
        if self.extent is None:
            raise command.fail(f"{word} needs a box, and there is none yet")
        if word == "INF":
            return math.inf if side else -math.inf
        return (self.extent.high if side else self.extent.low)[axis]

    def _known_region(self, command: Command, index: int) -> Region:
        name = command.word(index)
        if name not in self.regions:
            raise command.fail(f"no region {name!r}")
        return self.regions[name]

    def _create_box(self, command: Command) -> None:
        if self.app is None:
            raise command.fail("app_style must come first")
        if self.extent is not None:
            raise command.fail("the box exists already")
        region = self._known_region(command, 0)
        if region.outside or not isinstance(region, Block):
            raise command.fail("the box must be a region block with side in")
        if self.dimension == 2 and not self.periodic[2]:
            raise command.fail("dimension 2 needs a periodic z (boundary)")
        self.extent = region

    def _create_sites(self, command: Command) -> None:
        if self.extent is None or self.app is None:
            raise command.fail("create_box must come first")
        if self.box is not None:
            raise command.fail("the sites exist already")
        within = None
        at = 1
        if command.expect(0, "box", "region") == "region":
            within = self._known_region(command, 1)
            at = 2
        shape, origin = [0, 0, 0], [0.0, 0.0, 0.0]
        for i, (low, high) in enumerate(zip(self.extent.low, self.extent.high)):
            shape[i], origin[i] = self._sites_along(command, i, low, high)
        self.box = Box(
            (shape[0], shape[1], shape[2]),
            (origin[0], origin[1], origin[2]),
            self.spacing,
            self.lattice,
            self.periodic,
            within,
        )
        if at < len(command.words):
            command.expect(at, "value")
            if command.word(at + 1) in ("site", "i1"):
                value = command.integer(at + 2)
                self.steps.append(SetSpins(value, value))
            if len(command.words) > at + 3:
                raise command.fail("only one value is supported, no basis")

    def _sites_along(
        self, command: Command, axis: int, low: float, high: float
    ) -> tuple[int, float]:
        """Return how many sites lie along an axis, and the place of the first."""
        a = self.spacing
        if self.dimension == 2 and axis == 2:
            return 1, (low + high) / 2
        if self.periodic[axis]:
            n = int((high - low) / a + 1e-6)
            if n < 1 or abs(n * a - (high - low)) > 1e-4 * a:
                raise command.fail(
                    f"the periodic box from {low:g} to {high:g} along {'xyz'[axis]} "
                    f"is no multiple of the lattice constant {a:g}"
                )
            return n, low
        first = math.ceil(low / a - 1e-9)
        n = math.ceil(high / a - 1e-9) - first
        if n < 1:
            raise command.fail(f"no site between {low:g} and {high:g}")
        return n, first * a

    # Values.

    def _seed(self, command: Command) -> None:
        self.seed = command.integer(0)
        if self.seed <= 0:
            raise command.fail(f"the seed must be above 0, got {self.seed}")

    def _needed_seed(self, command: Command) -> int:
        if self.seed is None:
            raise command.fail("needs random numbers: command seed must come first")
        return self.seed

    def _set(self, command: Command) -> None:
        if self.box is None:
            raise command.fail("create_sites must come first")
        what = command.word(0)
        if what == "d1" and not isinstance(self.app, Potts):
            self._pass_over(command)  # the pool sets it before it is used
            return
        command.expect(0, "site", "i1")
        how = command.expect(1, "value", "range", "unique", "stitch")
        if how == "stitch":
            if len(command.words) > 4:
                raise command.fail("options behind a stitch file are not supported")
            path = self._file(command, 2)
            self.steps.append(ReadFile(path, self._stitch_time(command, path, 3)))
            return
        at = {"value": 3, "range": 4, "unique": 2}[how]
        low = 0 if how == "unique" else command.integer(2)
        high = command.integer(3) if how == "range" else low
        if low > high:
            raise command.fail(f"the range {low}..{high} is empty")
        spins = SetSpins(low, high, how == "unique")
        random = low < high
        while at < len(command.words):
            option = command.expect(at, "fraction", "region", "loop", "if")
            if option == "fraction":
                share = command.number(at + 1)
                if not 0 < share <= 1:
                    raise command.fail(f"the fraction must be in 0..1, got {share:g}")
                spins, random = replace(spins, fraction=share), random or share < 1
            elif option == "region":
                spins = replace(spins, region=self._known_region(command, at + 1))
            elif option == "if":
                test = self._condition(command, at)
                spins = replace(spins, conditions=(*spins.conditions, test))
            at += 4 if option == "if" else 2
        if random:
            spins = replace(spins, seed=self._needed_seed(command))
        self.steps.append(spins)

    def _condition(self, command: Command, at: int) -> Condition:
        what = command.expect(at + 1, "x", "y", "z", "id", "site", "i1")
        relation = command.expect(at + 2, "<", "<=", ">", ">=", "=", "!=")
        what = "site" if what == "i1" else what
        return Condition(what, relation, command.number(at + 3))

    def _read_sites(self, command: Command) -> None:
        if self.box is None:
            raise command.fail(
                "create_box and create_sites must come first (lattices of a site file "
                "are not supported)"
            )
        path = self._file(command, 0)
        self.steps.append(ReadFile(path, where=command.where))

    def _file(self, command: Command, index: int) -> Path:
        """Find a file beside the script, else where we are."""
        name = command.word(index)
        for path in (self.path.parent / name, Path(name)):
            if path.is_file():
                return path
        raise command.fail(f"no file {name}")

    def _stitch_time(self, command: Command, path: Path, index: int) -> float:
        known = spparks.times(path)
        word = command.word(index)
        if word in ("first", "last"):
            return known[0 if word == "first" else -1]
        return command.number(index)

    def _am(self, command: Command) -> None:
        if self.app is None or isinstance(self.app, Potts):
            raise command.fail("needs app_style am/ellipsoid or potts/am/bezier")
        if self.extent is None:
            raise command.fail("create_box must come first")
        if not self.scanning.follow(command, self.extent):
            self._pass_over(command)

    # Runs and dumps.

    def _temperature(self, command: Command) -> None:
        self.temperature = command.number(0)
        if not 0 <= self.temperature < math.inf:
            raise command.fail(f"must be 0 or above, got {self.temperature:g}")

    def _sweep(self, command: Command) -> None:
        known = ("random", "raster", "color", "color/strict", "none")
        self.sweep = command.expect(0, *known)
        at_random = self.sweep == "raster" and not isinstance(self.app, Potts)
        self._pass_over(command, " (swept at random here)" if at_random else "")

    def _sector(self, command: Command) -> None:
        self.sectors = command.expect(0, "yes", "no", "2", "4", "8") != "no"
        self._pass_over(command)

    def _solve_style(self, command: Command) -> None:
        how = command.expect(0, "linear", "tree", "group", "none")
        self.solver = how != "none"
        self._pass_over(command)

    def _run(self, command: Command) -> None:
        if self.app is None or self.box is None:
            raise command.fail("create_sites must come first")
        upto = False
        at = 1
        while at < len(command.words):
            option = command.expect(at, "upto", "pre", "post")
            upto = upto or option == "upto"
            at += 1 if option == "upto" else 2
        span = command.number(0)
        stop = span if upto else self.time + span
        if isinstance(self.app, Potts):
            if not self.time <= stop < math.inf:
                raise command.fail(f"cannot run from time {self.time:g} to {stop:g}")
            if (self.sweep != "none") == self.solver:
                raise command.fail("needs sweep or solve_style, and not both")
        else:
            stop = self.time + self._check_additive(command)
        self.steps.append(
            Run(
                self.time,
                stop,
                self.temperature,
                self.sweep != "none",
                self.sweep == "raster",
                self.sectors,
                self.dumps.due(command, self.time, stop),
                self._needed_seed(command),
            )
        )
        self.time = stop

    def _check_additive(self, command: Command) -> float:
        """Check what only the additive applications need; return how long they run."""
        assert self.box is not None
        if any(isinstance(step, Run) for step in self.steps):
            raise command.fail("a build is done in one run; a second is not supported")
        if self.solver or self.sweep == "none":
            raise command.fail("additive applications need sweep, and no solve_style")
        if isinstance(self.app, Bezier) and not (
            self.app.x and self.app.y and self.app.z
        ):
            raise command.fail("potts/am/bezier control_points are missing")
        if self.box.lattice != "sc/26n" or self.box.spacing != 1:
            raise command.fail("additive applications need lattice sc/26n 1.0")
        if any(self.box.periodic):
            raise command.fail("additive applications need boundary n n n")
        if any(edge != int(edge) for edge in (*self.box.origin, *self._edges())):
            raise command.fail("additive applications need a box of whole numbers")
        assert self.extent is not None
        try:
            return duration(self.scanning.build(self.extent))
        except InputError as error:
            raise command.fail(str(error)) from None

    def _edges(self) -> tuple[float, ...]:
        assert self.extent is not None
        return *self.extent.low, *self.extent.high

    def _dump(self, command: Command) -> None:
        if not self.dumps.add(command):
            self._pass_over(command)

    def _dump_modify(self, command: Command) -> None:
        if not self.dumps.modify(command):
            self._pass_over(command)

    def _dump_one(self, command: Command) -> None:
        if not self.dumps.one(command):
            self._pass_over(command)
        elif self.steps and isinstance(self.steps[-1], Run):
            last = self.steps[-1]
            times = tuple(sorted({*last.snapshots, last.stop}))
            self.steps[-1] = replace(last, snapshots=times)
            self.dumps.now = False

    def _undump(self, command: Command) -> None:
        self.dumps.remove(command)

    def _reset_time(self, command: Command) -> None:
        if command.word(0) == "stitch":
            path = self._file(command, 1)
            self.time = self._stitch_time(command, path, 2)
        else:
            self.time = command.number(0)
        if self.time < 0:
            raise command.fail(f"the time must be 0 or above, got {self.time:g}")

    def _shell(self, command: Command) -> None:
        if command.word(0) == "cd":
            raise command.fail(
                "cd is not supported: name files from the script's place"
            )
        self._pass_over(command)

    def _clear(self, command: Command) -> None:
        if self.steps:
            raise command.fail(
                "a second simulation in a script is not supported: run the script "
                "once for each, with --var"
            )
        fresh = _Reader(self.path)
        fresh.passed_over = self.passed_over
        self.__dict__.update(fresh.__dict__)


_COMMANDS: dict[str, Callable[[_Reader, Command], None]] = {
    "am": _Reader._am,
    "app_style": _Reader._app_style,
    "boundary": _Reader._boundary,
    "clear": _Reader._clear,
    "create_box": _Reader._create_box,
    "create_sites": _Reader._create_sites,
    "dimension": _Reader._dimension,
    "dump": _Reader._dump,
    "dump_modify": _Reader._dump_modify,
    "dump_one": _Reader._dump_one,
    "lattice": _Reader._lattice,
    "potts/am/bezier": _Reader._bezier,
    "read_sites": _Reader._read_sites,
    "region": _Reader._region,
    "reset_time": _Reader._reset_time,
    "run": _Reader._run,
    "sector": _Reader._sector,
    "seed": _Reader._seed,
    "set": _Reader._set,
    "shell": _Reader._shell,
    "solve_style": _Reader._solve_style,
    "sweep": _Reader._sweep,
    "temperature": _Reader._temperature,
    "undump": _Reader._undump,
}
