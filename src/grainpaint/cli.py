"""The command line: parse, call, write. No science here."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from grainpaint.errors import InputError

__all__ = ["app", "main"]

app = typer.Typer(
    name="grainpaint",
    help="Paint grains into parts of any shape with a 3-D diffusion model.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


class _SimulateGroup(TyperGroup):
    """A group in which the name of a file stands for `script FILE`."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command; a word that is none but looks like a file is a script."""
        word = args[0] if args else ""
        if word not in self.commands and ("." in word or Path(word).is_file()):
            args = ["script", *args]
        return super().resolve_command(ctx, args)


class _VariablesCommand(TyperCommand):
    """A command whose option --var takes two words: a name and a value."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Join the two words into NAME=VALUE."""
        joined: list[str] = []
        words = iter(args)
        for word in words:
            if word in ("--var", "-var"):
                joined.append(f"--var={next(words, '')}={next(words, '')}")
            else:
                joined.append(word)
        rest: list[str] = super().parse_args(ctx, joined)
        return rest


simulate_app = typer.Typer(
    cls=_SimulateGroup,
    help="Simulate grain growth: reference and training volumes. An input script of "
    "SPPARKS runs by its name: grainpaint simulate IN.SCRIPT -o OUT.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.add_typer(simulate_app, name="simulate")

Output = Annotated[Path, typer.Option("-o", "--output", help=".vti, .npz or .zarr")]
Force = Annotated[bool, typer.Option("--force", help="Replace what exists.")]
ModelName = Annotated[str, typer.Option("--model", help="Shipped name, or a folder.")]
Seed = Annotated[int, typer.Option("--seed", help="Same seed, same grains.")]
Device = Annotated[str, typer.Option("--device", help="cpu, cuda, ...")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done.")]


def main() -> None:
    """Run the command line; a user's mistake is one line and exit code 2."""
    try:
        app()
    except InputError as error:
        print(f"grainpaint: {error}", file=sys.stderr)
        sys.exit(2)
    except (OSError, MemoryError) as error:
        print(f"grainpaint: {error or 'out of memory'}", file=sys.stderr)
        sys.exit(1)


@app.callback(invoke_without_command=True)
def _version(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version.", is_eager=True)
    ] = False,
) -> None:
    if version:
        from grainpaint import __version__

        print(__version__)
        raise typer.Exit


@app.command()
def paint(
    part: Annotated[Path, typer.Argument(help="An STL file of closed bodies.")],
    output: Output,
    voxel: Annotated[
        str | None, typer.Option("--voxel", help="Edge of a voxel, such as 50um.")
    ] = None,
    unit: Annotated[str, typer.Option("--unit", help="Unit of the STL file.")] = "mm",
    longest: Annotated[
        int, typer.Option("--longest", help="Voxels along the longest side.")
    ] = 128,
    model: ModelName = "iso",
    seed: Seed = 0,
    device: Device = "cpu",
    force: Force = False,
    dry_run: DryRun = False,
) -> None:
    """Paint grains into a CAD part."""
    from grainpaint.cad import load_part, plan_grid, voxelize
    from grainpaint.generation import check_memory
    from grainpaint.quantity import parse_length
    from grainpaint.record import check_outputs

    check_outputs(output, force)
    edge = None if voxel is None else parse_length(voxel)
    solid = load_part(part, unit)
    for note in solid.notes:
        print(f"{part}: {note}", file=sys.stderr)
    check_memory(plan_grid(solid, edge, longest).shape)
    grid = voxelize(solid, edge, longest)
    config = {
        "command": "paint",
        "part": str(part),
        "unit": unit,
        "voxel": voxel,
        "longest": longest,
    }
    _fill(
        grid.mask,
        grid.spacing,
        grid.origin,
        model,
        seed,
        device,
        output,
        config,
        dry_run,
    )


@app.command()
def generate(
    output: Output,
    shape: Annotated[str, typer.Option("--shape", help="Voxels X,Y,Z.")],
    voxel: Annotated[str, typer.Option("--voxel", help="Edge of a voxel.")] = "1um",
    model: ModelName = "iso",
    seed: Seed = 0,
    device: Device = "cpu",
    force: Force = False,
    dry_run: DryRun = False,
) -> None:
    """Generate a box of grains."""
    import numpy as np

    from grainpaint.generation import check_memory
    from grainpaint.quantity import parse_length, parse_shape
    from grainpaint.record import check_outputs

    check_outputs(output, force)
    voxels, spacing = parse_shape(shape), parse_length(voxel)
    check_memory(voxels)
    mask = np.ones(voxels, bool)
    config = {"command": "generate", "voxel": voxel}
    _fill(mask, spacing, (0.0,) * 3, model, seed, device, output, config, dry_run)


def _fill(
    mask: Any,
    spacing: float,
    origin: Any,
    model: str,
    seed: int,
    device: str,
    output: Path,
    config: dict[str, Any],
    dry_run: bool,
) -> None:
    """Paint grains into a mask and write everything, or say what would be done."""
    from grainpaint.generation import check_memory, paint_mask
    from grainpaint.model import load_model
    from grainpaint.plan import windows
    from grainpaint.progress import console
    from grainpaint.record import outputs, summary, write_run

    loaded = load_model(model, device)
    if dry_run:
        shape = " x ".join(map(str, mask.shape))
        n, n_box = (len(list(windows(mask.shape, m))) for m in (mask, None))
        _print_table(
            [
                ("voxels", f"{shape}, {int(mask.sum()):,} inside"),
                ("voxel edge", f"{spacing:g} µm"),
                ("windows", f"{n} of {n_box}"),
                ("memory", f"up to {check_memory(mask.shape) / 2**30:.1f} GiB"),
                *(("would write", str(path)) for path in outputs(output)),
            ]
        )
        return
    run = paint_mask(mask, loaded, seed, spacing, origin, progress=console)
    config |= {"model": loaded.name, "weights_sha256": loaded.sha256, "seed": seed}
    for line in write_run(output, run, config, console):
        print(line, file=sys.stderr)
    _print_table(summary(run, outputs(output)))


def _print_table(rows: list[tuple[str, str]]) -> None:
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        print(f"{name:<{width}}  {value}")


@simulate_app.command()
def iso(
    output: Annotated[
        Path, typer.Option("-o", "--output", help="A volume; several: a .zarr set.")
    ],
    recipe: Annotated[
        Path | None, typer.Argument(help="A TOML file instead of the options.")
    ] = None,
    shape: Annotated[str | None, typer.Option("--shape", help="Voxels X,Y,Z.")] = None,
    time: Annotated[
        str | None, typer.Option("--time", help="One or more, T,T,... [default: 100]")
    ] = None,
    spins: Annotated[
        int | None,
        typer.Option("--spins", help="Number Q; 0: one a voxel. [default: 1000]"),
    ] = None,
    seed: Annotated[
        int | None, typer.Option("--seed", help="Of the first volume. [default: 0]")
    ] = None,
    temperature: Annotated[
        float | None, typer.Option("--temperature", help="T >= 0. [default: 0]")
    ] = None,
    lattice: Annotated[
        str | None,
        typer.Option("--lattice", help="sc/26n, sc/6n, sq/8n, sq/4n. [default: first]"),
    ] = None,
    periodic: Annotated[
        str | None, typer.Option("--periodic", help="xyz, xy, ... none. [default: xyz]")
    ] = None,
    count: Annotated[
        int | None,
        typer.Option("--count", help="Volumes, one a seed. [default: 1]"),
    ] = None,
    force: Force = False,
) -> None:
    """Isotropic Potts grain growth, in time as SPPARKS counts it."""
    from grainpaint.progress import console
    from grainpaint.quantity import parse_numbers, parse_shape
    from grainpaint.simulate.iso import IsoRecipe, load_recipe, simulate
    from grainpaint.simulate.recipe import check_recipe

    options: dict[str, Any] = {
        "shape": None if shape is None else parse_shape(shape),
        "time": None if time is None else parse_numbers(time),
        "spins": spins,
        "seed": seed,
        "temperature": temperature,
        "lattice": lattice,
        "periodic": periodic,
        "count": count,
    }
    given = {key: value for key, value in options.items() if value is not None}
    if recipe is None:
        if shape is None:
            raise InputError("give a --shape X,Y,Z, or a recipe (a TOML file)")
        settings = check_recipe(IsoRecipe, given, "simulate iso")
    elif given:
        raise InputError(f"--{next(iter(given))} and a recipe: write it into {recipe}")
    else:
        settings = load_recipe(recipe)
    print(f"{output}: {simulate(settings, output, force, console)}")


@simulate_app.command()
def am(
    recipe: Annotated[Path, typer.Argument(help="A TOML file: pool, scan, part.")],
    output: Annotated[
        Path, typer.Option("-o", "--output", help="A volume; several: a .zarr set.")
    ],
    seed: Seed = 0,
    count: Annotated[int, typer.Option("--count", help="Volumes, seeds going up.")] = 1,
    maps: Annotated[
        Path | None, typer.Option("--maps", help="Also write process maps (.npz).")
    ] = None,
    force: Force = False,
) -> None:
    """Grains of an additive build: a melt pool along a scan path."""
    from grainpaint.progress import console
    from grainpaint.simulate.build import load_recipe, map_process, simulate
    from grainpaint.simulate.process_map import check_maps, write_maps

    plan = load_recipe(recipe)
    if maps is not None:
        check_maps(maps, force)
        write_maps(map_process(plan), maps)
    print(f"{output}: {simulate(plan, output, seed, count, force, console)}")


Script = Annotated[Path, typer.Argument(help="An input script of SPPARKS.")]
Volume = Annotated[Path, typer.Option("-o", "--output", help="A volume; .zarr: a set.")]
Variables = Annotated[
    list[str] | None,
    typer.Option("--var", metavar="NAME VALUE", help="As SPPARKS' -var; repeatable."),
]


def _variables(words: list[str] | None) -> dict[str, str]:
    """Return the values of --var by their names."""
    found = {}
    for word in words or []:
        name, _, value = word.partition("=")
        if not name or not value:
            raise InputError("--var needs a name and a value: --var NAME VALUE")
        found[name] = value
    return found


@simulate_app.command(cls=_VariablesCommand)
def script(
    script: Script,
    output: Volume,
    var: Variables = None,
    force: Force = False,
) -> None:
    """Run an input script of SPPARKS with our kernels (docs/spparks.md)."""
    from grainpaint.formats import check_output
    from grainpaint.progress import console
    from grainpaint.simulate.script import read_script
    from grainpaint.simulate.script.runner import simulate

    variables = _variables(var)
    simulation = read_script(script, variables)
    run = simulation.runs[-1]
    times = sorted({run.stop, *(t for r in simulation.runs for t in r.snapshots)})
    in_set = output.suffix == ".zarr" and len(times) > 1
    if not in_set:
        check_output(output, force)
    for line in simulation.passed_over:
        print(f"passed over  {line}", file=sys.stderr)
    if not in_set and len(times) > 1:
        print(
            f"{output} holds the end alone; a .zarr set would hold all {len(times)} "
            "times of the script's dumps",
            file=sys.stderr,
        )
    made_by = {"kind": "SPPARKS script", "seed": run.seed, "var": variables}
    _write_times(
        lambda: simulate(simulation, in_set, console),
        times if in_set else times[-1:],
        output,
        force,
        made_by | {"script": script.read_text()},
    )


def _write_times(
    volumes: Any,
    times: list[float],
    output: Path,
    force: bool,
    recipe: dict[str, Any],
) -> None:
    """Write the volumes of some times: several into a set, one by itself."""
    import shutil

    from grainpaint.formats import check_output, write
    from grainpaint.simulate.sets import write_set

    if len(times) == 1:
        check_output(output, force)
        ((time, volume),) = volumes()
        write(volume, output)
        print(f"{output}: {volume.n_grains:,} grains at time {time:g}")
        return
    if force and output.exists():
        shutil.rmtree(output)
    write_set(output, recipe | {"count": 1}, times, lambda _: (v for _, v in volumes()))
    print(f"{output}: {len(times)} volumes, times {times[0]:g} to {times[-1]:g}")


@simulate_app.command(cls=_VariablesCommand)
def spparks(
    recipe: Annotated[
        Path, typer.Argument(help="A recipe (.toml) or an input script of SPPARKS.")
    ],
    spparks: Annotated[str, typer.Option("--spparks", help="SPPARKS' executable.")],
    output: Volume,
    ranks: Annotated[int, typer.Option("--ranks", help="Processes (mpirun).")] = 1,
    seed: Annotated[
        int | None, typer.Option("--seed", help="Of a recipe, at least 1.")
    ] = None,
    var: Variables = None,
    force: Force = False,
) -> None:
    """Let SPPARKS itself run a recipe or a script, and read the result."""
    from grainpaint.formats import check_output
    from grainpaint.progress import console
    from grainpaint.simulate.spparks import run_script, run_simulation

    if ranks < 1:
        raise InputError(f"--ranks must be at least 1, got {ranks}")
    if recipe.suffix != ".toml":
        check_output(output, force)
        end = run_script(recipe, _variables(var), spparks, ranks, console)
        _write_times(lambda: [end], [end[0]], output, force, {})
        return
    from grainpaint.simulate.script.recipes import read_recipe

    simulation, edge = read_recipe(recipe, seed)
    times = [run.stop for run in simulation.runs]
    made_by = {"kind": "SPPARKS", "seed": simulation.runs[0].seed}
    if len(times) == 1:
        check_output(output, force)
    elif output.suffix != ".zarr":
        raise InputError(f"{output}: several times go into a Zarr set, NAME.zarr")
    _write_times(
        lambda: run_simulation(simulation, spparks, ranks, console, edge),
        times,
        output,
        force,
        made_by | {"recipe": recipe.read_text()},
    )


@app.command()
def train(
    stage: Annotated[str, typer.Argument(help="base or refine")],
    data: Annotated[Path, typer.Option("--data", help="A set, or several.")],
    out: Annotated[Path, typer.Option("--out", help="Folder of the model.")],
    minutes: Annotated[float, typer.Option("--minutes", help="In all.")] = 120,
    resume: Annotated[bool, typer.Option("--resume", help="Go on.")] = False,
    device: Device = "cpu",
) -> None:
    """Train one stage of a model on a set of volumes."""
    from grainpaint.progress import console
    from grainpaint.train import PRESETS
    from grainpaint.train import train as run_training

    if stage not in PRESETS:
        raise InputError(f"the stage is base or refine, got {stage!r}")
    card = run_training(
        PRESETS[stage],
        data,
        out,
        minutes,
        resume=resume,
        device=device,
        progress=console,
    )
    loss = card.metrics["held_out_cross_entropy"]
    print(f"{out}: {stage}, {card.n_steps} steps in {card.minutes} minutes")
    print("held-out cross-entropy by noise level:", loss)


@app.command()
def segment(
    field: Annotated[Path, typer.Argument(help="An .npz with 'field'.")],
    output: Output,
    method: Annotated[
        str, typer.Option("--method", help="colors, or dbscan for one float a voxel.")
    ] = "colors",
    eps: Annotated[
        float | None, typer.Option("--eps", help="Reach of dbscan in voxels.  [1.9]")
    ] = None,
    no_clean: Annotated[
        bool, typer.Option("--no-clean", help="Leave the noise of dbscan as 0.")
    ] = False,
    force: Force = False,
) -> None:
    """Turn a field of colours, spins or values into grains."""
    from grainpaint.formats import check_output, write
    from grainpaint.formats.field import read_field, read_values
    from grainpaint.microstructure import Microstructure

    if method not in ("colors", "dbscan"):
        raise InputError(f"the method must be colors or dbscan, got {method}")
    if method == "colors" and (no_clean or eps is not None):
        raise InputError("--eps and --no-clean need --method dbscan")
    check_output(output, force)
    if method == "colors":
        from grainpaint.segment import grains

        color, spacing, origin = read_field(field)
        grain_id = grains(color)
    else:
        from grainpaint.dbscan import EPS, dbscan, fill_noise

        values, spacing, origin = read_values(field)
        grain_id = dbscan(values, eps=EPS if eps is None else eps)
        if not grain_id.any():
            raise InputError(f"{field}: all voxels are noise to DBSCAN: no grains")
        if not no_clean:
            grain_id = fill_noise(grain_id)
    volume = Microstructure(grain_id, spacing, origin)
    write(volume, output)
    print(f"{output}: {volume.n_grains:,} grains")


@app.command()
def stats(
    volume: Annotated[Path, typer.Argument(help="A .vti, .npz or .zarr volume.")],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="A .csv or .parquet table.")
    ] = None,
    force: Force = False,
) -> None:
    """Measure every grain of a volume."""
    from grainpaint.formats import read, refuse_to_replace, replace_with
    from grainpaint.spatial import measures
    from grainpaint.stats import table

    if output is not None:
        if output.suffix not in (".csv", ".parquet"):
            raise InputError(f"{output}: a table is written as .csv or .parquet")
        refuse_to_replace(output, force)
    grains = read(volume)
    found = table(grains)
    rows = [("grains", f"{len(found):,}")]
    if output is not None:
        if output.suffix == ".csv":
            replace_with(output, lambda aside: found.to_csv(aside, index=False))
        else:
            replace_with(output, lambda aside: found.to_parquet(aside, index=False))
        rows.append(("written", str(output)))
    border = found["touches_border"].mean()
    rows[1:1] = [
        ("touching the border", f"{border:.0%}"),
        *((name, f"{value:.4g}") for name, value in measures(grains).items()),
        *((f"mean {name}", f"{found[name].mean():.4g}") for name in _MEANS),
    ]
    _print_table(rows)


_MEANS = (
    "diameter_um",
    "b_over_a",
    "c_over_a",
    "sphericity",
    "neighbors",
    "nearest_um",
)


class _SetsCommand(TyperCommand):
    """A command whose option --with takes all values up to the next option."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Repeat --with before each of its values."""
        spread: list[str] = []
        in_with = False
        for word in args:
            if word.startswith("-"):
                in_with = word == "--with"
            elif in_with and spread[-1] != "--with":
                spread.append("--with")
            spread.append(word)
        rest: list[str] = super().parse_args(ctx, spread)
        return rest


Volumes = Annotated[
    list[Path], typer.Argument(help="Volumes, a pattern, a folder or a Zarr set.")
]
With = Annotated[
    list[Path] | None, typer.Option("--with", help="The reference: one or more of it.")
]


@app.command(cls=_SetsCommand)
def compare(
    volumes: Volumes,
    reference: With = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="A .json file.")
    ] = None,
    report: Annotated[
        Path | None, typer.Option("--report", help="An .html file.")
    ] = None,
    force: Force = False,
) -> None:
    """Compare two sets of volumes, descriptor by descriptor."""
    import json

    from grainpaint.formats import refuse_to_replace, replace_with

    if not reference:
        raise InputError("compare needs a reference: add --with and its volumes")
    if output is not None:
        if output.suffix != ".json":
            raise InputError(f"{output}: the result is written as .json")
        refuse_to_replace(output, force)
    result = _report_sets(volumes, reference, report, force)
    assert result is not None
    if output is not None:
        text = json.dumps(result, indent=1) + "\n"
        replace_with(output, lambda aside: aside.write_text(text))
    heads = ("", "KL", "floor", "ratio", "Wasserstein-1", "KS", "p", "verdict")
    print("{:<24}{:>9}{:>9}{:>7}{:>16}{:>8}{:>9}  {}".format(*heads))
    for name, entry in result.items():
        if "verdict" in entry:
            print(_compare_row(name, entry))
            if entry["interior"]:
                print(_compare_row("  without border grains", entry["interior"]))
    for note in result["notes"]:
        print(note, file=sys.stderr)
    for path in (output, report):
        if path is not None:
            print(f"written  {path}")


def _compare_row(name: str, entry: dict[str, Any]) -> str:
    if entry["kl"] is None:
        return f"{name:<24}{entry['verdict']}"
    return (
        f"{name:<24}{entry['kl']:9.4f}{entry['kl_floor']:9.4f}"
        f"{entry['ratio_to_floor']:7.1f}{entry['wasserstein']:16.4g}"
        f"{entry['ks']:8.4f}{entry['p']:9.2g}  {entry['verdict']}"
    )


def _report_sets(
    volumes: list[Path], reference: list[Path] | None, path: Path | None, force: bool
) -> dict[str, Any] | None:
    """Measure one or two sets, compare them, and write the report if asked."""
    from grainpaint.compare import compare as compare_sets
    from grainpaint.compare import measure_all
    from grainpaint.formats import find_volumes, read, refuse_to_replace
    from grainpaint.progress import console

    if path is not None:
        if path.suffix != ".html":
            raise InputError(f"{path}: a report is written as .html")
        refuse_to_replace(path, force)
    sources = [find_volumes(s) for s in (volumes, reference) if s]
    sets = [measure_all(map(read, s), len(s), console) for s in sources]
    result = compare_sets(sets[0], sets[1], progress=console) if sets[1:] else None
    if path is not None:
        from grainpaint.report import write_report

        shown = [read(s[0]) for s in sources]
        with console("report", 1):
            write_report(path, sets, shown, result)
    return result


@app.command(cls=_SetsCommand)
def report(
    volumes: Volumes,
    output: Annotated[Path, typer.Option("-o", "--output", help="An .html file.")],
    reference: With = None,
    force: Force = False,
) -> None:
    """Write one HTML file that shows a set of volumes, beside a reference or alone."""
    _report_sets(volumes, reference, output, force)
    print(output)


@app.command()
def check(
    volume: Annotated[Path, typer.Argument(help="A .vti, .npz or .zarr volume.")],
) -> None:
    """Check that grains are whole and that no seam shows; exit 1 if not."""
    from grainpaint.formats import read
    from grainpaint.integrity import integrity
    from grainpaint.record import window_faces
    from grainpaint.seams import cell_trace, odd_plane, seam_test

    grains = read(volume)
    found = integrity(grains)
    rows = [
        ("grains", f"{found.n_grains:,}"),
        ("missing IDs", _some(found.missing.tolist())),
        (
            "grains in pieces",
            _some([f"{g} ({n} pieces)" for g, n in found.in_pieces.items()]),
        ),
        ("isolated voxels", _some([tuple(v) for v in found.isolated.tolist()])),
        ("held by corners only", f"{found.n_by_corners} grains (no fault)"),
    ]
    sound = found.sound
    faces = window_faces(volume, grains.shape)
    try:
        if faces:
            test = seam_test([grains], faces)
            p, where = test.p, f"{test.where}; {test.n_faces} faces of windows"
        else:
            p, where = odd_plane(grains)
            where += "; every plane, the windows being unknown"
        word = "a seam" if p < 0.01 else "none seen"
        rows.append(("seams", f"{word}: p = {p:.2g} ({where})"))
        sound &= p >= 0.01
        ratio, p = cell_trace(grains)
        rows.append(("trace of 2-voxel cells", f"{ratio:.3f} (1 = none), p = {p:.2g}"))
    except InputError as error:
        rows.append(("seams", f"not tested: {error}"))
    _print_table([*rows, ("", "sound" if sound else "NOT SOUND")])
    if not sound:
        raise typer.Exit(1)


def _some(items: list[Any]) -> str:
    """Say how many there are, and list the first ten."""
    if not items:
        return "none"
    listed = ", ".join(map(str, items[:10]))
    return f"{len(items):,}: {listed}{', ...' if len(items) > 10 else ''}"


@app.command()
def convert(
    volume: Annotated[
        Path, typer.Argument(help="A .vti, .npz or .zarr volume, or a SPPARKS file.")
    ],
    output: Output,
    time: Annotated[
        float | None, typer.Option("--time", help="Which snapshot of a dump.")
    ] = None,
    force: Force = False,
) -> None:
    """Write a volume in another format."""
    from grainpaint.formats import check_output, read, write

    check_output(output, force)
    grains = read(volume, time)
    write(grains, output)
    print(f"{output}: {grains.n_grains:,} grains")


@app.command()
def view(
    volume: Annotated[
        Path, typer.Argument(help="A .vti, .npz or .zarr volume, or a SPPARKS file.")
    ],
    output: Annotated[Path, typer.Option("-o", "--output", help="A .png file.")],
    time: Annotated[
        float | None, typer.Option("--time", help="Which snapshot of a dump.")
    ] = None,
    force: Force = False,
) -> None:
    """Draw a volume: the part with a cut, and three slices."""
    from grainpaint.formats import read, refuse_to_replace
    from grainpaint.plot import picture

    if output.suffix != ".png":
        raise InputError(f"{output}: pictures are written as .png")
    refuse_to_replace(output, force)
    if not picture(read(volume, time), output):
        print("no usable OpenGL: the picture shows slices only", file=sys.stderr)
    print(output)


@app.command()
def models() -> None:
    """List the shipped models with their figures."""
    from grainpaint.model import describe, shipped

    for name in shipped():
        print(name)
        for line in describe(name):
            print(f"  {line}")
