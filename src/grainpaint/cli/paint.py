"""Commands that generate: paint, generate, plan, region, zoom, extend, verify."""

from __future__ import annotations

import math
import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from grainpaint.cli.app import (
    Device,
    DryRun,
    Force,
    ModelName,
    Output,
    PrecisionName,
    RunOptions,
    Seed,
    app,
    print_table,
    say_if_slow,
)
from grainpaint.cli.paper import (
    BlockEdge,
    FieldFile,
    Jump,
    Resamplings,
    fill_paper,
    given,
    is_papers,
)
from grainpaint.errors import InputError

if TYPE_CHECKING:
    from grainpaint.cad import PartGrid
    from grainpaint.drawing.picture import Picture
    from grainpaint.generation.volume import PartFile, Recipe
    from grainpaint.record import Outputs

Plan = Annotated[
    str,
    typer.Option(
        "--plan",
        help="windows: as many base windows as it takes; whole: one; grid, center: "
        "blocks that fit those before them.",
    ),
]
Window = Annotated[
    int, typer.Option("--window", help="Largest base window, in voxels of two.")
]
Halo = Annotated[
    int, typer.Option("--halo", help="Around what a base window writes, the same.")
]
Overlap = Annotated[
    int | None,
    typer.Option("--overlap", help="Of the blocks of grid and center, the same."),
]
PrecisionOfPiece = Annotated[
    str,
    typer.Option(
        "--precision", help="float32, bfloat16, or auto: as the volume was made."
    ),
]
WithPicture = Annotated[
    bool, typer.Option("--picture/--no-picture", help="Draw NAME.png beside it.")
]
Workers = Annotated[
    int, typer.Option("--workers", help="Processes, for a .zarr output.")
]
Count = Annotated[
    int,
    typer.Option(
        "--count", help="Volumes, of seeds SEED, SEED + 1, ..., in folders seedN."
    ),
]
Unit = Annotated[str, typer.Option("--unit", help="Unit of the STL file.")]
Voxel = Annotated[str | None, typer.Option("--voxel", help="Its edge, such as 50um.")]
GrainSizeText = Annotated[
    str | None,
    typer.Option(
        "--grain-size",
        help="Mean diameter: 40um, a formula of x, y, z in µm, or a field .npz.",
    ),
]
Longest = Annotated[
    int | None,
    typer.Option("--longest", help="Voxels along the longest side; 128 without."),
]


def _grid_of_part(
    part: Path, unit: str, voxel: str | None, longest: int | None
) -> tuple[PartGrid, PartFile]:
    """Return the voxels of a part and its file, after telling what was mended in it."""
    from grainpaint.cad import load_part, plan_grid
    from grainpaint.formats import file_digest
    from grainpaint.generation.volume import PartFile
    from grainpaint.units import parse_length

    if voxel is not None and longest is not None:
        raise InputError(
            "--voxel and --longest both say how large voxels are: give one"
        )
    solid = load_part(part, unit)
    for note in solid.notes:
        print(f"{part}: {note}", file=sys.stderr)
    edge = None if voxel is None else parse_length(voxel)
    grid = plan_grid(solid, edge, 128 if longest is None else longest)
    return grid, PartFile(path=str(part), unit=unit, sha256=file_digest(part))


def _edge_of_voxel(voxel: str | None, grain_size: str | None) -> float:
    """Return the edge of a voxel of a box, µm; 1 µm where no length is asked for."""
    from grainpaint.units import parse_length

    if voxel is None and grain_size is not None:
        raise InputError(
            f"--grain-size {grain_size} needs the edge of a voxel too: add --voxel, "
            "such as --voxel 2um"
        )
    return parse_length(voxel or "1um")


def _recipe_of_part(
    part: Path,
    unit: str,
    voxel: str | None,
    longest: int | None,
    model: str,
    seed: int,
    plan: str,
    window: int,
    halo: int,
    overlap: int | None,
    grain_size: str | None,
    precision: str,
    device: str = "cpu",
) -> Recipe:
    """Return the recipe of a part."""
    from grainpaint.generation.volume import make_recipe

    grid, file = _grid_of_part(part, unit, voxel, longest)
    return make_recipe(
        grid.shape,
        grid.spacing,
        grid.origin,
        model,
        seed,
        plan,
        window,
        halo,
        file,
        grain_size,
        overlap=overlap,
        precision=precision,
        device=device,
    )


def _drawing(wanted: bool) -> AbstractContextManager[Picture | None]:
    """Return a process that draws, started before all else; None if it is not wanted.

    It loads its libraries while this process loads others.
    """
    from grainpaint.drawing.picture import Picture

    return Picture() if wanted else nullcontext()


@app.command()
def paint(
    context: typer.Context,
    part: Annotated[Path, typer.Argument(help="An STL file of closed bodies.")],
    output: Output,
    voxel: Voxel = None,
    unit: Unit = "mm",
    longest: Longest = None,
    grain_size: GrainSizeText = None,
    model: ModelName = "iso",
    seed: Seed = 0,
    plan: Plan = "windows",
    window: Window = 128,
    halo: Halo = 8,
    overlap: Overlap = None,
    count: Count = 1,
    workers: Workers = 1,
    resamplings: Resamplings = 10,
    jump: Jump = 1,
    block: BlockEdge = 32,
    field: FieldFile = None,
    picture: WithPicture = True,
    precision: PrecisionName = "auto",
    device: Device = "cpu",
    force: Force = False,
    dry_run: DryRun = False,
) -> None:
    """Paint grains into a CAD part."""
    config = {"command": "paint", "voxel": voxel, "longest": longest}
    run = RunOptions(config, precision, device, workers, picture, force, dry_run)
    whole = output.suffix != ".zarr" or is_papers(context, model)
    with _drawing(picture and whole and not dry_run) as drawing:
        if is_papers(context, model):
            from grainpaint.paper.paint import make_paper_recipe

            grid, file = _grid_of_part(part, unit, voxel, longest)
            planned = make_paper_recipe(
                grid.shape,
                grid.spacing,
                grid.origin,
                model,
                seed,
                plan if given(context, "plan") else "grid",
                block,
                resamplings,
                jump,
                part=file,
                overlap=overlap,
                precision=precision,
                device=device,
            )
            fill_paper(planned, output, field, run, drawing)
            return
        places = _places(output, seed, count, force, picture)
        recipe = _recipe_of_part(
            part,
            unit,
            voxel,
            longest,
            model,
            seed,
            plan,
            window,
            halo,
            overlap,
            grain_size,
            precision,
            device,
        )
        _fill(recipe, places, run, drawing)


@app.command()
def generate(
    context: typer.Context,
    output: Output,
    shape: Annotated[str, typer.Option("--shape", help="Voxels X,Y,Z.")],
    voxel: Annotated[
        str | None, typer.Option("--voxel", help="Edge of a voxel; 1um without.")
    ] = None,
    grain_size: GrainSizeText = None,
    periodic: Annotated[
        str, typer.Option("--periodic", help="Axes without a seam: xyz, xy, ...")
    ] = "none",
    model: ModelName = "iso",
    seed: Seed = 0,
    plan: Plan = "windows",
    window: Window = 128,
    halo: Halo = 8,
    overlap: Overlap = None,
    count: Count = 1,
    workers: Workers = 1,
    resamplings: Resamplings = 10,
    jump: Jump = 1,
    block: BlockEdge = 32,
    field: FieldFile = None,
    picture: WithPicture = True,
    precision: PrecisionName = "auto",
    device: Device = "cpu",
    force: Force = False,
    dry_run: DryRun = False,
) -> None:
    """Generate a box of grains."""
    from grainpaint.units import parse_periodic, parse_shape

    config = {"command": "generate", "voxel": voxel}
    run = RunOptions(config, precision, device, workers, picture, force, dry_run)
    wraps = parse_periodic(periodic)
    n_voxels = parse_shape(shape)
    whole = output.suffix != ".zarr" or any(wraps) or is_papers(context, model)
    with _drawing(picture and whole and not dry_run) as drawing:
        if is_papers(context, model):
            from grainpaint.paper.paint import make_paper_recipe

            planned = make_paper_recipe(
                n_voxels,
                _edge_of_voxel(voxel, None),
                (0.0, 0.0, 0.0),
                model,
                seed,
                plan if given(context, "plan") else "grid",
                block,
                resamplings,
                jump,
                overlap=overlap,
                precision=precision,
                device=device,
            )
            fill_paper(planned, output, field, run, drawing)
            return
        places = _places(output, seed, count, force, picture, not any(wraps))
        from grainpaint.generation.volume import make_recipe

        recipe = make_recipe(
            n_voxels,
            _edge_of_voxel(voxel, grain_size),
            (0.0, 0.0, 0.0),
            model,
            seed,
            plan,
            window,
            halo,
            None,
            grain_size,
            wraps,
            overlap,
            precision,
            device,
        )
        _fill(recipe, places, run, drawing)


def _places(
    output: Path,
    seed: int,
    count: int,
    force: bool,
    picture: bool,
    piecewise: bool = True,
) -> dict[int, Outputs]:
    """Return where the volume of each seed goes; refuse to replace files.

    A .zarr volume that is made piece by piece may be gone on with.
    """
    from grainpaint.record import check_outputs, outputs

    if count < 1:
        raise InputError(f"--count must be at least 1, got {count}")
    seeds = range(seed, seed + count)
    paths = {n: output.parent / f"seed{n}" / output.name for n in seeds}
    if count == 1:
        paths = {seed: output}
    return {
        n: outputs(path)
        if piecewise and path.suffix == ".zarr" and path.exists()
        else check_outputs(path, force, picture)
        for n, path in paths.items()
    }


def _fill(
    recipe: Recipe, places: dict[int, Outputs], run: RunOptions, drawing: Picture | None
) -> None:
    """Make volumes and write everything, or say what would be done."""
    recipes = [recipe.model_copy(update={"seed": seed}) for seed in places]
    of_store = next(iter(places.values())).volume.suffix == ".zarr"
    if run.dry_run:
        files = [path for p in places.values() for path in p.files(run.picture)]
        rows = [("would write", str(path)) for path in files]
        print_table([*_plan_rows(recipe), *rows])
    elif of_store and not any(recipe.periodic):
        for own, place in zip(recipes, places.values()):
            _fill_store(own, place.volume, run)
    else:
        _fill_memory(recipes, list(places.values()), run, drawing)


def _fill_memory(
    recipes: list[Recipe],
    places: list[Outputs],
    run: RunOptions,
    drawing: Picture | None,
) -> None:
    from grainpaint.cli.record import summary, write_run
    from grainpaint.generation.in_memory import paint_recipes
    from grainpaint.progress import console

    say_if_slow(recipes[0].precision, run.device)
    runs = paint_recipes(recipes, run.device, console)
    for place, recipe, found in zip(places, recipes, runs):
        for line in write_run(place, found, recipe, run.config, drawing, console):
            print(line, file=sys.stderr)
        print_table(summary(found, recipe.precision, place.files(run.picture)))


def _fill_store(recipe: Recipe, output: Path, run: RunOptions) -> None:
    from shutil import rmtree

    from grainpaint import store
    from grainpaint.cli.record import write_outcome
    from grainpaint.generation.on_disk import Stopped
    from grainpaint.generation.on_disk import run as run_engine
    from grainpaint.progress import console
    from grainpaint.record import kept_precision

    if run.force and output.exists():
        with store.open_store(output).lock():
            pass  # nobody is at work on it
        rmtree(output)
    kept = kept_precision(output)
    if run.precision == "auto" and kept is not None:
        recipe = recipe.model_copy(update={"precision": kept})
    spacing = (recipe.spacing,) * 3
    settings = recipe.model_dump(mode="json")
    volume = store.create(output, recipe.shape, spacing, recipe.origin, settings)
    if volume.complete:
        print(f"{output} is finished: grainpaint verify {output} checks its files")
        return
    advice = ", but the volume was begun in it and keeps it" if kept else ""
    say_if_slow(recipe.precision, run.device, advice)
    try:
        outcome = run_engine(recipe, volume, run.workers, run.device, console)
    except (Stopped, KeyboardInterrupt) as stop:
        number = stop.number if isinstance(stop, Stopped) else 2
        print(
            f"grainpaint: stopped ({stop or 'interrupt'}): what is done is kept, the "
            "same command goes on",
            file=sys.stderr,
        )
        raise typer.Exit(128 + number) from None
    write_outcome(output, outcome, recipe, run.config)
    n_voxels = math.prod(recipe.shape)
    total = sum(outcome.seconds.values())
    print_table(
        [
            ("voxels", f"{n_voxels:,} in the box"),
            ("grains", f"{outcome.n_grains:,}"),
            ("windows", _share(outcome.n_windows, outcome.n_windows_box)),
            ("pieces", f"{outcome.n_tasks:,}, and {outcome.n_tasks_before:,} before"),
            ("precision", recipe.precision),
            *((name, f"{s:.1f} s") for name, s in outcome.seconds.items()),
            ("speed", f"{n_voxels / total:,.0f} voxel/s of the box"),
            ("written", str(output)),
        ]
    )


def _share(n: int, of: int) -> str:
    return f"{n:,} of {of:,} ({1 - n / of:.0%} skipped)"


def _plan_rows(recipe: Recipe) -> list[tuple[str, str]]:
    """Return the table of what a recipe takes."""
    from grainpaint.cli.record import grown_share
    from grainpaint.generation.forecast import forecast

    f = forecast(recipe)
    return [
        ("voxels", " x ".join(map(str, recipe.shape))),
        ("voxel edge", f"{recipe.spacing:g} µm"),
        ("base windows", f"{f.n_base_windows:,}"),
        ("blocks", f"{f.n_blocks:,} in {_waves(f.n_waves)}"),
        ("windows", _share(f.n_windows, f.n_windows_box)),
        ("grown", grown_share(f.grown)),
        ("shards", f"{f.n_shards:,} files of 128^3 voxels"),
        ("evaluations", f"{f.n_evaluations:,} of a network"),
        ("core time", f"about {_duration(f.core_seconds)} on one core of this machine"),
        ("memory", f"about {f.memory_bytes / 2**30:.1f} GiB a worker"),
        ("disk", f"about {_size(f.disk_bytes)} as .zarr"),
    ]


def _waves(n: int) -> str:
    return "1 wave: none waits for another" if n == 1 else f"{n:,} waves"


def _duration(seconds: float) -> str:
    for unit, length in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:,.1f} {unit}"
    return f"{seconds:.0f} seconds"


def _size(n_bytes: float) -> str:
    for unit, power in (("TB", 12), ("GB", 9), ("MB", 6)):
        if n_bytes >= 10**power:
            return f"{n_bytes / 10**power:,.1f} {unit}"
    return f"{n_bytes / 1000:,.0f} kB"


@app.command()
def plan(
    part: Annotated[Path | None, typer.Argument(help="An STL file.")] = None,
    shape: Annotated[str | None, typer.Option("--shape", help="Voxels X,Y,Z.")] = None,
    voxel: Voxel = None,
    unit: Unit = "mm",
    longest: Longest = None,
    grain_size: GrainSizeText = None,
    model: ModelName = "iso",
    plan: Plan = "windows",
    window: Window = 128,
    halo: Halo = 8,
    overlap: Overlap = None,
    precision: PrecisionName = "auto",
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Draw the stages: a .png.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    force: Force = False,
) -> None:
    """Say what a part or a box would take: windows, stages, time, memory, disk."""
    import json
    from dataclasses import asdict

    from grainpaint.formats import refuse_to_replace
    from grainpaint.generation.forecast import forecast
    from grainpaint.generation.volume import make_recipe
    from grainpaint.units import parse_shape

    if (part is None) == (shape is None):
        raise InputError("give either a part (an STL file) or --shape X,Y,Z")
    if output is not None:
        refuse_to_replace(output, force)
    if part is not None:
        recipe = _recipe_of_part(
            part,
            unit,
            voxel,
            longest,
            model,
            0,
            plan,
            window,
            halo,
            overlap,
            grain_size,
            precision,
        )
    else:
        recipe = make_recipe(
            parse_shape(shape or ""),
            _edge_of_voxel(voxel, grain_size),
            (0.0, 0.0, 0.0),
            model,
            0,
            plan,
            window,
            halo,
            None,
            grain_size,
            overlap=overlap,
            precision=precision,
        )
    if as_json:
        print(
            json.dumps(
                {"recipe": recipe.model_dump(mode="json")} | asdict(forecast(recipe))
            )
        )
    else:
        print_table(_plan_rows(recipe))
    if output is not None:
        from grainpaint.drawing.plot import draw_plan

        draw_plan(recipe.plan, recipe.shape, recipe.levels, recipe.core, output)
        print(output)


@app.command()
def region(
    volume: Annotated[Path, typer.Argument(help="A volume, or its record.")],
    box: Annotated[str, typer.Option("--box", help="Voxels x0:x1,y0:y1,z0:z1.")],
    output: Output,
    precision: PrecisionOfPiece = "auto",
    device: Device = "cpu",
    force: Force = False,
) -> None:
    """Generate a box of a volume: the windows that it depends on, and no others."""
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
    from grainpaint.generation.volume import Volume, load_recipe, zoomed
    from grainpaint.network.precision import resolve
    from grainpaint.units import parse_box, parse_length

    formats.check_output(output, force)
    recipe = load_recipe(volume)
    if precision != "auto":
        chosen = resolve(precision, device)
        recipe = recipe.model_copy(update={"precision": chosen})
    finer = recipe if voxel is None else zoomed(recipe, parse_length(voxel))
    times = finer.levels - recipe.levels
    x, y, z = (slice(a << times, b << times) for a, b in parse_box(box))
    say_if_slow(
        recipe.precision, device, "; --precision float32 gives nearly the same grains"
    )
    piece = Volume(finer, device)[x, y, z]
    formats.write(piece, output)
    print(f"{output}: {piece.n_grains:,} grains in {piece.shape}")


@app.command()
def zoom(
    volume: Annotated[Path, typer.Argument(help="A volume, or its record.")],
    box: Annotated[str, typer.Option("--box", help="Its voxels x0:x1,y0:y1,z0:z1.")],
    voxel: Annotated[str, typer.Option("--voxel", help="Its edge, halved.")],
    output: Output,
    precision: PrecisionOfPiece = "auto",
    device: Device = "cpu",
    force: Force = False,
) -> None:
    """Generate a box of a volume again in smaller voxels: the same grains, finer."""
    _make_piece(volume, box, voxel, output, precision, device, force)


@app.command()
def extend(
    known: Annotated[Path, typer.Argument(help="A volume; grain 0 is filled.")],
    output: Output,
    box: Annotated[
        str | None,
        typer.Option("--box", help="Voxels x0:x1,y0:y1,z0:z1 of KNOWN, and beyond it."),
    ] = None,
    grain_size: Annotated[
        str | None,
        typer.Option("--grain-size", help="Of what is filled. [default: as KNOWN's]"),
    ] = None,
    model: ModelName = "iso",
    seed: Seed = 0,
    precision: PrecisionName = "auto",
    device: Device = "cpu",
    force: Force = False,
) -> None:
    """Go on from known grains: extend a volume, fill holes, continue a section."""
    from grainpaint import formats
    from grainpaint.generation.extend import extend as go_on
    from grainpaint.network.loading import load_model
    from grainpaint.progress import console
    from grainpaint.units import parse_box, parse_length

    formats.check_output(output, force)
    given = formats.load(known)
    x, y, z = [(0, n) for n in given.shape] if box is None else parse_box(box)
    size = None if grain_size is None else parse_length(grain_size)
    loaded = load_model(model, device, precision)
    say_if_slow(loaded.base.precision, device)
    volume = go_on(given, loaded, (x, y, z), seed, size, console)
    formats.write(volume, output)
    print(f"{output}: {volume.n_grains:,} grains in {volume.shape}")


@app.command()
def verify(
    volume: Annotated[Path, typer.Argument(help="A volume, or its record.")],
    repair: Annotated[
        bool, typer.Option("--repair", help="Make what is damaged again.")
    ] = False,
    workers: Workers = 1,
    device: Device = "cpu",
) -> None:
    """Check the files of a generated volume; exit 1 if something is damaged."""
    from grainpaint.record import outputs, read_record, volume_of

    path = volume_of(volume)
    if path.suffix == ".zarr" and "sha256" not in read_record(outputs(path).record):
        sound = _verify_store(path, repair, workers, device)
    else:
        sound = _verify_file(path, repair, device)
    if not sound:
        raise typer.Exit(1)


def _verify_file(volume: Path, repair: bool, device: str) -> bool:
    """Check, and repair, a volume that was made at once; return whether it is sound."""
    from grainpaint import formats
    from grainpaint.generation.in_memory import paint_recipe
    from grainpaint.generation.volume import load_recipe
    from grainpaint.progress import console
    from grainpaint.record import digest, kept_digest

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
    formats.write(made, volume)
    print(f"{volume}: repaired")
    return True


def _verify_store(volume: Path, repair: bool, workers: int, device: str) -> bool:
    """Check, and repair, one made piece by piece; return whether it is sound."""
    from grainpaint import store
    from grainpaint.generation.on_disk import run
    from grainpaint.generation.volume import load_recipe
    from grainpaint.progress import console

    opened = store.open_store(volume)
    damages = store.verify(opened, console)
    for damage in damages:
        print(f"{damage.path}: {damage.reason}")
    worst = [damage for damage in damages if not damage.harmless]
    if not damages:
        state = "finished" if opened.complete else "not finished"
        print(f"{volume}: {len(opened.done()):,} files as they were written, {state}")
    if repair and damages:
        with opened.lock():
            store.repair(opened, damages)
        recipe = load_recipe(volume)
        say_if_slow(recipe.precision, device, ", but the volume was made in it")
        run(recipe, opened, workers, device, console)
        print(f"{volume}: repaired")
        return True
    return not worst
