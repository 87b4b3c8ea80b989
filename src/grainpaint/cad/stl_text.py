"""Triangles from the text of an ASCII STL file."""

import numba as nb
import numpy as np

from grainpaint.compiled import inner

__all__ = ["COMMA", "CORNERS", "CUT", "FINE", "NUMBER", "WORD", "read_facets"]

# How reading ended: well; within a facet; at what is not a number; at a decimal comma;
# at a word that does not belong there; at a facet that has not three corners.
FINE, CUT, NUMBER, COMMA, WORD, CORNERS = range(6)


def _code(word: bytes) -> int:
    """Return a word of up to 8 letters as a number, as `_word` makes it of a token."""
    return int.from_bytes(word, "big")


_SOLID, _FACET, _NORMAL, _OUTER, _LOOP, _VERTEX, _END = map(
    _code, (b"solid", b"facet", b"normal", b"outer", b"loop", b"vertex", b"end")
)
_ENDSOLID, _ENDFACET, _ENDLOOP = map(_code, (b"endsolid", b"endfacet", b"endloop"))
_POWERS = 10.0 ** np.arange(23)  # all of them exact


@inner()
def _next(text, i):
    """Return start and stop of the next token; both are the end if there is none."""
    while i < text.size and text[i] <= 32:
        i += 1
    start = i
    while i < text.size and text[i] > 32:
        i += 1
    return start, i


@inner()
def _line_end(text, i):
    while i < text.size and text[i] != 10 and text[i] != 13:
        i += 1
    return i


@inner()
def _word(text, start, stop):
    """Return up to 8 letters as a number: small letters, the first the highest."""
    code = 0
    for i in range(start, min(stop, start + 8)):
        c = nb.int64(text[i])
        if 65 <= c <= 90:
            c += 32
        code = code * 256 + c
    return code


@inner()
def _number(text, start, stop):
    """Return a number, and how reading it ended; NaN for any spelling of it.

    Up to 15 digits are exact to the last bit, more to 1e-15 of the value.
    """
    i = start
    negative = text[i] == 45
    if text[i] == 43 or negative:
        i += 1
    mantissa, exponent, n_digits, point = 0.0, 0, 0, False
    while i < stop:
        c = text[i]
        if 48 <= c <= 57:
            n_digits += 1
            if mantissa < 1e17:
                mantissa = 10.0 * mantissa + (c - 48)
                exponent -= point
            else:
                exponent += not point
        elif c == 46 and not point:
            point = True
        else:
            break
        i += 1
    if i < stop and text[i] in (35, 73, 78, 105, 110) and (n_digits == 0 or point):
        return np.nan, FINE  # nan, inf, 1.#IND, -1.#QNAN
    if n_digits == 0:
        return np.nan, NUMBER
    if i < stop and text[i] in (68, 69, 100, 101):  # 1e5, 1D5
        down = i + 1 < stop and text[i + 1] == 45
        i += 2 if i + 1 < stop and text[i + 1] in (43, 45) else 1
        if i == stop:
            return np.nan, NUMBER
        power = 0
        while i < stop and 48 <= text[i] <= 57:
            power = min(10 * power + (nb.int64(text[i]) - 48), 9999)
            i += 1
        exponent += -power if down else power
    if i < stop:
        return np.nan, (COMMA if text[i] == 44 else NUMBER)
    value = -mantissa if negative else mantissa
    while exponent > 0 and value != 0.0:
        step = min(exponent, 22)
        value *= _POWERS[step]
        exponent -= step
    while exponent < 0 and value != 0.0:
        step = min(-exponent, 22)
        value /= _POWERS[step]
        exponent += step
    return value, FINE


@inner()
def _ends(text, i, whole, rest):
    """Return whether `endloop` or `end loop` is next, and where it starts and stops."""
    start, stop = _next(text, i)
    word = _word(text, start, stop)
    if word == _END:
        start, stop = _next(text, stop)
        return _word(text, start, stop) == rest, start, stop
    return word == whole, start, stop


@inner()
def _facet(text, i, corners):
    """Read a facet from behind that word; return how, and where it stopped."""
    start, stop = _next(text, i)
    word = _word(text, start, stop)
    while start < text.size and word != _OUTER:
        if word in (_VERTEX, _FACET, _ENDFACET, _ENDLOOP):
            return WORD, start
        start, stop = _next(text, stop)
        word = _word(text, start, stop)
    start, stop = _next(text, stop)
    if _word(text, start, stop) != _LOOP:
        return WORD, start
    for corner in range(3):
        start, stop = _next(text, stop)
        word = _word(text, start, stop)
        if word != _VERTEX:
            return (CORNERS if word in (_ENDLOOP, _END) else WORD), start
        for axis in range(3):
            start, stop = _next(text, stop)
            if start == text.size:
                return CUT, start
            corners[corner, axis], how = _number(text, start, stop)
            if how != FINE:
                return how, start
    good, start, stop = _ends(text, stop, _ENDLOOP, _LOOP)
    if not good:
        return (CORNERS if _word(text, start, stop) == _VERTEX else WORD), start
    good, start, stop = _ends(text, stop, _ENDFACET, _FACET)
    return (FINE, stop) if good else (WORD, start)


@nb.njit(cache=True)
def read_facets(text, triangles):
    """Read the facets of all solids of a text.

    Parameters
    ----------
    text : numpy.ndarray, uint8, shape (n,)
    triangles : numpy.ndarray, float64, shape (capacity, 3, 3)
        Receives the corners.

    Returns
    -------
    count : int
        Triangles that were read.
    how : int
        How reading ended, one of the constants above.
    where : int
        The byte at which it ended, if not well.
    ended : bool
        Whether `endsolid` follows the last facet.
    """
    count, stop, ended, outside = 0, 0, False, False
    while True:
        start, stop = _next(text, stop)
        if start == text.size:
            return count, FINE, start, ended
        word = _word(text, start, min(stop, start + 5))
        whole = _word(text, start, stop)
        if word == _SOLID:  # its name may hold any word
            outside = False
            stop = _line_end(text, start)
        elif whole == _ENDSOLID:
            ended = outside = True
            stop = _line_end(text, start)
        elif whole == _END:
            start, stop = _next(text, stop)
            if _word(text, start, min(stop, start + 5)) != _SOLID:
                return count, WORD, start, ended
            ended = outside = True
            stop = _line_end(text, start)
        elif whole == _FACET and (
            not outside or _word(text, *_next(text, stop)) == _NORMAL
        ):
            ended = outside = False
            if count == len(triangles):
                return count, CUT, start, ended
            how, stop = _facet(text, stop, triangles[count])
            if how != FINE:
                return count, (CUT if stop == text.size else how), stop, ended
            count += 1
        elif not outside and whole in (_OUTER, _VERTEX, _ENDLOOP, _ENDFACET):
            return count, WORD, start, ended
        else:  # a comment, a color, or text behind the last solid
            stop = _line_end(text, start)
