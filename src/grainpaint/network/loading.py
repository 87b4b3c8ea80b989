"""A pyramid model in memory, ready to evaluate."""

from dataclasses import dataclass
from pathlib import Path

from grainpaint.network.cards import StageCard, read_card
from grainpaint.network.inference import Evaluator
from grainpaint.network.lookup import find_model, model_digest
from grainpaint.network.precision import find_device, resolve
from grainpaint.network.weights import read_network

__all__ = ["Model", "load_model"]


@dataclass(frozen=True)
class Model:
    """A base and a refine network with their cards.

    Attributes
    ----------
    name : str
        The shipped name, or the name of the folder.
    base, refine : Evaluator
    base_card, refine_card : StageCard
    sha256 : str
        See `grainpaint.network.lookup.model_digest`.
    """

    name: str
    base: Evaluator
    refine: Evaluator
    base_card: StageCard
    refine_card: StageCard
    sha256: str


def load_model(name: str, device: str = "cpu", precision: str = "auto") -> Model:
    """Load a shipped model by name, or the user's own by its folder.

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
    return Model(
        name=Path(name).name,
        base=Evaluator(read_network(folder, base_card).to(place), chosen),
        refine=Evaluator(read_network(folder, refine_card).to(place), chosen),
        base_card=base_card,
        refine_card=refine_card,
        sha256=model_digest(name),
    )
