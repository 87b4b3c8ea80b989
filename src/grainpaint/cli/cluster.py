"""Options of the cluster whose workers do what is asked for."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from grainpaint.cli.app import HOW
from grainpaint.cli.options import RunFlags, option
from grainpaint.errors import InputError

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from grainpaint.generation.recipe import Recipe

__all__ = [
    "ClusterFlags",
    "DrawerFlags",
    "SchedulerFlags",
    "refuse_workers",
    "stoppable",
]

SCHEDULER, SCHEDULER_FILE = "--scheduler", "--scheduler-file"
ADDRESS_HELP = "Dask scheduler whose workers {}: tcp://HOST:8786."
FILE_HELP = "File with the scheduler's address, as Dask writes it."


@dataclass(frozen=True)
class SchedulerFlags:
    """The cluster whose workers simulate the volumes of a set, or repair a volume."""

    scheduler: Annotated[
        str | None,
        option(SCHEDULER, ADDRESS_HELP.format("do the work, for a .zarr"), HOW),
    ] = None
    scheduler_file: Annotated[Path | None, option(SCHEDULER_FILE, FILE_HELP, HOW)] = (
        None
    )

    @property
    def given(self) -> str | None:
        """The option that was given, None if neither was.

        Raises
        ------
        InputError
            If both were.
        """
        return _given(self.scheduler, self.scheduler_file)

    def executor(self, n_bytes: int = 0) -> AbstractContextManager[Executor | None]:
        """Return the cluster's executor, connected while its block runs; or None.

        Parameters
        ----------
        n_bytes : int
            Memory that a window of the base takes in a worker.
        """
        return _executor(self.scheduler, self.scheduler_file, n_bytes)


@dataclass(frozen=True)
class DrawerFlags(SchedulerFlags):
    """The cluster whose workers draw training batches."""

    scheduler: Annotated[
        str | None,
        option(SCHEDULER, ADDRESS_HELP.format("draw batches ahead"), HOW),
    ] = None


@dataclass(frozen=True)
class ClusterFlags(RunFlags):
    """How many volumes are made, and by whom: processes here, or a cluster."""

    scheduler: Annotated[
        str | None,
        option(SCHEDULER, ADDRESS_HELP.format("make a .zarr output"), HOW),
    ] = None
    scheduler_file: Annotated[Path | None, option(SCHEDULER_FILE, FILE_HELP, HOW)] = (
        None
    )

    def check(self, in_memory: bool) -> None:
        """Raise if options contradict each other.

        Parameters
        ----------
        in_memory : bool
            Whether the volume is made at once.
        """
        name = _given(self.scheduler, self.scheduler_file)
        if name is not None:
            refuse_workers(name, self.workers != 1)
        elif self.workers != 1:
            name = "--workers"
        if name is not None and in_memory:
            raise InputError(
                f"{name} makes a volume piece by piece: write it as -o NAME.zarr, "
                "without periodic axes"
            )

    def executor(self, recipe: Recipe) -> AbstractContextManager[Executor | None]:
        """Return the cluster's executor, connected while its block runs; or None."""
        from grainpaint.generation.recipe import window_bytes

        less = recipe.scan is None
        n_bytes = window_bytes(recipe)
        return _executor(self.scheduler, self.scheduler_file, n_bytes, less)


def refuse_workers(name: str, given: bool) -> None:
    """Raise InputError if processes of this machine are given beside a cluster."""
    if given:
        raise InputError(
            f"--workers are processes of this machine, and {name} has workers of "
            "its own: give one of them"
        )


def _given(scheduler: str | None, file: Path | None) -> str | None:
    """Return which option was given; raise if both were."""
    if scheduler is not None and file is not None:
        raise InputError(f"{SCHEDULER} and {SCHEDULER_FILE}: give one of them")
    if scheduler is not None:
        return SCHEDULER
    return None if file is None else SCHEDULER_FILE


def _executor(
    scheduler: str | None, file: Path | None, n_bytes: int, less: bool = False
) -> AbstractContextManager[Executor | None]:
    """Return the executor of a cluster, or None."""
    from grainpaint.executors.cluster import connected, read_address

    address = scheduler if file is None else read_address(file)
    return nullcontext() if address is None else connected(address, n_bytes, less)


@contextmanager
def stoppable() -> Iterator[None]:
    """Leave in one line when a signal ends the block, which keeps what is done."""
    from grainpaint.executors.hands import KEPT, Stopped

    try:
        yield
    except (Stopped, KeyboardInterrupt) as stop:
        number = stop.number if isinstance(stop, Stopped) else 2
        print(f"grainpaint: stopped ({stop or 'interrupt'}): {KEPT}", file=sys.stderr)
        raise typer.Exit(128 + number) from None
