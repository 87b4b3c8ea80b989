"""Whole files: their digest, and replacing them without loss."""

import errno
import hashlib
import os
import re
import shutil
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from grainpaint.errors import InputError

__all__ = [
    "FULL",
    "check_file",
    "file_digest",
    "refuse_to_replace",
    "replace_together",
    "replace_with",
]


FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)  # of the system, where no room is
_SHORT = re.compile(r"\d+ requested and \d+ written")  # of numpy, without a number


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal digits.

    Raises
    ------
    InputError
        If it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None


def replace_with(path: Path, make: Callable[[Path], object]) -> None:
    """Let `make` write beside `path`, then rename: no file is ever half-written.

    Raises
    ------
    InputError
        If the disk is full; `path` is then as it was.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{uuid4().hex}{path.suffix}")
    try:
        with _stop_is_exit(), _full_is_told(path):
            make(aside)
        if path.is_dir():
            shutil.rmtree(path)
        os.replace(aside, path)
    finally:
        if aside.is_dir():
            shutil.rmtree(aside)
        aside.unlink(missing_ok=True)


def replace_together(
    paths: Sequence[Path], make: Callable[[Sequence[Path]], object]
) -> None:
    """Let `make` write several files beside their places, then rename them.

    The first of them is the one that is opened. It is removed before the others are
    renamed, and appears last: where it is, all of them are, and belong together.

    Raises
    ------
    InputError
        If the disk is full; all are then as they were.
    """
    main = paths[0]
    main.parent.mkdir(parents=True, exist_ok=True)
    asides = [p.with_name(f".{uuid4().hex}{p.suffix}") for p in paths]
    try:
        with _stop_is_exit(), _full_is_told(main):
            make(asides)
        if len(paths) > 1:
            main.unlink(missing_ok=True)
        for aside, path in reversed([*zip(asides, paths)]):
            os.replace(aside, path)
    finally:
        for aside in asides:
            aside.unlink(missing_ok=True)


@contextmanager
def _full_is_told(path: Path) -> Iterator[None]:
    """Turn the error of a full disk into one clear line."""
    try:
        yield
    except OSError as error:
        if error.errno not in FULL and not _SHORT.fullmatch(str(error)):
            raise
        raise InputError(
            f"{path}: the disk is full or a quota is used up: make room and run the "
            "same command again"
        ) from None


@contextmanager
def _stop_is_exit() -> Iterator[None]:
    """Let SIGTERM end the program as an exit does: what is half-written goes.

    Where someone else listens to it already, or in other threads, nothing changes.
    """
    main = threading.current_thread() is threading.main_thread()
    if not main or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return

    def stop(number: int, frame: object) -> None:
        sys.exit(128 + number)

    signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def check_file(path: Path) -> None:
    """Raise unless there is a file at `path`.

    Raises
    ------
    InputError
        If there is none, or a folder, or a pipe, which could be read once only.
    """
    if path.is_dir():
        raise InputError(f"{path}: a folder, but a file is needed")
    if path.exists() and not path.is_file():
        raise InputError(
            f"{path}: no ordinary file but a pipe or a device: save what it gives in a "
            "file"
        )
    if not path.is_file():
        raise InputError(f"{path}: no such file")


def _check_folder(path: Path) -> None:
    """Raise unless the folder of `path` can be written to, or made.

    Raises
    ------
    InputError
        If so.
    """
    folder = next(p for p in path.absolute().parents if p.exists())
    if not folder.is_dir():
        raise InputError(f"{path}: {folder} is a file, no folder")
    try:  # permissions do not tell it all: root passes them in any file system
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        raise InputError(
            f"{path}: the folder {folder} cannot be written to ({error.strerror})"
        ) from None


def refuse_to_replace(path: Path, force: bool) -> None:
    """Raise if something exists at `path` and `force` is false.

    Raises
    ------
    InputError
        If so, or if its folder cannot be written to.
    """
    _check_folder(path)
    if path.exists() and not force:
        raise InputError(f"{path} exists: use force to replace it")
