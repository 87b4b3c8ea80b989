"""Simulations that SPPARKS' input scripts describe, as plain frozen values."""

from dataclasses import dataclass
from pathlib import Path

from grainpaint.simulate.am.scan import Segment
from grainpaint.simulate.spparks.regions import Region

__all__ = [
    "BezierApp",
    "EllipsoidApp",
    "LayeredScan",
    "PottsApp",
    "ReadFile",
    "RunCommand",
    "SetSpins",
    "Simulation",
    "SimulationBox",
    "SiteCondition",
]


@dataclass(frozen=True)
class PottsApp:
    """``app_style potts`` and ``potts/neighonly``.

    Parameters
    ----------
    n_spins : int
        Q; spins are 1..Q.
    neighbors_only : bool
        ``potts/neighonly``.
    """

    n_spins: int
    neighbors_only: bool = False


@dataclass(frozen=True)
class EllipsoidApp:
    """``app_style am/ellipsoid``: pool and heat-affected zone, lengths in sites.

    Parameters
    ----------
    n_spins : int
        Melted sites take a spin 0..n_spins - 1.
    width, tail, depth, cap : float
        Pool: full width, length behind the origin, depth, length in front.
    haz_width, haz_tail, haz_depth, haz_cap : float
        The same for the heat-affected zone.
    decay : float
        Mobility exp(-decay * distance).
    """

    n_spins: int
    width: float
    tail: float
    depth: float
    cap: float
    haz_width: float
    haz_tail: float
    haz_depth: float
    haz_cap: float
    decay: float


@dataclass(frozen=True)
class BezierApp:
    """``app_style potts/am/bezier``, lengths in sites.

    Parameters
    ----------
    n_spins : int
        Melted sites take a spin 0..n_spins - 1.
    width, depth : float
        Full width and depth of the pool.
    haz, haz_tail, power : float
        Width of the heat-affected zone at the pool's widest place and at its tail, and
        the exponent in between.
    x, y, z : tuple of float
        Control points: five, three and three, as the script gives them.
    beta : two floats
        Shape of the cross section.
    """

    n_spins: int
    width: float
    depth: float
    haz: float
    haz_tail: float
    power: float
    x: tuple[float, ...] = ()
    y: tuple[float, ...] = ()
    z: tuple[float, ...] = ()
    beta: tuple[float, float] = (1.0, 0.5)


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
    """

    shape: tuple[int, int, int]
    origin: tuple[float, float, float]
    spacing: float
    lattice: str
    periodic: tuple[bool, bool, bool]
    region: Region | None = None


@dataclass(frozen=True)
class SiteCondition:
    """A condition of ``set ... if``: compares a property of a site with a value.

    Parameters
    ----------
    what : str
        ``x``, ``y``, ``z``, ``id`` or ``site``.
    relation : str
        ``<``, ``<=``, ``>``, ``>=``, ``=`` or ``!=``.
    value : float
    """

    what: str
    relation: str
    value: float


@dataclass(frozen=True)
class SetSpins:
    """``set site``: new spins for some sites.

    Parameters
    ----------
    low, high : int
        Range of the random spins; a single value if they are equal.
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
    """

    low: int = 0
    high: int = 0
    unique: bool = False
    fraction: float = 1.0
    region: Region | None = None
    conditions: tuple[SiteCondition, ...] = ()
    seed: int = 0


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
    """

    path: Path
    time: float | None = None
    where: str = ""


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
        Number of layers.
    """

    layers: tuple[tuple[tuple[Segment, ...], float], ...]
    start: float
    n_layers: int


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
    sectors : bool
        Whether parts of the box are swept one after another.
    snapshots : tuple of float
        Times at which the script dumps the spins, `start` and `stop` included.
    seed : int
        Seed of the random numbers.
    """

    start: float
    stop: float
    temperature: float
    rejection: bool
    raster: bool = False
    sectors: bool = False
    snapshots: tuple[float, ...] = ()
    seed: int = 0


ScriptStep = SetSpins | ReadFile | RunCommand


@dataclass(frozen=True)
class Simulation:
    """Everything that a script describes.

    Parameters
    ----------
    app : PottsApp, EllipsoidApp or BezierApp
    box : SimulationBox
    steps : tuple of SetSpins, ReadFile and RunCommand
        In order; the last is a RunCommand.
    scan : LayeredScan, optional
        Scan of an additive application.
    passed_over : tuple of str
        Commands that had no effect, with their lines.
    """

    app: PottsApp | EllipsoidApp | BezierApp
    box: SimulationBox
    steps: tuple[ScriptStep, ...]
    scan: LayeredScan | None = None
    passed_over: tuple[str, ...] = ()

    @property
    def runs(self) -> tuple[RunCommand, ...]:
        """The runs among the steps."""
        return tuple(step for step in self.steps if isinstance(step, RunCommand))
