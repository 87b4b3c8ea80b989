"""The command view: pictures of volumes."""

import sys
from pathlib import Path
from typing import Annotated

from grainpaint.cli.app import HOW, command
from grainpaint.cli.grouping import grouped
from grainpaint.cli.measure import VolumeFile
from grainpaint.cli.options import Force, ReadFlags, option, output_option
from grainpaint.errors import InputError


@command()
@grouped
def view(
    volume: VolumeFile,
    output: Annotated[Path, output_option("Picture: .png.")],
    read: ReadFlags,
    ipf: Annotated[
        str | None,
        option("--ipf", "Color by the crystal direction along x, y or z.", HOW),
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
