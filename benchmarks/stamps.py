"""Where, from what and when figures come: the stamps of the JSON files."""

import datetime
import os
import platform
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import numba
import torch

from grainpaint.network.lookup import model_digest
from grainpaint.network.precision import resolve

__all__ = ["stamp"]

_ROOT = Path(__file__).parents[1]
_VERSIONS = ("grainpaint", "numba", "numpy", "scipy", "torch", "zarr")


def stamp(model=None, precision=None):
    """Return where, from what and when figures come.

    Parameters
    ----------
    model : str, optional
        Name of the model whose networks were evaluated.
    precision : str, optional
        Precision they were evaluated in; by default the one that "auto" chooses here.

    Returns
    -------
    dict
        command, commit (None outside a repository), dirty (whether the sources differ
        from the commit), date (ISO, UTC), machine, instructions (the vector
        instructions that torch and oneDNN use), cpu_capability (as torch names it),
        cores, torch_threads, numba_threads, precision and model (None where no
        network is evaluated; the model as the first twelve digits of its SHA-256),
        and versions.
    """
    if model and precision is None:
        precision = resolve("auto")
    return {
        "command": _command(),
        **_commit(),
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "machine": _processor(),
        "instructions": _instructions(),
        "cpu_capability": torch.backends.cpu.get_cpu_capability(),
        "cores": len(os.sched_getaffinity(0)),
        "torch_threads": torch.get_num_threads(),
        "numba_threads": numba.config.NUMBA_NUM_THREADS,
        "precision": precision,
        "model": model and f"{model} {model_digest(model)[:12]}",
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in _VERSIONS},
        },
    }


def _command():
    """Return the command that runs this script, from the root of the repository."""
    script = Path(sys.argv[0]).resolve()
    if script.is_relative_to(_ROOT):
        script = script.relative_to(_ROOT)
    words = [w for w in sys.argv[1:] if not w.startswith("--out=")]
    if "--out" in words:
        place = words.index("--out")
        words[place : place + 2] = []
    return " ".join(["python", str(script), *words])


def _commit():
    """Return the commit of the sources, and whether they differ from it."""
    words = ["git", "rev-parse", "--short=10", "HEAD"]
    changes = ["git", "diff", "--quiet", "HEAD", "--", "src", "benchmarks/*.py"]
    try:
        head, diff = (
            subprocess.run(w, cwd=_ROOT, capture_output=True, text=True)
            for w in (words, changes)
        )
    except FileNotFoundError:
        return {"commit": None, "dirty": None}
    if head.returncode:
        return {"commit": None, "dirty": None}
    return {"commit": head.stdout.strip(), "dirty": bool(diff.returncode)}


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
