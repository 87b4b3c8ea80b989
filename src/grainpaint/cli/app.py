"""The application: how its help is laid out, and what all commands print with."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperCommand, TyperGroup

if TYPE_CHECKING:
    from collections.abc import Callable

    from grainpaint.network.precision import Precision

__all__ = [
    "HOW",
    "MAP",
    "PAPER",
    "READ",
    "WHAT",
    "WRITE",
    "GroupedCommand",
    "app",
    "command",
    "in_options",
    "print_table",
    "say_if_slow",
]

# The commands in the order of a user's work, as the help lists them.
SECTIONS = {
    "Paint": [
        "paint",
        "generate",
        "plan",
        "inspect",
        "region",
        "zoom",
        "extend",
        "orient",
        "verify",
    ],
    "Simulate": ["simulate", "scan"],
    "Measure": [
        "stats",
        "compare",
        "report",
        "check",
        "view",
        "convert",
        "mesh",
        "segment",
    ],
    "Train": ["train", "models"],
}

WHAT, HOW, WRITE = "What is filled", "How it is made", "Output"
READ = "What the file means"
MAP = "Maps of orientations (EBSD)"
PAPER = "Models of the paper's kind only"
# Parameters that the library names in parentheses where it says what to do.
_PARAMETERS = {
    "array",
    "box",
    "fill",
    "min_size",
    "misorientation",
    "periodic_equations",
    "region",
    "scan",
    "spacing_z",
    "symmetry",
    "unit",
    "void",
}
PANELS = ("Arguments", WHAT, HOW, PAPER, READ, MAP, WRITE, "Options")


class _Commands(TyperGroup):
    """The list of commands, in sections."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names in the order of the sections."""
        return [name for names in SECTIONS.values() for name in names]

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write a section for each step of the work."""
        for section, names in SECTIONS.items():
            shown = [(name, self.commands[name]) for name in names]
            rows = [(name, c.get_short_help_str(limit=80)) for name, c in shown]
            with formatter.section(section):
                formatter.write_dl(rows)


class GroupedCommand(TyperCommand):
    """A command whose help shows its options in groups."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the arguments, the groups of options, and what is in no group."""
        groups: dict[str, list[tuple[str, str]]] = {name: [] for name in PANELS}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is None:
                continue
            argument = parameter.param_type_name == "argument"
            panel = getattr(parameter, "rich_help_panel", None)
            name = "Arguments" if argument else panel or "Options"
            groups[name].append(record)
        for name, rows in groups.items():
            if rows:
                with formatter.section(name):
                    formatter.write_dl(rows)


app = typer.Typer(
    name="grainpaint",
    cls=_Commands,
    help="Paint grains into parts of any shape with a 3-D diffusion model.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def command(**settings: Any) -> Callable[[Any], Any]:
    """Register a function as a command, its options in groups."""
    return app.command(**{"cls": GroupedCommand, **settings})


def in_options(text: str) -> str:
    """Return a message of the library with its parameters spelled as options.

    Examples
    --------
    >>> in_options("give the distance of the sections (spacing_z)")
    'give the distance of the sections (--spacing-z)'
    """

    def spelled(found: re.Match[str]) -> str:
        names = found[1].split(", ")
        if not _PARAMETERS.issuperset(names):
            return found[0]
        return f"({', '.join('--' + name.replace('_', '-') for name in names)})"

    text = text.replace("use force to", "use --force to")
    return re.sub(r"\(([a-z_]+(?:, [a-z_]+)*)\)", spelled, text)


def say_if_slow(precision: Precision, device: str, advice: str = "") -> None:
    """Tell a user whose precision is slow on this machine."""
    from grainpaint.network.precision import slow_note

    note = slow_note(precision, device)
    if note is not None:
        print(f"grainpaint: {note}{advice}", file=sys.stderr)


def print_table(rows: list[tuple[str, str]]) -> None:
    """Print names and values in two columns."""
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        print(f"{name:<{width}}  {value}")
