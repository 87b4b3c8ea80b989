"""The figures of the paper, one function each, as matplotlib figures.

`generated` and `reference` are sets of measured volumes
(`grainpaint.measure.measured.measure`); without a reference, one curve is drawn. The
colors can be told apart with any color vision (Okabe and Ito 2008), and lines differ in
their dashes too. Everything but slices and density maps is drawn as vectors in .svg and
.pdf files.

The figure numbers are those of Hoffman et al., Acta Materialia 288 (2025).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from grainpaint.drawing.coloring import best_coloring, draw_key
from grainpaint.drawing.plot import draw_slice, slice_axes
from grainpaint.measure.averages import mean_curve
from grainpaint.measure.densities import plane_density
from grainpaint.measure.descriptors import descriptors_of
from grainpaint.measure.measured import Measured
from grainpaint.measure.planes import FIGURES
from grainpaint.measure.population import Population, population
from grainpaint.measure.seams import SeamTest
from grainpaint.microstructure import Microstructure

__all__ = [
    "STYLE",
    "aspect_ratio_plane",
    "correlation",
    "density",
    "seams",
    "slices",
]

BLUE, ORANGE = "#0072B2", "#D55E00"
_POINTS = 300
_MIN_GRAINS = 5  # in a volume whose density is drawn
STYLE = {"generated": (ORANGE, "-"), "reference": (BLUE, "--")}


def _named(
    generated: Sequence[Measured], reference: Sequence[Measured] | None
) -> list[tuple[str, Sequence[Measured]]]:
    named = [("generated", generated)]
    return named if reference is None else [*named, ("reference", reference)]


def _density_of(
    one: Population, x: np.ndarray, is_length: bool, per_log: bool
) -> np.ndarray | None:
    """Return the density of one volume at x, or None if it has too few grains."""
    from scipy.stats import gaussian_kde

    values, weights = one.values[:, 0], one.total
    if values.size < _MIN_GRAINS or np.ptp(values) == 0:
        return None
    if is_length:  # the density of the logarithm, transformed back
        kde = gaussian_kde(np.log(values), weights=weights)
        return np.asarray(kde(np.log(x)) / (1 if per_log else x))
    return np.asarray(gaussian_kde(values, weights=weights)(x))


def density(
    generated: Sequence[Measured],
    reference: Sequence[Measured] | None,
    name: str,
    interior: bool = False,
) -> Figure:
    """Draw the density of a descriptor, mean ± standard deviation over volumes.

    Figures 9 (volume), 11 and 15 (nearest centroid), 13.

    Parameters
    ----------
    generated, reference : sequence of Measured
    name : str
        In `grainpaint.measure.descriptors.descriptors_of`, but not a joint one.
    interior : bool
        Leave out border grains and weight the others (see
        `grainpaint.measure.population.population`).
    """
    descriptor = descriptors_of(generated[0].shape, oriented=True)[name]
    figure = Figure(figsize=(5, 3.4))
    axes = figure.subplots()
    figure.subplots_adjust(
        0.16, 0.16, 0.97, 0.93
    )  # a layout engine draws everything twice
    named = _named(generated, reference)
    pooled = np.concatenate(
        [population(s, name, interior).values[:, 0] for _, s in named]
    )
    if pooled.size == 0:
        axes.text(0.5, 0.5, "no values", ha="center", transform=axes.transAxes)
        return figure
    low, high = np.percentile(pooled, [0.0, 99.5])
    if high - low <= 1e-9 * abs(high):
        axes.text(0.5, 0.5, "all values are equal", ha="center", va="center")
        axes.set(xlabel=descriptor.title, xticks=[], yticks=[])
        return figure
    # Volumes span decades: their density is drawn over the logarithm.
    per_log = descriptor.is_length and high > 100 * low
    chord_axis = descriptor.chord_axis
    x = (np.geomspace if per_log else np.linspace)(low, high, _POINTS)
    if chord_axis is not None:
        x = np.unique(pooled[pooled <= high])
    for label, members in named:
        lines = [
            _chord_density(one, chord_axis, x)
            if chord_axis is not None
            else _density_of(
                population([one], name, interior), x, descriptor.is_length, per_log
            )
            for one in members
        ]
        _band(axes, x, [line for line in lines if line is not None], label)
    unit = f", {descriptor.unit}" if descriptor.unit else ""
    axes.set_xlabel(f"{descriptor.title}{unit}")
    if per_log:
        axes.set_xscale("log")
        axes.set_ylabel("density of the logarithm")
    else:
        unit = f", 1/{descriptor.unit}" if descriptor.unit else ""
        axes.set_ylabel(f"density{unit}")
    axes.set_xlim(low, high)
    axes.set_ylim(bottom=0)
    axes.ticklabel_format(axis="y", scilimits=(-2, 3))  # the label has room beside it
    if axes.lines:
        axes.legend(frameon=False)
    return figure


def _chord_density(one: Measured, axis: int, x: np.ndarray) -> np.ndarray | None:
    """Return the density of chord lengths at x, or None if there are too few chords."""
    counts, step = one.chords[axis], one.spacing[axis]
    if counts.sum() < _MIN_GRAINS:
        return None
    index = np.rint(x / step).astype(int)
    known = index < counts.size
    found = np.zeros(x.size)
    found[known] = counts[index[known]]
    shares: np.ndarray = found / counts.sum() / step
    return shares


def _band(axes: Axes, x: np.ndarray, lines: list[np.ndarray], label: str) -> None:
    """Draw the mean of curves, and a band of ± one standard deviation."""
    if not lines:
        return
    color, dashes = STYLE[label]
    mean = np.mean(lines, axis=0)
    n = f"{label} ({len(lines)} volume{'s' if len(lines) > 1 else ''})"
    axes.plot(x, mean, dashes, color=color, lw=1.5, label=n)
    if len(lines) > 1:
        sd = np.std(lines, axis=0, ddof=1)
        axes.fill_between(x, mean - sd, mean + sd, color=color, alpha=0.25, lw=0)


def aspect_ratio_plane(
    generated: Sequence[Measured], reference: Sequence[Measured] | None
) -> Figure:
    """Draw the joint density of b/a and c/a of both sets, and their difference.

    Figures 10 and 14.
    """
    low, high = np.zeros(2), np.ones(2)
    named = _named(generated, reference)
    planes = []
    for _, members in named:
        sample = population(members, "aspect_ratio")
        covariance = np.cov(sample.values.T) if len(sample.values) > 2 else np.zeros(4)
        if np.linalg.matrix_rank(np.reshape(covariance, (2, 2))) < 2:
            planes.append(np.zeros((100, 100)))
        else:
            planes.append(plane_density(sample, low, high))
    n = len(planes) + (len(planes) == 2)
    figure = Figure(figsize=(3.6 * n if n > 1 else 5, 3.4), layout="constrained")
    panels = np.atleast_1d(figure.subplots(1, n))
    top = max(float(p.max()) for p in planes) or 1.0
    x = np.linspace(0, 1, 101)
    for axes, (label, _), plane in zip(panels, named, planes):
        mesh = axes.pcolormesh(
            x, x, plane.T, cmap="cividis", vmin=0, vmax=top, rasterized=True
        )
        axes.set_title(label, fontsize=10)
    figure.colorbar(mesh, ax=list(panels[: len(planes)]), label="density", shrink=0.9)
    if len(planes) == 2:
        gap = planes[0] - planes[1]
        bound = float(np.abs(gap).max()) or 1.0
        mesh = panels[2].pcolormesh(
            x, x, gap.T, cmap="PuOr", vmin=-bound, vmax=bound, rasterized=True
        )
        panels[2].set_title("generated − reference", fontsize=10)
        figure.colorbar(mesh, ax=panels[2], shrink=0.9)
    for axes in panels:
        axes.plot([0, 1], [0, 1], color="0.6", lw=0.8)  # c cannot exceed b
        axes.set(xlabel="b/a", ylabel="c/a", aspect="equal")
    return figure


def correlation(
    generated: Sequence[Measured], reference: Sequence[Measured] | None
) -> Figure:
    """Draw the two-point correlation of "same grain": radial, and along x, y, z.

    In a section, along its two axes.
    """
    along = generated[0].axes
    n = 1 + len(along)
    figure = Figure(figsize=(2.5 * n, 3.4), layout="constrained")
    panels = figure.subplots(1, n, sharey=True)
    for label, members in _named(generated, reference):
        color, dashes = STYLE[label]
        for i, axes in enumerate(panels):
            if i == 0:
                mean, sd = mean_curve(members, lambda c: c.radial)
                step = members[0].correlation.shell_um
            else:
                axis = along[i - 1]
                mean, sd = mean_curve(
                    members,
                    lambda c, axis=axis: c.along[axis],  # type: ignore[misc]
                )
                step = members[0].spacing[axis]
            x = np.arange(mean.size) * step
            axes.plot(x, mean, dashes, color=color, lw=1.5, label=label)
            axes.fill_between(x, mean - sd, mean + sd, color=color, alpha=0.25, lw=0)
    titles = ["all directions", *(f"along {'xyz'[axis]}" for axis in along)]
    for axes, title in zip(panels, titles):
        axes.set_title(title, fontsize=10)
        axes.set_xlabel("distance, µm")
        axes.axhline(0, color="0.6", lw=0.8)
    panels[0].set_ylabel("probability of same grain")
    panels[0].legend(frameon=False)
    return figure


def slices(shown: Sequence[Microstructure]) -> Figure:
    """Draw slices across x, y, z side by side, as in Figures 12 and 16.

    Sections are drawn as they are. Where grains have orientations and there is a key
    for their crystals, colors show the crystal directions along z.

    Parameters
    ----------
    shown : sequence of one or two Microstructure
        Generated, reference.
    """
    rows = list(zip(("generated", "reference"), shown))
    flat = len(slice_axes(shown[0])) == 1
    across = (1, len(rows)) if flat else (len(rows), 1)
    size = (9.6, 6.4 / len(rows) + 0.6) if flat else (9.6, 3.4 * len(rows))
    figure = Figure(figsize=size, layout="constrained")
    parts = np.atleast_1d(np.array(figure.subfigures(*across), dtype=object))
    for part, (label, volume) in zip(parts, rows):
        if len(rows) > 1:
            part.suptitle(label, fontsize=11)
        volume = volume.compact()[0]
        colored = best_coloring(volume)
        across_of = slice_axes(volume)
        ratios = [1.0] * len(across_of) + [0.35] * bool(colored.symmetries)
        panels = part.subplots(1, len(ratios), squeeze=False, width_ratios=ratios)[0]
        for axis, axes in zip(across_of, panels):
            draw_slice(axes, volume, axis, colored.colors)
        n = len(colored.symmetries)
        for i, symmetry in enumerate(colored.symmetries):
            panels[-1].set_axis_off()
            key = panels[-1].inset_axes((0, i / n, 1, 0.8 / n))
            draw_key(key, symmetry, f"{symmetry}, along {colored.axis}")
    return figure


def seams(test: SeamTest) -> Figure:
    """Draw the figures of a seam test over the distance to the faces of windows."""
    titles = {
        "boundary": "share of unlike neighbors",
        "grain_size": "mean log grain volume",
        "two_point": "share of pairs in one grain",
    }
    figure = Figure(figsize=(9.6, 3.2), layout="constrained")
    for axes, name in zip(figure.subplots(1, 3), FIGURES):
        axes.plot(test.distance, test.figure[name], "o-", color=ORANGE, ms=4, lw=1.5)
        axes.axhline(test.interior[name], color=BLUE, ls="--", lw=1.5, label="interior")
        axes.set_title(titles[name], fontsize=10)
        axes.set_xlabel("distance to the face of a window, voxels")
        axes.legend(frameon=False)
    return figure
