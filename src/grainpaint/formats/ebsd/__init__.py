"""Maps of crystal orientations: EBSD by EDAX and Oxford, tables of Euler angles."""

from __future__ import annotations

from pathlib import Path

from grainpaint.errors import InputError
from grainpaint.formats.ebsd import ang, ctf, euler_table
from grainpaint.formats.ebsd.kinds import kind_of_text
from grainpaint.formats.ebsd.points import OrientationMap
from grainpaint.formats.plain_text import with_line_feeds
from grainpaint.formats.raw import RawVolume, ReadOptions

__all__ = ["points_of", "read"]


def points_of(path: Path, data: bytes, options: ReadOptions) -> OrientationMap:
    """Return the points of a map.

    Parameters
    ----------
    path : Path
    data : bytes
        Its content, unpacked.
    options : ReadOptions
        symmetry counts.

    Raises
    ------
    InputError
        If it is damaged.
    """
    try:
        if data.startswith(b"\x89HDF"):
            from grainpaint.formats.ebsd.h5oina import read_points
            from grainpaint.formats.hdf5_file import opened

            with opened(data) as file:
                return read_points(file)
        data = with_line_feeds(data)
        kind = kind_of_text(data[: 1 << 16], path)
        if kind == "ctf":
            return ctf.read_points(data)
        if kind == "csv":
            return euler_table.read_points(data, options.symmetry)
        return ang.read_points(data, options.symmetry)
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
