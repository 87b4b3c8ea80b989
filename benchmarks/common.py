"""What the JSON of every benchmark holds beside its figures."""

import datetime
import json
import os
import platform
import subprocess
from pathlib import Path

import numba
import torch

from grainpaint.network.precision import resolve

__all__ = ["add_row", "stamp"]

_MACHINE = ("machine", "instructions", "cores", "precision")  # one row for each


def _processor():
    """Return the name of the processor."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    fields = dict(line.split(":", 1) for line in lines if ":" in line)
    fields = {key.strip(): value.strip() for key, value in fields.items()}
    name = fields.get("model name", platform.machine())
    numbers = (fields.get("cpu family"), fields.get("model"))
    return f"{name} (family {numbers[0]}, model {numbers[1]})" if all(numbers) else name


def _instructions():
    """Return the vector instructions that torch and oneDNN use."""
    limit = os.environ.get("ONEDNN_MAX_CPU_ISA")
    if limit is not None:
        return f"limited to {limit}"
    try:
        flags = set(Path("/proc/cpuinfo").read_text().split())
    except OSError:
        flags = set()
    known = ("amx_bf16", "avx512_bf16", "avx512f", "avx2")
    found = next((name for name in known if name in flags), None)
    return found or torch.backends.cpu.get_cpu_capability()


def _commit():
    """Return the commit of the sources, marked where they differ from it."""
    root = Path(__file__).parents[1]
    words = ["git", "rev-parse", "--short=10", "HEAD"]
    found = subprocess.run(words, cwd=root, capture_output=True, text=True, check=False)
    changed = ["git", "diff", "--quiet", "HEAD", "--", "src", "benchmarks/*.py"]
    mark = "-dirty" if subprocess.run(changed, cwd=root, check=False).returncode else ""
    return found.stdout.strip() + mark or None


def stamp(precision=None):
    """Return where, from what and when the figures come.

    Parameters
    ----------
    precision : str, optional
        That networks were evaluated in; the faster one here if not given.

    Returns
    -------
    dict
        machine, instructions, cores, numba_threads (fewer if NUMBA_NUM_THREADS says
        so), precision, commit (None outside a repository) and date (ISO, UTC).
    """
    return {
        "machine": _processor(),
        "instructions": _instructions(),
        "cores": len(os.sched_getaffinity(0)),
        "numba_threads": numba.config.NUMBA_NUM_THREADS,
        "precision": precision or resolve("auto"),
        "commit": _commit(),
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
    }


def add_row(path, row):
    """Put a row into a JSON file that has one for each kind of machine."""
    rows = json.loads(path.read_text()) if path.exists() else []
    rows = [r for r in rows if any(r[key] != row[key] for key in _MACHINE)]
    path.write_text(json.dumps([*rows, row], indent=1) + "\n")
