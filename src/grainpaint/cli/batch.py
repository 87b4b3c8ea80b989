"""A script for SLURM that makes a volume by a Dask cluster of its own."""

from __future__ import annotations

import math
import os
import shlex
import sys
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

from grainpaint.cli.app import WRITE
from grainpaint.cli.options import option
from grainpaint.errors import InputError
from grainpaint.units import count_text

if TYPE_CHECKING:
    from grainpaint.generation.forecast import Forecast

__all__ = ["BatchFlags", "as_words", "idle_note"]

_WORKERS = 32  # at most, where the user does not say it
_MARGIN = 1.3  # Dask pauses a worker at 80 % of its memory
_SLACK = 2.0  # of the time, for other processors and for waiting


def as_words(*flags: Any) -> list[str]:
    """Return the words of a command line that give flags their values."""
    words: list[str] = []
    for group in flags:
        hints = get_type_hints(type(group), include_extras=True)
        for field in fields(group):
            told = hints[field.name].__metadata__[0]
            # What stands first in an Annotated option is its name, to typer a default.
            name = next(n for n in (*told.param_decls, told.default) if "--" in n)
            value = getattr(group, field.name)
            if value == field.default or value is None:
                continue
            if isinstance(value, bool):
                words.append(name)
            else:
                values = value if isinstance(value, list) else [value]
                words += [word for each in values for word in (name, str(each))]
    return words


def idle_note(forecast: Forecast, n_workers: int, finer: bool = True) -> str | None:
    """Return what is to be said of workers that wait while others are at work.

    Parameters
    ----------
    forecast : Forecast
    n_workers : int
    finer : bool
        Whether smaller windows can be asked for.
    """
    counts = {
        "the base": forecast.n_base_windows,
        "growth": forecast.n_growth_tasks,
    }
    stage = min(counts, key=lambda name: counts[name])
    if counts[stage] >= n_workers:
        return None
    remedy = "smaller windows (--window) are more of them" if finer else "give fewer"
    return (
        f"{stage} has work for {counts[stage]} of {count_text(n_workers, 'worker')}, "
        f"the others wait: {remedy}"
    )


@dataclass(frozen=True)
class BatchFlags:
    """The script that makes what is planned."""

    sbatch: Annotated[
        Path | None,
        option("--sbatch", "Write a script for SLURM that makes the volume.", WRITE),
    ] = None
    volume: Annotated[
        Path | None,
        option("--volume", "Volume that it makes.  [the script's, with .zarr]", WRITE),
    ] = None
    seed: Annotated[int, option("--seed", "Seed of this volume.", WRITE)] = 0

    def check(self, force: bool) -> None:
        """Refuse what cannot be written, or would go unheard."""
        from grainpaint.formats.files import refuse_to_replace

        if self.sbatch is None:
            if self.volume is not None:
                raise InputError("--volume is of the script: add --sbatch JOB.sh")
            return
        refuse_to_replace(self.sbatch, force)
        if self.place.suffix != ".zarr":
            raise InputError(
                f"{self.place}: what a cluster makes is written piece by piece: give "
                "--volume NAME.zarr"
            )

    @property
    def place(self) -> Path:
        """Where the volume goes."""
        assert self.sbatch is not None
        return self.volume or self.sbatch.with_suffix(".zarr")

    def write(self, words: list[str], forecast: Forecast) -> None:
        """Write the script of a command.

        Parameters
        ----------
        words : list of str
            ``paint PART`` or ``generate --shape X,Y,Z``, with what decides the voxels.
        forecast : Forecast
            Says for how many workers there is work, how long, and their memory.
        """
        assert self.sbatch is not None
        n_workers = min(_WORKERS, forecast.n_workers)
        hours = math.ceil(_SLACK * forecast.elapsed_seconds(n_workers) / 3600)
        told = idle_note(forecast, n_workers, "--scan" not in words)
        if told is not None:
            print(f"grainpaint: {told}", file=sys.stderr)
        memory = math.ceil(_MARGIN * forecast.memory_bytes / 2**20)
        words = [*words, "--seed", str(self.seed), "-o", str(self.place)]
        values = {
            "NAME": "".join(c if c.isalnum() else "-" for c in self.sbatch.stem),
            "TASKS": str(n_workers + 1),
            "MEMORY": str(memory),
            "TIME": f"{min(hours, 24)}:00:00",
            "FOLDER": shlex.quote(os.getcwd()),
            "PYTHON": shlex.quote(sys.executable),
            "WORDS": shlex.join(words),
        }
        text = Path(__file__).with_name("sbatch.sh").read_text()
        for name, value in values.items():
            text = text.replace(f"@{name}@", value)
        self.sbatch.parent.mkdir(parents=True, exist_ok=True)
        self.sbatch.write_text(text)
        self.sbatch.chmod(0o755)
