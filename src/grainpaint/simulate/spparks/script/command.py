"""Commands of SPPARKS' input scripts."""

import math
from dataclasses import dataclass

from grainpaint.errors import InputError, brief

__all__ = ["Command", "MissingCommand"]


class MissingCommand(InputError):
    """Another command must come first.

    Parameters
    ----------
    message : str
    what : str
        The other command.
    """

    def __init__(self, message: str, what: str) -> None:
        super().__init__(message)
        self.what = what


@dataclass(frozen=True)
class Command:
    """One command of a script.

    Parameters
    ----------
    name : str
        Its first word.
    words : tuple of str
        The other words; text between double quotes is one word.
    where : str
        File and line, for messages.
    """

    name: str
    words: tuple[str, ...]
    where: str

    def fail(self, message: str) -> InputError:
        """Return an error that names the file, the line and the command."""
        return InputError(f"{self.where}: {brief(self.name, 60)}: {brief(message)}")

    def missing(self, what: str, message: str = "") -> MissingCommand:
        """Return an error that says which command must come first, or a message."""
        error = self.fail(message or f"{what} must come first")
        return MissingCommand(str(error), what)

    def number(self, index: int) -> float:
        """Return word `index` as a number (a trailing comma is ignored)."""
        word = self.word(index)
        try:
            value = float(word.removesuffix(","))
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise self.fail(f"needs a number, got {word!r}")
        return value

    def integer(self, index: int) -> int:
        """Return word `index` as a whole number, truncated as in SPPARKS."""
        return int(self.number(index))

    def word(self, index: int) -> str:
        """Return word `index`, which must exist."""
        if index >= len(self.words):
            raise self.fail(
                f"needs more than {len(self.words)} words: {' '.join(self.words)}"
            )
        return self.words[index]

    def expect(self, index: int, *known: str) -> str:
        """Return word `index`, which must be one of the known words."""
        word = self.word(index)
        if word not in known:
            raise self.fail(f"{word!r} is not supported, only {' | '.join(known)}")
        return word
