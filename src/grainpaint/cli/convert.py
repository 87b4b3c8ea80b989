"""The command convert: volumes of all formats, and inputs of simulators."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from grainpaint.cli.app import WHAT, WRITE, command, in_options
from grainpaint.cli.measure import VolumeFile
from grainpaint.cli.options import Force, ReadFlags, grouped, option
from grainpaint.errors import InputError
from grainpaint.units import count_text


@command()
@grouped
def convert(
    volume: VolumeFile,
    output: Annotated[
        Path,
        typer.Option(
            "-o",
            "--output",
            help="The suffix says how: .vti, .npz, .zarr, .sites, .inp, .dream3d, "
            ".tesr, .ang, .ctf, .tiff, .vtkhdf, .msh.",
            rich_help_panel=WRITE,
        ),
    ],
    read: ReadFlags,
    target: Annotated[
        str | None,
        option(
            "--for", "What reads it: damask, moose, evpfft, fepx, prisms, ...", WRITE
        ),
    ] = None,
    region: Annotated[
        str | None, option("--region", "Only voxels x0:x1,y0:y1,z0:z1.", WHAT)
    ] = None,
    stride: Annotated[
        int, option("--stride", "Keep one voxel in so many, along each axis.", WHAT)
    ] = 1,
    periodic_equations: Annotated[
        bool,
        option("--periodic-equations", "Tie opposite faces of an .inp.", WRITE),
    ] = False,
    force: Force = False,
) -> None:
    """Write a volume in another format, or as the input of a simulator."""
    from grainpaint.formats import check_output, dropped, open_slabs, write
    from grainpaint.formats.solvers import check_paths, export, target_of
    from grainpaint.units import parse_box

    target = target or target_of(output)
    if target is None:
        check_output(output, force)
    else:
        check_paths(output, target, force)
    if periodic_equations and target != "abaqus":
        raise InputError("--periodic-equations are of Abaqus' .inp only")
    slabs, of_reading = open_slabs(volume, read.options())
    _say(of_reading, volume)
    if region is not None or stride != 1:
        slabs = slabs.part(None if region is None else parse_box(region), stride)
    if target is None:
        grains = slabs.volume()
        write(grains, output)
        notes = [dropped(grains, output)] if dropped(grains, output) else []
    else:
        notes = export(slabs, output, target, periodic_equations)
    _say(notes, output)
    print(f"{output}: {count_text(slabs.n_grains, 'grain')}")


def _say(notes: list[str], file: Path) -> None:
    """Print notes, each with the name of the file that it is about."""
    for note in map(in_options, notes):
        print(note if str(file) in note else f"{file}: {note}", file=sys.stderr)
