"""What concerns a user's input: the exception for mistakes, the warning for notes."""

import re

__all__ = ["InputError", "InputNote", "brief"]

_OBJECT = re.compile(r"<([\w.]+) object at 0x[0-9a-fA-F]+>")


class InputError(ValueError):
    """The user's input cannot work; the message says why and what to do.

    The command line prints the message as one line and exits with code 2.
    """


def brief(error: object, most: int = 200) -> str:
    r"""Return in one short line what a library or a damaged file says.

    Examples
    --------
    >>> brief("no\n   tag " + 900 * "x", 12)
    'no tag xx...'
    >>> brief("no image in <_io.BytesIO object at 0x7f403f370790>")
    'no image in _io.BytesIO'
    """
    text = _OBJECT.sub(r"\1", " ".join(str(error).split()))
    if not text and isinstance(error, BaseException):
        text = type(error).__name__
    return text if len(text) <= most else text[: most - 3] + "..."


class InputNote(UserWarning):
    """Something about the input that a user should know, such as an assumed unit.

    The command line prints it as one line on standard error.
    """
