"""Commands of SPPARKS' input scripts."""

import math
import re
from dataclasses import dataclass, field

from grainpaint.errors import InputError, brief

__all__ = ["Command", "MissingCommand"]

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


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
    notes: list of str
        What was made of words that are not quite numbers.
    """

    name: str
    words: tuple[str, ...]
    where: str
    notes: list[str] = field(default_factory=list, compare=False)

    def fail(self, message: str) -> InputError:
        """Return an error that names the file, the line and the command."""
        return InputError(f"{self.where}: {brief(self.name, 60)}: {brief(message)}")

    def missing(self, what: str, message: str = "") -> MissingCommand:
        """Return an error that says which command must come first, or a message."""
        error = self.fail(message or f"{what} must come first")
        return MissingCommand(str(error), what)

    def number(self, index: int) -> float:
        """Return word `index` as a number: as much of it as is one, as in SPPARKS."""
        word = self.word(index)
        found = _NUMBER.match(word)
        if found is None or not math.isfinite(float(found[0])):
            raise self.fail(f"needs a number, got {brief(word, 60)!r}")
        if found[0] != word.removesuffix(","):
            self.notes.append(f" ({found[0]} is read of {brief(word, 60)})")
        return float(found[0])

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
