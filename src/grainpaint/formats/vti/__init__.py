"""VTK ImageData (.vti): any of them is read; what is written all programs read."""

from grainpaint.formats.vti.reading import read, read_array
from grainpaint.formats.vti.writing import write

__all__ = ["read", "read_array", "write"]
