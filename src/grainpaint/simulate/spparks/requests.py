"""What a script asks to be written, and when, as plain frozen values."""

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from grainpaint.simulate.spparks.image_request import ImageRequest
from grainpaint.simulate.spparks.regions import Region

__all__ = [
    "ClusterFiles",
    "Diagnostic",
    "Dump",
    "DumpWrite",
    "Moment",
    "OpenLog",
    "Say",
    "Threshold",
]


class Threshold(NamedTuple):
    """``dump_modify thresh``: only sites whose value compares so are dumped.

    Parameters
    ----------
    what : str
        A column of a dump.
    relation : str
        ``<``, ``<=``, ``>``, ``>=``, ``==`` or ``!=``.
    value : float
    """

    what: str
    relation: str
    value: float


@dataclass(frozen=True)
class Dump:
    """``dump`` with its ``dump_modify``.

    Parameters
    ----------
    name : str
        ID of the dump.
    style : str
        ``text``, ``sites``, ``vtk``, ``stitch`` or ``image``.
    file : str
        Name of the file; ``*`` stands for the number of the snapshot.
    columns : tuple of str
        Values of each site, by SPPARKS' names.
    region : Region, optional
        If given, only sites inside it are written.
    thresholds : tuple of Threshold
        Only sites that meet all of them are written.
    sort : int
        Column that sorts the rows, from 1, backwards if negative; 0 = by ID.
    pad : int
        Digits of the number of the snapshot at least.
    extent : five ints, optional
        ``dump_modify vtk``: cells along x, y, z, and the range of values.
    image : ImageRequest, optional
        How an image is drawn.
    """

    name: str
    style: str
    file: str
    columns: tuple[str, ...]
    region: Region | None = None
    thresholds: tuple[Threshold, ...] = ()
    sort: int = 0
    pad: int = 0
    extent: tuple[int, int, int, int, int] | None = None
    image: ImageRequest | None = None

    @property
    def holds_spins(self) -> bool:
        """Whether it is a dump of data, not an image."""
        return self.style != "image"

    def shows(self, name: str) -> bool:
        """Return whether a value of the sites decides what is written."""
        named = [*self.columns, *(limit.what for limit in self.thresholds)]
        if self.image is not None and self.image.boundary is not None:
            named.append(self.image.boundary[0])
        return name in named


class DumpWrite(NamedTuple):
    """A snapshot of a dump.

    Parameters
    ----------
    dump : Dump
    number : int
        Number of the snapshot, from 0.
    first : bool
        Whether it begins a file: what exists there is replaced.
    """

    dump: Dump
    number: int
    first: bool

    @property
    def path(self) -> Path:
        """The file."""
        number = f"{self.number:0{self.dump.pad}d}"
        name = self.dump.file.replace("%", "0")  # the number of the only process
        return Path(name.replace("*", number, 1))


@dataclass(frozen=True)
class ClusterFiles:
    """The files of ``diag_style cluster``.

    Parameters
    ----------
    table : str
        File of the tables of clusters; empty = none.
    sites : str
        File of the sites with their clusters; empty = none.
    opendx : bool
        Whether `sites` is the beginning of the names of files for OpenDX.
    """

    table: str = ""
    sites: str = ""
    opendx: bool = False


@dataclass(frozen=True)
class Diagnostic:
    """``diag_style``.

    Parameters
    ----------
    style : str
        ``energy``, ``propensity``, ``array`` or ``cluster``.
    in_stats : bool
        Whether it adds columns to the table of statistics.
    columns : tuple of (str, str)
        Of ``array``: values of the sites, and ``mean``, ``sum``, ``min`` or ``max``.
    files : ClusterFiles
        Of ``cluster``.
    """

    style: str
    in_stats: bool = True
    columns: tuple[tuple[str, str], ...] = ()
    files: ClusterFiles = ClusterFiles()


class Moment(NamedTuple):
    """A moment of a run at which something is written.

    Parameters
    ----------
    time : float
        SPPARKS' time.
    n_sweeps : int
        Sweeps done in the run until then; 0 if it is rejection-free.
    stats : bool
        Whether the table of statistics gets a row.
    dumps : tuple of DumpWrite
    diagnostics : tuple of Diagnostic
        Those that are computed apart from the table.
    opened : tuple of str
        Files that are made, although their first snapshot may come later or never.
    """

    time: float
    n_sweeps: int = 0
    stats: bool = False
    dumps: tuple[DumpWrite, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    opened: tuple[str, ...] = ()

    @property
    def holds_spins(self) -> bool:
        """Whether a dump of data is written."""
        return any(write.dump.holds_spins for write in self.dumps)


@dataclass(frozen=True)
class Say:
    """A line for the screen and the log.

    Parameters
    ----------
    text : str
    screen, log : bool
        Where it goes.
    """

    text: str
    screen: bool = True
    log: bool = True


@dataclass(frozen=True)
class Shell:
    """``shell``: something is done with files.

    Parameters
    ----------
    what : str
        ``mkdir``, ``mv``, ``rm`` or ``rmdir``.
    paths : tuple of str
        From the folder of the run.
    """

    what: str
    paths: tuple[str, ...]


@dataclass(frozen=True)
class OpenLog:
    """``log``: the log goes on in another file.

    Parameters
    ----------
    file : str
        Empty = no log.
    """

    file: str
