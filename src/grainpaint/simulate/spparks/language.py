"""The language of SPPARKS' input scripts: lines, variables, formulas and jumps.

`commands` follows a script as SPPARKS does and yields what is to be done, with every
variable replaced. What the commands mean is known elsewhere.
"""

import math
import operator
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from grainpaint.errors import InputError

__all__ = ["Command", "commands"]

_MOST_COMMANDS = 100_000  # a script that does more hangs in a loop


@dataclass(frozen=True)
class Command:
    """One command of a script.

    Parameters
    ----------
    name : str
        Its first word.
    words : tuple of str
        The others; text between double quotes is one word.
    where : str
        File and line, for messages.
    """

    name: str
    words: tuple[str, ...]
    where: str

    def fail(self, message: str) -> InputError:
        """Return an error that names the file, the line and the command."""
        return InputError(f"{self.where}: {self.name}: {message}")

    def number(self, index: int) -> float:
        """Return word `index` as a number (a comma behind it is overlooked)."""
        try:
            return float(self.word(index).removesuffix(","))
        except ValueError:
            raise self.fail(f"needs a number, got {self.words[index]!r}") from None

    def integer(self, index: int) -> int:
        """Return word `index` as a whole number, cut as SPPARKS does."""
        value = self.number(index)
        if not math.isfinite(value):
            raise self.fail(f"needs a whole number, got {self.words[index]!r}")
        return int(value)

    def word(self, index: int) -> str:
        """Return word `index`, which must be there."""
        if index >= len(self.words):
            raise self.fail(
                f"needs more than {len(self.words)} words: {' '.join(self.words)}"
            )
        return self.words[index]

    def expect(self, index: int, *known: str) -> str:
        """Return word `index`, which must be one of those known."""
        word = self.word(index)
        if word not in known:
            raise self.fail(f"{word!r} is not supported, but {' | '.join(known)}")
        return word


def commands(
    path: Path, variables: dict[str, str], keyword: Callable[[str], float]
) -> Iterator[Command]:
    """Yield the commands of a script in the order in which SPPARKS meets them.

    Parameters
    ----------
    path : Path
        The script. Files that it names are sought beside it, then where we are.
    variables : dict
        Values given on the command line; they win over the script's own.
    keyword : callable
        Returns `time` or `nglobal` for formulas.

    Yields
    ------
    Command
        All but variable, next, label, jump, include and if, which are followed here.

    Raises
    ------
    InputError
        With file and line: unknown variable, formula, label or file, endless loop.
    """
    table = _Variables(variables, keyword)
    files = [_File(path, path.name)]
    label: str | None = None  # sought since a jump
    skip_jump = False  # a variable is used up
    pending: list[tuple[str, str]] = []  # commands of an `if`
    for _ in range(_MOST_COMMANDS):
        if pending:
            text, where = pending.pop()
        else:
            line = files[-1].line()
            if line is None:
                if label is not None:
                    raise InputError(f"{files[-1].name}: no label {label!r}")
                files.pop()
                if not files:
                    return
                continue
            text, where = line
        words = _split(text, where, None if label is not None else table)
        if not words:
            continue
        command = Command(words[0], tuple(words[1:]), where)
        if label is not None:
            if command.name == "label" and command.word(0) == label:
                label = None
        elif command.name == "variable":
            table.define(command)
        elif command.name == "next":
            skip_jump = table.advance(command) or skip_jump
        elif command.name == "jump":
            if skip_jump:
                skip_jump = False
                continue
            files[-1] = _open(command, path)
            label = command.words[1] if len(command.words) > 1 else None
        elif command.name == "include":
            files.append(_open(command, path))
        elif command.name == "if":
            chosen = _branch(command)
            if chosen:
                pending.append((chosen, where))
        elif command.name != "label":
            yield command
    raise InputError(f"{path}: more than {_MOST_COMMANDS:,} commands: an endless loop?")


class _File:
    """A script being read."""

    def __init__(self, path: Path, name: str) -> None:
        try:
            text = path.read_text(encoding="utf-8", errors="replace")
        except OSError as error:
            raise InputError(f"{name}: {error.strerror or error}") from None
        self.name = name
        self.lines = text.split("\n")
        self.at = 0

    def line(self) -> tuple[str, str] | None:
        """Return the next line, joined where it ends in &, and its place."""
        if self.at >= len(self.lines):
            return None
        where = f"{self.name}:{self.at + 1}"
        text = ""
        while self.at < len(self.lines):
            text += self.lines[self.at].rstrip()
            self.at += 1
            if not text.endswith("&"):
                break
            text = text[:-1]
        return text, where


def _open(command: Command, script: Path) -> _File:
    name = command.word(0)
    beside = script.parent / name
    return _File(beside if beside.is_file() else Path(name), name)


def _split(text: str, where: str, table: "_Variables | None") -> list[str]:
    """Cut comments, put in variables, split into words; quotes keep text as it is."""
    pieces = text.split('"')
    plain, words = "", []
    for i, piece in enumerate(pieces):
        if i % 2:  # between quotes
            if i == len(pieces) - 1:
                raise InputError(f"{where}: a double quote is not closed")
            words += [*plain.split(), piece]
            plain = ""
            continue
        bare, comment, _ = piece.partition("#")
        plain = bare if table is None else table.fill(bare, where)
        if comment:
            break
    return [*words, *plain.split()]


_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def _branch(command: Command) -> str:
    """Return the text that an `if` chooses, or nothing."""
    compare = _COMPARE[command.expect(1, *_COMPARE)]
    command.expect(3, "then")
    if len(command.words) > 5:
        command.expect(5, "else")
        command.word(6)
    if compare(command.number(0), command.number(2)):
        return command.word(4)
    return command.words[6] if len(command.words) > 6 else ""


@dataclass
class _Variable:
    style: str
    values: list[str]
    index: int = 0


class _Variables:
    """The variables of a script."""

    def __init__(self, given: dict[str, str], keyword: Callable[[str], float]) -> None:
        self.known = {name: _Variable("index", [v]) for name, v in given.items()}
        self.given = frozenset(given)
        self.keyword = keyword

    def define(self, command: Command) -> None:
        name, style = command.word(0), command.word(1)
        command.expect(1, "index", "loop", "equal", "world", "universe")
        values = [command.word(2), *command.words[3:]]
        if not re.fullmatch(r"\w+", name):
            raise command.fail(f"{name!r}: a name has letters, digits and _ only")
        before = self.known.get(name)
        if before is not None and style != "equal":
            return  # as SPPARKS: the first definition stays
        if before is not None and (name in self.given or before.style != "equal"):
            if name in self.given:
                return
            raise command.fail(f"{name} was of style {before.style} before")
        if style == "world" and len(values) > 1:
            raise command.fail(
                f"{name} has {len(values)} values, one for each partition; choose "
                f"one with --var {name} VALUE"
            )
        if style == "loop":
            values = [str(i + 1) for i in range(command.integer(2))]
        elif style == "equal" and len(values) > 1:
            raise command.fail("a formula with blanks needs double quotes")
        self.known[name] = _Variable(style, values)

    def advance(self, command: Command) -> bool:
        """Take the next values; return whether a variable is used up (and removed)."""
        used_up = False
        for i in range(max(1, len(command.words))):
            name = command.word(i)
            variable = self.known.get(name)
            if variable is None or variable.style in ("equal", "world"):
                raise command.fail(f"{name!r} is no variable of style index or loop")
            variable.index += 1
            if variable.index >= len(variable.values):
                del self.known[name]
                used_up = True
        return used_up

    def value(self, name: str, where: str) -> str:
        variable = self.known.get(name)
        if variable is None or variable.index >= len(variable.values):
            raise InputError(
                f"{where}: no variable {name!r}: define it, or add --var {name} VALUE"
            )
        text = variable.values[variable.index]
        if variable.style != "equal":
            return text
        return f"{_Formula(text, where, self).value():.10g}"

    def fill(self, text: str, where: str) -> str:
        """Put values in the place of ${name} and $x."""
        if "${" in re.sub(r"\$\{[^}]*\}", "", text):
            raise InputError(f"{where}: ${{ without }}")
        return re.sub(
            r"\$(?:\{([^}]*)\}|(.))",
            lambda match: self.value(match[1] or match[2], where),
            text,
        )


_FUNCTIONS: dict[str, Callable[[float], float]] = {
    "sqrt": math.sqrt,
    "exp": math.exp,
    "ln": math.log,
    "log": math.log10,
    "sin": math.sin,
    "cos": math.cos,
    "tan": math.tan,
    "asin": math.asin,
    "acos": math.acos,
    "atan": math.atan,
    "ceil": math.ceil,
    "floor": math.floor,
    "round": lambda x: math.floor(x + 0.5),
}
_TOKEN = re.compile(r"\s*(\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?|\w+|.)")
_BINARY: dict[str, tuple[int, Callable[[float, float], float]]] = {
    "+": (1, operator.add),
    "-": (1, operator.sub),
    "*": (2, operator.mul),
    "/": (2, operator.truediv),
    "^": (3, operator.pow),
}


class _Formula:
    """A formula of `variable equal`.

    As in SPPARKS a minus sign binds closer than ^, and ^ goes from left to right.
    """

    def __init__(self, text: str, where: str, table: _Variables) -> None:
        self.text, self.where, self.table = text, where, table
        self.tokens = _TOKEN.findall(text.strip())
        self.at = 0

    def value(self) -> float:
        try:
            result = self._sum(1)
        except (ValueError, ArithmeticError) as error:
            if isinstance(error, InputError):
                raise
            raise self._fail(str(error)) from None
        if self.at < len(self.tokens):
            raise self._fail(f"{self.tokens[self.at]!r} is unexpected")
        return float(result)

    def _fail(self, message: str) -> InputError:
        return InputError(f"{self.where}: formula {self.text!r}: {message}")

    def _peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def _take(self) -> str:
        self.at += 1
        return str(self.tokens[self.at - 1]) if self.at <= len(self.tokens) else ""

    def _sum(self, level: int) -> float:
        """Evaluate operators of at least this precedence, from left to right."""
        left = self._operand()
        while self._peek() in _BINARY and _BINARY[self._peek()][0] >= level:
            precedence, function = _BINARY[self._take()]
            left = function(left, self._sum(precedence + 1))
            if isinstance(left, complex):
                raise self._fail("a root of a negative number")
        return left

    def _operand(self) -> float:
        token = self._take()
        if token == "-":
            return -self._operand()
        if token == "(":
            inner = self._sum(1)
            if self._take() != ")":
                raise self._fail("a bracket is not closed")
            return inner
        if re.match(r"[\d.]", token):
            return float(token)
        if token.startswith("v_"):
            return float(self.table.value(token[2:], self.where))
        if token in _FUNCTIONS and self._peek() == "(":
            return _FUNCTIONS[token](self._operand())
        if token == "PI":
            return math.pi
        if token in ("time", "nglobal"):
            return self.table.keyword(token)
        raise self._fail(f"{token!r} is unknown" if token else "it ends too early")
