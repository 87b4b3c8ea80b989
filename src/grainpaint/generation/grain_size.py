"""How large grains should be, the same everywhere or varying in space.

A grain size is the mean over grains of the diameter of the sphere of equal volume.
"""

import inspect
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from grainpaint.arguments import as_length
from grainpaint.errors import InputError
from grainpaint.formats.field import read_values
from grainpaint.formats.files import file_digest
from grainpaint.generation.domain import Domain
from grainpaint.network.calibration import Calibration
from grainpaint.units import UNITS, parse_length

__all__ = [
    "LARGEST",
    "SMALLEST",
    "AnyGrainSize",
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
AnyGrainSize = float | str | Path | Callable[..., Any] | np.ndarray  # as users give it


class GrainSize(BaseModel):
    """A grain size as a user asked for it, with its range in the volume.

    Outside the volume that it was read for, sizes are clipped to this range.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str = Field(description="a length, a formula of x, y, z, or a file")
    sha256: str | None = Field(default=None, description="of the file")
    low: float = Field(gt=0, description="µm")
    high: float = Field(gt=0, description="µm")
    # A function or an array that a Python program gave. No record holds it: a recipe
    # that is read from a record then fails at the text.
    given: SizeMap | None = Field(default=None, exclude=True, repr=False)

    @property
    def uniform(self) -> bool:
        """Whether the size is the same everywhere."""
        return self.low == self.high

    def map(self) -> SizeMap:
        """Return the function that gives the size at given places.

        Raises
        ------
        InputError
            If the file is missing or has changed.
        """
        if self.uniform:
            return lambda axes: np.full([a.size for a in axes], self.low)
        if self.given is not None:
            wanted = self.given
        elif self.sha256 is None:
            wanted = _formula(self.text)
        else:
            path = Path(self.text)
            if file_digest(path) != self.sha256:
                raise InputError(
                    f"{path}: this field of grain sizes has changed since the volume "
                    "was begun"
                )
            wanted = _field(path)
        return lambda axes: np.clip(wanted(axes), self.low, self.high)


def _formula(text: str) -> SizeMap:
    """Return the map that a formula of x, y, z (µm) stands for."""
    import numexpr

    def evaluate(axes: Axes) -> np.ndarray:
        x, y, z = np.meshgrid(*axes, indexing="ij", sparse=True)
        try:
            found = numexpr.evaluate(
                text, local_dict={"x": x, "y": y, "z": z}, global_dict={}
            )
        except (ValueError, KeyError, TypeError, SyntaxError, AttributeError) as error:
            raise InputError(
                f"the grain size {text!r} is not a length such as 40um, a file, or a "
                f"formula of x, y, z in µm such as '20 + x/100' ({error})"
            ) from None
        shape = [a.size for a in axes]
        try:
            return np.array(np.broadcast_to(np.asarray(found, float), shape))
        except (ValueError, TypeError):
            raise InputError(
                f"the grain size {text!r} must give one number for each place"
            ) from None

    return evaluate


@lru_cache(2)
def _values(path: Path) -> tuple[np.ndarray, tuple[float, ...], tuple[float, ...]]:
    return read_values(path)


def _field(path: Path) -> SizeMap:
    """Return the map of a file."""
    return _interpolated(*_values(path))


def _interpolated(
    values: np.ndarray, spacing: Sequence[float], origin: Sequence[float]
) -> SizeMap:
    """Return linear interpolation between voxel centers; the nearest value beyond."""
    from scipy.ndimage import map_coordinates

    def interpolate(axes: Axes) -> np.ndarray:
        places = [(a - o) / s - 0.5 for a, s, o in zip(axes, spacing, origin)]
        grid = np.meshgrid(*places, indexing="ij")
        found: np.ndarray = map_coordinates(values, grid, order=1, mode="nearest")
        return found.astype(float)

    return interpolate


def _of_function(function: Callable[..., Any]) -> SizeMap:
    """Return a user's function of x, y, z (µm) as a map, its result checked."""
    try:
        inspect.signature(function).bind(0, 0, 0)
    except TypeError as error:
        raise InputError(
            "the function that gives the grain size is called with three arrays, x, y "
            f"and z: this one cannot be ({error})"
        ) from None
    except ValueError:  # it does not say what it takes
        pass

    def evaluate(axes: Axes) -> np.ndarray:
        found = function(*np.meshgrid(*axes, indexing="ij", sparse=True))
        shape = tuple(a.size for a in axes)
        try:
            return np.array(np.broadcast_to(np.asarray(found, float), shape))
        except (ValueError, TypeError):
            raise InputError(
                "the function that gives the grain size must return one number for "
                f"each place, an array of shape {shape}; got {found!r:.60}"
            ) from None

    return evaluate


def _of_array(values: np.ndarray, domain: Domain) -> SizeMap:
    """Return a map that interpolates values spread evenly over a domain."""
    if values.ndim != 3 or values.dtype.kind not in "iuf" or 0 in values.shape:
        raise InputError(
            "grain sizes in an array must be numbers along x, y, z, got shape "
            f"{values.shape} of {values.dtype}"
        )
    spacing = [domain.spacing * n / m for n, m in zip(domain.shape, values.shape)]
    return _interpolated(values.astype(float), spacing, domain.origin)


def read_grain_size(asked: AnyGrainSize, domain: Domain) -> GrainSize:
    """Return the grain size that a user asks for, with its range in a domain.

    Parameters
    ----------
    asked : float, str, path, callable or numpy.ndarray
        A number of µm. A text: a length such as ``40um``; a formula of x, y, z (µm, in
        the coordinates of the volume) that gives µm, such as ``20 + x/100``; or the
        path of an .npz file with `field` (floats [x, y, z], µm), `spacing` and `origin`
        (µm). A function of three arrays x, y, z (µm, they broadcast against each other)
        that returns µm. Or an array [x, y, z] of µm that is spread over the domain.
    domain : Domain
        What is to be filled.

    Raises
    ------
    InputError
        If it is none of these, or gives sizes that are not finite and positive.
    """
    text, digest, given = str(asked), None, None
    if isinstance(asked, float | int | np.number):
        size = as_length(asked, "grain size")
        return GrainSize(text=f"{size:.9g}um", low=size, high=size)
    if callable(asked):
        text = "a function"
        found = given = _of_function(asked)
    elif isinstance(asked, np.ndarray | Sequence) and not isinstance(asked, str):
        asked = np.asarray(asked)
        text = "an array"
        found = given = _of_array(asked, domain)
    elif not isinstance(asked, str | Path):
        raise InputError(
            "a grain size is a number of µm, text such as 40um, the path of an .npz, a "
            f"function of x, y, z or an array; got {type(asked).__name__}"
        )
    elif Path(asked).suffix == ".npz":
        digest = file_digest(Path(asked))
        found = _field(Path(asked))
    elif any(text.strip().endswith(unit) for unit in (*UNITS, "µm", "μm")):
        size = parse_length(text)
        return GrainSize(text=f"{size:.9g}um", low=size, high=size)
    else:
        found = _formula(text)
    x, y, z = (
        o + domain.spacing * np.linspace(0.5, n - 0.5, min(n, _SAMPLES))
        for n, o in zip(domain.shape, domain.origin)
    )
    sizes = found((x, y, z))
    _check_sizes(sizes, text)
    low, high = float(sizes.min()), float(sizes.max())
    return GrainSize(text=text, sha256=digest, low=low, high=high, given=given)


def _check_sizes(sizes: np.ndarray, text: str) -> None:
    """Raise unless all sizes (µm) are finite and above 0."""
    if not (np.isfinite(sizes).all() and sizes.min() > 0):
        raise InputError(
            f"the grain size must be above 0 µm everywhere, {text} lies in "
            f"{sizes.min():g}..{sizes.max():g} µm"
        )


def choose_levels(low: float, high: float, calibration: Calibration) -> int:
    """Return how often the base is doubled to reach grains of a size.

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
            f"{_range(low, high)} were asked for: use "
            f"{'smaller' if low < SMALLEST else 'larger'} voxels"
        )
    smallest, largest = calibration.diameter[0], calibration.diameter[-1]
    if high / low > largest / smallest:
        raise InputError(
            f"grain sizes of one volume may differ by a factor of "
            f"{largest / smallest:.2g}, {_range(low, high)} voxels were asked for"
        )
    level = max(0, 1 + math.floor(math.log2(low / smallest)))
    while high * 2.0 ** (1 - level) > largest:
        level += 1
    return min(level, 3) if low == high else level


def _range(low: float, high: float) -> str:
    return f"{low:.3g}" if low == high else f"{low:.3g} to {high:.3g}"


@dataclass(frozen=True)
class Wanted:
    """Grain sizes in the terms of the base network and of the growth after it.

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
        """Number of spins at level 1; in graded structures, for the smallest grains."""
        least = np.array(self.low / self.voxel)
        return round(float(self.calibration.at(self.calibration.spins, least)))

    @property
    def most_growth(self) -> float:
        """Units of growth that the largest grains need at level 1."""
        largest = np.array(self.high / self.voxel)
        return float(self.calibration.at(self.calibration.growth, largest))

    def asked(self, voxels: Axes) -> tuple[np.ndarray, np.ndarray]:
        """Return the size for the network at base voxels, and how much it scatters.

        Returns
        -------
        numpy.ndarray, float32
            Base voxels.
        numpy.ndarray, float64
            The spread of its logarithm.
        """
        sizes, rows = self._sizes(voxels, level=0), self.calibration
        asked = rows.at(rows.asked, sizes).astype(np.float32)
        return asked, rows.scatter_at(sizes)

    def growth(self, voxels: Axes, level: int) -> tuple[float, np.ndarray | None]:
        """Return units of growth at level 0 or 1, and the share that voxels get."""
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
    """Return grain sizes in the terms of a model, for one volume.

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
