"""Means over the volumes of a set: of measures of a volume, and of correlations."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from grainpaint.measure.correlation import Correlation
from grainpaint.measure.measured import Measured
from grainpaint.measure.results import CurveComparison, MeasureComparison

__all__ = ["compare_correlations", "compare_measures", "mean_curve"]


def compare_measures(
    generated: Sequence[Measured], reference: Sequence[Measured]
) -> dict[str, MeasureComparison]:
    """Compare the measures of whole volumes: means, deviations, Welch's p."""
    from scipy.stats import ttest_ind

    result = {}
    for name in generated[0].measures:
        a, b = (
            np.array([one.measures[name] for one in members])
            for members in (generated, reference)
        )
        varies = a.std() + b.std() > 1e-9 * np.abs(np.concatenate([a, b])).max()
        several = len(a) > 1 and len(b) > 1 and varies
        result[name] = MeasureComparison(
            generated=float(a.mean()),
            generated_sd=float(a.std(ddof=1)) if len(a) > 1 else None,
            reference=float(b.mean()),
            reference_sd=float(b.std(ddof=1)) if len(b) > 1 else None,
            ratio=float(a.mean() / b.mean()) if b.mean() else None,
            p=float(ttest_ind(a, b, equal_var=False).pvalue) if several else None,
        )
    return result


def mean_curve(
    members: Sequence[Measured], pick: Callable[[Correlation], np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean and standard deviation over volumes of a correlation curve.

    Parameters
    ----------
    members : sequence of Measured
    pick : callable
        Returns the curve of a `Correlation`.

    Returns
    -------
    two numpy.ndarray, float64, shape (k,)
        As long as the shortest curve of the set.
    """
    found = [pick(one.correlation) for one in members]
    n = min(map(len, found))
    stack = np.array([c[:n] for c in found])
    return stack.mean(0), stack.std(0, ddof=1) if len(stack) > 1 else np.zeros(n)


def compare_correlations(
    generated: Sequence[Measured], reference: Sequence[Measured]
) -> dict[str, CurveComparison]:
    """Compare the radial and axial two-point correlations."""
    picks: dict[str, tuple[Callable[[Correlation], np.ndarray], float]] = {
        "radial": (lambda c: c.radial, reference[0].correlation.shell_um)
    }
    for axis in reference[0].axes:
        picks["xyz"[axis]] = (
            lambda c, axis=axis: c.along[axis],  # type: ignore[misc]
            reference[0].spacing[axis],
        )
    result = {}
    for name, (pick, step) in picks.items():
        a, a_sd = mean_curve(generated, pick)
        b, b_sd = mean_curve(reference, pick)
        n = min(len(a), len(b))
        gap = a[:n] - b[:n]
        result[name] = CurveComparison(
            distance_um=np.arange(n) * step,
            generated=a[:n],
            generated_sd=a_sd[:n],
            reference=b[:n],
            reference_sd=b_sd[:n],
            largest_difference=float(gap[np.abs(gap).argmax()]),
        )
    return result
