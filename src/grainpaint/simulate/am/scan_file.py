"""Scan paths in CSV files."""

import csv
import io
from pathlib import Path

import numpy as np

from grainpaint.errors import InputError, brief
from grainpaint.formats.content import content_of
from grainpaint.formats.files import check_file, replace_with
from grainpaint.simulate.am.paths.content import kind_of_path
from grainpaint.simulate.am.scan import ScanPath

__all__ = ["read_scan", "write_scan"]

_COLUMNS = ("x0", "y0", "z0", "x1", "y1", "z1", "speed", "on")
_SWITCH = {word: True for word in ("1", "on", "true")}
_SWITCH |= {word: False for word in ("0", "off", "false")}


def read_scan(file: Path) -> ScanPath:
    """Read a scan path from a CSV file.

    Parameters
    ----------
    file : path
        Lines x0, y0, z0, x1, y1, z1, speed, on: ends of a segment in voxels, voxels per
        unit of time, and 1 (on, true) or 0 (off, false). The first line may hold these
        names.

    Raises
    ------
    InputError
        If the file is missing, a line cannot be read, or the path is impossible (see
        `ScanPath`).
    """
    check_file(file)
    data = content_of(file)
    rows, on = [], []
    number = 0
    try:
        lines = csv.reader(io.StringIO(data.decode(), newline=""))
        for number, line in enumerate(lines, 1):
            cells = [c.strip() for c in line]
            if not any(cells) or (number == 1 and tuple(cells) == _COLUMNS):
                continue
            try:
                if len(cells) != len(_COLUMNS):
                    raise ValueError
                rows.append([float(c) for c in cells[:-1]])
                on.append(_SWITCH[cells[-1].lower()])
            except (ValueError, KeyError):
                raise InputError(
                    f"{file}, line {number}: a segment is eight values, "
                    f"{', '.join(_COLUMNS)} (1 or 0); got {brief(','.join(line))!r}"
                    + _other_kind(data)
                ) from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(
            f"{file}, after line {number}: is not a CSV file ({brief(error, 80)})"
            + _other_kind(data)
        ) from None
    table = np.array(rows, float).reshape(-1, 7)
    try:
        return ScanPath(table[:, :3], table[:, 3:6], table[:, 6], np.array(on, bool))
    except InputError as error:
        raise InputError(f"{file}: {error}") from None


def _other_kind(data: bytes) -> str:
    """Return a hint if what is not a path in voxels is one in real units."""
    try:
        kind = kind_of_path(data)
    except InputError:
        return ""
    return "" if kind == "segments" else '; a path in real units has kind = "file"'


def write_scan(path: ScanPath, file: Path) -> None:
    """Write a scan path as CSV, such that reading it gives the same path."""
    import pyarrow as pa
    from pyarrow import csv as table_csv

    columns = [*path.start.T, *path.end.T, path.speed, path.on.astype(np.int8)]
    table = pa.table(dict(zip(_COLUMNS, columns)))
    form = table_csv.WriteOptions(quoting_style="none")
    replace_with(file, lambda aside: table_csv.write_csv(table, aside, form))
