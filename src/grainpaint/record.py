"""What a run leaves behind: the volume, its picture beside it, and run.json."""

import json
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from grainpaint import formats
from grainpaint.engine import Outcome
from grainpaint.errors import InputError
from grainpaint.generation import Run
from grainpaint.paper.paint import PaperRecipe
from grainpaint.progress import Progress, silent
from grainpaint.volume import Recipe

__all__ = [
    "check_outputs",
    "outputs",
    "summary",
    "window_faces",
    "write_outcome",
    "write_run",
]


def outputs(output: Path) -> tuple[Path, Path, Path]:
    """Return the paths of the volume, its picture and run.json."""
    return output, output.with_suffix(".png"), output.with_name("run.json")


def check_outputs(output: Path, force: bool) -> None:
    """Raise unless a run may write to `output` and beside it.

    Raises
    ------
    InputError
        If the suffix is unknown, or one of the files exists and `force` is false.
    """
    for path in outputs(output):
        if path == output:
            formats.check_output(path, force)
        elif path.exists() and not force:
            raise InputError(
                f"{path} exists: choose another folder, or add --force to replace it"
            )


def _write_note(
    path: Path, volume: Path, recipe: Recipe | PaperRecipe, record: dict[str, Any]
) -> None:
    note = {
        "output": volume.name,
        **record,
        **({"window": recipe.core} if isinstance(recipe, Recipe) else {}),
        "recipe": recipe.model_dump(mode="json"),
        "versions": {
            "python": platform.python_version(),
            **{p: version(p) for p in ("grainpaint", "torch", "numpy", "numba")},
        },
    }
    text = json.dumps(note, indent=1) + "\n"
    formats.replace_with(path, lambda aside: aside.write_text(text))


def write_outcome(
    output: Path, outcome: Outcome, recipe: Recipe, config: dict[str, Any]
) -> None:
    """Write run.json beside a .zarr volume that was generated piece by piece."""
    record = {
        "grains": outcome.n_grains,
        "windows": outcome.n_windows,
        "windows_of_box": outcome.n_windows_box,
        "seconds": {name: round(s, 3) for name, s in outcome.seconds.items()},
    }
    _write_note(outputs(output)[2], output, recipe, {**config, **record})


def write_run(
    output: Path,
    run: Run,
    recipe: Recipe | PaperRecipe,
    config: dict[str, Any],
    progress: Progress = silent,
) -> list[str]:
    """Write the volume, run.json and the picture.

    Parameters
    ----------
    output : Path
        Of the volume.
    run : Run
        What `grainpaint.generation.fill` or `grainpaint.paper.paint` returned.
    recipe : Recipe or PaperRecipe
        All that decides the voxels.
    config : dict
        The command with its other settings.
    progress : Progress
        Told when files and picture are under way.

    Returns
    -------
    list of str
        One line for each thing that the user should know.
    """
    from grainpaint.plot import picture

    volume_path, picture_path, run_path = outputs(output)
    with progress("write", 1):
        formats.write(run.volume, volume_path)
    record = {
        "voxels": run.volume.n_voxels,
        "grains": run.volume.n_grains,
        "windows": run.n_windows,
        "windows_of_box": run.n_windows_box,
        "grown": round(run.grown, 4),
        "seconds": {name: round(s, 3) for name, s in run.seconds.items()},
    }
    _write_note(run_path, volume_path, recipe, {**config, **record})
    with progress("picture", 1):
        solid = picture(run.volume, picture_path)
    if solid:
        return []
    return ["no usable OpenGL: the picture shows slices only"]


def grown_share(share: float) -> str:
    """Say how much of a box grows."""
    return f"{share:.0%} of the box ({1 - share:.0%} skipped)"


def summary(run: Run, files: tuple[Path, ...]) -> list[tuple[str, str]]:
    """Return the rows of the table that ends a run."""
    volume = run.volume
    sizes = volume.grain_volumes()
    sizes = sizes[sizes > 0] * float(np.prod(volume.spacing))
    diameter = float(np.cbrt(6 / np.pi * sizes).mean())
    total = sum(run.seconds.values())
    return [
        ("voxels", f"{volume.n_voxels:,} of {volume.grain_id.size:,} in the box"),
        ("grains", f"{sizes.size:,}"),
        ("mean diameter", f"{diameter:.4g} µm"),
        ("windows", f"{run.n_windows} of {run.n_windows_box}"),
        ("grown", grown_share(run.grown)),
        *((name, f"{s:.1f} s") for name, s in run.seconds.items()),
        ("speed", f"{volume.grain_id.size / total:,.0f} voxel/s of the box"),
        *(("written", str(path)) for path in files),
    ]


def window_faces(volume: Path, shape: tuple[int, ...]) -> list[range] | None:
    """Return the layers at which a window of the run begins, along x, y, z.

    Parameters
    ----------
    volume : Path
        Of a volume; run.json beside it may tell how it was made.
    shape : three ints
        Voxels along x, y, z.

    Returns
    -------
    list of three range, or None
        None if no run.json beside the volume is about it.
    """
    note = outputs(volume)[2]
    try:
        record = json.loads(note.read_text())
    except (OSError, ValueError):
        return None
    if record.get("output") != volume.name or "window" not in record:
        return None
    step = int(record["window"])
    return [range(step, n, step) for n in shape]
