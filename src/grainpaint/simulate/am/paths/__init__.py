"""Scan paths in files: which kind one is, reading it and writing it."""

from pathlib import Path

import numpy as np

from grainpaint.errors import InputError
from grainpaint.formats.content import content_of
from grainpaint.formats.files import replace_with
from grainpaint.formats.plain_text import with_line_feeds
from grainpaint.simulate.am.paths.content import Kind, is_layers, kind_of_path
from grainpaint.simulate.am.paths.events import read_events, write_events
from grainpaint.simulate.am.paths.file_path import FilePath, tidy
from grainpaint.simulate.am.paths.gcode import LaserRule, read_gcode, write_gcode
from grainpaint.simulate.am.paths.layers import read_layers, write_layers
from grainpaint.units import UNITS

__all__ = ["SUFFIXES", "FilePath", "kind_of_file", "read_path", "write_path"]

SUFFIXES = {".cli": "layers", ".inp": "events", ".gcode": "gcode"}  # that are written


def kind_of_file(file: Path) -> Kind:
    """Return what kind of path a file holds, by its content.

    Raises
    ------
    InputError
        If it is missing, cannot be read, or is something else.
    """
    data = _content(file)
    try:
        return kind_of_path(data)
    except InputError as error:
        raise InputError(f"{file}: {error}") from None


def read_path(
    file: Path, unit: str | None = None, laser: LaserRule = "power"
) -> FilePath:
    """Read the scan path of a machine or a simulation.

    Parameters
    ----------
    file : Path
        Common Layer Interface (ASCII or binary), an event series, or G-code, told apart
        by their content; perhaps gzipped.
    unit : str, optional
        Unit of length (nm, um, mm, ...) of a file that does not say; by default mm. The
        Common Layer Interface always says, and G-code does with G20 or G21.
    laser : "power", "motion" or "extrusion"
        When the beam is on in G-code, see `grainpaint.simulate.am.paths.gcode`.

    Returns
    -------
    FilePath
        Tracks in µm and µm/s, without those of no length.

    Raises
    ------
    InputError
        If the file is missing, is something else, damaged or cut off, contradicts the
        unit, or holds no track that burns.
    """
    if unit is not None and unit not in UNITS:
        raise InputError(f"a unit of length is {', '.join(UNITS)}; got {unit!r}")
    data = _content(file)
    try:
        kind = kind_of_path(data)
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            return tidy(_read(kind, data, unit, laser))
    except InputError as error:
        raise InputError(f"{file}: {error}") from None


def _read(kind: Kind, data: bytes, unit: str | None, laser: LaserRule) -> FilePath:
    edge = None if unit is None else UNITS[unit]
    if kind == "layers":
        if unit not in (None, "mm"):
            raise InputError(
                f"says itself how many mm its unit has ($$UNITS), not {unit}: leave "
                "`unit` out"
            )
        return read_layers(data)
    if kind == "events":
        return read_events(data, edge)
    if kind == "gcode":
        return read_gcode(data, edge, laser)
    raise InputError(
        'is a path in voxels (x0, y0, z0, x1, y1, z1, speed, on): set kind = "csv" in '
        "the recipe"
    )


def _content(file: Path) -> bytes:
    if file.exists() and not file.is_file():
        raise InputError(f"{file}: not a file")
    data = content_of(file)
    return data if is_layers(data) else with_line_feeds(data)  # layers may be binary


def write_path(path: FilePath, file: Path, binary: bool = False) -> None:
    """Write a path in the format that the suffix of a file says.

    Parameters
    ----------
    path : FilePath
    file : Path
        .cli (Common Layer Interface, which keeps neither speeds nor tracks with the
        beam off), .inp (event series) or .gcode, in millimeters and seconds.
    binary : bool
        Binary instead of ASCII, for .cli.

    Raises
    ------
    InputError
        If the suffix is another one, or the format needs speeds that the path lacks.
    """
    kind = SUFFIXES.get(file.suffix)
    if kind is None:
        raise InputError(f"{file}: paths are written as {', '.join(SUFFIXES)}")
    if kind == "layers":
        replace_with(file, lambda aside: write_layers(path, aside, binary))
        return
    if not path.has_speeds:
        raise InputError(
            f"{file}: the path has no speeds, which {file.suffix} needs: give a recipe "
            "that sets `speed` and `time`"
        )
    write = write_events if kind == "events" else write_gcode
    replace_with(file, lambda aside: write(path, aside))
