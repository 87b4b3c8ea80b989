"""Sections one above the other: the files of a folder or pattern as one volume."""

from __future__ import annotations

import glob
from pathlib import Path

from grainpaint.errors import InputError
from grainpaint.formats.content import known_kind
from grainpaint.formats.raw import RawVolume, ReadOptions
from grainpaint.formats.section_names import numbered

__all__ = ["in_folder", "may_be_sections", "read_sections"]

_MAPS = (".ang", ".ctf", ".h5oina", ".csv")
_PAGES = (".tif", ".tiff")


def may_be_sections(path: Path) -> bool:
    """Return whether a path is a file, folder or pattern that may hold sections."""
    if not path.exists():
        return glob.has_magic(str(path))
    return (known_kind(path) or "ebsd") in ("ebsd", "hdf5", "tiff")


def read_sections(source: Path, options: ReadOptions) -> RawVolume:
    """Read files as the sections of a volume, in the order of their names.

    Parameters
    ----------
    source : Path
        A pattern such as sections/*.ang, a folder of maps or of TIFF files, or a single
        file.
    options : ReadOptions
        spacing_z, µm, is the distance of sections.

    Raises
    ------
    InputError
        If there is none, or they cannot be stacked.

    Notes
    -----
    Numbers in names count as numbers: S2 comes before S10.
    """
    paths = _paths(source)
    kinds = {known_kind(path) == "tiff" for path in paths}
    if len(kinds) > 1:
        raise InputError(
            f"{source}: it holds maps and TIFF files: give a pattern of those that are "
            "sections, such as *.tif"
        )
    if kinds == {True}:
        from grainpaint.formats import tiff

        found = tiff.read_sections(paths, options)
    else:
        from grainpaint.formats.ebsd import sections

        found = sections.read_sections(paths, options)
    return found


def in_folder(folder: Path) -> list[Path]:
    """Return the files of a folder that may be sections, by their names."""
    found = []
    for path in folder.iterdir():
        name = Path(path.name.lower().removesuffix(".gz"))
        if name.suffix in (*_MAPS, *_PAGES) and not name.name.startswith("."):
            found.append(path)
    return sorted(found, key=numbered)


def _paths(source: Path) -> list[Path]:
    """Return the files of a pattern or folder in the order of their names."""
    if source.is_dir():
        found = in_folder(source)
    elif source.is_file():
        found = [source]
    else:
        paths = map(Path, glob.glob(str(source)))
        found = sorted((p for p in paths if p.is_file()), key=numbered)
    if not found:
        known = ", ".join((*_MAPS, *_PAGES))
        raise InputError(f"{source}: no section there ({known})")
    return found
