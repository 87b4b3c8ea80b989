"""Compiled kernels that may be out of date are deleted before numba finds them.

Numba keeps what it compiles, and compiles a kernel anew when its own module has
changed, but not when another module has: one with a kernel that it calls, or with a
named tuple that it is called with.
"""

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from hashlib import sha1, sha256
from pathlib import Path

__all__ = ["forget_stale_kernels"]

_MATTERS = re.compile(rb"\bnumba\b|\bNamedTuple\b|\bgrainpaint\.compiled\b")
_STAMP = "kernels.stamp"  # two lines: of dates and sizes, and of contents


def forget_stale_kernels(package: str | Path) -> None:
    """Delete the indices of a package's kernels if sources that matter have changed.

    A stamp beside them says which sources they are of. While dates and sizes of all
    files are those of the stamp, none is read. Where nothing can be written, nothing is
    done: then numba writes nothing there, either.

    Parameters
    ----------
    package : str or pathlib.Path
        The folder of the package, absolute.
    """
    with suppress(OSError):  # another process may do the same
        found = sorted(_sources(str(package)))
        dates = sha256(repr(found).encode()).hexdigest()
        stamp = _kept(Path(package)) / _STAMP
        before = stamp.read_text().split() if stamp.exists() else []
        if before[:1] == [dates]:
            return
        contents = sha256()
        for path, *_ in found:
            text = Path(path).read_bytes()
            if _MATTERS.search(text):
                contents.update(b"%d %s" % (len(text), text))
        if before[1:] != [contents.hexdigest()]:
            for folder in {Path(path).parent for path, *_ in found}:
                for index in _kept(folder).glob("*.nbi"):
                    index.unlink(missing_ok=True)
        stamp.parent.mkdir(parents=True, exist_ok=True)
        new = stamp.with_suffix(f".{os.getpid()}")
        new.write_text(f"{dates}\n{contents.hexdigest()}\n")
        new.replace(stamp)


def _sources(folder: str) -> Iterator[tuple[str, int, int]]:
    """Yield path, time of change and size of all modules of a folder."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.endswith(".py"):
                state = entry.stat()
                yield entry.path, state.st_mtime_ns, state.st_size
            elif entry.is_dir() and entry.name != "__pycache__":
                yield from _sources(entry.path)


def _kept(folder: Path) -> Path:
    """Return where numba keeps the kernels of the modules of a folder."""
    beside = folder / "__pycache__"
    base = os.environ.get("NUMBA_CACHE_DIR")
    if not base:
        if os.access(beside if beside.exists() else folder, os.W_OK):
            return beside
        base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
        base = os.path.join(os.path.expanduser(base), "numba")
    return Path(base, f"{folder.name}_{sha1(str(folder).encode()).hexdigest()}")
