"""Maps of crystal orientations: EBSD by EDAX and Oxford, tables of Euler angles."""

from __future__ import annotations

from pathlib import Path

from grainpaint.errors import InputError
from grainpaint.formats.ebsd import ang, ctf, euler_table
from grainpaint.formats.ebsd.kinds import kind_of_text
from grainpaint.formats.ebsd.points import OrientationMap
from grainpaint.formats.plain_text import with_line_feeds
from grainpaint.formats.raw import RawVolume, ReadOptions

__all__ = ["maps_of", "points_of", "read"]

_HDF = b"\x89HDF"


def points_of(path: Path, data: bytes, options: ReadOptions) -> OrientationMap:
    """Return the points of a map.

    Parameters
    ----------
    path : Path
    data : bytes
        Its content, unpacked.
    options : ReadOptions
        symmetry counts, and array for the slice of an .h5oina file.

    Raises
    ------
    InputError
        If it is damaged.
    """
    try:
        if data.startswith(_HDF):
            from grainpaint.formats.ebsd.h5oina import read_points
            from grainpaint.formats.hdf5_file import opened

            with opened(data) as file:
                return read_points(file, options.array)
        data = with_line_feeds(data)
        kind = kind_of_text(data[: 1 << 16], path)
        if kind == "ctf":
            return ctf.read_points(data, options.symmetry)
        if kind == "csv":
            return euler_table.read_points(data, options.symmetry)
        return ang.read_points(data, options.symmetry)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def maps_of(path: Path, data: bytes, options: ReadOptions) -> list[OrientationMap]:
    """Return all maps of a file, as `points_of`; an .h5oina file may hold several."""
    if not data.startswith(_HDF):
        return [points_of(path, data, options)]
    from grainpaint.formats.ebsd.h5oina import read_slices
    from grainpaint.formats.hdf5_file import opened

    try:
        with opened(data) as file:
            return read_slices(file, options.array)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def read(path: Path, data: bytes, options: ReadOptions) -> RawVolume:
    """Read a map, its points made grains.

    Raises
    ------
    InputError
        If it is damaged.
    """
    from grainpaint.formats.ebsd.grains import to_grains

    return to_grains(points_of(path, data, options), options)
