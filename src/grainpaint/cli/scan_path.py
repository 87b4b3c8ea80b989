"""The command scan: a picture of a scan path, or the path in another format."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from grainpaint.cli.app import READ, WRITE, command
from grainpaint.cli.options import Force, option, output_option
from grainpaint.errors import InputError
from grainpaint.units import count_text

if TYPE_CHECKING:
    from grainpaint.drawing.scan_path import Tracks
    from grainpaint.simulate.am.paths import FilePath
    from grainpaint.simulate.am.scan import ScanPath

_SUFFIXES = (".png", ".csv", ".cli", ".inp", ".gcode")


@dataclass(frozen=True)
class _Found:
    """A path in voxels, in real units, or both; and the box, if there is one."""

    voxels: ScanPath | None = None
    real: FilePath | None = None
    shape: tuple[int, ...] | None = None


@command()
def scan(
    path: Annotated[
        Path,
        typer.Argument(
            help="A recipe (.toml), or a path: CSV, CLI (layers), event series, G-code."
        ),
    ],
    output: Annotated[
        Path,
        output_option(
            "A picture, .png, or the path: .csv in voxels, .cli (layers), .inp (event "
            "series), .gcode."
        ),
    ],
    layer: Annotated[
        int | None,
        option("--layer", "Layer of the picture, from 1.  [the middle one]", WRITE),
    ] = None,
    binary: Annotated[
        bool, option("--binary", "Binary layers, for .cli.", WRITE)
    ] = False,
    unit: Annotated[
        str | None,
        option("--unit", "Unit of a path that does not state it.  [mm]", READ),
    ] = None,
    laser: Annotated[
        str,
        option("--laser", "What turns the laser on: power, motion, extrusion.", READ),
    ] = "power",
    time: Annotated[
        str | None,
        option("--time", "Duration of the recipe's unit of time: 1ms.", READ),
    ] = None,
    force: Force = False,
) -> None:
    """Draw the scan path of a build, or write it in another format."""
    from grainpaint.formats.files import refuse_to_replace

    if output.suffix not in _SUFFIXES:
        raise InputError(f"{output}: paths are written as {', '.join(_SUFFIXES)}")
    for given, flag, suffix in (
        (layer is not None, "--layer", ".png"),
        (binary, "--binary", ".cli"),
    ):
        if given and output.suffix != suffix:
            raise InputError(f"{flag} goes with {suffix} only, not with {output}")
    refuse_to_replace(output, force)
    if path.suffix == ".toml":
        if unit is not None or laser != "power":
            flag = "--unit" if unit is not None else "--laser"
            raise InputError(f"{flag} does not go with a recipe: set it in {path}")
        found = _of_recipe(path, time)
    elif time is not None:
        raise InputError(f"--time goes with a recipe, and {path} is none")
    else:
        found = _of_file(path, unit, laser)
    if output.suffix == ".png":
        from grainpaint.drawing.scan_path import draw_path

        draw_path(_tracks(found), output, layer)
    else:
        _write(found, path, output, binary)
    print(f"{output}: {_summary(found)}")


def _of_recipe(path: Path, time: str | None) -> _Found:
    """Plan or read the path of a recipe."""
    from grainpaint.simulate.am.build import prepare
    from grainpaint.simulate.am.paths.place import to_file
    from grainpaint.simulate.am.recipe import load_am_recipe
    from grainpaint.units import parse_time

    recipe = load_am_recipe(path)
    if time is None and recipe.scan.kind == "file":
        time = recipe.scan.time
    job = prepare(recipe)
    seconds = None if time is None else parse_time(time)
    real = to_file(job.path, job.edge, job.origin, seconds)
    return _Found(job.path, real, job.mask.shape)


def _of_file(path: Path, unit: str | None, laser: str) -> _Found:
    """Read a path: in voxels if it is a CSV of segments."""
    from typing import get_args

    from grainpaint.simulate.am.paths import kind_of_file, read_path
    from grainpaint.simulate.am.paths.gcode import LaserRule
    from grainpaint.simulate.am.scan_file import read_scan

    if kind_of_file(path) == "segments":
        if unit is not None:
            raise InputError(f"{path} counts voxels: leave out --unit")
        return _Found(voxels=read_scan(path))
    for rule in get_args(LaserRule):
        if laser == rule:
            return _Found(real=read_path(path, unit, rule))
    raise InputError(f"--laser is power, motion or extrusion; got {laser!r}")


def _tracks(found: _Found) -> Tracks:
    """Return what is drawn: voxels if there are any, otherwise millimeters."""
    from grainpaint.drawing.scan_path import Tracks

    if found.voxels is None:
        real = found.real
        assert real is not None
        return Tracks(real.start / 1e3, real.end / 1e3, real.on, "mm")
    box = None
    if found.shape is not None:
        box = (-0.5,) * 3, tuple(n - 0.5 for n in found.shape)
    path = found.voxels
    return Tracks(path.start, path.end, path.on, "voxels", box)


def _write(found: _Found, path: Path, output: Path, binary: bool) -> None:
    """Write a path; raise InputError if it lacks the size of a voxel or speeds."""
    import sys

    from grainpaint.simulate.am.paths import write_path
    from grainpaint.simulate.am.scan_file import write_scan

    if output.suffix == ".csv" and found.voxels is not None:
        write_scan(found.voxels, output)
    elif output.suffix == ".csv":
        raise InputError(
            f"{output} counts voxels, and {path} is in real units: give a recipe that "
            'reads it ([scan] kind = "file") and says how large a voxel is'
        )
    elif found.real is None:
        raise InputError(
            f"{output} is in real units, and {path} counts voxels: give a recipe that "
            'reads it ([scan] kind = "csv") and says how large a voxel is'
        )
    else:
        if output.suffix != ".cli" and not found.real.has_speeds:
            raise InputError(
                f"{output} needs speeds in mm/s: "
                + (
                    f"{path} has none; give a recipe with `speed`, and --time"
                    if found.voxels is None
                    else "add --time, the duration of a unit of time, such as 1ms"
                )
            )
        write_path(found.real, output, binary)
        if output.suffix == ".cli":
            off = "" if found.real.on.all() else " and the tracks with the beam off"
            print(f"{output}: speeds{off} are left out, which the format lacks",
                  file=sys.stderr)  # fmt: skip


def _summary(found: _Found) -> str:
    """Say what a path is in a few words."""
    import numpy as np

    path = found.voxels or found.real
    assert path is not None
    layers = len(np.unique(path.start[path.on, 2]))
    n = int(path.on.sum())
    words = [f"{count_text(n, 'track')} in {count_text(layers, 'layer')}"]
    if found.real is not None:
        words.append(f"{found.real.length[path.on].sum() / 1e3:,.4g} mm")
        if found.real.has_speeds:
            words.append(f"{(found.real.length / found.real.speed).sum():,.4g} s")
    return ", ".join(words)
