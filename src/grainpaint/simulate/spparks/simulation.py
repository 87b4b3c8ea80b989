"""Simulations that SPPARKS' input scripts describe, as plain frozen values."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from grainpaint.simulate.am.scan import Segment
from grainpaint.simulate.spparks.applications import Application, PottsApp
from grainpaint.simulate.spparks.regions import Region
from grainpaint.simulate.spparks.requests import Diagnostic, Moment, OpenLog, Say, Shell

__all__ = [
    "N_NEIGHBORS",
    "LayeredScan",
    "PinSites",
    "ReadFile",
    "RunCommand",
    "SetSpins",
    "Simulation",
    "SimulationBox",
    "SiteCondition",
    "WritePaths",
    "value_names",
]


Triple = tuple[float, float, float]

N_NEIGHBORS = {"sc/26n": 26, "sc/6n": 6, "sq/8n": 8, "sq/4n": 4}


@dataclass(frozen=True)
class SimulationBox:
    """The box of sites.

    Parameters
    ----------
    shape : three ints
        Sites along x, y, z.
    origin : three floats
        Position of the first site.
    spacing : float
        Lattice constant.
    lattice : str
        ``sc/26n``, ``sc/6n``, ``sq/8n`` or ``sq/4n``.
    periodic : three bools
    region : Region, optional
        If given, only sites inside it exist.
    faces : two triples of floats, optional
        Lower and upper corner of the box; by default, those of whole cells.
    """

    shape: tuple[int, int, int]
    origin: tuple[float, float, float]
    spacing: float
    lattice: str
    periodic: tuple[bool, bool, bool]
    region: Region | None = None
    faces: tuple[Triple, Triple] | None = field(default=None, compare=False)

    @property
    def dimension(self) -> int:
        """2 or 3."""
        return 2 if self.lattice.startswith("sq") else 3

    @property
    def corners(self) -> tuple[Triple, Triple]:
        """Lower and upper corner of the box."""
        if self.faces is not None:
            return self.faces
        x, y, z = self.origin
        a = self.spacing
        nx, ny, nz = self.shape
        below = 0.5 * a if self.dimension == 2 else 0.0  # the sites lie in the middle
        low = (x, y, z - below)
        return low, (x + nx * a, y + ny * a, z - below + nz * a)


@dataclass(frozen=True)
class SiteCondition:
    """A condition of ``set ... if``: compares a property of a site with a value.

    Parameters
    ----------
    what : str
        ``x``, ``y``, ``z``, ``id``, ``site`` or another value of the sites.
    relation : str
        ``<``, ``<=``, ``>``, ``>=``, ``=`` or ``!=``.
    value : float
    """

    what: str
    relation: str
    value: float


@dataclass(frozen=True)
class SetSpins:
    """``set``: new spins, or other values, for some sites.

    Parameters
    ----------
    low, high : number
        Range of the random values; a single value if they are equal.
    unique : bool
        Whether each site gets its ID instead.
    fraction : float
        Fraction of the sites, drawn at random.
    region : Region, optional
        If given, only sites inside it are set.
    conditions : tuple of SiteCondition
        Only sites that meet all conditions are set.
    seed : int
        Seed of the random numbers.
    what : str
        ``site``, ``i2``, ``d1``, ...
    """

    low: float = 0
    high: float = 0
    unique: bool = False
    fraction: float = 1.0
    region: Region | None = None
    conditions: tuple[SiteCondition, ...] = ()
    seed: int = 0
    what: str = "site"


@dataclass(frozen=True)
class PinSites:
    """``pin``: some sites take the spin Q + 1, which never changes.

    Parameters
    ----------
    fraction : float
        Of the sites, at least.
    clusters : bool
        Whether each is pinned with all of its neighbors, which no pin touches before.
    threshold : int
        Unlike neighbors of a site that can be pinned, at least.
    seed : int
        Seed of the random numbers.
    """

    fraction: float
    clusters: bool
    threshold: int
    seed: int


@dataclass(frozen=True)
class ReadFile:
    """Spins from a site file (`read_sites`) or a stitch file (`set site stitch`).

    Parameters
    ----------
    path : Path
    time : float, optional
        Time in a stitch file; None = a site file.
    where : str
        File and line of the command, for messages.
    what : str
        Which value of the sites a stitch file gives: ``site``, ``i1``, ``d1``, ...
    columns : tuple of str
        Values in a site file that does not name them.
    """

    path: Path
    time: float | None = None
    where: str = ""
    what: str = "site"
    columns: tuple[str, ...] = ("i1",)


@dataclass(frozen=True)
class LayeredScan:
    """The scan of an additive application, lengths in sites from the first site.

    Parameters
    ----------
    layers : tuple of (tracks, thickness)
        The pattern of layers, which repeats.
    start : float
        Height of the surface while the first layer is scanned.
    n_layers : int
        Number of layers; after each the surface rises by its thickness.
    timed : bool
        Whether the time of ``run`` decides when the scan ends, as with ``am_pattern``;
        otherwise each layer ends one sweep early.
    """

    layers: tuple[tuple[tuple[Segment, ...], float], ...]
    start: float
    n_layers: int
    timed: bool = False


@dataclass(frozen=True)
class RunCommand:
    """``run``: simulate for some time.

    Parameters
    ----------
    start, stop : float
        SPPARKS' time.
    temperature : float
    rejection : bool
        Whether by ``sweep``; otherwise rejection-free (``solve_style``).
    raster : bool
        ``sweep raster``: in a fixed order instead of at random.
    colored : bool
        ``sweep color``: each site once, sites that are no neighbors after each other.
    sectors : bool
        Whether parts of the box are swept one after another.
    masked : bool
        ``sweep ... mask yes``: sites that seem unable to change are passed over.
    moments : tuple of Moment
        When something is written: the start, the end, and times in between.
    diagnostics : tuple of Diagnostic
        Columns of the table of statistics.
    seed : int
        Seed of the random numbers.
    scan : LayeredScan, optional
        What an additive application scans.
    clusters : tuple of Diagnostic
        Those whose files exist from the start of the run.
    begins : bool
        Whether the application is set up anew; otherwise (``pre no``) it goes on.
    turn : float
        Sweeps that the moments' `n_sweeps` counts as one (``sector ... nstop``).
    """

    start: float
    stop: float
    temperature: float
    rejection: bool
    raster: bool = False
    colored: bool = False
    sectors: bool = False
    masked: bool = False
    moments: tuple[Moment, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    seed: int = 0
    scan: LayeredScan | None = None
    clusters: tuple[Diagnostic, ...] = ()
    begins: bool = True
    turn: float = 1.0

    @property
    def order(self) -> Literal["raster", "color", "random"]:
        """The order of the sites in a sweep."""
        return "raster" if self.raster else "color" if self.colored else "random"

    @property
    def end(self) -> float:
        """The time that is reached: sweeps go on until they are past `stop`."""
        return self.moments[-1].time if self.moments else self.stop

    @property
    def snapshots(self) -> tuple[float, ...]:
        """Times at which the script dumps the spins."""
        return tuple(m.time for m in self.moments if m.holds_spins)


@dataclass(frozen=True)
class WritePaths:
    """``pathgen``: write a file of the paths of a build; nothing is simulated.

    Parameters
    ----------
    path : Path
    text : str
        Its content.
    """

    path: Path
    text: str


ScriptStep = (
    SetSpins
    | PinSites
    | ReadFile
    | RunCommand
    | Moment
    | Say
    | OpenLog
    | Shell
    | WritePaths
)


@dataclass(frozen=True)
class Simulation:
    """Everything that a script describes.

    Parameters
    ----------
    app : Application
    box : SimulationBox
    steps : tuple of ScriptStep
        In order; a Moment is a ``dump_one``.
    stitch_files : tuple of str
        Stitch files to which the script dumps: made when it starts.
    passed_over : tuple of str
        Commands that had no effect, with their lines.
    before : tuple of Simulation
        Those that ``clear`` has ended: they run first.
    """

    app: Application
    box: SimulationBox
    steps: tuple[ScriptStep, ...]
    stitch_files: tuple[str, ...] = ()
    passed_over: tuple[str, ...] = ()
    before: tuple["Simulation", ...] = ()

    @property
    def parts(self) -> tuple["Simulation", ...]:
        """The simulations of the script in order, this one last."""
        return (*self.before, self)

    @property
    def scan(self) -> LayeredScan | None:
        """The scan of the first run of an additive application."""
        return self.runs[0].scan if self.runs else None

    @property
    def snapshots(self) -> tuple[float, ...]:
        """Times at which the script dumps the spins, and the end of the last run.

        The end has no time of its own if spins are dumped after it: a script that turns
        the clock back for this dump means that time.
        """
        last = self.runs[-1] if self.runs else None
        times: list[float] = []
        for step in self.steps:
            if isinstance(step, RunCommand):
                times += step.snapshots
                times += [step.end] if step is last and not self.dumped_after else []
            elif isinstance(step, Moment) and step.holds_spins:
                times.append(step.time)
        return tuple(dict.fromkeys(times))

    @property
    def dumped_after(self) -> bool:
        """Whether a ``dump_one`` writes the spins after the last run."""
        steps = [s for s in self.steps if isinstance(s, RunCommand | Moment)]
        return bool(steps) and isinstance(steps[-1], Moment) and steps[-1].holds_spins

    @property
    def moments(self) -> tuple[Moment, ...]:
        """All moments at which something is written."""
        found: list[Moment] = []
        for step in self.steps:
            if isinstance(step, RunCommand):
                found += step.moments
            elif isinstance(step, Moment):
                found.append(step)
        return tuple(found)

    @property
    def runs(self) -> tuple[RunCommand, ...]:
        """The runs among the steps."""
        return tuple(step for step in self.steps if isinstance(step, RunCommand))


def value_names(app: Application) -> tuple[str, ...]:
    """Return SPPARKS' names of the values that a site has in an application."""
    return app.values if isinstance(app, PottsApp) else ("i1", "d1")
