"""Inputs of simulators and files of their neighbors: one module for each of them.

They are written from `Slabs`, so the volume may be larger than memory. To add one, add
a module to this folder and a `Target` to `TARGETS`. The module has

``write(slabs, paths, settings)``
    writes new files, ``paths[0]`` and those that ``beside`` names, and returns notes
    for the user. `export` below checks before, and renames the files when all are
    whole.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from pathlib import Path

from grainpaint.errors import InputError
from grainpaint.formats.files import refuse_to_replace, replace_together
from grainpaint.formats.slabs import Slabs

__all__ = ["TARGETS", "Settings", "Target", "check_paths", "export", "target_of"]


@dataclass(frozen=True)
class Target:
    """What a simulator takes.

    Parameters
    ----------
    title : str
        How messages call it.
    module : str
    suffixes : tuple of str
        That mean it where it is not named.
    required : str
        The suffix that the file must have, if any.
    beside : tuple of str
        Names of more files in the folder of the first one.
    oriented : bool
        Whether it needs orientations.
    numbered : bool
        Whether it needs grains 1..n without gaps.
    variant : str
        Told to the module.
    periodic : bool
        Whether its files hold periodic axes or say that they do not, or all axes of the
        simulator are periodic.
    """

    title: str
    module: str
    suffixes: tuple[str, ...] = ()
    required: str = ""
    beside: tuple[str, ...] = ()
    oriented: bool = False
    numbered: bool = False
    variant: str = ""
    periodic: bool = False


@dataclass(frozen=True)
class Settings:
    """How a file is written.

    Parameters
    ----------
    variant : str
        That of the target.
    periodic_equations : bool
        Whether Abaqus' decks tie opposite faces.
    """

    variant: str = ""
    periodic_equations: bool = False


TARGETS = {
    "damask": Target(
        "DAMASK",
        "damask",
        required=".vti",
        beside=("material.yaml",),
        oriented=True,
        numbered=True,
        periodic=True,
    ),
    "abaqus": Target("Abaqus", "abaqus", (".inp",)),
    "dream3d": Target("DREAM.3D", "dream3d", (".dream3d",), numbered=True),
    "dream3d7": Target("DREAM.3D 6", "dream3d", numbered=True, variant="7.0"),
    "neper": Target("Neper", "neper", (".tesr",), numbered=True),
    "neper-binary": Target("Neper", "neper", numbered=True, variant="binary32"),
    "moose": Target("MOOSE", "moose", oriented=True, numbered=True),
    "evpfft": Target("EVP-FFT", "evpfft", oriented=True, periodic=True),
    "fepx": Target("FEPX", "fepx", (".msh",), oriented=True, numbered=True),
    "prisms": Target(
        "PRISMS-Plasticity",
        "prisms",
        beside=("orientations.txt",),
        oriented=True,
        numbered=True,
    ),
    "ang": Target("an .ang map", "maps", (".ang",), oriented=True, variant="ang"),
    "ctf": Target("a .ctf map", "maps", (".ctf",), oriented=True, variant="ctf"),
    "vtkhdf": Target("VTKHDF", "vtkhdf", (".vtkhdf",), periodic=True),
    "tiff": Target("a TIFF stack", "tiff", (".tiff", ".tif"), periodic=True),
}


def target_of(path: Path) -> str | None:
    """Return the target that the suffix of a file means, None if none."""
    suffix = path.suffix.lower()
    return next((k for k, t in TARGETS.items() if suffix in t.suffixes), None)


def _paths(path: Path, target: Target) -> list[Path]:
    return [path, *(path.with_name(name) for name in target.beside)]


def _other_suffixes(target: Target) -> set[str]:
    """Return the suffixes that mean another kind of file than that of a target."""
    others = [t for t in TARGETS.values() if t.module != target.module]
    found = {suffix for other in others for suffix in other.suffixes}
    return (found | {".vti", ".npz", ".zarr", ".sites"}) - {target.required}


def check_paths(path: Path, name: str, force: bool) -> None:
    """Raise unless files for a target may be written.

    Raises
    ------
    InputError
        If there is no such target, the suffix is none of its own, or a file exists and
        `force` is false.
    """
    if name not in TARGETS:
        raise InputError(
            f"no files are written for {name!r}; known are {', '.join(TARGETS)}"
        )
    target = TARGETS[name]
    if target.required and path.suffix.lower() != target.required:
        raise InputError(
            f"{path}: {target.title} reads a {target.required} file; name it "
            f"{path.with_suffix(target.required).name}"
        )
    if path.suffix.lower() in _other_suffixes(target):
        best = path.with_suffix((*target.suffixes, ".txt")[0]).name
        raise InputError(
            f"{path}: {path.suffix} is the suffix of another kind of file than that of "
            f"{target.title}; name it {best}"
        )
    if path.name in target.beside:
        raise InputError(f"{path}: this name is that of the file beside it")
    for one in _paths(path, target):
        refuse_to_replace(one, force)


def export(
    slabs: Slabs, path: Path, name: str, periodic_equations: bool = False
) -> list[str]:
    """Write the files for a target; what exists is replaced as a whole.

    Parameters
    ----------
    slabs : Slabs
    path : Path
    name : str
        A key of `TARGETS`.
    periodic_equations : bool
        See `Settings`.

    Returns
    -------
    list of str
        What the user has to know, a line each.

    Raises
    ------
    InputError
        If the volume lacks what the target needs, or does not fit it.
    """
    target = TARGETS[name]
    if periodic_equations and target.module != "abaqus":
        raise InputError("periodic equations are written for Abaqus (.inp) only")
    if slabs.n_grains == 0:
        raise InputError("the volume has no grain")
    if target.oriented and slabs.orientations is None:
        raise InputError(
            f"its grains have no orientations, which {target.title} needs: run "
            "grainpaint orient first"
        )
    notes = []
    if target.numbered and not slabs.numbered:
        notes.append(
            f"{target.title} counts grains without gaps: they are numbered "
            f"1..{slabs.n_grains} in the order of their IDs"
        )
    module = importlib.import_module(f"{__name__}.{target.module}")
    settings = Settings(target.variant, periodic_equations)
    replace_together(
        _paths(path, target),
        lambda asides: notes.extend(module.write(slabs, asides, settings)),
    )
    if any(slabs.periodic) and not (target.periodic or periodic_equations):
        without = ""
        if target.module == "abaqus":
            without = " without equations (periodic_equations)"
        notes.append(f"it does not hold periodic axes{without}")
    return notes
