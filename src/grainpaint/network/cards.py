"""Model cards: the JSON that lies beside the weights of each network."""

import math
from pathlib import Path
from typing import Any, Literal, Protocol, TypeVar, overload

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from grainpaint.errors import InputError, brief
from grainpaint.network.calibration import Calibration
from grainpaint.network.unet import NetworkConfig

__all__ = ["Card", "Sampling", "Stage", "StageCard", "read_card"]

Stage = Literal["base", "refine", "additive"]

C = TypeVar("C", bound=BaseModel)


class Sampling(BaseModel):
    """How to draw from a trained network."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    n_steps: int = Field(
        ge=0, description="network evaluations; 0: the input is doubled unchanged"
    )
    shift: float = Field(ge=1, description="above 1, crowds the steps at high noise")
    order: Literal[1, 2] = Field(
        default=1, description="of a step; 2 also uses what came of the one before"
    )
    grain_diameter: float = Field(
        gt=0, description="mean grain diameter, the network's voxels"
    )
    halved: bool = Field(
        default=False, description="draw boundaries as smooth as a halved volume's"
    )
    relax: float = Field(
        default=0.0, ge=0, description="final Potts grain growth, SPPARKS time units"
    )
    core: int = Field(
        default=64, ge=8, multiple_of=8, description="edge that a window writes, voxels"
    )
    halo: int = Field(
        default=8,
        ge=0,
        le=32,
        multiple_of=2,
        description="voxels around the core, for growth by `relax`",
    )
    smooth: float = Field(
        default=0.0, ge=0, description="growth at levels above 1; refine only"
    )
    spins: int = Field(
        default=0,
        ge=0,
        description="spins of growing grains; 0: one for each grain; refine only",
    )
    sizes: Calibration | None = Field(
        default=None, description="grain sizes that can be asked for; base only"
    )
    largest_shape_factor: float | None = Field(
        default=None, gt=6, description="pieces above it are split; base only"
    )

    def halo_of(self, growth: float) -> int:
        """Return the halo for some growth, as safe as `halo` is for `relax`.

        Parameters
        ----------
        growth : float
            SPPARKS time units.

        Returns
        -------
        int
            Voxels, a multiple of 8 unless `relax` is 0.

        Notes
        -----
        The halo rises with the square root of time, as does the distance that
        boundaries move. At the face between two windows 0.4 % of the voxels differ
        after 10 and after 34 units, 1.0 % after 160 (`benchmarks/halos.py`).
        """
        if self.relax == 0:
            return self.halo
        eighths = self.halo * math.sqrt(growth / self.relax) / 8
        return 8 * math.ceil(round(eighths, 6))

    @property
    def calibration(self) -> Calibration:
        """The table of grain sizes; InputError if the model makes one size only."""
        if self.sizes is None:
            raise InputError(
                "this model makes grains of one size only: leave the grain size out"
            )
        return self.sizes


class Card(Protocol):
    """Fields shared by all model cards."""

    @property
    def stage(self) -> str:
        """Name of the network's files, without suffix."""

    @property
    def network(self) -> NetworkConfig:
        """Size of the network."""

    def model_dump_json(self, *, indent: int) -> str:
        """Return the card as JSON."""


class StageCard(BaseModel):
    """Card of a base, a refine or an additive network."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    stage: Stage
    network: NetworkConfig
    sampling: Sampling
    data: dict[str, Any]
    training: dict[str, Any]
    n_steps: int
    minutes: float
    metrics: dict[str, Any]
    note: str = Field(default="", description="what a user should know beforehand")


@overload
def read_card(path: Path) -> StageCard: ...
@overload
def read_card(path: Path, card: type[C]) -> C: ...
def read_card(path: Path, card: type[BaseModel] = StageCard) -> BaseModel:
    """Read and check a model card.

    Parameters
    ----------
    path : Path
        JSON file.
    card : type
        Class of the card, for models of other kinds than the pyramid.

    Raises
    ------
    InputError
        If the file is missing or is not JSON, or has missing, unknown or invalid
        fields.
    """
    try:
        return card.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        raise InputError(f"{path}: the model lacks this file") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise InputError(
            f"{path}: not a grainpaint model card ({brief(where)}: "
            f"{brief(first['msg'])})"
        ) from None
