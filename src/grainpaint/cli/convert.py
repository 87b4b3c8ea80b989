"""The command convert: volumes of all formats, and inputs of simulators."""

import sys
from pathlib import Path
from typing import Annotated

from grainpaint.cli.app import WRITE, command, in_options
from grainpaint.cli.grouping import grouped
from grainpaint.cli.measure import VolumeFile
from grainpaint.cli.options import Force, ReadFlags, option, output_option
from grainpaint.errors import InputError
from grainpaint.units import count_text


@command()
@grouped
def convert(
    volume: VolumeFile,
    output: Annotated[
        Path,
        output_option(
            "Output file; its suffix is the format: .vti, .npz, .zarr, .sites, .inp, "
            ".dream3d, .tesr, .ang, .ctf, .tiff, .vtkhdf, .msh."
        ),
    ],
    read: ReadFlags,
    target: Annotated[
        str | None,
        option("--for", "Program that reads it: damask, moose, fepx, ...", WRITE),
    ] = None,
    region: Annotated[
        str | None, option("--region", "Only voxels x0:x1,y0:y1,z0:z1.", WRITE)
    ] = None,
    stride: Annotated[
        int, option("--stride", "Keep every N-th voxel along each axis.", WRITE)
    ] = 1,
    periodic_equations: Annotated[
        bool,
        option("--periodic-equations", "Tie opposite faces, in an .inp.", WRITE),
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
