"""Where textures and misorientations come from: texts, lists, volumes and maps."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np

from grainpaint import formats
from grainpaint.errors import InputError, InputNote, brief
from grainpaint.formats.content import known_kind
from grainpaint.formats.ebsd.headings import head_of
from grainpaint.formats.orientation_list import read_orientations
from grainpaint.measure.misorientation import misorientations
from grainpaint.microstructure import Microstructure
from grainpaint.orientations import Orientations
from grainpaint.orientations.symmetry import checked_symmetry
from grainpaint.orientations.texture import sampled
from grainpaint.orientations.texture_list import Texture
from grainpaint.orientations.texture_text import FORMS, is_texture, with_axis_file
from grainpaint.orienting.growth import check_growth_file

__all__ = [
    "Source",
    "check_sources",
    "is_list",
    "texture_of",
    "wanted_misorientations",
]

_WEIGHTS = ("weight", "volume", "area", "fraction")

Source = str | Path | Microstructure


def texture_of(
    source: Source,
    symmetry: str,
    n_grains: int,
    rng: np.random.Generator,
    phase: str = "",
) -> Texture:
    """Return the texture that a text, a list, or the grains of a volume describe.

    Of a volume of several phases, grains of the phase of this name count, or, without
    one, all of the symmetry.

    Raises
    ------
    InputError
        If it describes none, or crystals have another symmetry.
    """
    if isinstance(source, str) and is_texture(source):
        return sampled(source, symmetry, n_grains, rng)
    if not isinstance(source, str | Path | Microstructure):
        raise InputError(
            f"a texture is {FORMS}, or a volume; got {brief(repr(source))}"
        )
    if not isinstance(source, Microstructure):
        path = Path(source)
        if not str(source).strip():
            raise InputError(f"a texture is {FORMS}; got nothing")
        if not path.exists():
            if path.suffix or len(path.parts) > 1:
                raise InputError(f"{path}: no such file of orientations")
            raise InputError(f"a texture is {FORMS}; {str(source)!r} is none of them")
        if is_list(path) and not _is_map(path):
            return Texture(*read_orientations(path), symmetry)
    volume, name = _volume(source, phase, symmetry)
    known = volume.orientations
    assert known is not None
    ids = volume.ids()
    own = np.array(known.symmetry)[known.phase[ids - 1] - 1] == symmetry
    if not own.any():
        raise _other_symmetry(name, tuple(known.symmetry), symmetry)
    rows = ids[own] - 1
    _say_together(name, known.rows(ids[own]))
    return Texture(known.quaternion[rows], volume.grain_volumes()[own] * 1.0, symmetry)


def check_sources(
    texture: Source, misorientations: Source | None, symmetry: str
) -> None:
    """Raise if a texture or misorientations cannot be used.

    Raises
    ------
    InputError
        As `texture_of` and `wanted_misorientations`, or if the symmetry is unknown.
    """
    symmetry = checked_symmetry(symmetry)
    local = with_axis_file(texture) if isinstance(texture, str) else None
    if local is not None:
        texture, file = local
        check_growth_file(file)
    texture_of(texture, symmetry, 1, np.random.default_rng(0))
    if misorientations is not None:
        wanted_misorientations(misorientations, symmetry)


def is_list(path: Path) -> bool:
    """Return whether a file is a list or a table, by its name."""
    return path.suffix.lower() in (".csv", ".txt", ".tsv", ".dat")


def _is_map(path: Path) -> bool:
    """Return whether a text holds places and Euler angles, or grains.

    A table of grains has places and weights, and is a list.
    """
    with path.open("rb") as file:
        named = head_of(file.read(4096))
    if named is None:
        return known_kind(path) is not None
    weighted = any(name.startswith(_WEIGHTS) for name in named.columns)
    return {"x", "y"} <= set(named.columns) and not weighted


def wanted_misorientations(
    source: Source, symmetry: str, phase: str = ""
) -> np.ndarray:
    """Return the distribution of disorientations across the boundaries of a volume.

    Of a volume of several phases, boundaries within the phase of this name count, or,
    without one, those within each.

    Returns
    -------
    numpy.ndarray, float64, shape (90,)
        Shares of the area in bins of two degrees.

    Raises
    ------
    InputError
        If its grains have no orientations or another symmetry.
    """
    volume, name = _volume(source, phase, symmetry)
    known = volume.orientations
    assert known is not None
    known = known.rows(volume.ids()).used()
    if set(known.symmetry) != {symmetry}:
        raise _other_symmetry(name, tuple(known.symmetry), symmetry)
    _say_together(name, known)
    try:
        return misorientations(volume)
    except InputError as error:
        raise InputError(f"{name}: {error}") from None


def _say_together(name: str, known: Orientations) -> None:
    """Tell a user of phases that count as one."""
    if known.several:
        names = ", ".join(known.used().names)
        note = f"{name}: its phases {names} count as one"
        warnings.warn(note, InputNote, stacklevel=2)


def _volume(source: Source, phase: str, symmetry: str) -> tuple[Microstructure, str]:
    """Return a volume whose grains have orientations, and how errors call it.

    The symmetry is that of a map that does not state it. Of several phases, only grains
    of that of a name, if it has one, are left.
    """
    if isinstance(source, Microstructure):
        volume, name = source, "the volume"
    else:
        stands_in = known_kind(Path(source)) in ("ebsd", "tesr")
        volume = formats.load(source, symmetry=symmetry if stands_in else None)
        name = str(source)
    if volume.orientations is None:
        raise InputError(f"{name}: its grains have no orientations")
    known = volume.orientations
    if known.several and known.names.count(phase) == 1:
        own = np.append(0, known.phase) == known.names.index(phase) + 1
        volume = volume.masked(own[volume.grain_id])
        if not volume.grain_id.any():
            raise InputError(f"{name}: it has no grain of its phase {phase}")
    return volume, name


def _other_symmetry(name: str, found: tuple[str, ...], symmetry: str) -> InputError:
    return InputError(
        f"{name}: its crystals are {', '.join(found)}, and {symmetry} was asked for: "
        "give the symmetry of the file"
    )
