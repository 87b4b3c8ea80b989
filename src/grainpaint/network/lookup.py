"""Models by name: the shipped ones, and the user's own by folder.

A model is a folder with a card (JSON) and weights (safetensors) for each of its
networks. Its kind decides which networks those are:

- a pyramid has a base network and a refine network;
- a paper model has the one network of the GrainPaint paper;
- an additive model has the one network that follows a scan.
"""

import hashlib
import json
from pathlib import Path
from typing import Literal

from grainpaint.errors import InputError, brief
from grainpaint.network.card_file import card_fields

__all__ = ["STAGES", "Kind", "find_model", "kind_of", "model_digest", "shipped"]

Kind = Literal["pyramid", "paper", "additive"]

_SHIPPED = Path(__file__).with_name("models")
STAGES: dict[Kind, tuple[str, ...]] = {
    "paper": ("paper",),
    "additive": ("additive",),
    "pyramid": ("base", "refine"),
}
_DECIDING = ("network", "sampling", "edge", "levels")  # card fields that shape grains


def _has(folder: Path, kind: Kind) -> bool:
    """Return whether a folder holds a model of a kind."""
    try:
        return (folder / f"{STAGES[kind][0]}.json").is_file()
    except OSError as error:  # a name too long, a folder that is closed
        raise InputError(f"no model {brief(folder)!r}: {error.strerror}") from None


def _folder(name: str) -> Path:
    """Return the folder of a model of any kind; shipped names come first."""
    for folder in (_SHIPPED / name, Path(name)):
        if any(_has(folder, kind) for kind in STAGES):
            return folder
    raise InputError(
        f"no model {brief(name)!r}: shipped are {', '.join(shipped()) or 'none'}; a "
        "model of your own is a folder with base.json and refine.json, with "
        "additive.json, or with paper.json"
    )


def shipped() -> list[str]:
    """Return the names of the models that come with the package, sorted."""
    return sorted(
        folder.name
        for folder in _SHIPPED.iterdir()
        if any(_has(folder, kind) for kind in STAGES)
    )


def kind_of(name: str) -> Kind:
    """Return the kind of a model.

    Parameters
    ----------
    name : str
        A shipped name (see `shipped`) or a folder.

    Raises
    ------
    InputError
        If there is no such model.
    """
    folder = _folder(name)
    return next(kind for kind in STAGES if _has(folder, kind))


def find_model(name: str, kind: Kind = "pyramid") -> Path:
    """Return the folder of a model.

    Parameters
    ----------
    name : str
        A shipped name (see `shipped`) or a folder.
    kind : {'pyramid', 'paper', 'additive'}
        The kind that is needed.

    Raises
    ------
    InputError
        If there is no such model, or it is of another kind.
    """
    folder = _folder(name)
    if not _has(folder, kind):
        found, needed = (f"{STAGES[k][0]}.json" for k in (kind_of(name), kind))
        raise InputError(
            f"the model {name!r} is of another kind: it has {found}, but {needed} is "
            f"needed{_advice(name, kind)}"
        )
    return folder


def _advice(name: str, kind: Kind) -> str:
    """Return what to do where a model is of another kind than is needed."""
    if kind == "additive":
        return "; along a scan, paint with an additive model such as 'am'"
    if kind_of(name) == "additive":
        return "; this one paints builds: paint and generate need a scan for it (scan)"
    return "; take one such as 'iso'" if kind == "pyramid" else ""


def model_digest(name: str) -> str:
    """Return the SHA-256 of everything in a model that decides grains.

    It covers the weights, and the fields of the cards that say how to draw with them.

    Returns
    -------
    str
        64 hexadecimal digits.

    Raises
    ------
    InputError
        If there is no such model.
    """
    kind = kind_of(name)
    folder = find_model(name, kind)
    digest = hashlib.sha256()
    for stage in STAGES[kind]:
        weights, card = folder / f"{stage}.safetensors", folder / f"{stage}.json"
        digest.update(weights.read_bytes() if weights.is_file() else b"")
        fields = card_fields(card) if card.is_file() else {}
        digest.update(json.dumps([fields.get(key) for key in _DECIDING]).encode())
    return digest.hexdigest()
