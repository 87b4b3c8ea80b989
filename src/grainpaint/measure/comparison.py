"""Comparison of two sets of volumes, descriptor by descriptor."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np

from grainpaint.errors import InputError
from grainpaint.measure.averages import compare_correlations, compare_measures
from grainpaint.measure.descriptors import descriptors_of
from grainpaint.measure.dimensions import described, named
from grainpaint.measure.floors import MIN_GRAINS, compare_populations
from grainpaint.measure.measured import Measured, VolumeSet, measure_set
from grainpaint.measure.population import MIN_VOLUMES, population
from grainpaint.measure.results import Comparison, DescriptorComparison, SetSummary
from grainpaint.measure.texture_comparison import compare_textures, have_crystals
from grainpaint.philox import check_seed
from grainpaint.progress import Progress, silent
from grainpaint.units import count_text

__all__ = ["compare"]


def compare(
    generated: VolumeSet | Iterable[Measured],
    reference: VolumeSet | Iterable[Measured],
    descriptors: str | Iterable[str] | None = None,
    seed: int = 0,
    progress: Progress = silent,
) -> Comparison:
    """Compare two sets of volumes, descriptor by descriptor.

    Parameters
    ----------
    generated, reference : Microstructure, path, or iterable of them
        A path may be a pattern, a folder or a Zarr set (see
        `grainpaint.formats.find_volumes`). An ID is one grain, in one piece or not; see
        `grainpaint.measure.connected.as_pieces`. Volumes that are compared more than
        once may be given as `grainpaint.measure.measured.measure` returned them.
    descriptors : str or iterable of str, optional
        Names in `grainpaint.measure.descriptors.descriptors_of`, which knows other ones
        for sections than for solids, and more if all volumes have orientations; all by
        default.
    seed : int
        Seed of the intervals and floors.
    progress : Progress
        Shows the volumes measured, then the descriptors compared.

    Returns
    -------
    Comparison
        Three distances for each descriptor, with intervals, floors and a verdict;
        measures of whole volumes; two-point correlations; distances of textures.
        `to_dict` gives all of it for JSON.

    Raises
    ------
    InputError
        If a set is empty or has fewer than 20 grains, voxel sizes differ, sections are
        compared with solids, a file cannot be read, a descriptor is unknown, or the
        seed is out of range.

    Examples
    --------
    >>> import grainpaint
    >>> one, other = (
    ...     grainpaint.simulate.isotropic((16, 16, 16), time=5, seed=s) for s in (1, 2)
    ... )
    >>> found = grainpaint.measure.compare(one, other, descriptors=["volume"])
    >>> found.descriptors["volume"].verdict
    'as the reference'
    >>> found.reference.volumes
    1
    """
    check_seed(seed)
    generated, reference = (measure_set(s, progress) for s in (generated, reference))
    notes = _check_sets({"generated": generated, "reference": reference})
    oriented, note = have_crystals(generated, reference)
    known = descriptors_of(generated[0].shape, oriented)
    one = [descriptors] if isinstance(descriptors, str) else descriptors
    names = list(known if one is None else one)
    for name in names:
        if name not in known:
            raise InputError(
                f"no descriptor of {named(generated[0].shape)} is named {name!r}; "
                f"known are {', '.join(known)}"
            )
    return Comparison(
        _compare_descriptors(generated, reference, names, seed, progress),
        compare_measures(generated, reference),
        compare_correlations(generated, reference),
        _summary(generated),
        _summary(reference),
        (*notes, *note),
        compare_textures(generated, reference, seed) if oriented else {},
    )


def _compare_descriptors(
    generated: Sequence[Measured],
    reference: Sequence[Measured],
    names: Sequence[str],
    seed: int,
    progress: Progress,
) -> dict[str, DescriptorComparison]:
    """Compare the descriptors in parallel, with and without border grains."""
    n_voxels = [sum(one.n_voxels for one in s) for s in (generated, reference)]
    share = n_voxels[0] / n_voxels[1]
    known = descriptors_of(generated[0].shape, oriented=True)
    at_border = any(
        one.table["touches_border"].any() for one in [*generated, *reference]
    )
    pairs = [
        (name, interior)
        for name in names
        for interior in (False, True)
        if not interior or (at_border and known[name].columns)
    ]

    def compared(pair: tuple[str, bool]) -> DescriptorComparison:
        a, b = (population(s, *pair) for s in (generated, reference))
        return compare_populations(a, b, known[pair[0]].is_length, share, seed)

    found: dict[str, DescriptorComparison] = {}
    n_workers = min(os.cpu_count() or 1, max(1, len(pairs)))
    with (
        progress("compare", len(pairs)) as bar,
        ThreadPoolExecutor(n_workers) as pool,
    ):
        for i, ((name, interior), entry) in enumerate(
            zip(pairs, pool.map(compared, pairs))
        ):
            found[name] = replace(found[name], interior=entry) if interior else entry
            bar.update(i + 1)
    return found


def _check_sets(sets: dict[str, Sequence[Measured]]) -> list[str]:
    """Raise if the sets cannot be compared; return what a reader should know."""
    for name, members in sets.items():
        if not members:
            raise InputError(f"the {name} set has no volume")
    everyone = [one for members in sets.values() for one in members]
    kinds = {one.axes: one for one in everyone}
    if len(kinds) > 1:
        one, other, *_ = (
            f"{named(one.shape)} ({' x '.join(map(str, one.shape))} voxels)"
            for one in kinds.values()
        )
        raise InputError(
            f"{one} cannot be compared with {other}: compare solids with solids, and "
            "sections with sections across the same axis"
        )
    axes = everyone[0].axes
    spacings = sorted({tuple(one.spacing[axis] for axis in axes) for one in everyone})
    # Files in meters, or of 32 bits, round the edges of voxels.
    if not np.allclose(spacings[0], spacings[-1], rtol=1e-6, atol=0):
        raise InputError(
            f"all volumes must have one voxel size, got {spacings[0]} and "
            f"{spacings[-1]} µm: make or resample them with one"
        )
    for name, members in sets.items():
        n = sum(len(one.table) for one in members)
        if n < MIN_GRAINS:
            raise InputError(
                f"the {name} set has {count_text(n, 'grain')}; a density needs "
                f"{MIN_GRAINS} or more"
            )
    flat = described(everyone[0].shape)
    notes = [f"Measured as {flat}."] if flat else []
    if len({tuple(one.periodic[axis] for axis in axes) for one in everyone}) > 1:
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
                f"The {name} set has {count_text(len(members), 'volume')}, fewer than "
                f"{MIN_VOLUMES}: intervals come from its grains, as if independent."
            )
    return notes


def _summary(members: Sequence[Measured]) -> SetSummary:
    first = members[0]
    return SetSummary(
        volumes=len(members),
        shape=first.shape,
        spacing_um=first.spacing,
        periodic=first.periodic,
        voxels=sum(one.n_voxels for one in members),
        grains=sum(len(one.table) for one in members),
        border_grains=sum(int(one.table["touches_border"].sum()) for one in members),
    )
