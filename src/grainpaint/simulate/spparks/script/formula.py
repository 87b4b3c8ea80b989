"""Formulas of SPPARKS' `variable equal`."""

import math
import operator
import re
from collections.abc import Callable

from grainpaint.errors import InputError, brief

__all__ = ["Formula"]

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


class Formula:
    """A formula of `variable equal`.

    As in SPPARKS, a minus sign binds more tightly than ^, and ^ is evaluated from left
    to right.

    Parameters
    ----------
    text : str
    where : str
        File and line, for messages.
    variable : callable
        Returns the value of a variable.
    keyword : callable
        Returns the value of `time` or `nglobal`.
    """

    def __init__(
        self,
        text: str,
        where: str,
        variable: Callable[[str], str],
        keyword: Callable[[str], float],
    ) -> None:
        self.text, self.where = text, where
        self.variable, self.keyword = variable, keyword
        self.tokens = _TOKEN.findall(text.strip())
        self.at = 0

    def value(self) -> float:
        """Return the value of the formula."""
        try:
            result = self._sum(1)
        except InputError:
            raise
        except (ValueError, ArithmeticError, RecursionError) as error:
            raise self._fail(str(error)) from None
        if self.at < len(self.tokens):
            raise self._fail(f"{self.tokens[self.at]!r} is unexpected")
        return float(result)

    def _fail(self, message: str) -> InputError:
        what = brief(repr(self.text))
        return InputError(f"{self.where}: formula {what}: {brief(message)}")

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
                raise self._fail("root of a negative number")
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
            return float(self.variable(token[2:]))
        if token in _FUNCTIONS and self._peek() == "(":
            return _FUNCTIONS[token](self._operand())
        if token == "PI":
            return math.pi
        if token in ("time", "nglobal"):
            return self.keyword(token)
        raise self._fail(f"{token!r} is unknown" if token else "it ends too early")
