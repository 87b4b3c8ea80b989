"""Variables of SPPARKS' input scripts."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from grainpaint.errors import InputError, brief
from grainpaint.simulate.spparks.script.command import Command
from grainpaint.simulate.spparks.script.formula import Formula

__all__ = ["Variables"]

_MOST_TURNS = 100_000  # of a loop: a script of more commands is refused as well
_DEEPEST = 50  # formulas within formulas


@dataclass
class _Variable:
    """A variable with its values; `index` is the current one."""

    style: str
    values: list[str]
    index: int = 0


class Variables:
    """The variables of a script."""

    def __init__(self, given: dict[str, str], keyword: Callable[[str], float]) -> None:
        self.known = {name: _Variable("index", [v]) for name, v in given.items()}
        self.given = frozenset(given)
        self.keyword = keyword
        self.depth = 0

    def define(self, command: Command) -> None:
        """Execute ``variable``."""
        name, style = command.word(0), command.word(1)
        command.expect(1, "index", "loop", "equal", "world", "universe", "uloop")
        values = [command.word(2), *command.words[3:]]
        if not re.fullmatch(r"\w+", name):
            raise command.fail(f"{name!r}: a name may have letters, digits and _ only")
        before = self.known.get(name)
        if before is not None and style != "equal":
            return  # as in SPPARKS: the first definition stays
        if before is not None and (name in self.given or before.style != "equal"):
            if name in self.given:
                return
            raise command.fail(f"{name} is already of style {before.style}")
        if style == "world" and len(values) > 1:
            raise command.fail(
                f"{name} has {len(values)} values, one for each partition; pass "
                f"the one for {name} as a variable"
            )
        if style in ("loop", "uloop"):
            if len(values) > 1:
                raise command.fail("a loop has one number, how often; it begins at 1")
            if not 1 <= command.integer(2) <= _MOST_TURNS:
                raise command.fail(f"a loop has 1 to {_MOST_TURNS:,} turns")
            values = [str(i + 1) for i in range(command.integer(2))]
        elif style == "equal" and len(values) > 1:
            raise command.fail("a formula with blanks needs double quotes")
        self.known[name] = _Variable(style, values)

    def advance(self, command: Command) -> bool:
        """Execute ``next``; return whether a variable was used up (and removed)."""
        used_up = False
        for i in range(max(1, len(command.words))):
            name = command.word(i)
            variable = self.known.get(name)
            if variable is None or variable.style in ("equal", "world"):
                raise command.fail(f"{name!r} is not a variable of style index or loop")
            variable.index += 1
            if variable.index >= len(variable.values):
                del self.known[name]
                used_up = True
        return used_up

    def value(self, name: str, where: str) -> str:
        """Return the value of a variable, computed if it is a formula."""
        variable = self.known.get(name)
        if variable is None or variable.index >= len(variable.values):
            raise InputError(
                f"{where}: no variable {brief(name, 60)!r}: define it in the script "
                "or pass it"
            )
        text = variable.values[variable.index]
        if variable.style != "equal":
            return text
        formula = Formula(text, where, lambda v: self.value(v, where), self.keyword)
        self.depth += 1
        try:
            if self.depth > _DEEPEST:
                raise InputError(
                    f"{where}: the formula of {brief(name, 60)!r} needs itself"
                )
            return f"{formula.value():.10g}"
        finally:
            self.depth -= 1

    def substitute(self, text: str, where: str) -> str:
        """Replace ${name} and $x by their values."""
        if "${" in re.sub(r"\$\{[^}]*\}", "", text):
            raise InputError(f"{where}: ${{ without }}")
        return re.sub(
            r"\$(?:\{([^}]*)\}|(.))",
            lambda match: self.value(match[1] or match[2], where),
            text,
        )
