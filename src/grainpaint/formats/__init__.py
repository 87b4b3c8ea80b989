"""Files of volumes: one module a format, chosen by the suffix."""

from pathlib import Path

from grainpaint.errors import InputError
from grainpaint.formats import npz
from grainpaint.microstructure import Microstructure

__all__ = ["read", "write"]


def read(path: Path) -> Microstructure:
    """Read."""
    return npz.read(path)
