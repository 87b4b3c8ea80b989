"""How large grains are to be, everywhere the same or from place to place.

A grain size is the mean over grains of the diameter of the sphere of equal volume.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from grainpaint.errors import InputError
from grainpaint.formats import file_digest
from grainpaint.formats.field import read_values
from grainpaint.network.calibration import Calibration
from grainpaint.units import UNITS, parse_length

__all__ = [
    "LARGEST",
    "SMALLEST",
    "GrainSize",
    "SizeMap",
    "Wanted",
    "choose_levels",
    "make_wanted",
    "read_grain_size",
]

SMALLEST, LARGEST = 4.0, 64.0  # mean grain diameters, voxels

_SAMPLES = 33  # along each axis, where the extremes of a formula are looked for

Axes = tuple[np.ndarray, np.ndarray, np.ndarray]
SizeMap = Callable[[Axes], np.ndarray]  # µm at places x, y, z (µm, one array an axis)


class GrainSize(BaseModel):
    """A grain size that was asked for.

    It counts no further than its extremes in the volume that it was read for, so that
    it has a range wherever it is asked for.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str = Field(description="a length, a formula of x, y, z, or a file")
    sha256: str | None = Field(default=None, description="of the file")
    low: float = Field(gt=0, description="µm")
    high: float = Field(gt=0, description="µm")

    @property
    def uniform(self) -> bool:
        """Whether it is the same everywhere."""
        return self.low == self.high

    def map(self) -> SizeMap:
        """Return the function that gives the size at places.

        Raises
        ------
        InputError
            If the file is missing or another one than it was.
        """
        if self.uniform:
            return lambda axes: np.full([a.size for a in axes], self.low)
        if self.sha256 is None:
            wanted = _formula(self.text)
        else:
            path = Path(self.text)
            if file_digest(path) != self.sha256:
                raise InputError(
                    f"{path} is another field of grain sizes than the volume was begun "
                    "with"
                )
            wanted = _field(path)
        return lambda axes: np.clip(wanted(axes), self.low, self.high)


def _formula(text: str) -> SizeMap:
    """Return the function that a formula of x, y, z (µm) stands for."""
    import numexpr

    def evaluate(axes: Axes) -> np.ndarray:
        x, y, z = np.meshgrid(*axes, indexing="ij", sparse=True)
        try:
            found = numexpr.evaluate(
                text, local_dict={"x": x, "y": y, "z": z}, global_dict={}
            )
        except (ValueError, KeyError, TypeError, SyntaxError, AttributeError) as error:
            raise InputError(
                f"--grain-size {text!r} is no length such as 40um, no file, and no "
                f"formula of x, y, z in µm such as '20 + x/100' ({error})"
            ) from None
        shape = [a.size for a in axes]
        try:
            return np.array(np.broadcast_to(np.asarray(found, float), shape))
        except (ValueError, TypeError):
            raise InputError(
                f"--grain-size {text!r} must give one number for each place"
            ) from None

    return evaluate


@lru_cache(2)
def _values(path: Path) -> tuple[np.ndarray, tuple[float, ...], tuple[float, ...]]:
    return read_values(path)


def _field(path: Path) -> SizeMap:
    """Return linear interpolation in a field; beyond its faces, the nearest value."""
    from scipy.ndimage import map_coordinates

    values, spacing, origin = _values(path)

    def interpolate(axes: Axes) -> np.ndarray:
        places = [(a - o) / s - 0.5 for a, s, o in zip(axes, spacing, origin)]
        grid = np.meshgrid(*places, indexing="ij")
        found: np.ndarray = map_coordinates(values, grid, order=1, mode="nearest")
        return found.astype(float)

    return interpolate


def read_grain_size(
    text: str,
    shape: tuple[int, int, int],
    spacing: float,
    origin: tuple[float, float, float] = (0.0, 0.0, 0.0),
) -> GrainSize:
    """Read what was given as grain size, for a volume.

    Parameters
    ----------
    text : str
        A length such as ``40um``; a formula of x, y, z (µm, in the coordinates of the
        volume) that gives µm, such as ``20 + x/100``; or an .npz file with `field`
        (floats [x, y, z], µm), `spacing` and `origin` (µm).
    shape : three ints
        Voxels of the volume.
    spacing : float
        Edge of a voxel, µm.
    origin : three floats
        Corner of voxel (0, 0, 0), µm.

    Raises
    ------
    InputError
        If it is none of these, or gives sizes that are not finite and positive.
    """
    path = Path(text)
    if path.suffix == ".npz":
        digest: str | None = file_digest(path)
        found = _field(path)
        text = str(path)
    elif any(text.strip().endswith(unit) for unit in (*UNITS, "µm", "μm")):
        size = parse_length(text)
        return GrainSize(text=text, low=size, high=size)
    else:
        digest, found = None, _formula(text)
    x, y, z = (
        o + spacing * np.linspace(0.5, n - 0.5, min(n, _SAMPLES))
        for n, o in zip(shape, origin)
    )
    sizes = found((x, y, z))
    if not (np.isfinite(sizes).all() and sizes.min() > 0):
        raise InputError(
            f"--grain-size must be above 0 µm everywhere, {text!r} lies in "
            f"{np.nanmin(sizes):g}..{np.nanmax(sizes):g} µm"
        )
    low, high = float(sizes.min()), float(sizes.max())
    return GrainSize(text=text, sha256=digest, low=low, high=high)


def choose_levels(low: float, high: float, calibration: Calibration) -> int:
    """Return how often the base is doubled to grains of so many voxels.

    Parameters
    ----------
    low, high : float
        Smallest and largest mean grain diameter, voxels of the result.
    calibration : Calibration
        Of the model.

    Raises
    ------
    InputError
        If sizes are out of range, or too far apart for one volume.

    Examples
    --------
    >>> told = {"asked": (3.5, 7.4), "growth": (14, 600), "coarse_growth": (9, 99)}
    >>> measured = Calibration(diameter=(8, 32), spins=(1000, 100), **told)
    >>> [choose_levels(d, d, measured) for d in (4.0, 8.0, 15.9, 64.0)]
    [0, 1, 1, 3]
    """
    if low < SMALLEST or high > LARGEST:
        raise InputError(
            f"mean grain diameters of {SMALLEST:g} to {LARGEST:g} voxels can be made, "
            f"asked for are {_range(low, high)}: use "
            f"{'smaller' if low < SMALLEST else 'larger'} voxels (--voxel)"
        )
    smallest, largest = calibration.diameter[0], calibration.diameter[-1]
    if high / low > largest / smallest:
        raise InputError(
            f"grain sizes of one volume may differ by a factor of "
            f"{largest / smallest:.2g}, asked for are {_range(low, high)} voxels"
        )
    level = max(0, 1 + math.floor(math.log2(low / smallest)))
    while high * 2.0 ** (1 - level) > largest:
        level += 1
    return min(level, 3) if low == high else level


def _range(low: float, high: float) -> str:
    return f"{low:.3g}" if low == high else f"{low:.3g} to {high:.3g}"


@dataclass(frozen=True)
class Wanted:
    """What the base network and the growth after it are told, place by place.

    Parameters
    ----------
    size : SizeMap
        Grain sizes at places, µm.
    low, high : float
        The smallest and the largest, µm.
    calibration : Calibration
        Of the model.
    voxel : float
        Edge of a voxel of level 1, µm.
    origin : three floats
        Corner of voxel (0, 0, 0), µm.
    """

    size: SizeMap
    low: float
    high: float
    calibration: Calibration
    voxel: float
    origin: tuple[float, float, float]

    @property
    def spins(self) -> int:
        """How many spins grains of level 1 have: in graded structures, of the least."""
        least = np.array(self.low / self.voxel)
        return round(float(self.calibration.at(self.calibration.spins, least)))

    @property
    def most_growth(self) -> float:
        """Units of growth that the largest grains get at level 1."""
        largest = np.array(self.high / self.voxel)
        return float(self.calibration.at(self.calibration.growth, largest))

    def asked(self, voxels: Axes) -> np.ndarray:
        """Return what the network is asked for at base voxels (float32)."""
        sizes = self._sizes(voxels, level=0)
        return self.calibration.at(self.calibration.asked, sizes).astype(np.float32)

    def growth(self, voxels: Axes, level: int) -> tuple[float, np.ndarray | None]:
        """Return units of growth at level 0 or 1, and which share of it voxels get."""
        rows = self.calibration
        column = rows.growth if level == 1 else rows.coarse_growth
        most = float(rows.at(column, np.array(self.high / self.voxel)))
        if self.low == self.high:
            return most, None
        share = rows.at(column, self._sizes(voxels, level)) / most
        return most, np.minimum(share, 1).astype(np.float32)

    def _sizes(self, voxels: Axes, level: int) -> np.ndarray:
        """Return sizes at the centers of voxels, in voxels of level 1."""
        edge = self.voxel * 2.0 ** (1 - level)
        x, y, z = (o + edge * (v + 0.5) for v, o in zip(voxels, self.origin))
        return self.size((x, y, z)) / self.voxel


def make_wanted(
    size: GrainSize,
    calibration: Calibration,
    voxel: float,
    levels: int,
    origin: tuple[float, float, float] = (0.0, 0.0, 0.0),
) -> Wanted:
    """Return what grain sizes come to in a volume.

    Parameters
    ----------
    size : GrainSize
    calibration : Calibration
        Of the model.
    voxel : float
        Edge of a voxel of the result, µm.
    levels : int
        Level of the result.
    origin : three floats
        Corner of voxel (0, 0, 0), µm.
    """
    first = voxel * 2.0 ** (levels - 1)
    return Wanted(size.map(), size.low, size.high, calibration, first, origin)
