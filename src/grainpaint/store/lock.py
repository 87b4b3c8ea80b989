"""One run at a time: a file that names the process whose run it is."""

import fcntl
import json
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import psutil

from grainpaint.errors import InputError
from grainpaint.store import durable

__all__ = ["lock"]


@dataclass(frozen=True)
class _Owner:
    """A process. Its number comes again one day, with another start after boot (s)."""

    host: str
    pid: int
    after_boot: float
    since: str

    @classmethod
    def me(cls) -> "_Owner":
        now = datetime.now().astimezone().isoformat(sep=" ", timespec="seconds")
        return cls(platform.node(), os.getpid(), _after_boot(psutil.Process()), now)

    def is_gone(self) -> bool:
        """Whether the process was of this host and has ended; if in doubt, no."""
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
    """Return when a process began: the difference stands when the clock is set."""
    return float(round(process.create_time() - psutil.boot_time(), 2))


def _is_hidden(pid: int) -> bool:
    """Whether the process is another user's whom the system does not list."""
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except ProcessLookupError:
        return False
    return False


@contextmanager
def lock(path: Path) -> Iterator[None]:
    """Hold the lock file `path`.

    A file whose process has ended on this host is taken over. On other hosts nobody can
    tell, and the message says which file to remove.

    Raises
    ------
    InputError
        If another run holds it, or the folder is not writable.
    """
    me = _Owner.me()
    text = json.dumps(asdict(me)).encode()
    with durable.explained(path, len(text)):
        while not (_made(path, text) or _taken_over(path, text)):
            pass  # it went away, or was made, between two looks at it
    try:
        yield
    finally:
        if os.getpid() == me.pid and _read(path) == text:
            path.unlink(missing_ok=True)


def _made(path: Path, text: bytes) -> bool:
    """Make the file, with all that it says, unless there is one."""
    beside = durable.aside(path)
    try:
        durable.put(beside, text)
        os.link(beside, path)
    except (FileExistsError, FileNotFoundError):  # not found: a new run cleared it away
        return False
    finally:
        beside.unlink(missing_ok=True)
    return True


def _taken_over(path: Path, text: bytes) -> bool:
    """Replace the file of a process that has ended; the system's lock decides who."""
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
                f"{path} says nothing readable about the run that made it; if none is "
                "under way, remove that file"
            ) from None
        if not owner.is_gone():
            raise InputError(_refusal(path, owner))
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
        except OSError:  # some network file systems know no such locks
            raise InputError(
                f"{path} is left over from process {owner.pid} on {owner.host}, which "
                "has ended: remove that file"
            ) from None
        beside = durable.aside(path)
        try:
            if not os.path.samestat(os.fstat(file.fileno()), path.stat()):
                return False  # somebody was faster
            durable.put(beside, text)
            os.replace(beside, path)
        except FileNotFoundError:
            return False
        finally:
            beside.unlink(missing_ok=True)
    return True


def _refusal(path: Path, owner: _Owner) -> str:
    there = owner.host == platform.node()
    away = "" if there else f"; if that run is dead, remove {path}"
    return (
        f"{path.parents[1]} belongs to another run: process {owner.pid} on "
        f"{owner.host} since {owner.since}{away}"
    )


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
