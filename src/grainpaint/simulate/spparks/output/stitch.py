"""Dumps of style ``stitch``."""

from pathlib import Path

from grainpaint.errors import InputError
from grainpaint.formats.spparks.stitch_blocks import write_block
from grainpaint.simulate.spparks.output.files import place_of
from grainpaint.simulate.spparks.output.frame import Frame
from grainpaint.simulate.spparks.requests import DumpWrite

__all__ = ["write_stitch"]


def write_stitch(frame: Frame, write: DumpWrite, folder: Path) -> None:
    """Add a snapshot of the whole box to a stitch file.

    Raises
    ------
    InputError
        If sites of the box do not exist.
    """
    if not frame.sites.exists.all():
        raise InputError(f"dump {write.dump.name}: stitch needs sites in the whole box")
    low = tuple(round(o / frame.box.spacing) for o in frame.box.origin)
    fields = {name: frame.grid(name) for name in write.dump.columns}
    write_block(place_of(folder, write.path), frame.time, low, fields)
