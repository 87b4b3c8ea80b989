"""The state of SPPARKS while it reads a script."""

import posixpath
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from math import prod
from pathlib import Path

from grainpaint.errors import InputError
from grainpaint.simulate.spparks.applications import (
    Application,
    PathsApp,
)
from grainpaint.simulate.spparks.image_request import Color
from grainpaint.simulate.spparks.regions import BlockRegion, Region
from grainpaint.simulate.spparks.requests import Moment, Say, Shell
from grainpaint.simulate.spparks.script.am_commands import AmCommands
from grainpaint.simulate.spparks.script.command import Command
from grainpaint.simulate.spparks.script.outputs import ScriptOutputs
from grainpaint.simulate.spparks.simulation import (
    RunCommand,
    ScriptStep,
    Simulation,
    SimulationBox,
    WritePaths,
    value_names,
)

__all__ = ["SITE_COLUMNS", "Handler", "ScriptState"]

# What ``clear`` leaves: messages and files.
_LASTING = ("passed_over", "stitched", "awaited", "echo", "folders", "removed")
SITE_COLUMNS = ("id", "site", "x", "y", "z", "energy", "propensity")


@dataclass
class ScriptState:
    """Everything that the commands of a script have defined so far."""

    path: Path
    app: Application | None = None
    dimension: int = 3
    lattice: str = ""
    spacing: float = 1.0
    periodic: tuple[bool, bool, bool] = (True, True, True)
    regions: dict[str, Region] = field(default_factory=dict)
    extent: BlockRegion | None = None
    box: SimulationBox | None = None
    seed: int | None = None
    temperature: float = 0.0
    sweep: str = "none"
    sectors: bool = False
    sector_count: int = 0  # 0 = as many as halving all axes gives
    stop_after: tuple[float, float] = (1.0, 0.0)  # sweeps, or time, of a sector
    masked: bool = False
    solver: bool = False
    time: float = 0.0
    outputs: ScriptOutputs = field(default_factory=ScriptOutputs)
    stitched: dict[str, list[float]] = field(default_factory=dict)
    awaited: dict[str, InputError] = field(default_factory=dict)
    colors: dict[str, Color] = field(default_factory=dict)
    echo: tuple[bool, bool] = (False, True)  # on the screen, in the log
    am: AmCommands = field(default_factory=AmCommands)
    steps: list[ScriptStep] = field(default_factory=list)
    passed_over: list[str] = field(default_factory=list)
    folders: set[str] = field(default_factory=set)  # that the script makes
    removed: set[Path] = field(default_factory=set)  # files, deleted or moved away
    before: tuple[Simulation, ...] = ()  # ended by ``clear``

    def keyword(self, name: str) -> float:
        """Return the value of `time` or `nglobal` in a formula."""
        if name == "time":
            return self.time
        return float(prod(self.box.shape)) if self.box else 0.0

    def region(self, command: Command, index: int) -> Region:
        """Return the region that word `index` names."""
        name = command.word(index)
        if name not in self.regions:
            raise command.missing("region", f"no region {name!r}")
        return self.regions[name]

    def needed_seed(self, command: Command) -> int:
        """Return the seed, which must have been set."""
        if self.seed is None:
            raise command.fail("needs random numbers: command seed must come first")
        return self.seed

    def app_columns(self) -> tuple[str, ...]:
        """Return the names of what a site has that can be written."""
        assert self.app is not None
        return (*SITE_COLUMNS, *value_names(self.app))

    def file(self, command: Command, index: int) -> Path:
        """Return the file that word `index` names, in the cwd or beside the script."""
        name = command.word(index)
        for path in self.on_disk(name):
            return path
        raise command.fail(f"no file {name}")

    def on_disk(self, name: str) -> list[Path]:
        """Return the files of a name that exist before the script runs, and stay."""
        places = dict.fromkeys(self.places(name))
        return [p for p in places if p.is_file() and p.resolve() not in self.removed]

    def named(self, name: str) -> str:
        """Return a file's name from the folder of the run, after ``shell cd``."""
        if not self.outputs.folder:
            return name
        return posixpath.normpath(posixpath.join(self.outputs.folder, name))

    def places(self, name: str) -> tuple[Path, Path]:
        """Return where a file may lie: in the current folder, beside the script."""
        return Path(self.named(name)), self.path.parent / self.named(name)

    def echoed(self, line: str) -> None:
        """Let a line of the script be shown where `echo` says."""
        if any(self.echo):
            self.steps.append(Say(line, *self.echo))

    def pass_over(self, command: Command, note: str = "") -> None:
        """Record a command that has no effect."""
        text = f"{command.where}: {' '.join((command.name, *command.words))}{note}"
        if text not in self.passed_over:
            self.passed_over.append(text)

    def dumped(self) -> set[Path]:
        """Return the files with one snapshot each that the script has dumped so far.

        They are where ``shell mv`` has put them, and no longer if ``rm`` has deleted
        them.
        """
        before = [step for one in self.before for step in one.steps]
        found: set[Path] = set()
        for step in (*before, *self.steps):
            match step:
                case RunCommand():
                    found |= {w.path for moment in step.moments for w in moment.dumps}
                case Moment():
                    found |= {write.path for write in step.dumps}
                case Shell("mv", (old, new)):
                    found.discard(Path(old))
                    found.add(Path(new))
                case Shell("rm", names):
                    found -= {Path(name) for name in names}
        return found

    def remove(self, name: str) -> list[float]:
        """Forget a file on the disk; return the times in it if it is a stitch file."""
        self.removed.add(Path(name).resolve())
        times, self.stitched[name] = self.stitched.get(name, []), []
        if not times:
            del self.stitched[name]
        return times

    def missing_files(self) -> list[InputError]:
        """Return what is wrong if no dump makes the stitch files that are read."""
        return [e for name, e in self.awaited.items() if name not in self.stitched]

    def clear(self) -> None:
        """End the simulation, if there is one; forget all but files and messages."""
        fresh = ScriptState(self.path, steps=self.steps, before=self.before)
        if isinstance(self.app, PathsApp) or (self.app and self.box):
            fresh.steps = []
            fresh.before = (*self.before, self._simulation())
        for name in _LASTING:
            setattr(fresh, name, getattr(self, name))
        fresh.outputs.folder = self.outputs.folder
        self.__dict__.update(fresh.__dict__)

    def simulation(self) -> Simulation:
        """Return the simulation that the script has described."""
        for error in self.missing_files():
            raise error
        if self.app is None and self.before:  # the script ends with ``clear``
            last = self.before[-1]
            steps = (*last.steps, *self.steps)
            return replace(last, steps=steps, before=self.before[:-1])
        return replace(self._simulation(), before=self.before)

    def _simulation(self) -> Simulation:
        """Return the simulation since the last ``clear``."""
        if isinstance(self.app, PathsApp):
            return self._paths(self.app)
        if self.app is None or self.box is None:
            missing = "app_style" if self.app is None else "create_sites"
            raise InputError(f"{self.path}: no command {missing}: nothing to simulate")
        return Simulation(
            self.app,
            self.box,
            tuple(self.steps),
            tuple(self.stitched),
            tuple(self.passed_over),
        )

    def _paths(self, app: PathsApp) -> Simulation:
        """Return what ``potts/am/path/gen`` does: files that are written."""
        steps = tuple(s for s in self.steps if isinstance(s, WritePaths))
        if not steps:
            raise InputError(f"{self.path}: no pathgen: nothing to write")
        box = SimulationBox((1, 1, 1), (0.0,) * 3, 1.0, "sc/26n", (False,) * 3)
        return Simulation(app, box, steps, passed_over=tuple(self.passed_over))


Handler = Callable[[ScriptState, Command], None]
