"""How a model makes grains of a wanted size: a measured table on its card."""

from itertools import pairwise
from typing import Annotated, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

__all__ = ["Calibration"]

_MOST = 1_000_000  # of any column
_BEYOND = 1.35  # times the sizes of a table, a network makes what it is asked for


class Calibration(BaseModel):
    """Settings that were measured to give grains of certain sizes.

    Each column holds one value for each diameter; values between two diameters are
    interpolated linearly in their logarithms.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    diameter: tuple[float, ...] = Field(
        description="mean grain diameter at level 1, voxels; rising"
    )
    asked: tuple[float, ...] = Field(
        description="diameter that the base network is given, base voxels"
    )
    growth: tuple[float, ...] = Field(description="units of growth at level 1")
    coarse_growth: tuple[float, ...] = Field(
        description="units of growth at level 0 instead"
    )
    spins: tuple[float, ...] = Field(
        description="spins at level 1; grains with equal spins merge when they meet"
    )
    scatter: tuple[Annotated[float, Field(ge=0, le=1)], ...] = Field(
        default=(),
        description="spread of the logarithm of `asked`, but at level 0; none: 0",
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        columns = (
            self.diameter,
            self.asked,
            self.growth,
            self.coarse_growth,
            self.spins,
        )
        spreads = self.scatter or self.diameter
        if not all(len(c) == len(self.diameter) > 1 for c in (*columns, spreads)):
            raise ValueError("columns must have one length, 2 or more")
        if not all(a < b for a, b in pairwise(self.diameter)):
            raise ValueError("diameters must rise")
        if not all(0 < value <= _MOST for c in columns for value in c):
            raise ValueError(f"values must lie between 0 and {_MOST:,}")
        return self

    def at(self, column: tuple[float, ...], diameter: np.ndarray) -> np.ndarray:
        """Interpolate a column.

        Parameters
        ----------
        column : tuple of float
            One of this table's columns.
        diameter : numpy.ndarray, float
            Mean grain diameters, voxels of level 1; beyond the table its first or last
            value holds.

        Returns
        -------
        numpy.ndarray, float64, shape of `diameter`
        """
        place = np.log(np.asarray(diameter, float))
        values: np.ndarray = np.exp(
            np.interp(place, np.log(self.diameter), np.log(column))
        )
        return values

    def scatter_at(self, diameter: np.ndarray) -> np.ndarray:
        """Interpolate the scatter, which may be 0, linearly in the logarithm of size.

        Parameters and result as of `at`.
        """
        place = np.log(np.asarray(diameter, float))
        spreads = self.scatter or (0.0,) * len(self.diameter)
        values: np.ndarray = np.interp(place, np.log(self.diameter), spreads)
        return values

    def clipped(self, asked: np.ndarray) -> np.ndarray:
        """Return sizes to ask the network for, none far beyond those of the table.

        Notes
        -----
        Asked for less than 1.5 base voxels, `iso` makes one grain that fills the
        window; for more than 10, its grains get finer again.
        """
        result: np.ndarray = asked.clip(
            min(self.asked) / _BEYOND, max(self.asked) * _BEYOND
        )
        return result
