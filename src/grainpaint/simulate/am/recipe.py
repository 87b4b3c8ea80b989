"""Recipes of builds: melt pool, heat-affected zone, scan and part."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    field_validator,
    model_validator,
)

from grainpaint.errors import InputError
from grainpaint.simulate.am.heat_affected_zone import Haz
from grainpaint.simulate.am.melt_pool import Pool
from grainpaint.simulate.am.paths import kind_of_file
from grainpaint.simulate.am.paths.gcode import LaserRule
from grainpaint.simulate.am.scan import Corner
from grainpaint.simulate.toml import RecipePart, check_recipe, given_recipe, load_toml
from grainpaint.units import UNITS, parse_length, parse_time

__all__ = [
    "AmRecipe",
    "CsvScan",
    "FileScan",
    "GivenRecipe",
    "HatchScan",
    "Substrate",
    "load_am_recipe",
    "read_am_recipe",
]


class Substrate(RecipePart):
    """Grains that exist before the build begins and that new grains grow from.

    Parameters
    ----------
    height : int
        Height in voxels from the bottom.
    grain : float
        Mean equivalent diameter of the (Voronoi) grains, voxels; at least 1.
    """

    height: PositiveInt
    grain: Annotated[float, Field(ge=1)]


class HatchScan(RecipePart):
    """Layers filled with hatch lines.

    Parameters
    ----------
    speed : float
        Voxels per unit of time (26 sweeps).
    hatch, thickness : float
        Distance between lines; height of a layer, voxels; at least a tenth of one.
    first : float, optional
        Height of the surface while the first layer is scanned, by default one
        thickness above the substrate. The last layer ends at the top of the box.
    angle, rotation : float
        Angle between the lines of the first layer and x, and the increase from layer to
        layer, degrees.
    start : corner
        Where a layer begins: L or U (low or high y), then L or R (low or high x).
    serpentine : bool
        Whether every other line runs back.
    overrun : float
        Length by which lines extend beyond the part at both ends, voxels.
    island : float
        Edge of the squares that are scanned one by one, at right angles to their
        neighbors, voxels, at least 1; 0 = no islands.
    contours : int
        Number of loops along the edge of each layer, scanned before the fill.
    """

    kind: Literal["lines"] = "lines"
    speed: PositiveFloat
    hatch: Annotated[float, Field(ge=0.1)]
    thickness: Annotated[float, Field(ge=0.1)]
    first: NonNegativeFloat | None = None
    angle: float = 0.0
    rotation: float = 67.0
    start: Corner = "LL"
    serpentine: bool = True
    overrun: NonNegativeFloat = 0.0
    island: NonNegativeFloat = 0.0
    contours: NonNegativeInt = 0

    @field_validator("island")
    @classmethod
    def _none_or_a_voxel(cls, island: float) -> float:
        if 0 < island < 1:
            raise ValueError("an island is at least 1 voxel wide (0: no islands)")
        return island


class CsvScan(RecipePart):
    """A path read from a file (see `grainpaint.simulate.am.scan_file.read_scan`).

    Parameters
    ----------
    file : path
        Relative to the recipe file.
    """

    kind: Literal["csv"] = "csv"
    file: Path


class FileScan(RecipePart):
    """A path of a machine or a simulation (see `grainpaint.simulate.am.paths`).

    Parameters
    ----------
    file : path
        Relative to the recipe file.
    unit : str, optional
        Unit of the file's lengths if it does not say; by default mm.
    shift : three floats
        Added to the file's coordinates, in `unit` (mm without it). Then they are
        those of the part, or begin at a corner of the box.
    laser : "power", "motion" or "extrusion"
        When the beam is on in G-code.
    time : str, optional
        Duration of one unit of time, with its unit, such as "1ms".
    speed : float, optional
        Voxels per unit of time in all tracks, instead of `time` and the file's speeds.
    """

    kind: Literal["file"] = "file"
    file: Path
    unit: str | None = None
    shift: tuple[float, float, float] = (0.0, 0.0, 0.0)
    laser: LaserRule = "power"
    time: str | None = None
    speed: PositiveFloat | None = None

    @model_validator(mode="after")
    def _time_or_speed(self) -> Self:
        if (self.time is None) == (self.speed is None):
            raise ValueError(
                "give either `time`, the duration of one unit of time (such as 1ms), "
                "or `speed`, voxels per unit of time in all tracks"
            )
        if self.unit is not None and self.unit not in UNITS:
            raise ValueError(f"a unit is {', '.join(UNITS)}, not {self.unit!r}")
        if self.time is not None:
            parse_time(self.time)
        return self


class AmRecipe(RecipePart):
    """Settings of a build, except for the seed.

    Parameters
    ----------
    shape : three ints, optional
        Voxels of the box; required unless there is a part.
    part : path, optional
        STL file, relative to the recipe file; grains exist only inside it.
    unit : str
        Unit of the part's coordinates.
    voxel : str
        Edge of a voxel with its unit.
    spins : int
        Number of random spins that molten voxels take.
    temperature : float
        Of the Potts model, >= 0.
    copy_molten : bool
        Whether voxels may take the spin of a molten neighbor, as in SPPARKS.
    freeze : bool
        Whether the melt freezes from its edge inward where the beam goes off; in
        SPPARKS it remains as powder.
    substrate : Substrate, optional
    pool : Pool
        See `grainpaint.simulate.am.melt_pool`.
    haz : Haz
        See `grainpaint.simulate.am.heat_affected_zone`.
    scan : HatchScan, CsvScan or FileScan
    """

    shape: tuple[PositiveInt, PositiveInt, PositiveInt] | None = None
    part: Path | None = None
    unit: str = "mm"
    voxel: str = "1um"
    spins: Annotated[int, Field(ge=2, lt=2**30)] = 10_000
    temperature: NonNegativeFloat = 0.25
    copy_molten: bool = False
    freeze: bool = True
    substrate: Substrate | None = None
    pool: Pool
    haz: Haz
    scan: Annotated[HatchScan | CsvScan | FileScan, Field(discriminator="kind")]

    @field_validator("voxel")
    @classmethod
    def _is_a_length(cls, voxel: str) -> str:
        parse_length(voxel)
        return voxel

    @model_validator(mode="before")
    @classmethod
    def _scan_lines_by_default(cls, data: Any) -> Any:
        if isinstance(data, dict) and isinstance(data.get("scan"), dict):
            if "file" in data["scan"] and "kind" not in data["scan"]:
                raise ValueError(
                    'scan: the path of a `file` needs kind = "file" (in real units) '
                    'or kind = "csv" (in voxels)'
                )
            return data | {"scan": {"kind": "lines"} | data["scan"]}
        return data

    @property
    def ground(self) -> int:
        """Height of the substrate, voxels; 0 without one."""
        return self.substrate.height if self.substrate else 0

    @model_validator(mode="after")
    def _box_or_part(self) -> Self:
        if (self.shape is None) == (self.part is None):
            raise ValueError("give either the shape of a box or a part")
        return self


def load_am_recipe(path: Path) -> AmRecipe:
    """Read the recipe of a build from a TOML file.

    Raises
    ------
    InputError
        If the file is missing, is not TOML, or a key is unknown, missing or out of
        range.
    """
    try:
        data = load_toml(path)
    except InputError as error:
        raise _scan_path_instead(path) or error from None
    for table, key in ((data, "part"), (data.get("scan"), "file")):
        if isinstance(table, dict) and isinstance(table.get(key), str):
            table[key] = str(path.parent / table[key])
    return check_recipe(AmRecipe, data, str(path))


def _scan_path_instead(path: Path) -> InputError | None:
    """Return what to say of a scan path that is given as a recipe, None of others."""
    try:
        kind = "csv" if kind_of_file(path) == "segments" else "file"
    except InputError:
        return None
    return InputError(
        f"{path}: is a scan path, not a recipe: name it in the recipe of its build, "
        f'[scan] kind = "{kind}", file = "{path.name}"'
    )


# What programs give as the recipe of a build.
GivenRecipe = AmRecipe | Mapping[str, Any] | str | Path


def read_am_recipe(given: GivenRecipe) -> AmRecipe:
    """Return the recipe of a build from a file, a mapping or itself.

    Raises
    ------
    InputError
        As in `load_am_recipe`, or if it is none of them.
    """
    return given_recipe(given, AmRecipe, load_am_recipe)
