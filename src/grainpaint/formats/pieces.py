"""The files of a volume that was made piece by piece: whether all are there.

To readers of Zarr a file that is missing is a piece of zeros, which is how pieces
outside a part are kept. The volume's journal names those that were written.
"""

import json
import warnings
from pathlib import Path
from typing import Any

from grainpaint.errors import InputError, InputNote
from grainpaint.units import count_text

__all__ = ["JOURNAL", "PIECEWISE", "check_pieces"]

PIECEWISE = "grainpaint volume"  # made piece by piece, perhaps not finished
JOURNAL = "work/journal.jsonl"  # a line of JSON for each piece; the last one counts
_REPAIR = "grainpaint verify --repair makes them again"


def check_pieces(path: Path, attributes: dict[str, Any], name: str) -> None:
    """Raise unless a volume is finished, and all files of an array are there.

    Files are compared by their sizes alone, which takes no time; what is in them is
    checked as they are read.

    Parameters
    ----------
    path : Path
        The volume.
    attributes : dict
        Of its group; nothing is checked if it was made at once.
    name : str
        The array.

    Warns
    -----
    InputNote
        If there is no journal to tell.

    Raises
    ------
    InputError
        If it is not finished, or files are missing or of another size.
    """
    if attributes.get("format") != PIECEWISE:
        return
    if attributes.get("complete") is not True:
        raise InputError("not finished: run the same command again to continue")
    try:
        lines = (path / JOURNAL).read_bytes().splitlines()
    except OSError:
        warnings.warn(
            f"{path}: {JOURNAL} is missing, so nobody knows whether all files of the "
            "volume are there: grainpaint verify --repair makes it again",
            InputNote,
            stacklevel=4,
        )
        return
    try:
        rows = [json.loads(line) for line in lines]
        sizes = {row["path"]: row["bytes"] for row in rows if row["path"]}
    except (ValueError, TypeError, KeyError, RecursionError):
        raise InputError(f"damaged: {JOURNAL} is unreadable: {_REPAIR}") from None
    lost = [
        place
        for place, size in sizes.items()
        if str(place).startswith(f"{name}/c/") and _size(path / place) != size
    ]
    if lost:
        raise InputError(
            f"damaged: {count_text(len(lost), 'file')} missing or of another size, "
            f"such as {min(lost)}: {_REPAIR}"
        )


def _size(path: Path) -> int | None:
    """Return the size of a file, None if there is none."""
    try:
        return path.stat().st_size
    except OSError:
        return None
