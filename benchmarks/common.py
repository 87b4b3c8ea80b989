"""What the JSON of every benchmark holds beside its figures."""

import datetime
import os
import platform
import subprocess
from pathlib import Path

import numba

__all__ = ["stamp"]


def _processor():
    """Return the name of the processor."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.split(":", 1)[1].strip() for line in lines if "model name" in line]
    return names[0] if names else platform.machine()


def _commit():
    """Return the commit of the sources, marked where they differ from it."""
    words = ["git", "describe", "--always", "--dirty", "--abbrev=10", "--exclude=*"]
    found = subprocess.run(
        words, cwd=Path(__file__).parent, capture_output=True, text=True, check=False
    )
    return found.stdout.strip() or None


def stamp():
    """Return where, from what and when the figures come.

    Returns
    -------
    dict
        machine, cores, numba_threads (fewer if NUMBA_NUM_THREADS says so), commit
        (None outside a repository) and date (ISO, UTC).
    """
    return {
        "machine": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        "numba_threads": numba.config.NUMBA_NUM_THREADS,
        "commit": _commit(),
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
    }
