"""Whether a job fits into memory, told before it begins."""

from pathlib import Path

import psutil

from grainpaint.errors import InputError

__all__ = ["check_free", "free_bytes", "left_of_limit", "smaller_window"]


def smaller_window(of_build: bool) -> str:
    """Return what to do where a window is too large for a worker.

    Parameters
    ----------
    of_build : bool
        Whether the volume follows a scan: its windows cannot be chosen.
    """
    if of_build:
        return "give it more, since the windows of builds have one size"
    return "use a smaller window"


def free_bytes() -> int:
    """Return the memory that a job may take, bytes.

    Of a limit, that is with what this process has already: needs count its libraries.
    """
    free = int(psutil.virtual_memory().available)
    left = left_of_limit()
    if left is None:
        return free
    return min(free, left + int(psutil.Process().memory_info().rss))


def left_of_limit(
    own: Path = Path("/proc/self/cgroup"), root: Path = Path("/sys/fs/cgroup")
) -> int | None:
    """Return what is left of the memory that a batch system or a container gives.

    Both set limits to groups of processes (Linux's cgroups, version 2 or 1), and end a
    process that goes beyond; the machine may have much more.

    Parameters
    ----------
    own, root : Path
        Where the system says to which group this process belongs, and its groups.

    Returns
    -------
    int or None
        Bytes; None without a limit.

    References
    ----------
    https://docs.kernel.org/admin-guide/cgroup-v2.html
    """
    try:
        lines = own.read_text().splitlines()
    except OSError:
        return None
    left = []
    for line in lines:
        _, kinds, place = line.split(":", 2)
        if kinds == "":
            names, top = ("memory.max", "memory.current"), root
        elif kinds == "memory":
            names = ("memory.limit_in_bytes", "memory.usage_in_bytes")
            top = root / "memory"
        else:
            continue
        group = top / place.lstrip("/")
        for folder in [group, *group.parents]:
            left += _left_of(folder, names)
            if folder == top:
                break
    return min(left, default=None)


def _left_of(folder: Path, names: tuple[str, str]) -> list[int]:
    """Return what is left to a group of processes; nothing where no limit is."""
    try:
        most, used = (int((folder / name).read_text()) for name in names)
        rows = (folder / "memory.stat").read_text().splitlines()
    except (OSError, ValueError):  # "max" is none
        return []
    known = dict(row.split(None, 1) for row in rows)
    cached = int(known.get("total_inactive_file", known.get("inactive_file", "0")))
    return [max(0, most - used + cached)]


def check_free(need: int, what: str, advice: str) -> None:
    """Raise if a job needs more memory than is free.

    Parameters
    ----------
    need : int
        Bytes at the peak.
    what : str
        The job, for the message: it "would take" the memory.
    advice : str
        What to do about it.

    Raises
    ------
    InputError
        If there is not enough memory.
    """
    have = free_bytes()
    if need > have:
        raise InputError(
            f"{what} would take {need / 2**30:,.1f} GiB of memory, "
            f"{have / 2**30:,.1f} GiB are free: {advice}"
        )
