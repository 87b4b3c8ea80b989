"""The words of a G-code program: a letter and a number each, line by line."""

import re
import warnings
from dataclasses import dataclass

import numpy as np

from grainpaint.errors import InputError, InputNote, brief
from grainpaint.simulate.am.paths.words import number_lines
from grainpaint.units import count_text

__all__ = ["NO_CALLS", "Program", "read_words"]

NO_CALLS = "subprograms and macros are not read: write out what they do"

# Patterns begin with a character, which is found faster than a start of a line.
_COMMENTS = [
    re.compile(pattern) for pattern in (rb";[^\n]*", rb"\([^()\n]*+\)", rb"\*\d+")
]
_PERCENT = re.compile(rb"%[^\n]*")
# The end of a program: M2 or M30 behind other words (M30 with a name deletes a file),
# or a % alone, behind the first command.
_END = re.compile(rb"(?:M[ \t]*+0*+(?:2|30)|%)[ \t]*+(?=\n|\Z)")
_WORDS = re.compile(rb"[ \t]*+(?:[A-Z][ \t]*+[-+.\d]++[ \t]*+)*+")
_COMMAND = re.compile(rb"^[ \t]*[^%\s]", re.M)
_START = rb"\n[ \t]*+(?:N[ \t]*+\d++[ \t]*+)?+"
# Lines of other matters: fans, heaters, tools, probing. M3, M4 and M5
# switch a laser, M82 and M83 say how extrusion counts.
_OTHERS = re.compile(
    _START
    + rb"(?:M(?![ \t]*0*(?:[345]|82|83)(?![\d.]))|[TO][ \t]*\d|G[ \t]*29(?!\d))[^\n]*"
)
# Such words before a motion in the same line, as in T1 M6 G0 X5; texts are not read.
_BESIDE = re.compile(
    _START
    + rb"(?:(?:M(?![ \t]*0*(?:[345]|82|83|23|28|3[0-2]|11[78])(?![\d.]))|T)[ \t]*\d++"
    rb"[ \t]*)++(?=G[ \t]*0*[0-3](?![\d.]))"
)
_MOTION = re.compile(_START + rb"(?:G[ \t]*0*[0-3](?!\d)[^\n]*)?[XYZ][ \t]*[-+]?\.?\d")
_CALL = re.compile(
    _START
    + rb"(?:M[ \t]*9[78][ \t]*[PQL][ \t]*\d"
    + rb"|O[ \t]*\d+[ \t]+(?:SUB|CALL|REPEAT|WHILE|DO|IF)\b)"
)
_UNKNOWN = re.compile(_START + rb"(?:[^A-Z\d.+\- \t\n]|[A-Z][ \t]*[A-Z_])[^\n]*")
_HOME = re.compile(rb"(G[ \t]*28)(?![\d.])([^\n]*)")  # its axes may have no numbers
# A small number of a program that writes G-code, as in X1e-05; without a blank, since
# E-05 alone would be an extrusion, and no axis ends in two digits behind a sign.
_POWER_OF_TEN = re.compile(rb"(?<=[\d.])E[-+]\d\d(?![\d.])")
# M3 I and M5 I, by which Marlin takes S from each move.
_INLINE = re.compile(rb"(M[ \t]*0*[345][ \t]*)I[ \t]*(?=\n|\Z)")
_LINE = re.compile(rb"(?:[A-Z][-+]?(?:\d+\.?\d*|\.\d+))*")
_TO_NUMBERS = bytes.maketrans(bytes(range(65, 91)), b"\n" * 26)


@dataclass(frozen=True, eq=False)
class Program:
    """The words of a program.

    Parameters
    ----------
    n_lines : int
    letter : numpy.ndarray, uint8, shape (n,)
        ASCII code of a capital letter.
    value : numpy.ndarray, float, shape (n,)
    line : numpy.ndarray, int, shape (n,)
        Line of a word, from 0.
    """

    n_lines: int
    letter: np.ndarray
    value: np.ndarray
    line: np.ndarray

    def codes(self, letter: str) -> tuple[np.ndarray, np.ndarray]:
        """Return the numbers and the lines of a letter's words."""
        chosen = self.letter == ord(letter)
        return self.value[chosen], self.line[chosen]

    def column(self, letter: str) -> np.ndarray:
        """Return the number of a letter in each line, NaN without (float, (n_lines,)).

        Raises
        ------
        InputError
            If it stands in a line twice.
        """
        value, line = self.codes(letter)
        twice = np.flatnonzero(line[1:] == line[:-1])
        if twice.size:
            raise InputError(
                f"line {line[twice[0]] + 1:,}: {letter} stands there twice"
            )
        column = np.full(self.n_lines, np.nan)
        column[line] = value
        return column


def read_words(data: bytes) -> Program:
    """Return the words of a program, without comments and lines of other matters.

    Raises
    ------
    InputError
        If a line of motions is not made of letters with numbers, or one of these has an
        exponent; the line is told.

    Warns
    -----
    InputNote
        Of lines that are no G-code, and of motions after the end of the program.
    """
    text = b"\n" + data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").upper()
    for comment in _COMMENTS:
        text = comment.sub(b"", text)
    text = _PERCENT.sub(b"", _until_end(text))
    call = _CALL.search(text)
    if call:
        number = text.count(b"\n", 0, call.start() + 1)
        raise InputError(f"line {number:,}: {NO_CALLS}")
    text = _OTHERS.sub(b"\n", _BESIDE.sub(b"\n", text))
    text = _INLINE.sub(rb"\1", text)
    power = _POWER_OF_TEN.search(text)
    if power:
        number = text.count(b"\n", 0, power.start())
        raise InputError(
            f"line {number:,}: a number has an exponent ({power[0].decode()}), which "
            "G-code does not know: write it out, such as 0.00001"
        )
    unknown = _UNKNOWN.search(text)
    if unknown:
        shown = brief(unknown[0].strip()[:60].decode("latin-1"), 40)
        text, n = _UNKNOWN.subn(b"\n", text)
        warnings.warn(
            f"{count_text(n, 'line')} passed over, no G-code, the first is {shown!r}",
            InputNote,
            stacklevel=4,
        )
    text = _HOME.sub(lambda m: m[1] + _homed(m[2]), text[1:])
    text = text.translate(None, b" \t")
    chars = np.frombuffer(text, np.uint8)
    ends = chars == ord("\n")
    letters = (chars >= ord("A")) & (chars <= ord("Z"))
    digits = ~(ends | letters)
    whole = not (
        (letters & ~np.append(digits[1:], False)).any()
        or (np.append(True, ends[:-1]) & digits).any()
    )
    try:
        value = number_lines(text.translate(_TO_NUMBERS)) if whole else np.empty(0)
    except ValueError:
        whole = False
    at = np.flatnonzero(letters)
    if not whole or len(value) != len(at):
        raise _damage(text)
    line = np.searchsorted(np.flatnonzero(ends), at)
    return Program(int(ends.sum()) + 1, chars[at], value, line)


def _until_end(text: bytes) -> bytes:
    """Return a program until it ends; a note says if motions follow."""
    for end in _END.finditer(text):
        begin = text.rfind(b"\n", 0, end.start()) + 1
        before = text[begin : end.start()]
        alone = end[0].startswith(b"%")
        if alone and (before.strip() or not _COMMAND.search(text, 0, begin)):
            continue
        if not _WORDS.fullmatch(before):
            continue
        following = _MOTION.search(text, end.end())
        if following:
            at, next_at = (
                text.count(b"\n", 0, i) for i in (end.start(), following.start() + 1)
            )
            warnings.warn(
                f"the program ends in line {at:,} ({end[0].decode().strip()}): motions "
                f"after it, from line {next_at:,} on, are passed over",
                InputNote,
                stacklevel=5,
            )
        return text[: end.end()]
    return text


def _homed(words: bytes) -> bytes:
    """Return the axes that are homed, with a number each."""
    return b"".join(b"%c0" % axis for axis in b"XYZ" if axis in words)


def _damage(text: bytes) -> InputError:
    """Return the error that names the first line that is wrong."""
    for number, line in enumerate(text.split(b"\n"), 1):
        if not _LINE.fullmatch(line):
            shown = brief(line[:60].decode("latin-1"), 40)
            return InputError(
                f"line {number:,}: {shown!r} is not G-code: a letter and a number "
                "each, such as G1 X2.5 Y0 S1, are required"
            )
    return InputError("is not G-code: a number is too long")
