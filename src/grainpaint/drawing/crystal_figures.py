"""Figures of crystals: pole figures, and angles between neighbors.

`sets` are the phases of one kind in one or two sets of volumes, by the name of the set;
colors and dashes are those of `grainpaint.drawing.figures`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Circle
from matplotlib.ticker import MaxNLocator

from grainpaint.drawing.coloring import indices
from grainpaint.drawing.figures import STYLE
from grainpaint.measure.crystals import Phase
from grainpaint.orientations.kernel import pole_density
from grainpaint.orientations.poles import poles_of
from grainpaint.orientations.random_pairs import random_density

__all__ = ["Sets", "disorientations", "pole_figures", "side_by_side"]

_PIXELS = 75  # along the width of a pole figure
_BIN = 2.0  # degrees

Sets = Sequence[tuple[str, Phase]]


def side_by_side(sets: Sequence[tuple[str, Sequence[Phase]]]) -> list[Sets]:
    """Return which phases of the sets are drawn together.

    Parameters
    ----------
    sets : sequence of (name, phases)

    Returns
    -------
    list of sequences of (name, Phase)
        The first phases of both sets, the second ones, ... if all have equal
        symmetries; otherwise each alone.
    """
    symmetries = {tuple(one.symmetry for one in phases) for _, phases in sets}
    if len(symmetries) == 1:
        names = [name for name, _ in sets]
        columns = zip(*(phases for _, phases in sets))
        return [list(zip(names, column)) for column in columns]
    return [[(name, one)] for name, phases in sets for one in phases]


def pole_figures(sets: Sets) -> Figure | None:
    """Draw the densities of three poles, a row for each set.

    The upper half of the sample (z > 0) in equal-area projection, x to the right and y
    up, in multiples of a uniform texture.

    Returns
    -------
    matplotlib.figure.Figure, or None
        If the poles of the symmetry depend on its unit cell.
    """
    poles = poles_of(sets[0][1].symmetry)
    if not poles:
        return None
    directions, inside = _hemisphere(_PIXELS)
    found = [
        [
            pole_density(one.quaternion, one.size, pole, one.symmetry, directions)
            for pole in poles.values()
        ]
        for _, one in sets
    ]
    top = max(float(values.max()) for row in found for values in row)
    figure = Figure(figsize=(8.6, 2.9 * len(sets)), layout="constrained")
    panels = figure.subplots(len(sets), len(poles), squeeze=False)
    for (label, _), row, line in zip(sets, panels, found):
        for axes, name, values in zip(row, poles, line):
            image = np.full(inside.shape, np.nan)
            image[inside] = values
            shown = axes.imshow(
                image, cmap="cividis", vmin=0, vmax=top, origin="lower",
                extent=(-1, 1, -1, 1), interpolation="bilinear",
            )  # fmt: skip
            rim = Circle((0, 0), 1, fill=False, lw=1, color="black")
            axes.add_patch(rim)
            shown.set_clip_path(rim)
            title = f"({indices(name)}), up to {values.max():.3g}"
            axes.set_title(f"{label}: {title}" if len(sets) > 1 else title, fontsize=9)
            axes.text(1.03, 0, "x", va="center", fontsize=9)
            axes.text(0, 1.03, "y", ha="center", fontsize=9)
            axes.set(xlim=(-1.12, 1.12), ylim=(-1.05, 1.15), aspect="equal")
            axes.set_axis_off()
    whole = MaxNLocator(5, integer=True)
    bar = figure.colorbar(
        shown, ax=panels, shrink=0.8, ticks=whole if top > 5 else None
    )
    bar.set_label("multiples of uniform", fontsize=9)
    return figure


def _hemisphere(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the directions of pixels in equal-area projection, and which are inside.

    Pixels that the rim cuts count as inside, with the nearest direction on it.
    """
    at = (np.arange(n) + 0.5) / n * 2 - 1
    x, y = np.meshgrid(at, at)
    away = np.hypot(x, y)
    inside = away < 1 + 1.5 / n
    x, y, away = (values[inside] for values in (x, y, away))
    x, y = x / np.maximum(away, 1), y / np.maximum(away, 1)
    square = x**2 + y**2
    out = np.sqrt(2 - square)
    return np.stack([x * out, y * out, 1 - square], 1), inside


def disorientations(sets: Sets) -> Figure:
    """Draw the disorientation across boundaries by area, beside that of random pairs.

    For 432, the latter is Mackenzie's law.
    """
    symmetry = sets[0][1].symmetry
    figure = Figure(figsize=(5, 3.4))
    axes = figure.subplots()
    figure.subplots_adjust(0.16, 0.16, 0.97, 0.93)
    random, density = random_density(symmetry)
    edges = np.arange(0, random[-1] + _BIN, _BIN)
    for label, one in sets:
        if not one.area.any():
            continue
        color, dashes = STYLE[label]
        share = np.histogram(one.angle, edges, weights=one.area)[0] / one.area.sum()
        filled = len(sets) == 1
        axes.stairs(
            share / _BIN, edges, color=color, ls=dashes, lw=1.5, label=label,
            fill=filled, alpha=0.5 if filled else 1,
        )  # fmt: skip
    law = "Mackenzie" if symmetry == "432" else "random pairs"
    axes.plot(random, density, color="black", lw=1.2, label=law)
    axes.set(xlabel="disorientation, degrees", ylabel="density by area, 1/degree")
    axes.set_xlim(0, edges[-1])
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False)
    return figure
