"""The command line: parse, call, write. No science here."""

import gc
import os
import sys
import warnings
from typing import Annotated, Any

import typer

from grainpaint.cli import (
    convert,  # noqa: F401
    inspect,  # noqa: F401
    measure,  # noqa: F401
    mesh,  # noqa: F401
    orient,  # noqa: F401
    paint,  # noqa: F401
    pieces,  # noqa: F401
    scan_path,  # noqa: F401
    simulate,  # noqa: F401
    spparks,  # noqa: F401
    train,  # noqa: F401
    view,  # noqa: F401
)
from grainpaint.cli.app import app, in_options
from grainpaint.errors import InputError, InputNote

__all__ = ["app", "main"]

_COLLECT_EVERY = 10_000  # new objects; at 700 a tenth of a short command is this


def main() -> None:
    """Run the command line; a user's mistake is one line and exit code 2."""
    gc.set_threshold(_COLLECT_EVERY)
    # Threads of OpenMP that spin while they wait take the cores from those they wait
    # for if a machine is busy. It is read when the library loads, here and in workers.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("default", InputNote)  # each once
            warnings.showwarning = _show  # type: ignore[assignment]
            app()
    except InputError as error:
        print(f"grainpaint: {in_options(str(error))}", file=sys.stderr)
        sys.exit(2)
    except (OSError, MemoryError) as error:
        print(f"grainpaint: {error or 'out of memory'}", file=sys.stderr)
        sys.exit(1)


_show_as_python_does = warnings.showwarning


def _show(message: Any, category: type[Warning], *where: Any) -> None:
    """Print a note on the input as one line, and other warnings as Python does."""
    if issubclass(category, InputNote):
        print(in_options(str(message)), file=sys.stderr)
    else:
        _show_as_python_does(message, category, *where)


@app.callback(invoke_without_command=True)
def _version(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version.", is_eager=True)
    ] = False,
) -> None:
    if version:
        from grainpaint import __version__

        print(__version__)
        raise typer.Exit
