"""What a run leaves behind: the volume, its picture and its record beside it."""

import json
import platform
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from grainpaint import formats
from grainpaint.drawing.picture import Picture
from grainpaint.generation.in_memory import COMPILING, Run
from grainpaint.generation.on_disk import Outcome
from grainpaint.generation.volume import Recipe
from grainpaint.paper.paint import PaperRecipe
from grainpaint.progress import Progress, silent
from grainpaint.record import Outputs, digest, outputs

__all__ = ["grown_share", "summary", "write_outcome", "write_run"]


def _write_note(
    places: Outputs, recipe: Recipe | PaperRecipe, record: dict[str, Any]
) -> None:
    note = {
        "output": places.volume.name,
        **record,
        **({"window": recipe.core} if isinstance(recipe, Recipe) else {}),
        "recipe": recipe.model_dump(mode="json"),
        "versions": {
            "python": platform.python_version(),
            **{p: version(p) for p in ("grainpaint", "torch", "numpy", "numba")},
        },
    }
    text = json.dumps(note, indent=1) + "\n"
    formats.replace_with(places.record, lambda aside: aside.write_text(text))


def write_outcome(
    output: Path, outcome: Outcome, recipe: Recipe, config: dict[str, Any]
) -> None:
    """Write the record of a .zarr volume that was generated piece by piece."""
    record = {
        "grains": outcome.n_grains,
        "windows": outcome.n_windows,
        "windows_of_box": outcome.n_windows_box,
        "seconds": {name: round(s, 3) for name, s in outcome.seconds.items()},
    }
    _write_note(outputs(output), recipe, {**config, **record})


def write_run(
    places: Outputs,
    run: Run,
    recipe: Recipe | PaperRecipe,
    config: dict[str, Any],
    drawing: Picture | None = None,
    progress: Progress = silent,
) -> list[str]:
    """Write the volume, its record and its picture.

    Parameters
    ----------
    places : Outputs
        See `check_outputs`.
    run : Run
        What `grainpaint.generation.in_memory.fill` or `grainpaint.paper.paint`
        returned.
    recipe : Recipe or PaperRecipe
        All that decides the voxels.
    config : dict
        The command with its other settings.
    drawing : Picture, optional
        That is ready to draw; no picture without.
    progress : Progress
        Told when files and picture are under way.

    Returns
    -------
    list of str
        One line for each thing that the user should know.
    """
    if drawing is not None:
        drawing.draw(run.volume, places.picture)
    with progress("write", 1):
        formats.write(run.volume, places.volume)
    record = {
        "voxels": run.volume.n_voxels,
        "grains": run.volume.n_grains,
        "windows": run.n_windows,
        "windows_of_box": run.n_windows_box,
        "grown": round(run.grown, 4),
        "sha256": digest(run.volume),
        "seconds": {name: round(s, 3) for name, s in run.seconds.items()},
    }
    _write_note(places, recipe, {**config, **record})
    if drawing is None:
        return []
    with progress("picture", 1):
        solid = drawing.wait()
    return [] if solid else ["no usable OpenGL: the picture shows slices only"]


def grown_share(share: float) -> str:
    """Say how much of a box grows."""
    return f"{share:.0%} of the box ({1 - share:.0%} skipped)"


def summary(run: Run, precision: str, files: Sequence[Path]) -> list[tuple[str, str]]:
    """Return the rows of the table that ends a run."""
    volume = run.volume
    sizes = volume.grain_volumes()
    sizes = sizes[sizes > 0] * float(np.prod(volume.spacing))
    diameter = float(np.cbrt(6 / np.pi * sizes).mean())
    total = sum(s for name, s in run.seconds.items() if name != COMPILING)
    return [
        ("voxels", f"{volume.n_voxels:,} of {volume.grain_id.size:,} in the box"),
        ("grains", f"{sizes.size:,}"),
        ("mean diameter", f"{diameter:.4g} µm"),
        ("windows", f"{run.n_windows} of {run.n_windows_box}"),
        ("grown", grown_share(run.grown)),
        ("precision", precision),
        *((name, f"{s:.1f} s") for name, s in run.seconds.items()),
        ("speed", f"{volume.grain_id.size / total:,.0f} voxel/s of the box"),
        *(("written", str(path)) for path in files),
    ]
