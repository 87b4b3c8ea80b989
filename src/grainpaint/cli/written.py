"""What commands that generate write and print at the end, for models of all kinds."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from grainpaint.drawing.picture import Picture
    from grainpaint.generation.domain import BoxRecipe
    from grainpaint.generation.in_memory import Painted
    from grainpaint.record import Outputs

__all__ = ["grown_share", "summary", "write_painted"]


def write_painted(
    places: Outputs,
    painted: Painted,
    recipe: BoxRecipe,
    settings: dict[str, Any],
    drawing: Picture | None,
) -> None:
    """Write a volume that was made in memory, its record, and its picture.

    Parameters
    ----------
    places : Outputs
        See `grainpaint.record.check_outputs`.
    painted : Painted
    recipe : BoxRecipe
        All that decides the voxels.
    settings : dict
        What else the record says: the command with its settings.
    drawing : Picture, optional
        A process that is ready to draw; without it, no picture.
    """
    from grainpaint import formats
    from grainpaint.progress import console
    from grainpaint.record import digest, write_record

    if drawing is not None:
        drawing.draw(painted.volume, places.picture)
    with console("write", 1):
        formats.write(painted.volume, places.volume)
    told = {**settings, **painted.record(), "sha256": digest(painted.volume)}
    write_record(places, recipe.model_dump(mode="json"), told)
    if drawing is None:
        return
    with console("picture", 1):
        solid = drawing.wait()
    if not solid:
        print("no usable OpenGL: the picture shows slices only", file=sys.stderr)


def grown_share(share: float) -> str:
    """Say how much of a box grows."""
    return f"{share:.0%} of the box ({1 - share:.0%} skipped)"


def summary(
    painted: Painted, precision: str, files: Sequence[Path]
) -> list[tuple[str, str]]:
    """Return the rows of the table that ends a run."""
    from grainpaint.generation.in_memory import COMPILING
    from grainpaint.measure.dimensions import diameters_are

    volume = painted.volume
    diameters = volume.diameters()
    kind = "" if len(volume.axes) == 3 else f", {diameters_are(volume.axes)}"
    total = sum(s for name, s in painted.seconds.items() if name != COMPILING)
    return [
        ("voxels", f"{volume.n_voxels:,} of {volume.grain_id.size:,} in the box"),
        ("grains", f"{diameters.size:,}"),
        ("mean diameter", f"{diameters.mean():.4g} µm{kind}"),
        ("windows", f"{painted.n_windows} of {painted.n_windows_box}"),
        ("grown", grown_share(painted.grown)),
        ("precision", precision),
        *((name, f"{s:.1f} s") for name, s in painted.seconds.items()),
        ("speed", f"{volume.grain_id.size / total:,.0f} voxel/s of the box"),
        *(("written", str(path)) for path in files),
    ]
