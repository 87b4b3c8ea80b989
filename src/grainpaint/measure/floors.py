"""Distances between two populations beside their floors: intervals and verdicts.

No distance is zero for two samples of one population. What it is then is its **floor**,
drawn from the reference alone at the sizes of the two samples. A distance is judged by
its ratio to the floor.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from grainpaint.measure.distances import Distances
from grainpaint.measure.population import Population
from grainpaint.measure.results import DescriptorComparison

__all__ = [
    "MIN_GRAINS",
    "compare_populations",
    "drawn_alike",
    "drawn_anew",
    "interval",
    "verdict",
]

MIN_GRAINS = 20  # fewer give no useful density
_N_BOOTSTRAP = 100
_N_FLOOR = 40
_KNOWN = 0.9  # share of the samples drawn that must have a density


def drawn_anew(
    generated: Population, reference: Population, rng: np.random.Generator
) -> Iterator[tuple[Population, Population]]:
    """Yield resamples of two sets, for the interval of their distance."""
    for _ in range(_N_BOOTSTRAP):
        yield generated.resampled(1, rng), reference.resampled(1, rng)


def drawn_alike(
    reference: Population, share: float, rng: np.random.Generator
) -> Iterator[tuple[Population, Population]]:
    """Yield pairs of resamples of the reference, of the sizes of two sets: for floors.

    Parameters
    ----------
    reference : Population
    share : float
        Size of the generated set relative to the reference.
    rng : numpy.random.Generator
    """
    for _ in range(_N_FLOOR):
        yield reference.resampled(share, rng), reference.resampled(1, rng)


def compare_populations(
    generated: Population,
    reference: Population,
    is_length: bool,
    share: float,
    seed: int,
) -> DescriptorComparison:
    """Return the distances of one descriptor with intervals, floors and a verdict.

    Parameters
    ----------
    generated, reference : Population
    is_length : bool
        Whether densities are those of the logarithm.
    share : float
        Size of the generated set relative to the reference.
    seed : int
        Seed of the resampling.

    Notes
    -----
    Floors are drawn from the whole reference at the sizes of the two sets. Two halves
    of it, drawn up to size, would lie twice as far apart as two such sets.
    """
    counts: dict[str, Any] = {
        "n_generated": int(generated.count.sum()),
        "n_reference": int(reference.count.sum()),
    }
    reason = _unfit(generated, reference)
    if reason:
        return _without_distances(reason, counts)
    rng = np.random.default_rng(seed)
    between = Distances(generated, reference, is_length)
    found = between(generated, reference)
    drawn = [between(*pair) for pair in drawn_anew(generated, reference, rng)]
    within = Distances(reference, reference, is_length)
    floor = [within(*pair) for pair in drawn_alike(reference, share, rng)]
    if any(np.mean(np.isfinite([d["kl"] for d in s])) < _KNOWN for s in (drawn, floor)):
        return _without_distances("too few different values", counts)
    largest = float(np.nanmax([f["kl"] for f in floor]))
    if largest < 1e-12:  # rounding
        reason = "no floor: all volumes of the reference are alike"
        return _without_distances(reason, counts)
    values: dict[str, Any] = {}
    for key, value in found.items():
        values[key] = value
        values[f"{key}_interval"] = interval(value, [d[key] for d in drawn])
        values[f"{key}_floor"] = float(np.nanmean([f[key] for f in floor]))
    ratio = found["kl"] / values["kl_floor"]
    return DescriptorComparison(
        **values,
        kl_floor_largest=largest,
        p=_ks_p(found["ks"], generated, reference),
        ratio_to_floor=ratio,
        verdict=verdict(found["kl"], largest, ratio),
        **counts,
    )


def _without_distances(reason: str, counts: dict[str, Any]) -> DescriptorComparison:
    names = ("kl", "wasserstein", "ks")
    ends = ("", "_interval", "_floor")
    empty: dict[str, Any] = {f"{n}{end}": None for n in names for end in ends}
    return DescriptorComparison(
        **empty,
        kl_floor_largest=None,
        p=None,
        ratio_to_floor=None,
        verdict=reason,
        **counts,
    )


def _unfit(p: Population, q: Population) -> str | None:
    """Return why two populations have no distance, or None."""
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


def interval(value: float, draws: list[float]) -> tuple[float, float]:
    """Return the 95 % interval of a distance from its bootstrap.

    Resampling moves the sets farther apart, by about the floor: the interval keeps the
    relative spread of the draws, around the value itself.
    """
    low, middle, high = np.nanpercentile(draws, [2.5, 50, 97.5])
    if middle == 0:
        return value, value
    return float(value * low / middle), float(value * high / middle)


def _ks_p(ks: float, p: Population, q: Population) -> float:
    """Return the probability of such a ks or a larger one within one population."""
    from scipy.stats import kstwobign

    n, m = (min(s.n_effective, s.n_grains) for s in (p, q))
    columns = p.values.shape[1]  # the larger of two tests: Bonferroni
    return float(min(1.0, columns * kstwobign.sf(ks * np.sqrt(n * m / (n + m)))))


def verdict(distance: float, largest: float, ratio: float) -> str:
    """Return the verdict on a distance: largest floor, ratio to the mean one."""
    if distance <= largest:
        return "as the reference"
    return "close" if ratio <= 3 else "different"
