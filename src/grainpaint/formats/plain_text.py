"""Text as editors of other systems save it, made bytes of UTF-8 with line feeds."""

import codecs

__all__ = ["lines_of", "narrow", "with_line_feeds"]

_LOOK = 1 << 16  # bytes that tell how lines end
_WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)  # no format of ours begins so


def narrow(data: bytes) -> bytes:
    """Return text of two bytes a letter, as Windows writes it, as UTF-8.

    A byte order mark is taken off.
    """
    if not data.startswith(_WIDE):
        return data.removeprefix(codecs.BOM_UTF8)
    return data.decode("utf-16", "replace").encode()


def with_line_feeds(text: bytes) -> bytes:
    """Return text whose lines end as on old Macs (CR alone) with line feeds."""
    head = text[:_LOOK]
    return text.replace(b"\r", b"\n") if b"\r" in head and b"\n" not in head else text


def lines_of(data: bytes) -> bytes:
    """Return text whose lines end by line feeds."""
    text = data.replace(b"\r\n", b"\n") if b"\r\n" in data[:4096] else data
    return with_line_feeds(text)
