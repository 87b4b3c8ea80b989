"""Options of the cluster whose workers make a volume."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from grainpaint.cli.app import HOW
from grainpaint.cli.options import RunFlags, option
from grainpaint.errors import InputError

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from grainpaint.generation.recipe import Recipe

__all__ = ["ClusterFlags"]


@dataclass(frozen=True)
class ClusterFlags(RunFlags):
    """How many volumes are made, and by whom: processes here, or a cluster."""

    scheduler: Annotated[
        str | None,
        option(
            "--scheduler",
            "Dask scheduler whose workers make a .zarr output: tcp://HOST:8786.",
            HOW,
        ),
    ] = None
    scheduler_file: Annotated[
        Path | None,
        option("--scheduler-file", "File with its address, as Dask writes it.", HOW),
    ] = None

    def check(self, in_memory: bool) -> None:
        """Raise if options contradict each other.

        Parameters
        ----------
        in_memory : bool
            Whether the volume is made at once.
        """
        if self.scheduler is None and self.scheduler_file is None:
            return
        name = "--scheduler-file" if self.scheduler is None else "--scheduler"
        if self.scheduler is not None and self.scheduler_file is not None:
            raise InputError("--scheduler and --scheduler-file: give one of them")
        if self.workers != 1:
            raise InputError(
                f"--workers are processes of this machine, and {name} has workers of "
                "its own: give one of them"
            )
        if in_memory:
            raise InputError(
                f"{name} makes a volume piece by piece: write it as -o NAME.zarr, "
                "without periodic axes"
            )

    def executor(self, recipe: Recipe) -> AbstractContextManager[Executor | None]:
        """Return the cluster's executor, connected while its block runs; or None."""
        from grainpaint.executors.cluster import connected, read_address
        from grainpaint.generation.recipe import window_bytes

        address = self.scheduler
        if self.scheduler_file is not None:
            address = read_address(self.scheduler_file)
        if address is None:
            return nullcontext()
        return connected(address, window_bytes(recipe))
