"""Measured volumes: everything that `compare` and `report` need of each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from grainpaint import formats
from grainpaint.arguments import not_a_volume
from grainpaint.diameter import long_axes
from grainpaint.errors import InputError
from grainpaint.measure.chords import chords
from grainpaint.measure.correlation import Correlation, two_point
from grainpaint.measure.crystals import VolumeCrystals, crystals
from grainpaint.measure.grain_table import table
from grainpaint.measure.tally import tally
from grainpaint.measure.volume_measures import volume_measures
from grainpaint.microstructure import Microstructure
from grainpaint.progress import Progress, silent

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = [
    "Measured",
    "VolumeSet",
    "list_volumes",
    "measure",
    "measure_all",
    "measure_set",
    "read_listed",
]

VolumeSet = Microstructure | str | Path | Iterable[Microstructure | str | Path]


@dataclass(frozen=True)
class Measured:
    """Everything that is compared of one volume.

    Parameters
    ----------
    table : pandas.DataFrame
        From `grainpaint.measure.grain_table.table`.
    measures : dict of str to float
        From `grainpaint.measure.volume_measures.volume_measures`.
    correlation : Correlation
    chords : three numpy.ndarray, int64
        From `grainpaint.measure.chords.chords`.
    shape : three ints
        Voxels along x, y, z.
    spacing : three floats
        Edges of a voxel, µm.
    periodic : three bools
    n_voxels : int
        Voxels inside the part.
    crystals : VolumeCrystals, optional
        If the volume has orientations.
    """

    table: DataFrame
    measures: dict[str, float]
    correlation: Correlation
    chords: tuple[np.ndarray, np.ndarray, np.ndarray]
    shape: tuple[int, int, int]
    spacing: tuple[float, ...]
    periodic: tuple[bool, ...]
    n_voxels: int
    crystals: VolumeCrystals | None = None

    @property
    def axes(self) -> tuple[int, ...]:
        """Axes with more than one voxel; see `grainpaint.microstructure.long_axes`."""
        return long_axes(self.shape)

    @property
    def oriented(self) -> bool:
        """Whether the grains have orientations."""
        return self.crystals is not None


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
        volume_measures(volume, counted),
        two_point(volume, counted=counted),
        chords(volume),
        volume.shape,
        volume.spacing,
        volume.periodic,
        volume.n_voxels,
        crystals(volume, counted),
    )


def list_volumes(volumes: VolumeSet) -> list[Microstructure | Path]:
    """List the volumes of a set; files are not read yet.

    Parameters
    ----------
    volumes : Microstructure, path, or iterable of them
        Paths may be patterns, folders and Zarr sets, as in
        `grainpaint.formats.find_volumes`.

    Raises
    ------
    InputError
        If a path does not exist or holds no volume.
    """
    if isinstance(volumes, Microstructure | str | Path):
        volumes = [volumes]
    if not isinstance(volumes, Iterable):
        raise not_a_volume(volumes)
    found: list[Microstructure | Path] = []
    for one in volumes:
        if isinstance(one, Microstructure):
            found.append(one)
        elif isinstance(one, str | Path):
            found += formats.find_volumes([one])
        else:
            raise not_a_volume(one)
    return found


def read_listed(listed: Iterable[Microstructure | Path]) -> Iterator[Microstructure]:
    """Yield the volumes that `list_volumes` listed, reading one file at a time."""
    for one in listed:
        yield formats.loaded(one)


def measure_set(
    volumes: VolumeSet | Iterable[Measured], progress: Progress = silent
) -> list[Measured]:
    """Measure the volumes of a set, unless they have been measured already.

    Raises
    ------
    InputError
        If a path does not exist or holds no volume, or a volume has no grain.
    """
    if isinstance(volumes, Iterable) and not isinstance(volumes, str):
        members = list(volumes)
        measured = [one for one in members if isinstance(one, Measured)]
        if len(measured) == len(members):
            return measured
        volumes = [one for one in members if not isinstance(one, Measured)]
        if measured:
            raise InputError("a set is either measured as a whole or not at all")
    listed = list_volumes(volumes)
    return measure_all(read_listed(listed), len(listed), progress)


def measure_all(
    volumes: Iterable[Microstructure], n: int, progress: Progress = silent
) -> list[Measured]:
    """Measure volumes one after another; only one has to be in memory.

    Parameters
    ----------
    volumes : iterable of Microstructure
    n : int
        Number of volumes, for the progress.
    progress : Progress

    Raises
    ------
    InputError
        If a volume has no grain.
    """
    found = []
    with progress("measure", n) as bar:
        for volume in volumes:
            found.append(measure(volume))
            bar.update(len(found))
    return found
