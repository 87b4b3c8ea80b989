"""SPPARKS' applications that our kernels run, with their parameters."""

from dataclasses import dataclass
from typing import ClassVar, Literal

__all__ = [
    "AdditiveApp",
    "Application",
    "BezierApp",
    "EllipsoidApp",
    "JoiningApp",
    "PathWeldApp",
    "PathsApp",
    "PottsApp",
    "WeldApp",
    "WeldShape",
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
    # Of this application and its variants:
    pins: ClassVar[bool] = False  # whether sites of spin Q + 1 never change
    values: ClassVar[tuple[str, ...]] = ("i1",)  # SPPARKS' names of a site's values
    lowest_spin: ClassVar[int] = 1
    needs: ClassVar[Literal["", "sweep", "solve_style"]] = ""

    def tries(self, n_neighbors: int) -> int:
        """Return the attempts at a site per unit of time in sweeps."""
        return n_neighbors if self.neighbors_only else self.n_spins


@dataclass(frozen=True)
class EllipsoidApp:
    """``app_style am/ellipsoid`` (``potts/additive``), lengths in sites.

    Parameters
    ----------
    n_spins : int
        Melted sites take a spin 0..n_spins - 1.
    width, tail, depth, cap : float
        The melt pool: full width, length behind the origin, depth, length in front.
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
    first : bool
        Whether this is the first version, with four numbers: distances are -1 inside
        the pool, and no site copies a molten neighbor.
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
    first: bool = False


@dataclass(frozen=True)
class WeldShape:
    """``weld_shape_ellipse`` or ``weld_shape_teardrop``, lengths in sites.

    Parameters
    ----------
    width : float
        Full width at the top of the plate.
    length : float
        Full length of an ellipse; 0 = a teardrop.
    case : {"I", "II", "III"}
        Which teardrop.
    """

    width: float
    length: float = 0.0
    case: Literal["I", "II", "III"] = "I"


@dataclass(frozen=True)
class WeldApp:
    """``app_style potts/weld``: a pool that moves along y, lengths in sites.

    Parameters
    ----------
    n_spins : int
        Molten sites take a spin 1..n_spins.
    start : float
        Position of the pool's center along y when the first run begins.
    alpha, beta : float
        Width at the bottom of the plate relative to the top; curvature in between.
    velocity : float
        Sites per unit of time.
    haz : float
        Width of the heat-affected zone.
    shape : WeldShape, optional
        Required before a run.
    pulse : two floats
        Amplitude and period of the pool's size: 1 + amplitude sin(2 pi t / period).
    """

    n_spins: int
    start: float
    alpha: float
    beta: float
    velocity: float
    haz: float
    shape: WeldShape | None = None
    pulse: tuple[float, float] = (0.0, 1.0)


@dataclass(frozen=True)
class PathWeldApp:
    """``app_style potts/am/weld``: the teardrop of ``potts/weld`` along am paths.

    Parameters
    ----------
    n_spins, alpha, beta, haz, shape
        As in `WeldApp`.
    """

    n_spins: int
    alpha: float
    beta: float
    haz: float
    shape: WeldShape | None = None


@dataclass(frozen=True)
class JoiningApp:
    """``app_style potts/weld/jom``: a pool that moves along y, lengths in sites.

    Parameters
    ----------
    n_spins : int
        Molten sites take a spin 0..n_spins - 1; no site takes spin n_spins from a
        neighbor.
    width, length, cap, haz : int
        The pool's full width and length, the length of its round front, and the full
        width of its zone.
    start : int
        Time at which the weld begins.
    velocity : float
        Sites per unit of time.
    kind : int
        1 = ellipsoid, 2 = keyhole, 3..5 = prisms of triangular and rounded outline.
    decay : float
        Mobility exp(-decay * shell).
    deep_width, deep_length, depth : int
        Of the keyhole's inner ellipsoid, and the depth of the ellipsoid; 0 = a share of
        the box.
    """

    n_spins: int
    width: int
    length: int
    cap: int
    haz: int
    start: int
    velocity: float
    kind: int
    decay: float
    deep_width: int = 0
    deep_length: int = 0
    depth: int = 0


@dataclass(frozen=True)
class PathsApp:
    """``app_style potts/am/path/gen``: writes paths, simulates nothing."""


AdditiveApp = EllipsoidApp | BezierApp | PathWeldApp
Application = PottsApp | AdditiveApp | WeldApp | JoiningApp | PathsApp
