"""Arrays of NumPy's format, .npy: never executed, never larger than what is stored."""

import tokenize
import warnings
import zipfile
import zlib
from collections import Counter
from io import BytesIO
from math import prod
from typing import IO

import numpy as np

from grainpaint.errors import InputError

__all__ = [
    "ARCHIVE_ERRORS",
    "array_of",
    "blows_up",
    "dtype_of",
    "names_in",
    "read_array",
    "read_member",
]

# What zipfile and the parser of headers raise at damaged bytes. Some are subtle:
# a way of packing that Python does not know, a password, a header nested too deeply.
ARCHIVE_ERRORS = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    zlib.error,
    tokenize.TokenError,
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    NotImplementedError,
    OSError,
    RecursionError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
)
_LARGE, _RATIO = 128 << 20, 900  # zeros are packed a thousandfold, grains up to 100


def blows_up(n_bytes: int, n_packed: int) -> bool:
    """Return whether bytes unpack to so much that they are a bomb, or damaged."""
    return n_bytes > max(_LARGE, _RATIO * n_packed)


def read_array(file: IO[bytes], size: int, name: str) -> np.ndarray:
    """Return the array of a .npy file; its header must agree with its size.

    Parameters
    ----------
    file : file
        At the beginning.
    size : int
        Of the file, bytes.
    name : str
        How errors call the array.

    Raises
    ------
    InputError
        If it holds Python objects.
    Exception
        One of `ARCHIVE_ERRORS` if it is damaged.
    """
    version, shape, fortran, dtype = _header(file)
    if version not in ((1, 0), (2, 0)):
        raise ValueError(f"'{name}' is of a later version of the format")
    if dtype.hasobject:
        raise InputError(f"'{name}' holds Python objects, which are not read")
    n_bytes = dtype.itemsize * prod(shape)
    if min(shape, default=0) < 0 or n_bytes != size - file.tell():
        raise ValueError(f"'{name}' has not the size that it states")
    values = np.empty(n_bytes, np.uint8)
    view, at = values.data, 0
    while at < n_bytes:
        part = file.read(min(1 << 24, n_bytes - at))
        if not part:
            raise EOFError(f"'{name}' ends too early")
        view[at : at + len(part)] = part
        at += len(part)
    file.read(1)  # the end, where the checksum of an archive is compared
    array = values.view(dtype)
    return array.reshape(shape, order="F" if fortran else "C")


def _header(
    file: IO[bytes],
) -> tuple[tuple[int, int], tuple[int, ...], bool, np.dtype]:
    """Return version, shape, whether the first axis runs fastest, and type."""
    version = np.lib.format.read_magic(file)
    read = np.lib.format.read_array_header_2_0
    if version == (1, 0):
        read = np.lib.format.read_array_header_1_0
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # headers of Python 2
            return version, *read(file)
    except ARCHIVE_ERRORS:  # whose texts show the header, or objects of the parser
        raise ValueError("its header does not say what the array is") from None


def names_in(archive: zipfile.ZipFile) -> list[str]:
    """Return the names of the arrays in an archive, without .npy.

    Names stand there twice, and are compared: damage of one must not hide an array.

    Raises
    ------
    InputError
        If there are two of a name.
    """
    for info in archive.infolist():
        if info.comment:  # no array has one: what follows is taken for it
            raise zipfile.BadZipFile("its list of files is damaged")
        archive.open(info).close()
    names = [name.removesuffix(".npy") for name in archive.namelist()]
    for name, n in Counter(names).items():
        if n > 1:
            raise InputError(f"the archive holds {name!r} twice: which is meant?")
    return names


def read_member(archive: zipfile.ZipFile, name: str) -> np.ndarray:
    """Return an array of an .npz archive; errors as `read_array`.

    Parameters
    ----------
    archive : zipfile.ZipFile
    name : str
        Without .npy.
    """
    info = archive.getinfo(f"{name}.npy")
    if blows_up(info.file_size, info.compress_size):
        raise InputError(
            f"'{name}' unpacks to {_RATIO} times its size and more: damaged, or a "
            "single value"
        )
    with archive.open(info) as file:
        return read_array(file, info.file_size, name)


def dtype_of(archive: zipfile.ZipFile, name: str) -> np.dtype:
    """Return the type of an array of an .npz archive, of which the header is read.

    Parameters
    ----------
    archive : zipfile.ZipFile
    name : str
        Without .npy.

    Raises
    ------
    Exception
        One of `ARCHIVE_ERRORS` if it is damaged, or no array.
    """
    with archive.open(f"{name}.npy") as file:
        return _header(file)[3]


def array_of(data: bytes) -> np.ndarray:
    """Return the array of a whole .npy file; errors as `read_array`."""
    return read_array(BytesIO(data), len(data), "the array")
