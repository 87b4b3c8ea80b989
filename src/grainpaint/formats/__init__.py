"""Files of volumes: one module a format, chosen by the suffix."""

import importlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from uuid import uuid4

from grainpaint.errors import InputError
from grainpaint.microstructure import Microstructure

__all__ = ["SUFFIXES", "check_output", "read", "replace_with", "write"]

SUFFIXES = (".vti", ".npz", ".zarr")  # hold all that a volume has
_WRITTEN = {**{s: s[1:] for s in SUFFIXES}, ".sites": "spparks"}
_READ = {**_WRITTEN, ".dump": "spparks", ".st": "spparks"}


def _module(path: Path, known: dict[str, str]) -> ModuleType:
    suffix = ".dump" if path.name.startswith("dump.") else path.suffix
    if suffix not in known:
        if suffix in _READ:
            raise InputError(f"{path}: files of this kind are read, not written")
        raise InputError(
            f"{path}: unknown suffix {suffix!r} of a volume; known are "
            f"{', '.join(known)}"
        )
    return importlib.import_module(f"{__name__}.{known[suffix]}")


def read(path: str | Path, time: float | None = None) -> Microstructure:
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


def replace_with(path: Path, make: Callable[[Path], object]) -> None:
    """Let `make` write beside `path`, then rename: nothing half-written is left."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{uuid4().hex}{path.suffix}")
    try:
        make(aside)
        if path.is_dir():
            shutil.rmtree(path)
        os.replace(aside, path)
    finally:
        if aside.is_dir():
            shutil.rmtree(aside)
        aside.unlink(missing_ok=True)


def check_output(path: Path, force: bool) -> None:
    """Raise unless a volume may be written to `path`.

    Raises
    ------
    InputError
        If the suffix is unknown, or something exists there and `force` is false.
    """
    _module(path, _WRITTEN)
    if path.exists() and not force:
        raise InputError(f"{path} exists: add --force to replace it")
