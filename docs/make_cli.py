"""Write docs/cli.md from the commands themselves.

Run: make docs, or python docs/make_cli.py.
"""

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import typer

from grainpaint.cli import app

PAGE = Path(__file__).with_name("cli.md")

HEAD = """# Commands

This page is made from the help texts of the commands: `make docs` writes it anew.

`-o` chooses the format by its suffix: `.vti`, `.npz`, `.zarr`, `.sites` for SPPARKS or
one of the others that [solvers](solvers.md) lists. What grainpaint paints, generates or
simulates comes with a picture, `NAME.png`, and a record, `NAME.run.json`, that holds
its settings, seed, precision, versions and times (in a `.zarr`: `run.json`). The exit
code is 2 for a user's mistake, which is explained in one line, and 1 for a failure.
"""

# The commands shown under Example; tests/test_docs.py parses them.
EXAMPLES = {
    "paint": "grainpaint paint gear.stl --voxel 28um -o gear.vti",
    "generate": "grainpaint generate --shape 128,128,128 --voxel 2um"
    " --grain-size '20 + x/100' -o graded.vti",
    "extend": "grainpaint extend known.npz --box=-32:96,0:64,0:64 -o longer.npz",
    "zoom": "grainpaint zoom box.vti --box 0:64,0:64,0:64 --voxel 0.5um -o fine.npz",
    "region": "grainpaint region big.zarr --box 0:64,0:64,128:192 -o piece.npz",
    "plan": "grainpaint plan gear.stl --longest 512",
    "inspect": "grainpaint inspect part.stl --longest 256 -o part.png",
    "orient": "grainpaint orient box.npz -o sheet.npz --texture component:goss,10deg",
    "verify": "grainpaint verify big.zarr --repair",
    "models": "grainpaint models",
    "stats": "grainpaint stats gear.vti -o grains.csv",
    "compare": "grainpaint compare 'mine/*.vti' --with set.zarr --report report.html",
    "report": "grainpaint report mine --with set.zarr -o report.html",
    "check": "grainpaint check gear.vti",
    "convert": "grainpaint convert dump.potts --time 50 -o box.vti",
    "view": "grainpaint view gear.vti -o gear.png",
    "mesh": "grainpaint mesh gear.npz -o gear.vtu",
    "segment": "grainpaint segment values.npz --method dbscan -o grains.npz",
    "simulate iso": "grainpaint simulate iso --shape 100,100,100 --time 25,50,100"
    " --count 20 -o set.zarr",
    "simulate am": "grainpaint simulate am examples/am.toml -o build.vti",
    "simulate thermal": "grainpaint simulate thermal build.toml -o build.vti",
    "scan": "grainpaint scan examples/am.toml -o path.png --layer 3",
    "simulate script": "grainpaint simulate in.potts -o box.zarr",
    "simulate spparks": "grainpaint simulate spparks in.potts --spparks ~/bin/spk"
    " -o box.vti",
    "train": "grainpaint train base --data sets --out runs/mine --minutes 600 --resume",
}


def commands(
    command: Any = None, path: str = "", parent: Any = None
) -> Iterator[tuple[str, Any, Any]]:
    """Yield (name, command, context) for every command that is no group."""
    command = command or typer.main.get_command(app)
    context = command.context_class(command, info_name=path, parent=parent)
    if not hasattr(command, "list_commands"):
        yield path, command, context
        return
    for name in command.list_commands(context):
        inner = command.get_command(context, name)
        if not inner.hidden:
            yield from commands(inner, f"{path} {name}".strip(), context)


class Tables:
    """The groups of options of a command, as the help lays them out."""

    def __init__(self) -> None:
        self.title = ""
        self.lines: list[str] = []

    @contextmanager
    def section(self, title: str) -> Iterator[None]:
        """Give the next table its title."""
        self.title = title
        yield

    def write_dl(self, rows: list[tuple[str, str]]) -> None:
        """Write a table with a row for each option but --help."""
        shown = [row for row in rows if row[0] != "--help"]
        if shown:
            lines = [f"| `{cell(name)}` | {cell(text)} |" for name, text in shown]
            self.lines += [f"| {self.title} | |", "|---|---|", *lines, ""]


def section(name: str, command: Any, context: Any) -> str:
    """Return the section on one command."""
    usage = " ".join(["grainpaint", name, *command.collect_usage_pieces(context)])
    tables = Tables()
    command.format_options(context, tables)
    help_text = inspect.cleandoc(command.help or "")
    lines = [f"## {name}", "", help_text, "", "```", usage, "```", "", *tables.lines]
    return "\n".join([*lines, "Example:", "", "```", EXAMPLES[name], "```", ""])


def cell(text: str) -> str:
    """Return a text as one cell of a Markdown table."""
    return " ".join(text.split()).replace("|", r"\|")


def page() -> str:
    """Return docs/cli.md."""
    return "\n".join([HEAD, *(section(*command) for command in commands())])


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
