"""The data of an array: ascii, base64 or raw, inline or appended, packed or not.

Every length that a file states is compared with what is there. VTK's own reader does
not do so: it fills up what a cut-off array lacks, and damaged headers crash it.

References
----------
https://docs.vtk.org/en/latest/vtk_file_formats/vtkxml_file_format.html
"""

from __future__ import annotations

import binascii
import lzma
import warnings
import xml.etree.ElementTree as ET
import zlib
from collections.abc import Callable

import numpy as np

from grainpaint.errors import brief
from grainpaint.formats.arrays import blows_up
from grainpaint.formats.vti.document import Document

__all__ = ["decode", "n_components"]

_TYPES = {f"Int{8 * n}": f"i{n}" for n in (1, 2, 4, 8)}
_TYPES |= {f"UInt{8 * n}": f"u{n}" for n in (1, 2, 4, 8)}
_TYPES |= {"Float32": "f4", "Float64": "f8", "Bit": "u1"}
_HEADERS = {None: "u4", "UInt32": "u4", "UInt64": "u8"}
_ORDERS = {"LittleEndian": "<", "BigEndian": ">"}
_PIECE = 1 << 22  # characters of base64 decoded at a time


def n_components(element: ET.Element) -> int:
    """Return the number of values of a tuple of an array."""
    return int(element.get("NumberOfComponents") or 1)


def decode(document: Document, element: ET.Element, n_values: int) -> np.ndarray:
    """Return the values of an array, in the type and byte order of the file.

    Parameters
    ----------
    document : Document
    element : xml.etree.ElementTree.Element
        A DataArray.
    n_values : int
        How many values it must have.

    Raises
    ------
    ValueError
        If they are damaged, or it has not so many.
    """
    name = f"array {element.get('Name')!r}"
    kind = element.get("type") or "none"
    if kind not in _TYPES:
        raise ValueError(f"{name} is of the type {kind!r}")
    root = document.root
    order = _ORDERS.get(root.get("byte_order") or "LittleEndian")
    if order is None or root.get("header_type") not in _HEADERS:
        raise ValueError("its byte_order or header_type is none that VTK knows")
    dtype = np.dtype(order + _TYPES[kind])
    bits = kind == "Bit"
    form = element.get("format")
    try:
        if form == "ascii":
            return _from_ascii(document.text_of(element), dtype, n_values)
        n_bytes = -(-n_values // 8) if bits else n_values * dtype.itemsize
        if form == "binary":
            stream: _Stream = _Base64(document.unbroken(element))
        elif form == "appended":
            start, stop = document.appended
            start += int(element.get("offset") or 0)
            if not document.appended[0] <= start < stop:
                raise ValueError("its offset lies outside the appended data")
            view = memoryview(document.data)[start:stop]
            stream = _Base64(view) if document.base64_appended else _Stream(view)
        else:
            raise ValueError(f"its format is {form!r}")
        header = np.dtype(order + _HEADERS[root.get("header_type")])
        packed = root.get("compressor")
        buffer = (
            _unpacked(stream, header, n_bytes, packed)
            if packed
            else _plain(stream, header, n_bytes)
        )
        if form == "binary" and stream.rest:
            raise ValueError("there are data after its end")
    except (ValueError, MemoryError) as error:  # binascii.Error is a ValueError
        raise ValueError(f"{name} is damaged: {error}") from None
    if bits:
        return np.unpackbits(buffer, count=n_values)
    return buffer.view(dtype)


def _from_ascii(text: bytes, dtype: np.dtype, n_values: int) -> np.ndarray:
    """Return numbers written as text."""
    wide = np.dtype({"i": np.int64, "u": np.uint64, "f": np.float64}[dtype.kind])
    if dtype.kind == "u" and b"-" in text:
        raise ValueError("a number is negative")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            values = np.fromstring(text.decode("ascii"), wide, sep=" ")
        except (DeprecationWarning, ValueError):
            raise ValueError(_not_numbers(text, wide)) from None
    _compare(values.size, n_values, "values")
    if values.size and dtype.kind != "f":
        limits = np.iinfo(dtype)
        if values.min() < limits.min or values.max() > limits.max:
            raise ValueError(f"a number does not fit into its type {dtype.name}")
    return values.astype(dtype.newbyteorder("="))


def _not_numbers(text: bytes, dtype: np.dtype) -> str:
    """Return which word of a text is not a number of a type."""
    read = float if dtype.kind == "f" else int
    for word in text.decode("ascii", "replace").split():
        try:
            read(word)
        except ValueError:
            what = "number" if read is float else "whole number"
            return f"its text holds {brief(word, 40)!r}, which is not a {what}"
    return "its text is not numbers of its type"


def _compare(found: int, wanted: int, what: str) -> None:
    """Raise unless two lengths agree."""
    if found != wanted:
        raise ValueError(f"it has {found:,} {what} where {wanted:,} are stated")


class _Stream:
    """Bytes that are taken one after another."""

    def __init__(self, view: memoryview) -> None:
        self.rest = view

    def take(self, n: int, out: np.ndarray | None = None) -> np.ndarray:
        """Return the next n bytes, which end a run of base64."""
        out = np.empty(n, np.uint8) if out is None else out
        if len(self.rest) < n:
            raise ValueError(f"it is cut off: {len(self.rest):,} bytes of {n:,}")
        out[:] = np.frombuffer(self.rest[:n], np.uint8)
        self.rest = self.rest[n:]
        return out

    def split_after(self, n: int) -> bool:
        """Return whether the first n bytes are a run of their own."""
        return True


class _Base64(_Stream):
    """Bytes written as base64; each run ends at a multiple of four characters."""

    def take(self, n: int, out: np.ndarray | None = None) -> np.ndarray:
        """Decode the next n bytes, which end a run."""
        out = np.empty(n, np.uint8) if out is None else out
        size = -(-n // 3) * 4
        if len(self.rest) < size:
            raise ValueError(
                f"it is cut off: {len(self.rest):,} characters of {size:,}"
            )
        text, self.rest = self.rest[:size], self.rest[size:]
        at = 0
        for start in range(0, size, _PIECE):
            part = binascii.a2b_base64(text[start : start + _PIECE], strict_mode=True)
            out[at : at + len(part)] = np.frombuffer(part, np.uint8)[: n - at]
            at += len(part)
        if at != n:
            raise ValueError(f"{at:,} bytes of base64 where {n:,} are stated")
        return out

    def split_after(self, n: int) -> bool:
        """Return whether the first n bytes are padded to a run of their own."""
        size = -(-n // 3) * 4
        return n % 3 != 0 and bytes(self.rest[size - 1 : size]) == b"="


def _plain(stream: _Stream, header: np.dtype, n_bytes: int) -> np.ndarray:
    """Return bytes behind a header with their number."""
    size = header.itemsize
    if stream.split_after(size):
        (stated,) = stream.take(size).view(header).tolist()
        _compare(stated, n_bytes, "bytes")
        return stream.take(n_bytes)
    padded = -size % 8  # so that the values are aligned
    both = np.empty(padded + size + n_bytes, np.uint8)[padded:]
    head = bytes(stream.rest[: -(-size // 3) * 4])
    (stated,) = np.frombuffer(binascii.a2b_base64(head)[:size], header).tolist()
    _compare(stated, n_bytes, "bytes")
    return stream.take(size + n_bytes, both)[size:]


def _unpacked(
    stream: _Stream, header: np.dtype, n_bytes: int, packed: str
) -> np.ndarray:
    """Return packed bytes: a header with the sizes of the blocks, then the blocks."""
    if packed not in _UNPACK:
        raise ValueError(f"it is packed by {packed}")
    size = header.itemsize
    before = stream.rest
    n_blocks, block, last = stream.take(3 * size).view(header).tolist()
    whole = n_blocks - (last > 0)
    if n_blocks * size > len(before) or whole < 0:
        raise ValueError(f"it is cut off: {n_blocks:,} blocks are stated")
    _compare(whole * block + last, n_bytes, "bytes")
    stream.rest = before
    sizes = stream.take((3 + n_blocks) * size).view(header).tolist()[3:]
    if sum(sizes) > len(stream.rest):
        raise ValueError("it is cut off within its blocks")
    if blows_up(n_bytes, sum(sizes)):
        raise ValueError(f"{sum(sizes):,} bytes cannot be {n_bytes:,}, packed")
    blocks = stream.take(sum(sizes)).data
    out = np.empty(n_bytes, np.uint8)
    start = at = 0
    for number, length in enumerate(sizes):
        n = block if number < whole else last
        try:
            part = _UNPACK[packed](blocks[start : start + length], n)
        except (zlib.error, lzma.LZMAError, RuntimeError, EOFError) as error:
            raise ValueError(f"block {number}: {error}") from None
        _compare(len(part), n, "bytes in a block")
        out[at : at + n] = np.frombuffer(part, np.uint8)
        start, at = start + length, at + n
    return out


def _inflate(block: memoryview, n: int) -> bytes:
    stream = zlib.decompressobj()
    part = stream.decompress(block, n + 1)  # the checksum follows the last byte
    if len(part) == n and not stream.eof:
        part += stream.decompress(stream.unconsumed_tail, 1)
    if not stream.eof or stream.unused_data:
        raise ValueError("a block does not end where it should")
    return part


def _xz(block: memoryview, n: int) -> bytes:
    stream = lzma.LZMADecompressor(memlimit=1 << 28)
    part = stream.decompress(block, n + 1)
    if not stream.eof or stream.unused_data:
        raise ValueError("a block does not end where it should")
    return part


def _lz4(block: memoryview, n: int) -> bytes:
    from numcodecs.lz4 import decompress

    if n >= 1 << 31:
        raise ValueError("a block of LZ4 is too large")
    # numcodecs expects the size in front, VTK's blocks come without.
    part: bytes = decompress(np.uint32(n).tobytes() + bytes(block))
    return part


_UNPACK: dict[str, Callable[[memoryview, int], bytes]] = {
    "vtkZLibDataCompressor": _inflate,
    "vtkLZMADataCompressor": _xz,
    "vtkLZ4DataCompressor": _lz4,
}
