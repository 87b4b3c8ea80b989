"""Models on disk: a folder with safetensors and a JSON card for each stage."""

import hashlib
import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol, TypeVar, overload

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from grainpaint.errors import InputError
from grainpaint.generation.grain_size import Calibration
from grainpaint.network.inference import Evaluator
from grainpaint.network.precision import find_device, resolve
from grainpaint.network.unet import NetworkConfig, UNet

__all__ = [
    "Model",
    "Sampling",
    "StageCard",
    "describe",
    "details",
    "find_model",
    "is_paper",
    "kind_of",
    "load_model",
    "model_digest",
    "read_card",
    "read_network",
    "shipped",
    "write_stage",
]

C = TypeVar("C", bound=BaseModel)
_SHIPPED = Path(__file__).with_name("models")
_DECIDING = ("network", "sampling", "edge", "levels")  # of what cards tell
_CARDS = ("base.json", "paper.json")  # one of them tells the kind of a model


class Sampling(BaseModel):
    """How to draw from a trained network."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    n_steps: int = Field(ge=0, description="network evaluations; 0: doubled as it is")
    shift: float = Field(ge=1, description="crowds the steps at high noise")
    grain_diameter: float = Field(gt=0, description="mean, in the network's voxels")
    halved: bool = Field(default=False, description="boundaries of a halved volume")
    relax: float = Field(
        default=0.0, ge=0, description="Potts grain growth at the end, SPPARKS' time"
    )
    core: int = Field(
        default=64, ge=8, multiple_of=8, description="edge of what a window writes"
    )
    halo: int = Field(
        default=8,
        ge=0,
        le=32,
        multiple_of=2,
        description="voxels around it, for growth by `relax`",
    )
    smooth: float = Field(
        default=0.0, ge=0, description="growth at levels above 1; refine only"
    )
    spins: int = Field(
        default=0, ge=0, description="of grains that grow; 0: one each; refine only"
    )
    sizes: Calibration | None = Field(
        default=None, description="grain sizes that can be asked for; base only"
    )
    largest_shape_factor: float | None = Field(
        default=None, gt=6, description="pieces above it are merged grains; base only"
    )

    def halo_of(self, growth: float) -> int:
        """Return the halo in which other units of growth disturb no more than `relax`.

        Its square rises with the time, as that of the distance which boundaries move
        does: at the face between two windows 0.4 % of the voxels differ after 10 and
        34 units, 1.0 % after 160 (`benchmarks/halos.py`).
        """
        if self.relax == 0:
            return self.halo
        eighths = self.halo * math.sqrt(growth / self.relax) / 8
        return 8 * math.ceil(round(eighths, 6))

    @property
    def calibration(self) -> Calibration:
        """How grains of a size are made; InputError if the model knows one size."""
        if self.sizes is None:
            raise InputError(
                "the model knows one grain size only: leave out --grain-size"
            )
        return self.sizes


class StageCard(BaseModel):
    """What stands in the JSON beside the weights of a stage."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    stage: Literal["base", "refine"]
    network: NetworkConfig
    sampling: Sampling
    data: dict[str, Any]
    training: dict[str, Any]
    n_steps: int
    minutes: float
    metrics: dict[str, Any]


@dataclass(frozen=True)
class Model:
    """A base and a refine network with their cards, and the hash of their weights."""

    name: str
    base: Evaluator
    refine: Evaluator
    base_card: StageCard
    refine_card: StageCard
    sha256: str


def shipped() -> list[str]:
    """Return the names of the models that come with the package."""
    folders = [p for p in _SHIPPED.iterdir() if any((p / c).is_file() for c in _CARDS)]
    return sorted(p.name for p in folders)


class Card(Protocol):
    """What cards of all kinds tell of the weights beside them."""

    @property
    def stage(self) -> str: ...
    @property
    def network(self) -> NetworkConfig: ...
    def model_dump_json(self, *, indent: int) -> str: ...


def write_stage(folder: Path, card: Card, network: UNet) -> None:
    """Write `STAGE.safetensors` (float16) and `STAGE.json`."""
    half = {k: v.detach().half().contiguous() for k, v in network.state_dict().items()}
    save_file(half, folder / f"{card.stage}.safetensors")
    (folder / f"{card.stage}.json").write_text(card.model_dump_json(indent=1) + "\n")


def find_model(name: str, card: str = "base.json") -> Path:
    """Return the folder of a shipped model, or of the user's own.

    Parameters
    ----------
    name : str
        A shipped name (see `shipped`) or a folder.
    card : {'base.json', 'paper.json'}
        What a model of the wanted kind has: a pyramid, or the network of the paper.

    Raises
    ------
    InputError
        If there is no such model, or it is of another kind.
    """
    for folder in (_SHIPPED / name, Path(name)):
        if (folder / card).is_file():
            return folder
        for other in _CARDS:
            if (folder / other).is_file():
                raise InputError(
                    f"the model {name!r} is of another kind: it has {other}, wanted is "
                    f"one with {card}"
                )
    raise InputError(
        f"no model {name!r}: shipped are {', '.join(shipped()) or 'none'}; a model of "
        "your own is a folder with base.json and refine.json, or with paper.json"
    )


def kind_of(name: str) -> Literal["pyramid", "paper"]:
    """Return the kind of a model."""
    return "paper" if is_paper(name) else "pyramid"


def is_paper(name: str) -> bool:
    """Whether a model is one of the paper's kind."""
    return any((p / "paper.json").is_file() for p in (_SHIPPED / name, Path(name)))


@overload
def read_card(path: Path) -> StageCard: ...
@overload
def read_card(path: Path, kind: type[C]) -> C: ...
def read_card(path: Path, kind: type[BaseModel] = StageCard) -> BaseModel:
    """Read the JSON card of a stage, or one of another kind.

    Raises
    ------
    InputError
        If the file is missing, is no JSON, or lacks or adds a field.
    """
    try:
        return kind.model_validate_json(path.read_text())
    except FileNotFoundError:
        raise InputError(f"{path}: the model lacks this file") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise InputError(
            f"{path}: not a model card of grainpaint ({where}: {first['msg']})"
        ) from None


def read_network(folder: Path, card: Card) -> UNet:
    """Build a network and load its weights, after checking names and shapes."""
    path = folder / f"{card.stage}.safetensors"
    network = UNet(card.network)
    wanted = network.state_dict()
    try:
        weights = load_file(path)
    except FileNotFoundError:
        raise InputError(f"{path}: the model lacks this file") from None
    except SafetensorError as error:
        raise InputError(f"{path}: damaged or no safetensors file ({error})") from None
    if weights.keys() != wanted.keys():
        odd = sorted(weights.keys() ^ wanted.keys())[0]
        raise InputError(f"{path}: not the weights of its card (tensor {odd!r})")
    for key, value in weights.items():
        if value.shape != wanted[key].shape:
            raise InputError(
                f"{path}: tensor {key!r} has shape {tuple(value.shape)}, the card "
                f"asks for {tuple(wanted[key].shape)}"
            )
        if not value.isfinite().all():
            raise InputError(f"{path}: tensor {key!r} holds values that are not finite")
    network.load_state_dict({key: value.float() for key, value in weights.items()})
    return network.eval()


def model_digest(name: str) -> str:
    """Return the SHA-256 of all of a model that decides grains, in hexadecimal digits.

    Of the weights, and of how the cards say to draw with them.

    Raises
    ------
    InputError
        If there is no such model.
    """
    digest = hashlib.sha256()
    stages = ("paper",) if is_paper(name) else ("base", "refine")
    for stage in stages:
        folder = find_model(name, f"{stages[0]}.json")
        weights, card = folder / f"{stage}.safetensors", folder / f"{stage}.json"
        digest.update(weights.read_bytes() if weights.is_file() else b"")
        told = json.loads(card.read_text()) if card.is_file() else {}
        digest.update(json.dumps([told.get(key) for key in _DECIDING]).encode())
    return digest.hexdigest()


def load_model(name: str, device: str = "cpu", precision: str = "auto") -> Model:
    """Load a shipped model by name, or the user's own by its folder.

    Parameters
    ----------
    name : str
        A shipped name (see `shipped`) or a folder that `grainpaint train` filled.
    device : str
        A torch device.
    precision : {'auto', 'float32', 'bfloat16'}
        See `grainpaint.network.precision.resolve`.

    Raises
    ------
    InputError
        If the model is missing or damaged, or there is no such device or precision.
    """
    place, chosen = find_device(device), resolve(precision, device)
    folder = find_model(name)
    base_card = read_card(folder / "base.json")
    refine_card = read_card(folder / "refine.json")
    return Model(
        name=Path(name).name,
        base=Evaluator(read_network(folder, base_card).to(place), chosen),
        refine=Evaluator(read_network(folder, refine_card).to(place), chosen),
        base_card=base_card,
        refine_card=refine_card,
        sha256=model_digest(name),
    )


def describe(name: str) -> list[str]:
    """Return what a model is, a line each."""
    lines = []
    for stage in ("base", "refine"):
        card = read_card(find_model(name) / f"{stage}.json")
        channels = ", ".join(map(str, card.network.channels))
        lines.append(
            f"{stage}: {card.network.n_colors} colors, channels {channels}; "
            f"{card.n_steps:,} steps in {card.minutes:g} minutes; "
            f"{card.sampling.n_steps} evaluations"
        )
        lines += details(card.data, card.metrics)
    return lines


def details(data: dict[str, Any], metrics: dict[str, Any]) -> list[str]:
    """Return what a card says of data and figures, in lines that can be read."""
    times = sorted({t for s in data["sets"] for t in np.atleast_1d(s.get("time", []))})
    seen = ", ".join(f"{t:g}" for t in times)
    lines = [
        f"  data: {data['n_volumes']:,} volumes" + (f", t = {seen}" if seen else "")
    ]
    for name, figures in metrics.items():
        lines += [f"  {name.replace('_', ' ')}:", *_listed(figures, "    ")]
    return lines


def _listed(figures: Any, indent: str) -> list[str]:
    """Return figures line by line, those of one kind on one line."""
    if not isinstance(figures, dict):
        return [f"{indent}{figures}"]
    flat = {k: v for k, v in figures.items() if not isinstance(v, dict)}
    lines = []
    if flat:
        lines.append(indent + ", ".join(f"{k} {v}" for k, v in flat.items()))
    for key in (k for k in figures if k not in flat):
        inner = "; ".join(_listed(figures[key], ""))
        lines.append(f"{indent}{key}: {inner}".replace("_", " "))
    return lines
