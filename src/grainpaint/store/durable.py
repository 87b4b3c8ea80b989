"""Writing files so that none is ever half-written, even after a kill or a full disk."""

import errno
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

from grainpaint.errors import InputError
from grainpaint.formats.files import FULL

__all__ = ["CANNOT", "aside", "explained", "is_aside", "put", "write"]

# What a file system says of what it cannot do at all.
CANNOT = (errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EINVAL)
_REFUSED = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.ENOENT)
_ASIDE = re.compile(r"\..+\.[0-9a-f]{32}")


def aside(path: Path) -> Path:
    """Return an unused hidden name in the same folder."""
    return path.with_name(f".{path.name}.{uuid4().hex}")


def is_aside(path: Path) -> bool:
    """Return whether `aside` made this name."""
    return _ASIDE.fullmatch(path.name) is not None


def write(path: Path, data: bytes, rest: int | None = None) -> None:
    """Write a file as a whole: under another name, flushed, renamed; make folders.

    Parameters
    ----------
    path : Path
    data : bytes
    rest : int, optional
        Bytes that the caller will need after this file, for the message if the disk is
        full.

    Raises
    ------
    InputError
        If the disk is full or the folder not writable. `path` is then as it was.
    """
    with explained(path, len(data), rest):
        put(path, data)


def put(path: Path, data: bytes) -> None:
    """Write as `write` does, but let OSErrors through."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = aside(path)
    try:
        with beside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    finally:
        with suppress(OSError):  # such as of a disk that has become read-only
            beside.unlink()
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)  # so that the new name survives a power failure, too
    except OSError as error:
        if error.errno not in CANNOT:
            raise
    finally:
        os.close(folder)


@contextmanager
def explained(path: Path, n_bytes: int, rest: int | None = None) -> Iterator[None]:
    """Turn errors while writing `n_bytes` to `path` into one clear line."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise InputError(_full(path, n_bytes, rest)) from None
        if error.errno in _REFUSED:
            raise InputError(
                f"{path}: cannot be written ({error.strerror}); choose a place where "
                "you have permission to write"
            ) from None
        raise


def _full(path: Path, n_bytes: int, rest: int | None) -> str:
    folder = next(p for p in path.parents if p.is_dir())
    after = "" if rest is None else f", and those that follow about {rest:,} more"
    return (
        f"{path}: the disk is full or a quota is used up: this piece needs {n_bytes:,} "
        f"bytes{after}; {shutil.disk_usage(folder).free:,} are free. Nothing is lost: "
        "make room and run the same command again"
    )
