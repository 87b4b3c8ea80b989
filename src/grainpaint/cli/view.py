"""The command view: pictures of volumes."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from grainpaint.cli.app import command
from grainpaint.cli.measure import VolumeFile
from grainpaint.cli.options import Force, ReadFlags, grouped
from grainpaint.errors import InputError


@command()
@grouped
def view(
    volume: VolumeFile,
    output: Annotated[Path, typer.Option("-o", "--output", help="A .png file.")],
    read: ReadFlags,
    ipf: Annotated[
        str | None,
        typer.Option("--ipf", help="Colors of the crystal directions along x, y or z."),
    ] = None,
    force: Force = False,
) -> None:
    """Draw a volume: the part with a cut, and three slices."""
    from grainpaint.drawing.picture import picture
    from grainpaint.formats.files import refuse_to_replace
    from grainpaint.orientations.ipf import check_axis

    if output.suffix != ".png":
        raise InputError(f"{output}: pictures are written as .png")
    if ipf is not None:
        check_axis(ipf)
    refuse_to_replace(output, force)
    loaded = read.load(volume)
    try:
        solid = picture(loaded, output, ipf)
    except InputError as error:
        raise InputError(f"{volume}: {error}") from None
    if not solid:
        print("no usable OpenGL: the picture shows slices only", file=sys.stderr)
    print(output)
