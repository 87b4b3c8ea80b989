"""What is compared of volumes: descriptors, and their values pooled over a set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from grainpaint.measure.grains import table, tally
from grainpaint.measure.spatial import Correlation, chords, measures, two_point
from grainpaint.microstructure import Microstructure

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = [
    "DESCRIPTORS",
    "MIN_VOLUMES",
    "Descriptor",
    "Measured",
    "Population",
    "measure",
    "population",
]

MIN_VOLUMES = 4  # below, grains are resampled instead of volumes


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
    counted = tally(volume)
    return Measured(
        table(volume, counted),
        measures(volume, counted),
        two_point(volume, counted=counted),
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
        if self.n_volumes < MIN_VOLUMES:
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
