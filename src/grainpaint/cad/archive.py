"""Files in zip archives, never larger in memory than they may reasonably be."""

import zipfile
import zlib
from pathlib import Path

from grainpaint.errors import InputError, brief

__all__ = ["read_member"]

_RATIO, _SMALL = 200, 64 << 20  # text of numbers is packed 3 to 20 times


def read_member(path: Path, archive: zipfile.ZipFile, name: str) -> bytes:
    """Return a file of an archive, by name in any case.

    Raises
    ------
    InputError
        If it is missing, encrypted, damaged, or unpacks to an absurd size.
    """
    names = {n.lower().lstrip("/"): n for n in archive.namelist()}
    if name.lower() not in names and name not in names.values():
        raise InputError(f"{path}: there is no {brief(name)} in the archive")
    info = archive.getinfo(name if name in names.values() else names[name.lower()])
    most = _SMALL + _RATIO * info.compress_size
    try:
        with archive.open(info) as file:
            found = file.read(most + 1)
    except (RuntimeError, zipfile.BadZipFile, zlib.error, EOFError, OSError) as error:
        raise InputError(
            f"{path}: {brief(name)} cannot be unpacked ({brief(error)})"
        ) from None
    if len(found) > most:
        raise InputError(
            f"{path}: {brief(name)} unpacks to over {_RATIO} times its size"
        )
    return found
