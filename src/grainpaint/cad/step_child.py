"""The child process that turns STEP into GLB: python -P step_child.py IN OUT CHORD.

It stands alone: OpenCASCADE may crash, hang, print, or ask for all memory there is.
"""

import sys
from typing import Any


def _limit_memory() -> None:
    """Allow this process three quarters of the machine's memory, where that works."""
    try:
        import os
        import resource

        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        resource.setrlimit(resource.RLIMIT_AS, (total * 3 // 4, total * 3 // 4))
    except (ImportError, AttributeError, ValueError, OSError):
        pass  # not POSIX, or limited already


def load() -> Any:
    """Return cascadio, in a fifth of its time.

    It imports trimesh only to name itself there, and does without where that fails.
    """
    sys.modules["trimesh"] = None  # type: ignore[assignment]
    import cascadio

    return cascadio


def main() -> None:
    """Convert a file; the exit code says whether there is a result."""
    _limit_memory()
    source, target, chord = sys.argv[1:]
    code = load().step_to_glb(
        source, target, float(chord), tol_angular=0.2, use_parallel=False
    )
    sys.exit(int(code != 0))


if __name__ == "__main__":
    main()
