"""Text as editors of other systems save it, made bytes of UTF-8 with line feeds."""

import codecs

__all__ = ["is_numeral", "lines_of", "narrow", "with_line_feeds"]

_LOOK = 1 << 16  # bytes that tell how lines end
_MARKED = {  # no format of ours begins so; of UTF-32 first, for it begins as UTF-16
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_LETTERS = 16  # that tell text of two bytes a letter without a mark
_LEAST = 4
_PLAIN = bytes(range(32, 127)) + b"\t\r\n"


def narrow(data: bytes) -> bytes:
    """Return text of two or four bytes a letter, as Windows writes it, as UTF-8.

    A byte order mark is taken off; text of two bytes a letter may lack it.
    """
    codec = _codec(data)
    if codec is None:
        return data.removeprefix(codecs.BOM_UTF8)
    return data.decode(codec, "replace").encode()


def _codec(data: bytes) -> str | None:
    """Return how text of several bytes a letter is written, None for all else."""
    for mark, codec in _MARKED.items():
        if data.startswith(mark):
            return codec
    even, odd = data[: 2 * _LETTERS : 2], data[1 : 2 * _LETTERS : 2]
    if len(odd) < _LEAST:
        return None
    if not any(odd) and not even.translate(None, _PLAIN):
        return "utf-16-le"
    if not any(even) and not odd.translate(None, _PLAIN):
        return "utf-16-be"
    return None


def with_line_feeds(text: bytes) -> bytes:
    """Return text whose lines end as on old Macs (CR alone) with line feeds."""
    head = text[:_LOOK]
    return text.replace(b"\r", b"\n") if b"\r" in head and b"\n" not in head else text


def lines_of(data: bytes) -> bytes:
    """Return text whose lines end by line feeds."""
    text = data.replace(b"\r\n", b"\n") if b"\r\n" in data[:4096] else data
    return with_line_feeds(text)


def is_numeral(word: str | bytes) -> bool:
    """Return whether a word of a text is a number.

    Examples
    --------
    >>> is_numeral("1e-3"), is_numeral(b"nan"), is_numeral("x1")
    (True, True, False)
    """
    try:
        float(word)
    except ValueError:
        return False
    return True
