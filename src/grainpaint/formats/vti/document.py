"""The XML of a VTK file apart from its data, which may be gigabytes or not even XML."""

import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass

__all__ = ["Document", "Span", "parse"]

# First and last-plus-one byte of the data.
Span = tuple[int, int]

_TAG = re.compile(rb"""<(DataArray|Array|AppendedData)\b(?:[^>"']|"[^"]*"|'[^']*')*>""")
_WIDE = re.compile(
    rb"""\A(\s*<\?xml\b[^>]*?)\s+encoding\s*=\s*["']utf-?(?:16|32)[\w-]*["']""", re.I
)
_INK = re.compile(rb"[^ \t\r\n]")
_FORBIDDEN = (b"<!DOCTYPE", b"<!ENTITY")
_MOST_TAGS = 10_000
_BLANKS = b" \t\r\n"
_MARK = "@"  # before the number of a span, and never in data


@dataclass(frozen=True)
class Document:
    """A file, its elements, and where their data lie.

    Parameters
    ----------
    data : bytes
        The whole file.
    root : xml.etree.ElementTree.Element
        Its elements. The text of an array is the number of its span.
    spans : list of Span
        Where the text of each array lies.
    appended : Span
        Where the appended data lie, after their underscore; empty if there are none.
    base64_appended : bool
        Whether these are base64, not raw.
    """

    data: bytes
    root: ET.Element
    spans: list[Span]
    appended: Span = (0, 0)
    base64_appended: bool = True

    def _span(self, element: ET.Element) -> Span:
        number = (element.text or "").strip()
        if number.startswith(_MARK) and number[1:].isdigit():
            return self.spans[int(number[1:])]
        if number:  # not where data begin
            raise ValueError("a comment or CDATA stands in it: take that out")
        return (0, 0)

    def text_of(self, element: ET.Element) -> bytes:
        """Return the text of an array."""
        start, stop = self._span(element)
        return self.data[start:stop]

    def unbroken(self, element: ET.Element) -> memoryview:
        """Return the text of an array without blanks and ends of lines."""
        start, stop = self._span(element)
        while start < stop and self.data[start] in _BLANKS:
            start += 1
        while start < stop and self.data[stop - 1] in _BLANKS:
            stop -= 1
        if any(self.data.find(b"%c" % blank, start, stop) >= 0 for blank in _BLANKS):
            return memoryview(self.data[start:stop].translate(None, _BLANKS))
        return memoryview(self.data)[start:stop]


def parse(data: bytes) -> Document:
    """Parse a VTK file without touching the data of its arrays.

    Text of UTF-16 has become UTF-8 by then, whatever its declaration says.

    Raises
    ------
    ValueError
        If it is not XML, is cut off, or declares entities.
    """
    kept: list[bytes] = []
    spans: list[Span] = []
    appended = (0, 0)
    encoding = b""
    done = at = 0  # copied up to `done`, searched up to `at`
    n_tags = 0
    while True:
        at = data.find(b"<", at)
        n_tags += 1
        if at < 0:
            break
        if n_tags > _MOST_TAGS:
            raise ValueError(f"more than {_MOST_TAGS:,} XML tags")
        if data.startswith(b"<!--", at):
            at = _after(data, b"-->", at)
            continue
        if data.startswith(_FORBIDDEN, at):
            raise ValueError("it declares a document type or entities")
        tag = _TAG.match(data, at)
        if tag is None:
            at += 1
            continue
        at = tag.end()
        if tag[0].endswith(b"/>"):
            continue
        kept.append(data[done:at])
        if tag[1] == b"AppendedData":
            start = data.find(b"_", at)
            done = at = data.rfind(b"</AppendedData")
            if start < 0 or at < start:
                raise ValueError("the appended data are cut off")
            appended, encoding = (start + 1, at), tag[0]
            continue
        stop = data.find(b"<", at)
        if stop < 0:
            raise ValueError("an array is cut off")
        if _INK.search(data, at, stop):
            kept.append(b"%s%d" % (_MARK.encode(), len(spans)))
            spans.append((at, stop))
        done = at = stop
    kept.append(data[done:])
    try:
        text = _WIDE.sub(rb"\1", b"".join(kept).lstrip(b"\xef\xbb\xbf \t\r\n"), 1)
        root = ET.fromstring(text)
    except ET.ParseError as error:
        raise ValueError(f"not whole XML: {error}") from None
    return Document(data, root, spans, appended, b"raw" not in encoding)


def _after(data: bytes, end: bytes, at: int) -> int:
    """Return the place after the next `end`."""
    found = data.find(end, at)
    if found < 0:
        raise ValueError("a comment does not end")
    return found + len(end)
