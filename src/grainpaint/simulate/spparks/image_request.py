"""How a script wants its images drawn, as plain frozen values."""

from dataclasses import dataclass
from typing import NamedTuple

__all__ = ["BLUE_TO_RED", "Color", "ColorMap", "ImageRequest", "PaintedRange"]

Color = tuple[float, float, float]


class PaintedRange(NamedTuple):
    """Values low..high take some colors in turn (``dump_modify scolor``)."""

    low: int
    high: int
    colors: tuple[Color, ...]


class ColorMap(NamedTuple):
    """``dump_modify smap``: numbers to colors.

    Parameters
    ----------
    low, high : float, optional
        Ends of the map; None = the smallest and the largest value.
    style : str
        ``c`` (continuous), ``d`` (intervals) or ``s`` (in turn).
    fractional : bool
        Whether entries are fractions of the range.
    step : float
        Width of a bin of ``s``.
    entries : tuple of (low, high, color)
        Of ``c``, low is the value; None = the end of the range.
    """

    low: float | None = None
    high: float | None = None
    style: str = "c"
    fractional: bool = True
    step: float = 1.0
    entries: tuple[tuple[float | None, float | None, Color], ...] = (
        (0.0, 0.0, (0.0, 0.0, 1.0)),
        (1.0, 1.0, (1.0, 0.0, 0.0)),
    )


BLUE_TO_RED = ColorMap()


@dataclass(frozen=True)
class ImageRequest:
    """Options of ``dump image``.

    Parameters
    ----------
    cubes : bool
        ``shape cube``; otherwise spheres.
    diameter : float, optional
        ``sdiam`` of the command; None = by the second column.
    diameters : tuple of (low, high, diameter)
        ``dump_modify sdiam``: diameters by integer values, 1 elsewhere.
    color_range, diameter_range : two ints, optional
        ``crange``, ``drange``.
    wrap_colors, wrap_diameters : bool
        Whether values beyond the ranges start over (``cwrap``, ``dwrap``).
    painted : tuple of PaintedRange
        ``dump_modify scolor``; the later ones count.
    random_colors : bool
        ``scolor * random``.
    color_map : ColorMap
        Of columns that are not integers.
    boundary : (str, float), optional
        Column whose changes are outlined, and the width of the lines.
    size : two ints
        Pixels across and down.
    theta, phi : float
        Direction from which the box is seen, degrees from +z and around it.
    center : three floats
        Place of the middle of the picture, in fractions of the box.
    up : three floats
        Direction that points up.
    zoom : float
    box : float, optional
        Width of the lines around the box, in fractions of its shortest side; None = no
        lines.
    axes : two floats, optional
        Length and width of the axes, in fractions of the sides.
    shiny : float
        Strength of highlights, 0..1.
    background, box_color, boundary_color : three floats
        Red, green, blue in 0..1.
    """

    cubes: bool = False
    diameter: float | None = None
    diameters: tuple[tuple[int, int, float], ...] = ()
    color_range: tuple[int, int] | None = None
    diameter_range: tuple[int, int] | None = None
    wrap_colors: bool = False
    wrap_diameters: bool = False
    painted: tuple[PaintedRange, ...] = ()
    random_colors: bool = False
    color_map: ColorMap = BLUE_TO_RED
    boundary: tuple[str, float] | None = None
    size: tuple[int, int] = (512, 512)
    theta: float = 60.0
    phi: float = 30.0
    center: tuple[float, float, float] = (0.5, 0.5, 0.5)
    up: tuple[float, float, float] = (0.0, 0.0, 1.0)
    zoom: float = 1.0
    box: float | None = 0.02
    axes: tuple[float, float] | None = None
    shiny: float = 1.0
    background: Color = (0.0, 0.0, 0.0)
    box_color: Color = (1.0, 1.0, 0.0)
    boundary_color: Color = (1.0, 1.0, 1.0)
