"""What a script of SPPARKS asks for, as plain frozen values."""

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
        Of the pool: full width, length behind, depth, length in front.
    haz_width, haz_tail, haz_depth, haz_cap : float
        The same of the heat-affected zone.
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
        Of the pool.
    haz, haz_tail, power : float
        Width of the heat-affected zone at the pool's widest place and at its tail;
        exponent between them.
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
    """The sites.

    Parameters
    ----------
    shape : three ints
        Along x, y, z.
    origin : three floats
        Place of the first site.
    spacing : float
        Lattice constant.
    lattice : str
        ``sc/26n``, ``sc/6n``, ``sq/8n`` or ``sq/4n``.
    periodic : three bools
    region : Region, optional
        Only sites in it exist.
    """

    shape: tuple[int, int, int]
    origin: tuple[float, float, float]
    spacing: float
    lattice: str
    periodic: tuple[bool, bool, bool]
    region: Region | None = None


@dataclass(frozen=True)
class SiteCondition:
    """A test of ``set ... if``: sites whose `what` stands in `relation` to `value`.

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
        Random spins of this range; a single value if they are equal.
    unique : bool
        Each site's ID instead.
    fraction : float
        Share of the sites, drawn at random.
    region : Region, optional
        Only sites in it.
    conditions : tuple of SiteCondition
        Only sites that meet all.
    seed : int
        Of the random numbers.
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
        Of a stitch file; None = a site file.
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
        The pattern; it repeats.
    start : float
        Height of the surface while the first layer is scanned.
    n_layers : int
        Layers in all.
    """

    layers: tuple[tuple[tuple[Segment, ...], float], ...]
    start: float
    n_layers: int


@dataclass(frozen=True)
class RunCommand:
    """``run``: time passes.

    Parameters
    ----------
    start, stop : float
        SPPARKS' time.
    temperature : float
    rejection : bool
        By ``sweep``; else rejection-free (``solve_style``).
    raster : bool
        ``sweep raster``: in a fixed order, not at random.
    sectors : bool
        One part of the box after the other.
    snapshots : tuple of float
        Times at which the script dumps the spins, `start` and `stop` included.
    seed : int
        Of the random numbers.
    """

    start: float
    stop: float
    temperature: float
    rejection: bool
    raster: bool = False
    sectors: bool = False
    snapshots: tuple[float, ...] = ()
    seed: int = 0


Step = SetSpins | ReadFile | RunCommand


@dataclass(frozen=True)
class Simulation:
    """Everything that a script asks for.

    Parameters
    ----------
    app : PottsApp, EllipsoidApp or BezierApp
    box : SimulationBox
    steps : tuple of SetSpins, ReadFile and RunCommand
        In their order; the last is a RunCommand.
    scan : LayeredScan, optional
        Of an additive application.
    passed_over : tuple of str
        Commands that had no effect, with their lines.
    """

    app: PottsApp | EllipsoidApp | BezierApp
    box: SimulationBox
    steps: tuple[Step, ...]
    scan: LayeredScan | None = None
    passed_over: tuple[str, ...] = ()

    @property
    def runs(self) -> tuple[RunCommand, ...]:
        """The runs among the steps."""
        return tuple(step for step in self.steps if isinstance(step, RunCommand))
