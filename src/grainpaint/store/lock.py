"""One run at a time: a lock file that names the running process."""

import fcntl
import json
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import psutil

from grainpaint.errors import InputError
from grainpaint.store import durable

__all__ = ["lock"]


@dataclass(frozen=True)
class _Owner:
    """A process: numbers are reused, but not with the same start after boot (s)."""

    host: str
    pid: int
    after_boot: float
    since: str

    @classmethod
    def me(cls) -> "_Owner":
        now = datetime.now().astimezone().isoformat(sep=" ", timespec="seconds")
        return cls(platform.node(), os.getpid(), _after_boot(psutil.Process()), now)

    def is_gone(self) -> bool:
        """Return whether the process ran on this host and has ended for certain."""
        if self.host != platform.node():
            return False
        try:
            process = psutil.Process(self.pid)
            if process.status() == psutil.STATUS_ZOMBIE:
                return True
            return abs(_after_boot(process) - self.after_boot) > 0.05
        except psutil.AccessDenied:
            return False
        except psutil.NoSuchProcess:
            return not _is_hidden(self.pid)


def _after_boot(process: psutil.Process) -> float:
    """Return when a process began; setting the clock does not change this."""
    return float(round(process.create_time() - psutil.boot_time(), 2))


def _is_hidden(pid: int) -> bool:
    """Return whether the process exists but belongs to another user and is hidden."""
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except ProcessLookupError:
        return False
    return False


@contextmanager
def lock(path: Path, of: Path | None = None) -> Iterator[None]:
    """Hold the lock file `path`.

    A file whose process has ended on this host is taken over. Whether a process on
    another host has ended is unknown, and the message says which file to remove.

    Parameters
    ----------
    path : Path
        Its folder is made if necessary.
    of : Path, optional
        What it locks, for the message; the folder around that of `path` by default.

    Raises
    ------
    InputError
        If another run holds it, or the folder is not writable.
    """
    me = _Owner.me()
    text = json.dumps(asdict(me)).encode()
    with durable.explained(path, len(text)):
        while not (_made(path, text) or _taken_over(path, text, of or path.parents[1])):
            pass  # it appeared or vanished between the two attempts
    try:
        yield
    finally:
        with suppress(OSError):  # the next run takes it over: this process will be gone
            if os.getpid() == me.pid and _read(path) == text:
                path.unlink()


def _made(path: Path, text: bytes) -> bool:
    """Make the file with its content, and return True, unless there is one."""
    beside = durable.aside(path)
    try:
        durable.put(beside, text)
        os.link(beside, path)
    except FileNotFoundError:  # a new run removed it
        return False
    except FileExistsError:  # a network disk may say so of what it has just made
        return path.exists() and os.path.samefile(beside, path)
    except OSError as error:
        if error.errno not in durable.CANNOT:
            raise
        return _made_without_links(path, text)
    finally:
        beside.unlink(missing_ok=True)
    return True


def _made_without_links(path: Path, text: bytes) -> bool:
    """Do as `_made` where a file cannot have two names: the content comes after it."""
    try:
        with path.open("xb") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError:
        return False
    return True


def _taken_over(path: Path, text: bytes, of: Path) -> bool:
    """Replace the file of a process that has ended; flock settles races."""
    try:
        file = path.open("r+")
    except FileNotFoundError:
        return False
    with file:
        found = file.read()
        try:
            owner = _Owner(**json.loads(found))
        except (ValueError, TypeError):
            raise InputError(
                f"{path} is unreadable and does not say which run made it; if none is "
                "under way, remove this file"
            ) from None
        if not owner.is_gone():
            raise InputError(_refusal(path, owner, of))
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
        except OSError:  # some network file systems do not support such locks
            raise InputError(
                f"{path} is left over from process {owner.pid} on {owner.host}, which "
                "has ended: remove this file"
            ) from None
        beside = durable.aside(path)
        try:
            if not os.path.samestat(os.fstat(file.fileno()), path.stat()):
                return False  # another process was faster
            durable.put(beside, text)
            os.replace(beside, path)
        except FileNotFoundError:
            return False
        finally:
            beside.unlink(missing_ok=True)
    return True


def _refusal(path: Path, owner: _Owner, of: Path) -> str:
    there = owner.host == platform.node()
    away = "" if there else f"; if that run is dead, remove {path}"
    return (
        f"{of} belongs to another run: process {owner.pid} on "
        f"{owner.host} since {owner.since}{away}"
    )


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
