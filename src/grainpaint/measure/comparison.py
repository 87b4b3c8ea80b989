"""Two sets of volumes beside each other: distances, and how far they are from chance.

Three distances for every descriptor (`grainpaint.measure.distances`): none of them is
zero for two samples of one population; what they are then is the **floor**, drawn from
the reference alone at the sizes of the two samples. A distance means something as a
multiple of its floor.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from grainpaint.errors import InputError
from grainpaint.measure.descriptors import (
    DESCRIPTORS,
    MIN_VOLUMES,
    Descriptor,
    Measured,
    Population,
    measure,
    population,
)
from grainpaint.measure.distances import Distances, distances, plane_density
from grainpaint.measure.spatial import Correlation
from grainpaint.microstructure import Microstructure
from grainpaint.progress import Progress, silent

__all__ = [
    "DESCRIPTORS",
    "Descriptor",
    "Measured",
    "Population",
    "compare",
    "curves",
    "distances",
    "measure",
    "measure_all",
    "plane_density",
    "population",
]

MIN_GRAINS = 20  # below, a density says nothing
_N_BOOTSTRAP = 100
_N_FLOOR = 40


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
    between = Distances(p, q, is_length)
    found = between(p, q)
    drawn = [
        between(p.resampled(1, rng), q.resampled(1, rng)) for _ in range(_N_BOOTSTRAP)
    ]
    within = Distances(q, q, is_length)
    floor = [
        within(q.resampled(share, rng), q.resampled(1, rng)) for _ in range(_N_FLOOR)
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
        if len(members) < MIN_VOLUMES:
            notes.append(
                f"The {name} set has {len(members)} volume(s), fewer than "
                f"{MIN_VOLUMES}: intervals come from its grains, as if independent."
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

        Beside them `measures` (see `grainpaint.measure.spatial.measures`),
        `correlation`, `generated`, `reference` and `notes`.

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
    pairs = [
        (name, interior)
        for name, descriptor in DESCRIPTORS.items()
        for interior in (False, True)
        if not interior or (at_border and descriptor.columns)
    ]

    def entry(pair: tuple[str, bool]) -> dict[str, Any]:
        both = [population(s, *pair) for s in (generated, reference)]
        is_length = DESCRIPTORS[pair[0]].dimension > 0
        return _entry(both[0], both[1], is_length, share, seed)

    result: dict[str, Any] = {
        name: {"title": descriptor.title, "unit": descriptor.unit, "interior": None}
        for name, descriptor in DESCRIPTORS.items()
    }
    n_workers = min(os.cpu_count() or 1, len(pairs))
    with (
        progress("compare", len(pairs)) as bar,
        ThreadPoolExecutor(n_workers) as pool,
    ):
        for i, ((name, interior), found) in enumerate(
            zip(pairs, pool.map(entry, pairs))
        ):
            if interior:
                result[name]["interior"] = found
            else:
                result[name] |= found
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
