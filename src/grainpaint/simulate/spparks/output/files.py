"""Files of dumps: one for each snapshot, replaced as a whole, or one that grows."""

import gzip
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from grainpaint.errors import InputError
from grainpaint.formats.files import replace_with
from grainpaint.simulate.spparks.requests import DumpWrite, Shell

__all__ = ["append_to", "begin_file", "change_files", "place_of", "write_snapshot"]

_GZIP_LEVEL = 3  # 6, as in SPPARKS, takes three times as long


def place_of(folder: Path, name: str | Path) -> Path:
    """Return the place of a file that a script names; make its folder."""
    path = folder / name
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror})") from None
    return path


def write_snapshot(folder: Path, write: DumpWrite, pieces: Iterable[bytes]) -> None:
    """Write a snapshot into its file, or at the end of the dump's only file.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    path = place_of(folder, write.path)
    one_each = "*" in write.dump.file
    try:
        if one_each:
            replace_with(path, lambda aside: _pour(aside, "wb", pieces))
        else:
            _pour(path, "wb" if write.first else "ab", pieces)
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror})") from None


def _pour(path: Path, mode: str, pieces: Iterable[bytes]) -> None:
    """Write or append pieces, packed if the name says so."""
    if path.suffix == ".gz":
        packed = (gzip.compress(b"".join(pieces), _GZIP_LEVEL),)
    with path.open(mode) as file:
        for piece in packed if path.suffix == ".gz" else pieces:
            file.write(piece)


def append_to(path: Path, text: str, first: bool) -> None:
    """Write text at the end of a file, or begin it.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    try:
        with path.open("w" if first else "a") as file:
            file.write(text)
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror})") from None


def begin_file(folder: Path, name: str) -> None:
    """Make the only file of a dump, empty until its first snapshot.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    path = place_of(folder, name.replace("%", "0"))
    try:
        _pour(path, "wb", ())
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror})") from None


def change_files(folder: Path, step: Shell) -> None:
    """Execute ``shell``; as in SPPARKS, what fails is passed over.

    Only files and empty folders are deleted, each by its name.
    """
    paths = [folder / name for name in step.paths]
    with suppress(OSError):
        if step.what == "mv":
            paths[0].replace(paths[1])
    for path in paths:
        with suppress(OSError):
            match step.what:
                case "mkdir":
                    path.mkdir()
                case "rm":
                    path.unlink()
                case "rmdir":
                    path.rmdir()
