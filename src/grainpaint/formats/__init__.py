"""Files of volumes: one module for each format, chosen by the suffix.

To add a format, add a module to this folder and a line to `_FORMATS`. The module has

``read(path)``
    returns a `Microstructure` and raises `InputError` if the file is damaged. If a file
    can hold several times: ``read(path, time)``, and ``times(path)`` lists them.
``write(volume, path)``
    writes a new file; `write` below renames it when it is whole.

It may have one of the two alone, and is imported when a file of its kind is.
"""

import glob
import importlib
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from grainpaint.errors import InputError
from grainpaint.formats.files import refuse_to_replace, replace_with
from grainpaint.microstructure import Microstructure

__all__ = [
    "SUFFIXES",
    "check_output",
    "find_volumes",
    "load",
    "write",
]


class _Format(NamedTuple):
    """The module of a suffix, and what it can do."""

    module: str
    reads: bool = True
    writes: bool = True


_FORMATS = {
    ".vti": _Format("vti"),
    ".npz": _Format("npz"),
    ".zarr": _Format("zarr"),
    ".sites": _Format("spparks"),
    ".dump": _Format("spparks", writes=False),
    ".st": _Format("spparks", writes=False),
}
_READ = {suffix for suffix, kind in _FORMATS.items() if kind.reads}
_WRITTEN = {suffix for suffix, kind in _FORMATS.items() if kind.writes}
SUFFIXES = (".vti", ".npz", ".zarr")  # hold everything that a volume has


def _suffix(path: Path) -> str:
    """Return the suffix; SPPARKS' dumps are often named dump.*."""
    return ".dump" if path.name.startswith("dump.") else path.suffix


def _module(path: Path, known: set[str]) -> ModuleType:
    """Return the module for a file, which must be one of the known kinds."""
    if (path.parent / "zarr.json").is_file():  # a volume of a set
        return importlib.import_module(f"{__name__}.zarr")
    suffix = _suffix(path)
    if suffix not in known:
        if suffix in _READ:
            raise InputError(f"{path}: files of this kind are read, not written")
        if suffix in _WRITTEN:
            raise InputError(f"{path}: files of this kind are written, not read")
        raise InputError(
            f"{path}: unknown suffix {suffix!r} of a volume; known are "
            f"{', '.join(s for s in _FORMATS if s in known)}"
        )
    return importlib.import_module(f"{__name__}.{_FORMATS[suffix].module}")


def load(path: str | Path, time: float | None = None) -> Microstructure:
    """Read a volume; the suffix says how (a name ``dump.*`` is a SPPARKS dump).

    Parameters
    ----------
    path : path
    time : float, optional
        Which snapshot of a SPPARKS dump or stitch file; the last if not given.

    Raises
    ------
    InputError
        If the file is missing, damaged or of an unknown kind, or has no such time.
    """
    path = Path(path)
    module = _module(path, _READ)
    if not path.exists():
        raise InputError(f"{path}: no such file")
    if time is not None and not hasattr(module, "times"):
        raise InputError(f"{path}: holds one state, not several times")
    volume: Microstructure = (
        module.read(path) if time is None else module.read(path, time)
    )
    return volume


def find_volumes(sources: Iterable[str | Path]) -> list[Path]:
    """List the volumes that some files, patterns, folders and Zarr sets stand for.

    Parameters
    ----------
    sources : iterable of path
        A volume; a pattern such as "runs/*.vti"; a folder of volumes; or a Zarr group
        whose members are volumes. Members come in the order of their names.

    Returns
    -------
    list of Path
        Each is good for `load`.

    Raises
    ------
    InputError
        If a source does not exist or holds no volume.
    """
    found: list[Path] = []
    for source in map(str, sources):
        path = Path(source)
        if path.exists():
            members = _members(path)
        else:
            members = sorted(map(Path, glob.glob(source)))
            if not glob.has_magic(source):
                raise InputError(f"{source}: no such file")
        if not members:
            raise InputError(
                f"{source}: no volume there; known are {', '.join(SUFFIXES)}"
            )
        found += members
    return found


def _members(path: Path) -> list[Path]:
    """Return a volume itself, or the volumes in a folder or Zarr set."""
    if not path.is_dir() or (path / "grain_id").is_dir():
        return [path]
    if (path / "zarr.json").is_file():
        return sorted(p for p in path.iterdir() if (p / "grain_id").is_dir())
    return sorted(p for p in path.iterdir() if _suffix(p) in _READ)


def write(volume: Microstructure, path: str | Path) -> Path:
    """Write a volume; the suffix says how. An existing file is replaced as a whole.

    Parameters
    ----------
    volume : Microstructure
    path : path
        Ends in .vti, .npz, .zarr or .sites; its folder is made if need be.

    Raises
    ------
    InputError
        If the suffix is unknown.
    """
    path = Path(path)
    module = _module(path, _WRITTEN)
    replace_with(path, lambda aside: module.write(volume, aside))
    return path


def check_output(path: Path, force: bool) -> None:
    """Raise unless a volume may be written to `path`.

    Raises
    ------
    InputError
        If the suffix is unknown, or something exists there and `force` is false.
    """
    _module(path, _WRITTEN)
    refuse_to_replace(path, force)
