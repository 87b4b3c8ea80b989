"""Whether a job fits into memory, told before it begins."""

import psutil

from grainpaint.errors import InputError

__all__ = ["check_free", "free_bytes", "smaller_window"]


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
    """Return the memory that is free, bytes."""
    return int(psutil.virtual_memory().available)


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
