"""Model cards: the JSON that lies beside the weights of each network."""

import math
from pathlib import Path
from typing import Annotated, Any, Literal, Protocol, Self, TypeVar, overload

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from grainpaint.errors import InputError, brief
from grainpaint.network.calibration import Calibration
from grainpaint.network.card_file import card_bytes
from grainpaint.network.unet import NetworkConfig

__all__ = ["Card", "Sampling", "Sha256", "Stage", "StageCard", "read_card"]

Stage = Literal["base", "refine", "additive"]
Sha256 = Annotated[
    str,
    Field(pattern="^([0-9a-f]{64})?$", description="of the weights; empty: not known"),
]

C = TypeVar("C", bound="Card")


class Sampling(BaseModel):
    """How to draw from a trained network."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    n_steps: int = Field(
        ge=0,
        le=10_000,
        description="network evaluations; 0: the input is doubled unchanged",
    )
    shift: float = Field(
        ge=1, le=1e6, description="above 1, crowds the steps at high noise"
    )
    order: Literal[1, 2] = Field(
        default=1, description="of a step; 2 also uses what came of the one before"
    )
    grain_diameter: float = Field(
        gt=0, le=1e6, description="mean grain diameter, the network's voxels"
    )
    halved: bool = Field(
        default=False, description="draw boundaries as smooth as a halved volume's"
    )
    relax: float = Field(
        default=0.0,
        ge=0,
        le=1e6,
        description="final Potts grain growth, SPPARKS time units",
    )
    stretch: int = Field(
        default=1,
        ge=1,
        le=8,
        description="height of a base voxel over its width; additive only",
    )
    core: int = Field(
        default=64,
        ge=8,
        le=1024,
        multiple_of=8,
        description="edge that a window writes, voxels",
    )
    halo: int = Field(
        default=8,
        ge=0,
        le=64,
        multiple_of=2,
        description="voxels around the core, for growth by `relax`",
    )
    smooth: float = Field(
        default=0.0, ge=0, le=1e6, description="growth at levels above 1; refine only"
    )
    spins: int = Field(
        default=0,
        ge=0,
        lt=2**31,
        description="spins of growing grains; 0: one for each grain; refine only",
    )
    sizes: Calibration | None = Field(
        default=None, description="grain sizes that can be asked for; base only"
    )
    scatter: float = Field(
        default=0.0,
        ge=0,
        le=1,
        description="spread of the logarithm of the size asked for; base only",
    )
    largest_shape_factor: float | None = Field(
        default=None, gt=6, description="pieces above it are split; base only"
    )
    smallest_split: int = Field(
        default=27, ge=2, le=1000, description="voxels of the smallest piece split"
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

    @property
    def weights_sha256(self) -> str:
        """SHA-256 of the file of weights, 64 hexadecimal digits; empty: not known."""

    def model_copy(self, *, update: dict[str, Any]) -> Self:
        """Return the card with other fields."""

    def model_dump_json(self, *, indent: int) -> str:
        """Return the card as JSON."""

    @classmethod
    def model_validate_json(cls, json_data: bytes) -> Self:
        """Return the card in some JSON; pydantic's ValidationError if it is none."""


class StageCard(BaseModel):
    """Card of a base, a refine or an additive network."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    stage: Stage
    network: NetworkConfig
    sampling: Sampling
    data: dict[str, Any]
    training: dict[str, Any]
    n_steps: int = Field(ge=0)
    minutes: float = Field(ge=0)
    metrics: dict[str, Any]
    note: str = Field(
        default="",
        max_length=1000,
        pattern=r"^[^\x00-\x1f\x7f]*$",
        description="what a user should know beforehand, one line",
    )
    weights_sha256: Sha256 = ""

    @model_validator(mode="after")
    def _check(self) -> Self:
        network, sampling = self.network, self.sampling
        if network.guided != (self.stage == "refine"):
            raise ValueError("a refine network is guided, others are not")
        if (network.n_maps > 0) != (self.stage == "additive"):
            raise ValueError("an additive network reads maps, others do not")
        if sampling.n_steps == 0 and self.stage != "refine":
            raise ValueError("a network that makes grains needs evaluations (n_steps)")
        return self


@overload
def read_card(path: Path) -> StageCard: ...
@overload
def read_card(path: Path, card: type[C]) -> C: ...
def read_card(path: Path, card: type[Card] = StageCard) -> Card:
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
        If the file is missing or is not JSON, has missing, unknown or invalid fields,
        or is the card of another network than its name says.
    """
    data = card_bytes(path)
    try:
        found = card.model_validate_json(data)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        reason = first["msg"].removeprefix("Value error, ")
        said = f"{brief(where)}: {brief(reason)}" if where else brief(reason)
        raise InputError(f"{path}: not a grainpaint model card ({said})") from None
    if found.stage != path.stem:
        raise InputError(f"{path}: this is the card of a network {found.stage!r}")
    return found
