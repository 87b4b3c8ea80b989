"""Sections one above the other: maps of orientations to a volume."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from grainpaint.errors import InputError
from grainpaint.formats.content import content_of
from grainpaint.formats.ebsd import maps_of
from grainpaint.formats.ebsd.grains import to_grains
from grainpaint.formats.ebsd.points import OrientationMap
from grainpaint.formats.raw import RawVolume, ReadOptions
from grainpaint.formats.section_names import how_stacked
from grainpaint.units import UNITS

__all__ = ["read_sections"]


def read_sections(paths: list[Path], options: ReadOptions) -> RawVolume:
    """Read maps as the sections of a volume.

    Parameters
    ----------
    paths : list of Path
        Maps, from below; an .h5oina file may hold several.
    options : ReadOptions
        spacing_z, µm, is the distance of sections.

    Raises
    ------
    InputError
        If they differ in points, steps or phases.
    """
    assert options.spacing_z is not None
    by_file = [maps_of(path, content_of(path), options) for path in paths]
    maps = [one for found in by_file for one in found]
    sources = [path for path, found in zip(paths, by_file) for _ in found]
    first = maps[0]
    for path, one in zip(sources, maps):
        why = _difference(first, one)
        if why:
            raise InputError(
                f"{path}: sections of a volume have the same grid and phases, but it "
                f"has {why[1]} and {paths[0].name} {why[0]}"
            )
    notes = list(dict.fromkeys(note for one in maps for note in one.notes))
    if len(paths) > 1:
        notes.insert(0, how_stacked(paths))
    elif len(maps) > 1:
        notes.insert(0, f"{len(maps)} slices, z upward in the order of their numbers")
    thick = options.spacing_z / UNITS[first.unit]
    whole = replace(
        first,
        quaternion=np.concatenate([one.quaternion for one in maps], 2),
        phase=np.concatenate([one.phase for one in maps], 2),
        spacing=(*first.spacing[:2], thick),
        origin=(*first.origin[:2], -thick / 2),
        notes=tuple(notes),
    )
    return to_grains(whole, options)


def _difference(first: OrientationMap, other: OrientationMap) -> tuple[str, str] | None:
    """Return what two maps have that cannot be stacked, None if they can."""
    for name, one, two in (
        ("points", first.phase.shape, other.phase.shape),
        ("symmetry", first.symmetry, other.symmetry),
        ("unit", first.unit, other.unit),
    ):
        if one != two:
            return f"{name} {one}", f"{name} {two}"
    if first.phase.shape[2] != 1:
        return "several layers", "several layers"
    if not np.allclose(first.spacing, other.spacing, rtol=1e-3):
        return f"steps {first.spacing[:2]}", f"steps {other.spacing[:2]}"
    return None
