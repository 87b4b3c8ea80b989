"""The command orient, and what other commands do with orientations."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from grainpaint.cli.app import HOW, WHAT, command, print_table
from grainpaint.cli.grouping import grouped
from grainpaint.cli.measure import VolumeFile
from grainpaint.cli.options import Force, Output, ReadFlags, option
from grainpaint.units import count_text

if TYPE_CHECKING:
    from grainpaint.microstructure import Microstructure
    from grainpaint.orientations import Orientations
    from grainpaint.orienting.public import Oriented

__all__ = ["as_in_volume", "say_drawn"]


@command()
@grouped
def orient(
    volume: VolumeFile,
    output: Output,
    read: ReadFlags,
    texture: Annotated[
        str,
        option(
            "--texture",
            "uniform, 'fiber:<001>,z,10deg', component:goss,10deg, or a file: a list "
            "(.csv) or a volume with orientations. Along the growth of a build: "
            "'fiber:<001>,RECIPE,10deg'.",
            WHAT,
        ),
    ] = "uniform",
    misorientations: Annotated[
        Path | None,
        option("--misorientations", "Volume whose misorientations are wanted.", WHAT),
    ] = None,
    seed: Annotated[
        int, option("--seed", "The same seed gives the same orientations.", HOW)
    ] = 0,
    phase: Annotated[
        str | None,
        option("--phase", "Only grains of this phase, by name or number.", WHAT),
    ] = None,
    force: Force = False,
) -> None:
    """Give the grains of a volume orientations with a texture."""
    from grainpaint import formats
    from grainpaint.errors import InputError
    from grainpaint.orienting.public import orient_measured
    from grainpaint.progress import console
    from grainpaint.record import check_outputs, digest, find_record, read_record
    from grainpaint.record import write_record as write

    places = check_outputs(output, force, with_picture=False)
    if formats.without_orientations(output):
        raise InputError(f"{output}: such a file does not hold orientations")
    symmetry = read.symmetry
    grains = replace(read, symmetry=None).load(volume)  # it is for the grains
    settings: dict[str, Any] = {
        "texture": texture,
        "misorientations": misorientations and str(misorientations),
        "symmetry": symmetry,
        "seed": seed,
    }
    if phase is not None:
        settings["phase"] = phase
    made = orient_measured(grains, **settings, progress=console)
    known = made.volume.orientations
    assert known is not None
    largest, n = int(grains.grain_id.max()), made.volume.n_grains
    if made.volume.grain_id.max() != largest:
        print(
            f"{volume}: IDs up to {largest} are far above the number of grains: they "
            f"are numbered 1..{n} in the order of their IDs",
            file=sys.stderr,
        )
    formats.write(made.volume, output)
    record = find_record(volume)
    if record is not None:
        told = read_record(record)
        recipe = told.pop("recipe", {})
        kept = {k: v for k, v in told.items() if k not in ("output", "versions")}
        settings["symmetry"] = " ".join(known.symmetry)
        kept |= {"sha256": digest(made.volume), "orient": settings}
        write(places, recipe, kept)
    rows = _rows(made, known, texture)
    of = str(misorientations) if misorientations else "random neighbors"
    for name, one in made.by_phase or (("", made),):
        if one.floor == one.floor:
            near = f"{one.distance:.4f} from those of {of}"
            near += f" (sampling alone: {one.floor:.4f})"
            rows.append(("misorientations", f"{name}: {near}" if name else near))
    print_table([*rows, ("written", str(output))])


def _rows(made: Oriented, known: Orientations, texture: str) -> list[tuple[str, str]]:
    """Return names and values of what the grains got."""
    from grainpaint.orienting.sources import is_list

    n = made.volume.n_grains
    shown = known.listed() if made.by_phase else known.symmetry[0]
    rows = [("grains", f"{n:,}"), ("texture", texture), ("symmetry", shown)]
    if is_list(Path(texture)) and ":" not in texture:
        told = "its orientations, drawn by volume: row 1 is not that of grain 1"
        rows.insert(2, ("", told))
    if made.n_along is not None:
        rest = f"{n - made.n_along:,} not molten and uniform"
        rows.append(("along growth", f"{count_text(made.n_along, 'grain')}; {rest}"))
    return rows


def as_in_volume(
    piece: Microstructure, volume: Path, first: tuple[int, ...], times: int
) -> Microstructure:
    """Return a piece with the orientations that its volume has, if it has any.

    Parameters
    ----------
    piece : Microstructure
    volume : Path
        The volume, or its record.
    first : three ints
        Voxel (0, 0, 0) of the piece, in voxels of the piece.
    times : int
        How often the voxels of the volume were halved.
    """
    from grainpaint.orienting.inherited import as_recorded

    piece, n_drawn = as_recorded(piece, volume, first, times)
    say_drawn(n_drawn, "outside the volume")
    return piece


def say_drawn(n_drawn: int, which: str) -> None:
    """Tell a user how many grains have the orientation of another one."""
    from grainpaint.orienting.inherited import drawn_note

    if n_drawn:
        print(f"grainpaint: {drawn_note(n_drawn, which)}", file=sys.stderr)
