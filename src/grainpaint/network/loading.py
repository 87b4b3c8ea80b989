"""Models in memory, ready to evaluate."""

from dataclasses import dataclass
from pathlib import Path

from grainpaint.errors import InputError
from grainpaint.network.cards import Stage, StageCard, read_card
from grainpaint.network.devices import find_device
from grainpaint.network.inference import Evaluator
from grainpaint.network.lookup import find_model, kind_of, model_digest
from grainpaint.network.precision import resolve
from grainpaint.network.unet import UNet
from grainpaint.network.weights import read_network

__all__ = ["Model", "Pyramid", "load_any", "load_model", "read_stage"]


@dataclass(frozen=True)
class Model:
    """A network that makes grains at half resolution, with its card.

    Attributes
    ----------
    name : str
        The shipped name, or the name of the folder.
    base : Evaluator
    base_card : StageCard
    sha256 : str
        See `grainpaint.network.lookup.model_digest`.
    """

    name: str
    base: Evaluator
    base_card: StageCard
    sha256: str


@dataclass(frozen=True)
class Pyramid(Model):
    """A base and a refine network with their cards.

    Attributes
    ----------
    refine : Evaluator
    refine_card : StageCard
    """

    refine: Evaluator
    refine_card: StageCard


def read_stage(name: str, stage: Stage) -> tuple[StageCard, UNet]:
    """Return the card and the network of a stage of a model (float32, on the CPU).

    Raises
    ------
    InputError
        If the model is missing or damaged, or has no such stage.
    """
    folder = find_model(name, "additive" if stage == "additive" else "pyramid")
    card = read_card(folder / f"{stage}.json")
    return card, read_network(folder, card)


def load_any(name: str, device: str = "cpu", precision: str = "auto") -> Model:
    """Load a pyramid or an additive model; otherwise as `load_model`."""
    if kind_of(name) != "additive":
        return load_model(name, device, precision)
    from grainpaint.simulate.am.channels import CHANNELS  # it loads numba

    place, chosen = find_device(device), resolve(precision, device)
    folder = find_model(name, "additive")
    card = read_card(folder / "additive.json")
    if card.network.n_maps != len(CHANNELS):
        raise InputError(
            f"{folder}: the network reads {card.network.n_maps} maps of a scan, this "
            f"version has {len(CHANNELS)}"
        )
    network = Evaluator(read_network(folder, card).to(place), chosen)
    return Model(Path(name).name, network, card, model_digest(name))


def load_model(name: str, device: str = "cpu", precision: str = "auto") -> Pyramid:
    """Load a shipped pyramid by name, or the user's own by its folder.

    Parameters
    ----------
    name : str
        A shipped name (see `grainpaint.network.lookup.shipped`) or a folder that
        `grainpaint train` filled.
    device : str
        A torch device.
    precision : {'auto', 'float32', 'bfloat16'}
        See `grainpaint.network.precision.resolve`.

    Raises
    ------
    InputError
        If the model is missing or damaged or of another kind, or the device or the
        precision is not available.
    """
    place, chosen = find_device(device), resolve(precision, device)
    folder = find_model(name)
    base_card = read_card(folder / "base.json")
    refine_card = read_card(folder / "refine.json")
    if refine_card.network.n_colors != base_card.network.n_colors:
        raise InputError(
            f"{folder}: base.json and refine.json are of different models: "
            f"{base_card.network.n_colors} and {refine_card.network.n_colors} colors"
        )
    return Pyramid(
        name=Path(name).name,
        base=Evaluator(read_network(folder, base_card).to(place), chosen),
        refine=Evaluator(read_network(folder, refine_card).to(place), chosen),
        base_card=base_card,
        refine_card=refine_card,
        sha256=model_digest(name),
    )
