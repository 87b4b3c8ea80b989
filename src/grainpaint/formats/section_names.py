"""Names of sections: the numbers in them, and what seems to be missing."""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

__all__ = ["how_stacked", "numbered"]

_DIGITS = re.compile(r"(\d+)")


def how_stacked(paths: Sequence[Path]) -> str:
    """Say in which order files are stacked, and where a number seems to be missing."""
    said = f"{len(paths)} sections, z upward from {paths[0].name} to {paths[-1].name}"
    keys = [numbered(path) for path in paths]
    lengths = {len(key) for key in keys}
    fields = zip(*keys) if len(lengths) == 1 else ()
    varied = [field for field in fields if len(set(field)) > 1]
    if len(varied) != 1 or any(text for _, text in varied[0]):
        return said
    steps = np.diff([number for number, _ in varied[0]])
    wide = np.flatnonzero(steps > steps.min())
    if not wide.size:
        return said
    before, after = (paths[wide[0] + i].name for i in (0, 1))
    return f"{said}; {after} follows {before}, as if some between were missing"


def numbered(path: Path) -> list[tuple[int, str]]:
    """Return a key that sorts numbers within a name by their value."""
    parts = _DIGITS.split(path.name)
    return [(int(p), "") if p.isdigit() else (-1, p) for p in parts]
