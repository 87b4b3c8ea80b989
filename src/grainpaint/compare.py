r"""Distances between two populations of grains, and how far they are from chance.

Three distances for every descriptor: the relative entropy by the recipe of Hoffman et
al., Acta Materialia 288 (2025), Wasserstein-1 and Kolmogorov-Smirnov. None of them is
zero for two samples of one population; what they are then is the **floor**, drawn from
the reference alone at the sizes of the two samples. A distance means something as a
multiple of its floor.

The recipe (P generated, Q reference, in nats; all grains of a set pooled): for volumes
and other lengths, 10,000 values (seed 0) are drawn from a Gaussian kernel density
(bandwidth by Scott) of the logarithms; the density of those with bandwidth factor 0.04
at 3,000 points over the common range, normalised to unit area, plus 1e-10, gives
D(P || Q). For the aspect ratios it is a two-dimensional density (Scott) on 100 x 100
points, normalised, plus 1e-10, and the sum of p ln(p / q) - p + q times the cell.
Ratios, numbers of neighbors and directions, which the paper does not compare, take a
density by Scott's bandwidth on the linear scale at 3,000 points.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from grainpaint.errors import InputError
from grainpaint.microstructure import Microstructure
from grainpaint.progress import Progress, silent
from grainpaint.spatial import Correlation, chords, measures, two_point
from grainpaint.stats import table

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = [
    "DESCRIPTORS",
    "Descriptor",
    "Measured",
    "Population",
    "compare",
    "distances",
    "measure",
    "population",
]

MIN_GRAINS = 20  # below, a density says nothing
_MIN_VOLUMES = 4  # below, grains are resampled instead of volumes
_N_BOOTSTRAP = 100
_N_FLOOR = 40
_DRAWS = 10_000
_POINTS = 3000
_FINE = 4  # bins between two points of a density
_OFFSET = 1e-10


@dataclass(frozen=True)
class Descriptor:
    """A quantity that every grain has.

    Parameters
    ----------
    columns : tuple of str
        Of the table of grains; two for a joint density; none for chords.
    unit : str
        "" for pure numbers.
    title : str
        For people.
    dimension : int
        1, 2, 3 of lengths, areas and volumes: densities are taken of the logarithm.
        0 of pure numbers.
    """

    columns: tuple[str, ...]
    unit: str
    title: str
    dimension: int = 0


DESCRIPTORS = {
    "volume": Descriptor(("volume_um3",), "µm³", "Grain volume", 3),
    "aspect_ratio": Descriptor(("b_over_a", "c_over_a"), "", "Aspect ratios b/a, c/a"),
    "nearest": Descriptor(("nearest_um",), "µm", "Nearest centroid", 1),
    "b_over_a": Descriptor(("b_over_a",), "", "Aspect ratio b/a"),
    "c_over_a": Descriptor(("c_over_a",), "", "Aspect ratio c/a"),
    "sphericity": Descriptor(("sphericity",), "", "Sphericity"),
    "area": Descriptor(("area_um2",), "µm²", "Surface area", 2),
    "neighbors": Descriptor(("neighbors",), "", "Neighbors"),
    "direction_x": Descriptor(("axis_x",), "", "|cos| of main axis and x"),
    "direction_y": Descriptor(("axis_y",), "", "|cos| of main axis and y"),
    "direction_z": Descriptor(("axis_z",), "", "|cos| of main axis and z"),
    "chord_x": Descriptor((), "µm", "Chord length along x", 1),
    "chord_y": Descriptor((), "µm", "Chord length along y", 1),
    "chord_z": Descriptor((), "µm", "Chord length along z", 1),
}


@dataclass(frozen=True)
class Measured:
    """Everything that is compared of one volume."""

    table: DataFrame
    measures: dict[str, float]
    correlation: Correlation
    chords: tuple[np.ndarray, np.ndarray, np.ndarray]
    shape: tuple[int, int, int]
    spacing: tuple[float, ...]
    periodic: tuple[bool, ...]
    n_voxels: int


def measure(volume: Microstructure) -> Measured:
    """Measure a volume for a comparison.

    Raises
    ------
    InputError
        If the volume has no grain.
    """
    return Measured(
        table(volume),
        measures(volume),
        two_point(volume),
        chords(volume),
        volume.shape,
        volume.spacing,
        volume.periodic,
        volume.n_voxels,
    )


@dataclass(frozen=True)
class Population:
    """Values of one descriptor, pooled over the volumes of a set.

    Parameters
    ----------
    values : numpy.ndarray, float64, shape (n, 1) or (n, 2)
    count : numpy.ndarray, float64, shape (n,)
        How often each value stands in the sample.
    weight : numpy.ndarray, float64, shape (n,)
        Of one such value: 1, or that of Miles and Lantuéjoul.
    volume : numpy.ndarray, int, shape (n,)
        Which volume it is from.
    n_volumes : int
    n_grains : int
        Grains of the set: no more values are independent.
    voxel : float
        Length, area or volume of a voxel, in the unit of the values: the recipe for the
        relative entropy counts in voxels.
    """

    values: np.ndarray
    count: np.ndarray
    weight: np.ndarray
    volume: np.ndarray
    n_volumes: int
    n_grains: int
    voxel: float = 1.0

    @property
    def total(self) -> np.ndarray:
        """Weight of each value times its count (shape (n,))."""
        total: np.ndarray = self.count * self.weight
        return total

    @property
    def n_effective(self) -> float:
        """Values of equal weight that know as much."""
        return float(self.total.sum() ** 2 / (self.total * self.weight).sum())

    def resampled(self, share: float, rng: np.random.Generator) -> Population:
        """Draw volumes (of few volumes: grains) with replacement.

        Parameters
        ----------
        share : float
            Size of the new sample over that of this one.
        rng : numpy.random.Generator

        Notes
        -----
        Draws from n volumes vary (n - 1) / n as much as fresh volumes would; so
        n - 1 are drawn in place of n (Rao and Wu, J. Am. Stat. Assoc. 83, 1988).
        """
        if self.n_volumes < _MIN_VOLUMES:
            return replace(self, count=rng.poisson(self.count * share).astype(float))
        n = max(1, round((self.n_volumes - 1) * share))
        times = np.bincount(
            rng.integers(self.n_volumes, size=n), minlength=self.n_volumes
        )
        return replace(self, count=self.count * times[self.volume])


def population(
    sets: Sequence[Measured], name: str, interior: bool = False
) -> Population:
    """Pool a descriptor over a set.

    Parameters
    ----------
    sets : sequence of Measured
    name : str
        Of `DESCRIPTORS`.
    interior : bool
        Leave out the grains that touch the border, and weigh each of the others with
        one over the number of places in the box where it would have been whole
        (Miles 1974, Lantuéjoul 1980): unbiased where grains are much smaller than
        the box. Chords that the border cuts are always left out.

    Returns
    -------
    Population
        Without the values that a grain does not have (a single voxel has no axes).
    """
    values, counts, weights, volumes = [], [], [], []
    for i, one in enumerate(sets):
        if name.startswith("chord_"):
            axis = "xyz".index(name[-1])
            count = one.chords[axis].astype(float)
            length = np.arange(count.size) * one.spacing[axis]
            value, weight = length[:, None], np.ones(count.size)
            keep = count > 0
        else:
            value = one.table[list(DESCRIPTORS[name].columns)].to_numpy(float)
            if name.startswith("direction_"):
                value = np.abs(value)
            count, weight = np.ones(len(value)), np.ones(len(value))
            keep = np.isfinite(value).all(1)
            if name.startswith("direction_"):
                keep &= one.table["b_over_a"].to_numpy() < 1
            if interior:
                keep &= ~one.table["touches_border"].to_numpy()
                weight = _whole_weights(one)
        values.append(value[keep])
        counts.append(count[keep])
        weights.append(weight[keep])
        volumes.append(np.full(int(keep.sum()), i))
    return Population(
        np.concatenate(values),
        np.concatenate(counts),
        np.concatenate(weights),
        np.concatenate(volumes),
        len(sets),
        sum(len(one.table) for one in sets),
        float(np.prod(sets[0].spacing)) ** (DESCRIPTORS[name].dimension / 3),
    )


def _whole_weights(one: Measured) -> np.ndarray:
    """Return one over the share of places where a grain of that extent is whole."""
    weight = np.ones(len(one.table))
    for axis, (n, wrap) in enumerate(zip(one.shape, one.periodic)):
        if not wrap:
            places = n - 1 - one.table[f"extent_{'xyz'[axis]}"].to_numpy()
            weight *= n / np.maximum(places, 1)
    return weight


# Densities


def _smoothed_histogram(
    values: np.ndarray, weights: np.ndarray, low: float, high: float, width: float
) -> np.ndarray:
    """Return the sum of Gaussians of a width at 3,000 points from low to high.

    Values are shared between the two nearest of bins four times as fine, which widens
    the Gaussians by less than 1e-3 of themselves.
    """
    from scipy import fft

    n = (_POINTS - 1) * _FINE + 1
    step = (high - low) / (n - 1)
    place = (values - low) / step
    left = np.clip(place.astype(int), 0, n - 2)
    right = place - left
    bins = np.bincount(left, weights * (1 - right), n)
    bins += np.bincount(left + 1, weights * right, n)
    size = fft.next_fast_len(n + int(9 * width / step) + 1, real=True)
    wave = 2 * np.pi * np.fft.rfftfreq(size, step)
    smooth = fft.irfft(fft.rfft(bins, size) * np.exp(-0.5 * (wave * width) ** 2), size)
    positive: np.ndarray = np.maximum(smooth[:n:_FINE], 0.0)  # it leaves -1e-17
    return positive


def _draws(sample: Population) -> np.ndarray:
    """Draw 10,000 values (seed 0) from the density of the logarithms."""
    from scipy.stats import gaussian_kde

    kde = gaussian_kde(
        np.log(sample.values[:, 0] / sample.voxel),
        bw_method=sample.n_effective**-0.2,  # Scott's factor
        weights=sample.total,
    )
    drawn: np.ndarray = np.exp(kde.resample(_DRAWS, seed=0)[0])
    return drawn


def _relative_entropy(p: np.ndarray, q: np.ndarray, x: np.ndarray) -> float:
    """Return D(P || Q) of densities normalised to unit area, plus 1e-10, nats."""
    from scipy.stats import entropy

    p, q = (f / np.trapezoid(f, x) + _OFFSET for f in (p, q))
    return float(entropy(p, q))


def _kl_line(p: Population, q: Population, is_length: bool) -> float:
    """Return the relative entropy of one descriptor."""
    curves = []
    for sample in (p, q):
        if is_length:
            values, weights = _draws(sample), np.ones(_DRAWS)
            width = 0.04 * values.std(ddof=1)
        else:
            values, weights = sample.values[:, 0], sample.total
            mean = np.average(values, weights=weights)
            spread = np.sqrt(np.average((values - mean) ** 2, weights=weights))
            width = spread * sample.n_effective**-0.2
        curves.append((values, weights, width))
    low = min(values.min() for values, _, _ in curves)
    high = max(values.max() for values, _, _ in curves)
    x = np.linspace(low, high, _POINTS)
    smooth = [_smoothed_histogram(v, w, low, high, h) for v, w, h in curves]
    return _relative_entropy(smooth[0], smooth[1], x)


def plane_density(
    sample: Population, low: np.ndarray, high: np.ndarray, n: int = 100
) -> np.ndarray:
    """Return the Gaussian kernel density (Scott) of two descriptors on a grid.

    Parameters
    ----------
    sample : Population
        Of two columns.
    low, high : numpy.ndarray, shape (2,)
        First and last point of the grid.
    n : int
        Points along each axis.

    Returns
    -------
    numpy.ndarray, float64, shape (n, n)
        Unit integral over the grid.
    """
    from scipy import fft

    fine = 4
    m = (n - 1) * fine + 1
    step = (high - low) / (m - 1)
    covariance = np.cov(sample.values.T, aweights=sample.total, bias=True)
    covariance = covariance * sample.n_effective ** (-2 / 6)  # Scott's factor, squared
    margin = np.ceil(9 * np.sqrt(np.diag(covariance)) / step).astype(int)
    shape = [fft.next_fast_len(m + int(k), real=True) for k in margin]
    place = (sample.values - low) / step
    left = np.clip(place.astype(int), 0, m - 2)
    right = place - left
    bins = np.zeros(shape)
    for dx in (0, 1):
        for dy in (0, 1):
            share = np.abs(1 - dx - right[:, 0]) * np.abs(1 - dy - right[:, 1])
            np.add.at(bins, (left[:, 0] + dx, left[:, 1] + dy), share * sample.total)
    u = 2 * np.pi * np.fft.fftfreq(shape[0], step[0])[:, None]
    v = 2 * np.pi * np.fft.rfftfreq(shape[1], step[1])[None, :]
    (a, b), (_, c) = covariance
    spectrum = fft.rfft2(bins) * np.exp(-0.5 * (a * u * u + 2 * b * u * v + c * v * v))
    density = np.maximum(fft.irfft2(spectrum, shape)[:m:fine, :m:fine], 0.0)
    cell = np.prod((high - low) / (n - 1))
    unit: np.ndarray = density / (density.sum() * cell)
    return unit


def _kl_plane(p: Population, q: Population) -> float:
    """Return the relative entropy of the joint density of two descriptors."""
    from scipy.special import kl_div

    n = 100
    both = np.concatenate([p.values[p.count > 0], q.values[q.count > 0]])
    low, high = both.min(0), both.max(0)
    densities = [plane_density(s, low, high, n) + _OFFSET for s in (p, q)]
    cell = np.prod((high - low) / (n - 1))
    return float(kl_div(*densities).sum() * cell)


def _shares(p: Population, q: Population, column: int) -> tuple[np.ndarray, ...]:
    """Return sorted values and, from each on, the shares of p and q below."""
    values = np.concatenate([p.values[:, column], q.values[:, column]])
    order = np.argsort(values)
    below = []
    for weights in (
        np.concatenate([p.total, np.zeros(len(q.values))]),
        np.concatenate([np.zeros(len(p.values)), q.total]),
    ):
        sums = np.cumsum(weights[order])
        below.append(sums / sums[-1])
    return values[order], below[0], below[1]


def distances(p: Population, q: Population, is_length: bool) -> dict[str, float]:
    """Return the distances between two populations of one descriptor.

    Parameters
    ----------
    p, q : Population
        Generated, reference.
    is_length : bool
        Whether densities are taken of the logarithm.

    Returns
    -------
    dict
        kl (nats), wasserstein (unit of the descriptor), ks (0..1). Of a joint
        density: the mean of the two wasserstein, the larger of the two ks.
    """
    joint = p.values.shape[1] == 2
    kl = _kl_plane(p, q) if joint else _kl_line(p, q, is_length)
    w1, ks = [], []
    for column in range(p.values.shape[1]):
        x, below_p, below_q = _shares(p, q, column)
        gap = np.abs(below_p - below_q)
        w1.append(float((gap[:-1] * np.diff(x)).sum()))
        last = np.append(np.diff(x) > 0, True)  # of equal values, the last counts
        ks.append(float(gap[last].max()))
    return {"kl": kl, "wasserstein": float(np.mean(w1)), "ks": max(ks)}


def _ks_p(ks: float, p: Population, q: Population) -> float:
    """Return the probability of such a ks or more, if the populations were one."""
    from scipy.stats import kstwobign

    n, m = (min(s.n_effective, s.n_grains) for s in (p, q))
    columns = p.values.shape[1]  # two tests, one answer: Bonferroni
    return float(min(1.0, columns * kstwobign.sf(ks * np.sqrt(n * m / (n + m)))))


def _interval(value: float, draws: list[float]) -> list[float]:
    """Return the 95 % interval of a distance from its bootstrap.

    Resampled sets lie further apart than the sets themselves, by their floor once more:
    the interval keeps the relative spread of the draws around the value.
    """
    low, middle, high = np.percentile(draws, [2.5, 50, 97.5])
    return [float(value * low / middle), float(value * high / middle)]


def _unfit(p: Population, q: Population) -> str | None:
    """Say why two populations have no distance, or None."""
    n = min(p.count.sum(), q.count.sum())
    if n < MIN_GRAINS:
        return f"too few grains ({int(n)}; {MIN_GRAINS} are needed)"
    for sample in (p, q):
        spread = sample.values.std(0)
        if (spread <= 1e-9 * np.abs(sample.values).max(0)).any():
            return "no spread: all values are equal"
        if len(spread) == 2 and abs(np.corrcoef(sample.values.T)[0, 1]) > 1 - 1e-9:
            return "no spread: the values lie on a line"
    return None


def _entry(
    p: Population, q: Population, is_length: bool, share: float, seed: int
) -> dict[str, Any]:
    """Return the distances of one descriptor with intervals, floors and a verdict."""
    reason = _unfit(p, q)
    counts = {"n_generated": int(p.count.sum()), "n_reference": int(q.count.sum())}
    if reason:
        names = ("kl", "wasserstein", "ks")
        empty = {
            f"{n}{end}": None for n in names for end in ("", "_interval", "_floor")
        }
        return {**empty, "p": None, "ratio_to_floor": None, "verdict": reason, **counts}
    rng = np.random.default_rng(seed)
    found = distances(p, q, is_length)
    drawn = [
        distances(p.resampled(1, rng), q.resampled(1, rng), is_length)
        for _ in range(_N_BOOTSTRAP)
    ]
    floor = [
        distances(q.resampled(share, rng), q.resampled(1, rng), is_length)
        for _ in range(_N_FLOOR)
    ]
    entry: dict[str, Any] = {}
    for key, value in found.items():
        entry[key] = value
        entry[f"{key}_interval"] = _interval(value, [d[key] for d in drawn])
        entry[f"{key}_floor"] = float(np.mean([f[key] for f in floor]))
    largest = max(f["kl"] for f in floor)
    ratio = found["kl"] / entry["kl_floor"]
    return {
        **entry,
        "kl_floor_largest": largest,
        "p": _ks_p(found["ks"], p, q),
        "ratio_to_floor": ratio,
        "verdict": _verdict(found["kl"], largest, ratio),
        **counts,
    }


def _verdict(kl: float, largest: float, ratio: float) -> str:
    if kl <= largest:
        return "as the reference"
    return "close" if ratio <= 3 else "different"


# Sets


def _check_sets(sets: dict[str, Sequence[Measured]]) -> list[str]:
    """Raise if the sets cannot be compared; return what a reader should know."""
    for name, members in sets.items():
        if not members:
            raise InputError(f"the {name} set has no volume")
    everyone = [one for members in sets.values() for one in members]
    spacings = sorted({one.spacing for one in everyone})
    if len(spacings) > 1:
        raise InputError(
            f"all volumes must have one voxel size, got {spacings[0]} and "
            f"{spacings[-1]} µm: resample or set the spacing first"
        )
    for name, members in sets.items():
        n = sum(len(one.table) for one in members)
        if n < MIN_GRAINS:
            raise InputError(
                f"the {name} set has {n} grains; a density needs {MIN_GRAINS} or more"
            )
    notes = []
    if len({one.periodic for one in everyone}) > 1:
        notes.append(
            "Some volumes are periodic and others open: open faces cut grains, so "
            "compare the figures without border grains."
        )
    if len({one.shape for one in everyone}) > 1:
        notes.append(
            "The volumes differ in shape, so the borders cut different shares of the "
            "grains: compare the figures without border grains."
        )
    for name, members in sets.items():
        if any(one.n_voxels < np.prod(one.shape) for one in members):
            notes.append(
                f"The {name} set has voxels outside the grains; grains beside them "
                "count as border grains."
            )
        if len(members) < _MIN_VOLUMES:
            notes.append(
                f"The {name} set has {len(members)} volume(s), fewer than "
                f"{_MIN_VOLUMES}: intervals come from its grains, as if independent."
            )
    return notes


def _compare_measures(
    generated: Sequence[Measured], reference: Sequence[Measured]
) -> dict[str, Any]:
    """Compare the figures of whole volumes: means, deviations, Welch's p."""
    from scipy.stats import ttest_ind

    result: dict[str, Any] = {}
    for name in generated[0].measures:
        a, b = (
            np.array([one.measures[name] for one in members])
            for members in (generated, reference)
        )
        several = len(a) > 1 and len(b) > 1 and a.std() + b.std() > 0
        p = float(ttest_ind(a, b, equal_var=False).pvalue) if several else None
        result[name] = {
            "generated": float(a.mean()),
            "generated_sd": float(a.std(ddof=1)) if len(a) > 1 else None,
            "reference": float(b.mean()),
            "reference_sd": float(b.std(ddof=1)) if len(b) > 1 else None,
            "ratio": float(a.mean() / b.mean()) if b.mean() else None,
            "p": p,
        }
    return result


def curves(
    sets: Sequence[Measured], pick: Callable[[Correlation], np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and standard deviation over volumes of a correlation curve.

    Parameters
    ----------
    sets : sequence of Measured
    pick : callable
        Takes the curve from a `Correlation`.

    Returns
    -------
    two numpy.ndarray, float64, shape (k,)
        As long as the shortest curve of the set.
    """
    found = [pick(one.correlation) for one in sets]
    n = min(map(len, found))
    stack = np.array([c[:n] for c in found])
    return stack.mean(0), stack.std(0, ddof=1) if len(stack) > 1 else np.zeros(n)


def _compare_correlations(
    generated: Sequence[Measured], reference: Sequence[Measured]
) -> dict[str, Any]:
    """Compare the radial and axial two-point correlations."""
    result: dict[str, Any] = {}
    picks: dict[str, tuple[Callable[[Correlation], np.ndarray], float]] = {
        "radial": (lambda c: c.radial, reference[0].correlation.shell_um)
    }
    for axis in range(3):
        picks["xyz"[axis]] = (
            lambda c, axis=axis: c.along[axis],  # type: ignore[misc]
            reference[0].spacing[axis],
        )
    for name, (pick, step) in picks.items():
        a, a_sd = curves(generated, pick)
        b, b_sd = curves(reference, pick)
        n = min(len(a), len(b))
        gap = a[:n] - b[:n]
        result[name] = {
            "distance_um": (np.arange(n) * step).tolist(),
            "generated": a[:n].tolist(),
            "generated_sd": a_sd[:n].tolist(),
            "reference": b[:n].tolist(),
            "reference_sd": b_sd[:n].tolist(),
            "largest_difference": float(gap[np.abs(gap).argmax()]),
        }
    return result


def _about(members: Sequence[Measured]) -> dict[str, Any]:
    first = members[0]
    return {
        "volumes": len(members),
        "shape": list(first.shape),
        "spacing_um": list(first.spacing),
        "periodic": list(first.periodic),
        "voxels": sum(one.n_voxels for one in members),
        "grains": sum(len(one.table) for one in members),
        "border_grains": sum(int(one.table["touches_border"].sum()) for one in members),
    }


def compare(
    generated: Sequence[Measured],
    reference: Sequence[Measured],
    seed: int = 0,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Compare two sets of volumes, descriptor by descriptor.

    Parameters
    ----------
    generated, reference : sequence of Measured
        From `measure`; at least one volume each.
    seed : int
        Of the intervals and floors.
    progress : Progress
        Told the descriptors done.

    Returns
    -------
    dict
        An entry for each name in `DESCRIPTORS` with

        - kl, wasserstein, ks: see `distances`; with `_interval`, 95 % by drawing the
          volumes of both sets anew with replacement, and `_floor`, the mean distance of
          two samples of the reference, drawn with replacement at the sizes of the two
          sets (two halves of it, drawn so, would lie twice as far apart as two sets of
          these sizes do: a half knows less);
        - p of ks; ratio_to_floor of kl; verdict: "as the reference" (kl no larger than
          the largest of 40 floors), "close" (up to 3 floors) or "different"; or why
          there is no distance;
        - interior: the same without border grains, by the weights of Miles and
          Lantuéjoul; None where no grain touches a border, and for chords, of which
          those that the border cuts never count.

        Beside them `measures` (see `grainpaint.spatial.measures`), `correlation`,
        `generated`, `reference` and `notes`.

    Raises
    ------
    InputError
        If a set is empty or has fewer than 20 grains, or voxel sizes differ.
    """
    notes = _check_sets({"generated": generated, "reference": reference})
    size = [sum(one.n_voxels for one in s) for s in (generated, reference)]
    share = size[0] / size[1]
    at_border = any(
        one.table["touches_border"].any() for one in [*generated, *reference]
    )
    result: dict[str, Any] = {}
    with progress("compare", len(DESCRIPTORS)) as bar:
        for i, (name, descriptor) in enumerate(DESCRIPTORS.items()):
            entry: dict[str, Any] = {
                "title": descriptor.title,
                "unit": descriptor.unit,
            }
            for interior in (False, True):
                if interior and (not at_border or not descriptor.columns):
                    entry["interior"] = None
                    continue
                both = [population(s, name, interior) for s in (generated, reference)]
                found = _entry(both[0], both[1], descriptor.dimension > 0, share, seed)
                if interior:
                    entry["interior"] = found
                else:
                    entry |= found
            result[name] = entry
            bar.update(i + 1)
    result["measures"] = _compare_measures(generated, reference)
    result["correlation"] = _compare_correlations(generated, reference)
    result["generated"], result["reference"] = _about(generated), _about(reference)
    result["notes"] = notes
    return result


def measure_all(
    volumes: Iterable[Microstructure], n: int, progress: Progress = silent
) -> list[Measured]:
    """Measure volumes one after another; only one need be in memory."""
    found = []
    with progress("measure", n) as bar:
        for volume in volumes:
            found.append(measure(volume))
            bar.update(len(found))
    return found
