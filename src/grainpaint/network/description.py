"""Model cards in readable lines, for `grainpaint models`."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from grainpaint.errors import InputError, brief
from grainpaint.network.cards import read_card
from grainpaint.network.lookup import STAGES, Kind, find_model, kind_of
from grainpaint.units import count_text

__all__ = ["damage_told", "describe", "describe_data"]


def describe(name: str) -> list[str]:
    """Return a description of a pyramid or an additive model, line by line.

    Raises
    ------
    InputError
        If there is no such model, or it is of another kind or damaged.
    """
    lines = []
    kind: Kind = "additive" if kind_of(name) == "additive" else "pyramid"
    for stage in STAGES[kind]:
        path = find_model(name, kind) / f"{stage}.json"
        card = read_card(path)
        built = ", ".join(map(str, card.network.channels))
        if card.network.inner:
            built += f" ({', '.join(map(str, card.network.inner))} in blocks)"
        if "teacher" in card.training:
            built += f", learned from {brief(card.training['teacher'])}"
        lines.append(
            f"{stage}: {card.network.n_colors} colors, channels {built}; "
            f"{card.n_steps:,} steps in {card.minutes:g} minutes; "
            f"{card.sampling.n_steps} evaluations"
        )
        if card.note:
            lines.append(f"  note: {card.note}")
        with damage_told(path):
            lines += describe_data(card.data, card.metrics)
    return lines


@contextmanager
def damage_told(path: Path) -> Iterator[None]:
    """Raise InputError where what a card says of its training is of another kind."""
    try:
        yield
    except (
        LookupError,
        TypeError,
        ValueError,
        AttributeError,
        ArithmeticError,
    ) as error:
        raise InputError(
            f"{path}: what it says of its training is damaged ({brief(repr(error))})"
        ) from None


def describe_data(data: dict[str, Any], metrics: dict[str, Any]) -> list[str]:
    """Return the training data and the metrics of a card, in indented lines."""
    sets = data.get("sets", [])
    times = sorted({t for s in sets for t in np.atleast_1d(s.get("time", []))})
    seen = ", ".join(f"{t:g}" for t in times)
    lines = [
        f"  data: {count_text(data['n_volumes'], 'volume')}"
        + (f", t = {seen}" if seen else "")
    ]
    if "range" in data:
        parts = (
            f"{name} {low:g}..{high:g}" for name, (low, high) in data["range"].items()
        )
        lines.append(f"  builds: {', '.join(parts)}")
    for name, figures in metrics.items():
        lines += [f"  {name.replace('_', ' ')}:", *_listed(figures, "    ")]
    return lines


def _listed(figures: Any, indent: str) -> list[str]:
    """Return nested figures line by line, each dict's plain values on one line."""
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
