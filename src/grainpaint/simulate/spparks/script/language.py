"""The language of SPPARKS' input scripts: lines, variables and jumps.

`commands` follows a script as SPPARKS does and yields its commands, with all variables
replaced. The meaning of the commands is defined in the other modules here.
"""

import operator
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from grainpaint.errors import InputError, brief
from grainpaint.formats.plain_text import lines_of, narrow
from grainpaint.simulate.spparks.script.command import Command
from grainpaint.simulate.spparks.script.variables import Variables

__all__ = ["commands"]

_MOST_COMMANDS = 100_000  # a script with more hangs in a loop
_MOST_JUMPS = 10_000
_DEEPEST = 100  # files that include each other
_LONGEST = 1 << 20  # letters of a command after its variables are replaced


def _no_echo(line: str) -> None:
    """Show nothing."""


def _raise(error: InputError) -> None:
    raise error


def commands(
    path: Path,
    variables: dict[str, str],
    keyword: Callable[[str], float],
    echo: Callable[[str], None] = _no_echo,
    failed: Callable[[InputError], None] = _raise,
    named: Callable[[str], str] = str,
) -> Iterator[Command]:
    """Yield the commands of a script in the order in which SPPARKS executes them.

    Parameters
    ----------
    path : Path
        The script. Files that it names are searched beside it, then in the working
        directory.
    variables : dict
        Values given by the user; they take precedence over the script's own.
    keyword : callable
        Returns the value of `time` or `nglobal` in formulas.
    echo : callable
        Receives each line that is read, and again if variables change it.
    failed : callable
        Receives what is wrong with a line; if it returns, the next line follows.
    named : callable
        Returns where a file lies that a command names.

    Yields
    ------
    Command
        All but variable, next, label, jump, include and if, which are executed here.

    Raises
    ------
    InputError
        With file and line: unknown variable, formula, label or file, endless loop.
    """
    table = Variables(variables, keyword)
    texts: dict[Path, list[str]] = {}
    files = [_File(path, path.name, texts)]
    places = _Places(path, texts, named)
    label: str | None = None  # searched for since a jump
    skip_jump = False  # a variable is used up
    pending: list[tuple[str, str]] = []  # commands of an `if`
    for _ in range(_MOST_COMMANDS):
        line = pending.pop() if pending else _next_line(files, label)
        if line is None:
            return
        text, where = line
        if label is None:
            echo(text)
        try:
            words = _split(text, where, None if label is not None else table)
            if not words:
                continue
            if label is None and _has_variables(text):
                echo(" ".join(words))
            command = Command(words[0], tuple(words[1:]), where)
            if label is not None:
                label = None if _is_label(command, label) else label
            elif command.name == "variable":
                table.define(command)
            elif command.name == "next":
                skip_jump = table.advance(command) or skip_jump
            elif command.name == "jump" and skip_jump:
                skip_jump = False
            elif command.name == "jump":
                files[-1] = places.jump(command)
                label = command.words[1] if len(command.words) > 1 else None
            elif command.name == "include":
                files.append(places.include(command, len(files)))
            elif command.name == "if":
                pending += [(chosen, where) for chosen in _branch(command) if chosen]
            elif command.name == "print":  # the only one that looks into quoted text
                said = (table.substitute(word, where) for word in command.words)
                yield Command(command.name, tuple(said), where)
            elif command.name != "label":
                yield command
        except InputError as error:
            failed(error)
    raise InputError(f"{path}: more than {_MOST_COMMANDS:,} commands: an endless loop?")


class _File:
    """A script being read."""

    def __init__(self, path: Path, name: str, known: dict[Path, list[str]]) -> None:
        if path not in known:  # a loop comes back to a file many times
            try:
                data = path.read_bytes()
            except OSError as error:
                raise InputError(f"{name}: {error.strerror or error}") from None
            text = lines_of(narrow(data)).decode(errors="replace")
            if "\0" in text:
                raise InputError(f"{name}: is not a script of SPPARKS: it is binary")
            known[path] = text.split("\n")
        self.name = name
        self.lines = known[path]
        self.at = 0

    def line(self) -> tuple[str, str] | None:
        """Return the next line and its place; lines that end in & are joined."""
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


def _next_line(files: list[_File], label: str | None) -> tuple[str, str] | None:
    """Return the next line of the innermost file that has one; None at the end."""
    while files:
        line = files[-1].line()
        if line is not None:
            return line
        if label is not None:
            raise InputError(f"{files[-1].name}: no label {brief(label, 60)!r}")
        files.pop()
    return None


@dataclass
class _Places:
    """Where other scripts are looked for: beside the first one, in the folder."""

    script: Path
    known: dict[Path, list[str]]
    named: Callable[[str], str]
    n_jumps: int = 0

    def jump(self, command: Command) -> _File:
        self.n_jumps += 1
        if self.n_jumps > _MOST_JUMPS:
            raise command.fail(f"over {_MOST_JUMPS:,} jumps: an endless loop?")
        return self._open(command)

    def include(self, command: Command, depth: int) -> _File:
        if depth >= _DEEPEST:
            raise command.fail(f"files include each other over {_DEEPEST} deep")
        return self._open(command)

    def _open(self, command: Command) -> _File:
        name = command.word(0)
        for each in (self.named(name), name):  # after ``shell cd``, or without it
            for path in (self.script.parent / each, Path(each)):
                try:
                    found = path.is_file()  # a device may have no end
                except (OSError, ValueError):  # too long, or with a zero byte
                    found = False
                if found:
                    return _File(path, name, self.known)
        if name == "SELF":
            raise command.fail(
                "SELF is LAMMPS' word: SPPARKS wants the name of the script"
            )
        raise command.fail(f"there is no file {brief(name, 100)}")


def _is_label(command: Command, label: str) -> bool:
    return command.name == "label" and command.word(0) == label


def _has_variables(text: str) -> bool:
    """Return whether a line has variables outside of comments and quotes."""
    return "$" in "".join(text.partition("#")[0].split('"')[::2])


def _split(text: str, where: str, table: "Variables | None") -> list[str]:
    """Cut comments, substitute variables, split into words; quoted text stays as is."""
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
        plain = bare if table is None else table.substitute(bare, where)
        if len(plain) > _LONGEST:
            raise InputError(f"{where}: with its variables, the line has no end")
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


def _branch(command: Command) -> tuple[str, ...]:
    """Return the command that an `if` selects, if it selects one."""
    compare = _COMPARE[command.expect(1, *_COMPARE)]
    command.expect(3, "then")
    if len(command.words) > 5:
        command.expect(5, "else")
        command.word(6)
    if compare(command.number(0), command.number(2)):
        return (command.word(4),)
    return (command.words[6],) if len(command.words) > 6 else ()
