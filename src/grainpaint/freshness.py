"""Compiled kernels that may be out of date are deleted before numba finds them.

Numba keeps what it compiles, and compiles a kernel anew when its own module has
changed, but not when another module has: one with a kernel that it calls, with a named
tuple that it is called with, or with a constant that it reads.
"""

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from hashlib import sha1, sha256
from pathlib import Path

__all__ = ["forget_stale_kernels"]

_MATTERS = re.compile(
    rb"^(import|from) (numba|grainpaint\.compiled)\b|\bNamedTuple\b", re.M
)
_CONSTANTS = re.compile(
    rb"^from grainpaint\.([\w.]+) import (?:\([^)]*?|.*?)\b[A-Z][A-Z0-9_]+\b", re.M
)
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
        contents = _contents(str(package), [path for path, *_ in found])
        if before[1:] != [contents]:
            for folder in {Path(path).parent for path, *_ in found}:
                for index in _kept(folder).glob("*.nbi"):
                    index.unlink(missing_ok=True)
        stamp.parent.mkdir(parents=True, exist_ok=True)
        new = stamp.with_suffix(f".{os.getpid()}")
        new.write_text(f"{dates}\n{contents}\n")
        new.replace(stamp)


def _contents(package: str, paths: list[str]) -> str:
    """Return a hash of the modules that kernels depend on."""
    texts = {path: Path(path).read_bytes() for path in paths}
    matter = {path for path, text in texts.items() if _MATTERS.search(text)}
    for path in list(matter):
        for name in _CONSTANTS.findall(texts[path]):
            module = os.path.join(package, *name.decode().split("."))
            matter |= {f"{module}.py", os.path.join(module, "__init__.py")}
    found = [texts[path] for path in sorted(matter & texts.keys())]
    return sha256(repr(found).encode()).hexdigest()


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
