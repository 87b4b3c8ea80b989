"""Files of SPPARKS: text dumps, site files and stitch files.

They hold a spin for each site. A grain is a piece of equal spin, connected through the
26 neighbors. Lengths are in lattice units, read as µm.
"""

from pathlib import Path

from grainpaint.errors import InputError
from grainpaint.formats.content import content_of
from grainpaint.formats.plain_text import lines_of
from grainpaint.formats.raw import RawVolume, ReadOptions
from grainpaint.formats.spparks.dump import (
    BEGINNINGS,
    dump_starts,
    dump_time,
    length_of_dump,
    parse_dump,
)
from grainpaint.formats.spparks.rows import site_ids
from grainpaint.formats.spparks.sites import (
    parse_sites,
    read_site_values,
    read_sites,
    write_sites,
)
from grainpaint.formats.spparks.snapshot import Snapshot, choose_time, grains_of_spins
from grainpaint.formats.spparks.stitch import is_stitch, read_stitch, times_of_stitch
from grainpaint.microstructure import Microstructure

__all__ = [
    "Snapshot",
    "grains_of_spins",
    "read",
    "read_site_values",
    "read_sites",
    "read_spins",
    "site_ids",
    "times",
    "write",
    "write_sites",
]

_NO_FIRST_LINE = (
    "its first line is blank, where our site files tell which axes are periodic and "
    "have their checksum: all axes are read as open, and damage is not noticed"
)


def read(path: Path, data: bytes, options: ReadOptions) -> RawVolume:
    """Read the grains of a dump, a site file or a stitch file.

    Parameters
    ----------
    path : Path
        Named in errors.
    data : bytes
        The content, which decides which kind it is.
    options : ReadOptions

    Raises
    ------
    InputError
        If the file is damaged or holds no such time.
    """
    found = _spins(path, data, options.time, options.array)
    start = lines_of(data[:4096])
    is_dump = is_stitch(data) or _text(start).startswith(BEGINNINGS)
    headed = is_dump or bool(start.partition(b"\n")[0].strip())
    # A unit that is given is that of the numbers as they stand in the file.
    scale = 1.0 if options.unit else length_of_dump(start)
    return RawVolume(
        found.spin,
        (found.spacing * scale,) * 3,
        tuple(o * scale for o in found.origin),
        found.periodic,
        void=None,
        notes=() if headed else (_NO_FIRST_LINE,),
        spins=True,
        spins_are_ids=not is_dump,  # that someone may know
    )


def read_spins(path: Path, time: float | None = None) -> Snapshot:
    """Return the spins of a dump, a site file or a stitch file.

    Parameters
    ----------
    path : Path
        The content decides which kind it is; may be gzipped.
    time : float, optional
        Which snapshot of a dump or stitch file; the last if not given.

    Raises
    ------
    InputError
        If the file is damaged or holds no such time.
    """
    return _spins(path, content_of(path), time)


def _spins(
    path: Path, data: bytes, time: float | None, array: str | None = None
) -> Snapshot:
    if is_stitch(data):
        return read_stitch(path, data, time, array)
    if array is not None:
        raise InputError(f"{path}: a text file of SPPARKS has no arrays to choose from")
    text = _text(data)
    if not text.startswith(BEGINNINGS):
        if time is not None:
            raise InputError(f"{path}: a site file holds one state, not several times")
        return parse_sites(path, text)
    starts = dump_starts(path, text)
    known = [dump_time(path, text, start) for start in starts]
    chosen = choose_time(path, known, time)
    stop = starts[chosen + 1] if chosen + 1 < len(starts) else len(text)
    return parse_dump(path, text[starts[chosen] : stop], known[chosen])


def _text(data: bytes) -> bytes:
    """Return the lines of a file; of a dump without blank ones before it."""
    text = lines_of(data)
    begin = text[:4096].lstrip()
    blanks = len(text[:4096]) - len(begin)
    return text[blanks:] if begin.startswith(BEGINNINGS) else text


def times(path: Path) -> list[float]:
    """Return the times of the snapshots in a dump or stitch file.

    Raises
    ------
    InputError
        If the file is neither.
    """
    data = content_of(path)
    if is_stitch(data):
        return times_of_stitch(path, data)
    text = _text(data)
    if not text.startswith(BEGINNINGS):
        raise InputError(f"{path}: neither a SPPARKS dump nor a stitch file")
    return [dump_time(path, text, start) for start in dump_starts(path, text)]


def write(volume: Microstructure, path: Path) -> None:
    """Write a site file, from which SPPARKS can continue a volume (`read_sites`).

    Parameters
    ----------
    volume : Microstructure
        All voxels in grains. Grain IDs become spins 1..n; the periodic axes decide how
        SPPARKS will number its sites (its command ``boundary``).
    path : Path

    Raises
    ------
    InputError
        If voxels lie outside the part.
    """
    # The application needs as many spins as the largest one.
    write_sites(path, volume.compact()[0].grain_id, volume.periodic)
