"""What a comparison of two sets of volumes found."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from grainpaint.measure.descriptors import descriptors_of

__all__ = [
    "Comparison",
    "CurveComparison",
    "DescriptorComparison",
    "MeasureComparison",
    "SetSummary",
    "TextureComparison",
]


@dataclass(frozen=True)
class DescriptorComparison:
    """Distances between two sets in one descriptor.

    Parameters
    ----------
    kl, wasserstein, ks : float, optional
        The distances (see `grainpaint.measure.distances.distances`); None if there are
        too few grains or their values do not vary, as the verdict then says.
    kl_interval, wasserstein_interval, ks_interval : two floats, optional
        95 % intervals, from volumes of both sets drawn anew with replacement.
    kl_floor, wasserstein_floor, ks_floor : float, optional
        Mean distance between two samples of the reference with the sizes of the two
        sets, drawn with replacement.
    kl_floor_largest : float, optional
        The largest of these distances.
    p : float, optional
        Probability of such a ks or a larger one if both sets were of one population.
    ratio_to_floor : float, optional
        kl over its floor.
    verdict : str
        "as the reference" (kl does not exceed the largest floor), "close" (kl is up to
        3 floors), "different", or why there is no distance.
    n_generated, n_reference : int
        Number of values, such as grains or chords.
    interior : DescriptorComparison, optional
        The same without border grains, weighted as Miles and Lantuéjoul do; None if no
        grain touches a border, and for chords, of which those that the border cuts
        never count.
    """

    kl: float | None
    kl_interval: tuple[float, float] | None
    kl_floor: float | None
    wasserstein: float | None
    wasserstein_interval: tuple[float, float] | None
    wasserstein_floor: float | None
    ks: float | None
    ks_interval: tuple[float, float] | None
    ks_floor: float | None
    kl_floor_largest: float | None
    p: float | None
    ratio_to_floor: float | None
    verdict: str
    n_generated: int
    n_reference: int
    interior: DescriptorComparison | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the fields except `interior`, for JSON."""
        found = {
            key: list(value) if isinstance(value, tuple) else value
            for key, value in vars(self).items()
            if key != "interior"
        }
        if self.kl is None:
            del found["kl_floor_largest"]
        return found


@dataclass(frozen=True)
class MeasureComparison:
    """Means and standard deviations over volumes of a measure of whole volumes.

    Parameters
    ----------
    generated, reference : float
        Means.
    generated_sd, reference_sd : float, optional
        Standard deviations; None for a single volume.
    ratio : float, optional
        generated / reference; None if the reference is 0.
    p : float, optional
        Of Welch's t-test; None if a set has a single volume.
    """

    generated: float
    generated_sd: float | None
    reference: float
    reference_sd: float | None
    ratio: float | None
    p: float | None


@dataclass(frozen=True)
class CurveComparison:
    """Means and standard deviations over volumes of a correlation curve.

    Parameters
    ----------
    distance_um : numpy.ndarray, float64, shape (k,)
        Distances between two points, µm.
    generated, generated_sd, reference, reference_sd : numpy.ndarray, shape (k,)
        Probability that both points lie in the same grain.
    largest_difference : float
        generated - reference where they differ most.
    """

    distance_um: np.ndarray
    generated: np.ndarray
    generated_sd: np.ndarray
    reference: np.ndarray
    reference_sd: np.ndarray
    largest_difference: float


@dataclass(frozen=True)
class SetSummary:
    """Size of a set of volumes.

    Parameters
    ----------
    volumes : int
        Number of volumes.
    shape, spacing_um, periodic : tuple
        Voxels, edges of a voxel in µm, and periodic axes of its first volume.
    voxels, grains, border_grains : int
        Totals over all volumes.
    """

    volumes: int
    shape: tuple[int, ...]
    spacing_um: tuple[float, ...]
    periodic: tuple[bool, ...]
    voxels: int
    grains: int
    border_grains: int


@dataclass(frozen=True)
class TextureComparison:
    """The L1 distance of the textures of two sets, over cells of orientations.

    Parameters
    ----------
    l1 : float, optional
        Sum over the cells of the differences of their shares of the volume, 0..2; None
        if there are too few grains, as the verdict then says.
    l1_interval : two floats, optional
        95 % interval, as those of other distances.
    l1_floor, l1_floor_largest : float, optional
        Mean and largest distance between two samples of the reference.
    ratio_to_floor : float, optional
    n_cells : int
    verdict : str
        As that of other distances.
    n_generated, n_reference : int
        Number of grains.
    symmetry : str
    """

    l1: float | None
    l1_interval: tuple[float, float] | None
    l1_floor: float | None
    l1_floor_largest: float | None
    ratio_to_floor: float | None
    n_cells: int
    verdict: str
    n_generated: int
    n_reference: int
    symmetry: str


@dataclass(frozen=True)
class Comparison:
    """What a comparison of two sets of volumes found.

    Parameters
    ----------
    descriptors : dict of str to DescriptorComparison
        By the names in `grainpaint.measure.descriptors.descriptors_of`.
    measures : dict of str to MeasureComparison
        By the names in `grainpaint.measure.volume_measures.volume_measures`.
    correlation : dict of str to CurveComparison
        Two-point correlations: "radial", "x", "y", "z" (those of the long axes).
    generated, reference : SetSummary
    notes : tuple of str
        What a reader should keep in mind.
    textures : dict of str to TextureComparison
        By the names of phases in the generated set; empty without orientations.
    """

    descriptors: dict[str, DescriptorComparison]
    measures: dict[str, MeasureComparison]
    correlation: dict[str, CurveComparison] = field(repr=False)  # long arrays
    generated: SetSummary
    reference: SetSummary
    notes: tuple[str, ...]
    textures: dict[str, TextureComparison] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return what `grainpaint compare -o` writes as JSON."""
        found: dict[str, Any] = {}
        known = descriptors_of(self.generated.shape, oriented=True)
        for name, entry in self.descriptors.items():
            interior = entry.interior
            found[name] = {
                "title": known[name].title,
                "unit": known[name].unit,
                "interior": None if interior is None else interior.to_dict(),
                **entry.to_dict(),
            }
        found["measures"] = {
            name: {key: _finite(value) for key, value in asdict(m).items()}
            for name, m in self.measures.items()
        }
        found["correlation"] = {
            name: _listed(curve) for name, curve in self.correlation.items()
        }
        found["generated"] = _listed(self.generated)
        found["reference"] = _listed(self.reference)
        if self.textures:
            found["textures"] = {name: vars(t) for name, t in self.textures.items()}
        found["notes"] = list(self.notes)
        return found


def _listed(record: CurveComparison | SetSummary) -> dict[str, Any]:
    """Return the fields of a record, arrays and tuples as lists."""
    return {
        key: [_finite(one) for one in np.asarray(value).tolist()]
        if isinstance(value, tuple | np.ndarray)
        else _finite(value)
        for key, value in vars(record).items()
    }


def _finite(value: Any) -> Any:
    """Return None for NaN, which JSON does not know."""
    return None if isinstance(value, float) and not np.isfinite(value) else value
