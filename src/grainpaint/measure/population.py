"""The values of one descriptor, pooled over a set of volumes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from grainpaint.measure.descriptors import descriptors_of
from grainpaint.measure.dimensions import cell_size
from grainpaint.measure.measured import Measured

__all__ = ["MIN_VOLUMES", "Population", "population"]

MIN_VOLUMES = 4  # below this, grains are resampled instead of volumes


@dataclass(frozen=True)
class Population:
    """Values of one descriptor, pooled over the volumes of a set.

    Parameters
    ----------
    values : numpy.ndarray, float64, shape (n, 1) or (n, 2)
    count : numpy.ndarray, float64, shape (n,)
        How often each value occurs in the sample.
    weight : numpy.ndarray, float64, shape (n,)
        Weight of one occurrence: 1, or that of Miles and Lantuéjoul.
    volume : numpy.ndarray, int, shape (n,)
        Index of the volume that it comes from.
    n_volumes : int
    n_grains : int
        Number of grains in the set, an upper bound of the number of independent values.
    voxel : float
        Length, area or volume of a voxel in the unit of the values; the recipe for the
        relative entropy works in voxels.
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
        """Number of values of equal weight that would be as informative."""
        return float(self.total.sum() ** 2 / (self.total * self.weight).sum())

    def resampled(self, share: float, rng: np.random.Generator) -> Population:
        """Draw volumes (or grains, if there are few volumes) with replacement.

        Parameters
        ----------
        share : float
            Size of the new sample relative to this one.
        rng : numpy.random.Generator

        Notes
        -----
        n draws from n volumes vary (n - 1) / n times as much as fresh volumes would,
        so n - 1 are drawn (Rao and Wu, J. Am. Stat. Assoc. 83, 1988).
        """
        if self.n_volumes < MIN_VOLUMES:
            return replace(self, count=rng.poisson(self.count * share).astype(float))
        n = max(1, round((self.n_volumes - 1) * share))
        times = np.bincount(
            rng.integers(self.n_volumes, size=n), minlength=self.n_volumes
        )
        return replace(self, count=self.count * times[self.volume])


def population(
    members: Sequence[Measured], name: str, interior: bool = False
) -> Population:
    """Pool a descriptor over a set.

    Parameters
    ----------
    members : sequence of Measured
    name : str
        Key of `grainpaint.measure.descriptors.descriptors_of`.
    interior : bool
        Leave out the grains that touch the border, and weight each of the others by
        the inverse of the number of positions in the box at which it would be whole
        (Miles 1974, Lantuéjoul 1980): unbiased where grains are much smaller than
        the box. Chords that the border cuts are always left out, boundaries never.

    Returns
    -------
    Population
        Grains without the descriptor are left out (a single voxel has no axes), and so
        are lengths of 0, which have no logarithm (two grains of one centroid).
    """
    first = members[0]
    descriptor = descriptors_of(first.shape, first.oriented)[name]
    power = descriptor.dimension / len(first.axes)
    values, counts, weights, volumes = [], [], [], []
    for i, one in enumerate(members):
        if descriptor.chord_axis is not None:
            count = one.chords[descriptor.chord_axis].astype(float)
            length = np.arange(count.size) * one.spacing[descriptor.chord_axis]
            value, weight = length[:, None], np.ones(count.size)
            keep = count > 0
        elif descriptor.of_boundaries:
            assert one.crystals is not None
            value, area = one.crystals.angle[:, None], one.crystals.area
            count, weight = np.ones(len(value)), area / max(area.mean(), 1e-300)
            keep = area > 0
        else:
            value = one.table[list(descriptor.columns)].to_numpy(float)
            count, weight = np.ones(len(value)), np.ones(len(value))
            keep = np.isfinite(value).all(1)
            if descriptor.is_length:
                keep &= value[:, 0] > 0
            if descriptor.is_direction:
                value = np.abs(value)
                keep &= one.table["b_over_a"].to_numpy() < 1
            if interior:
                keep &= ~one.table["touches_border"].to_numpy()
                weight = _border_weights(one)
        values.append(value[keep])
        counts.append(count[keep])
        weights.append(weight[keep])
        volumes.append(np.full(int(keep.sum()), i))
    return Population(
        np.concatenate(values),
        np.concatenate(counts),
        np.concatenate(weights),
        np.concatenate(volumes),
        len(members),
        sum(len(one.table) for one in members),
        cell_size(first.spacing, first.axes) ** power,
    )


def _border_weights(one: Measured) -> np.ndarray:
    """Return, per grain, one over the share of positions at which it is whole."""
    weight = np.ones(len(one.table))
    for axis in one.axes:
        n = one.shape[axis]
        if not one.periodic[axis]:
            places = n - 1 - one.table[f"extent_{'xyz'[axis]}"].to_numpy()
            weight *= n / np.maximum(places, 1)
    return weight
