"""Files that may be packed with gzip, whatever they are called."""

import zlib
from pathlib import Path

from grainpaint.errors import InputError
from grainpaint.formats.content import GZIP, inflated

__all__ = ["unpacked"]

# A file may grow that large at once, and so many times its size.
_LARGE, _RATIO = 200 << 20, 20


def unpacked(path: Path, data: bytes) -> bytes:
    """Return the bytes of a file, unpacked if they are packed with gzip.

    Parameters
    ----------
    path : Path
        Of the file, for messages.
    data : bytes
        What it holds.

    Raises
    ------
    InputError
        If it is damaged, or grows to over 200 MB and over 20 times its size.
    """
    if not data.startswith(GZIP):
        return data
    limit = max(_LARGE, _RATIO * len(data))
    try:
        found = inflated(data, limit)
    except zlib.error as error:
        raise InputError(f"{path}: damaged gzip data ({error})") from None
    if found is None:
        raise InputError(
            f"{path}: unpacks to over {limit >> 20} MB, {_RATIO} times its size and "
            "more: unpack it first if it is a part"
        )
    return found
