"""Commands that go on from a volume: region, zoom, extend, verify."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from grainpaint.cli.app import HOW, WHAT, command, say_if_slow
from grainpaint.cli.cluster import SchedulerFlags, refuse_workers, stoppable
from grainpaint.cli.grouping import grouped
from grainpaint.cli.options import (
    Device,
    Force,
    ModelName,
    Output,
    PrecisionName,
    ReadFlags,
    Seed,
    Workers,
    option,
)
from grainpaint.cli.orient import as_in_volume, say_drawn
from grainpaint.errors import InputError
from grainpaint.units import count_text

PrecisionOfPiece = Annotated[
    str,
    option("--precision", "float32, bfloat16, or auto: as the volume was made.", HOW),
]
Generated = Annotated[Path, typer.Argument(help="A volume, or its record.")]
BoxOfVolume = Annotated[str, option("--box", "Voxels x0:x1,y0:y1,z0:z1.", WHAT)]


@command()
def region(
    volume: Generated,
    box: BoxOfVolume,
    output: Output,
    precision: PrecisionOfPiece = "auto",
    device: Device = "cpu",
    force: Force = False,
) -> None:
    """Generate one box of a volume, making only the windows that it depends on."""
    _make_piece(volume, box, None, output, precision, device, force)


def _make_piece(
    volume: Path,
    box: str,
    voxel: str | None,
    output: Path,
    precision: str,
    device: str,
    force: bool,
) -> None:
    """Generate a box of a volume, in voxels as they are or of another edge."""
    from grainpaint import formats
    from grainpaint.units import parse_box, parse_length

    spans, edge = parse_box(box), None if voxel is None else parse_length(voxel)
    from grainpaint.generation.recorded import in_precision, load_recipe
    from grainpaint.generation.volume import Volume

    formats.check_output(output, force)
    recipe = in_precision(load_recipe(volume), precision, device)
    say_if_slow(
        recipe.precision, device, "; --precision float32 gives nearly the same grains"
    )
    whole = Volume(recipe, device)
    for axis, (a, b) in enumerate(spans):  # told in the voxels that were given
        whole.span(slice(a, b), axis)
    finer = whole if edge is None else whole.zoom(edge)
    times = finer.recipe.levels - recipe.levels
    x, y, z = (slice(a << times, b << times) for a, b in spans)
    piece = finer[x, y, z]
    piece = as_in_volume(piece, volume, (x.start, y.start, z.start), times)
    formats.write(piece, output)
    print(f"{output}: {count_text(piece.n_grains, 'grain')} in {piece.shape}")


@command()
def zoom(
    volume: Generated,
    box: BoxOfVolume,
    voxel: Annotated[
        str,
        option("--voxel", "Edge of a voxel: the volume's, halved once or more.", WHAT),
    ],
    output: Output,
    precision: PrecisionOfPiece = "auto",
    device: Device = "cpu",
    force: Force = False,
) -> None:
    """Generate a box of a volume again in smaller voxels: the same grains, finer."""
    _make_piece(volume, box, voxel, output, precision, device, force)


@command()
@grouped
def extend(
    known: Annotated[Path, typer.Argument(help="A volume; its outside is filled.")],
    output: Output,
    read: ReadFlags,
    box: Annotated[
        str | None,
        option(
            "--box", "Voxels x0:x1,y0:y1,z0:z1 of KNOWN; may reach beyond it.", WHAT
        ),
    ] = None,
    grain_size: Annotated[
        str | None,
        option("--grain-size", "Mean diameter of new grains.  [that of KNOWN]", WHAT),
    ] = None,
    model: ModelName = "iso",
    seed: Seed = 0,
    precision: PrecisionName = "auto",
    device: Device = "cpu",
    force: Force = False,
) -> None:
    """Continue known grains: enlarge a volume, fill holes, continue a section."""
    from grainpaint import formats
    from grainpaint.generation.extend import fill_around
    from grainpaint.generation.recorded import warn_of_build
    from grainpaint.network.loading import load_model
    from grainpaint.orienting.inherited import continued
    from grainpaint.progress import console
    from grainpaint.units import parse_box

    formats.check_output(output, force)
    given = read.load(known)
    x, y, z = [(0, n) for n in given.shape] if box is None else parse_box(box)
    loaded = load_model(model, device, precision)
    warn_of_build(known)
    say_if_slow(loaded.base.precision, device)
    volume = fill_around(given, loaded, (x, y, z), seed, grain_size, console)
    if given.orientations is not None:
        volume, n_drawn = continued(volume, given, seed)
        say_drawn(n_drawn, "filled in")
    formats.write(volume, output)
    print(f"{output}: {count_text(volume.n_grains, 'grain')} in {volume.shape}")


@command()
@grouped
def verify(
    volume: Generated,
    repair: Annotated[
        bool, option("--repair", "Make damaged pieces again.", HOW)
    ] = False,
    workers: Workers = 1,
    device: Device = "cpu",
    *,
    cluster: SchedulerFlags,
) -> None:
    """Check the files of a generated volume; exit 1 if something is damaged."""
    from grainpaint.record import outputs, read_record, volume_of

    name = cluster.given
    if name is not None:
        refuse_workers(name, workers != 1)
        if not repair:
            raise InputError(f"{name} makes damaged pieces again: add --repair")
    path = volume_of(volume)
    if path.suffix == ".zarr" and "sha256" not in read_record(outputs(path).record):
        sound = _verify_store(path, repair, workers, device, cluster)
    else:
        if name is not None:
            raise InputError(
                f"{path} was made at once, and {name} repairs a volume that was made "
                "piece by piece: leave it out"
            )
        sound = _verify_file(path, repair, device)
    if not sound:
        raise typer.Exit(1)


def _verify_file(volume: Path, repair: bool, device: str) -> bool:
    """Check, and repair, a volume that was made at once; return whether it is sound."""
    from grainpaint import formats
    from grainpaint.generation.in_memory import paint_recipe
    from grainpaint.generation.recorded import load_recipe
    from grainpaint.orienting.public import orient
    from grainpaint.progress import console
    from grainpaint.record import digest, find_record, kept_digest, read_record

    kept = kept_digest(volume)
    try:
        sound = digest(formats.load(volume)) == kept
        reason = "its grains are not those that were written"
    except InputError as error:
        sound, reason = False, str(error)
    if sound:
        print(f"{volume}: the grains as they were written")
        return True
    print(f"{volume}: {reason}")
    if not repair:
        return False
    recipe = load_recipe(volume)
    say_if_slow(recipe.precision, device, ", but the volume was made in it")
    made = paint_recipe(recipe, device, console).volume
    if digest(made) != kept:
        raise InputError(
            f"{volume}: made again, the grains are not those that were written: it was "
            "made on a processor of another kind, or by another version"
        )
    record = find_record(volume)
    oriented = {} if record is None else read_record(record).get("orient", {})
    formats.write(orient(made, **oriented) if oriented else made, volume)
    print(f"{volume}: repaired")
    return True


def _verify_store(
    volume: Path, repair: bool, workers: int, device: str, cluster: SchedulerFlags
) -> bool:
    """Check, and repair, one made piece by piece; return whether it is sound."""
    from grainpaint import store
    from grainpaint.generation.mended import mend, with_root
    from grainpaint.generation.on_disk import run
    from grainpaint.generation.recipe import window_bytes
    from grainpaint.generation.recorded import load_recipe
    from grainpaint.network.devices import find_device
    from grainpaint.progress import console

    try:
        opened, rooted = store.open_store(volume), True
    except store.LostRoot as lost:
        print(f"zarr.json: {lost.reason}")
        if not repair:
            return False
        opened, rooted = with_root(volume), False
    damages = store.verify(opened, console)
    for damage in damages:
        print(f"{damage.path}: {damage.reason}")
    worst = [damage for damage in damages if not damage.harmless]
    if rooted and not worst:
        state = "finished" if opened.complete else "not finished"
        files = count_text(len(opened.done()), "file")
        print(f"{volume}: {files} as they were written, {state}")
    if repair and (damages or not rooted):
        recipe = load_recipe(volume)
        with cluster.executor(window_bytes(recipe)) as executor:
            if executor is None:
                find_device(device)  # before anything is removed
            say_if_slow(recipe.precision, device, ", but the volume was made in it")
            make = partial(run, recipe, opened, workers, device, console, executor)
            with stoppable():
                mend(opened, damages, make)
        print(f"{volume}: repaired")
        return True
    return not worst
