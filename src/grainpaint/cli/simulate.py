"""The command simulate: iso, am, spparks, and scripts of SPPARKS."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from grainpaint.cli.app import app
from grainpaint.cli.options import Force, Seed
from grainpaint.errors import InputError


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
    from grainpaint.simulate.iso.recipe import IsoRecipe, load_recipe, simulate
    from grainpaint.simulate.toml import check_recipe
    from grainpaint.units import parse_numbers, parse_shape

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
    from grainpaint.simulate.am.build import load_recipe, map_process, simulate
    from grainpaint.simulate.am.process_map import check_maps, write_maps

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
    from grainpaint.simulate.spparks import read_script
    from grainpaint.simulate.spparks.runner import simulate

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
    from grainpaint.simulate.spparks.program import run_script, run_simulation

    if ranks < 1:
        raise InputError(f"--ranks must be at least 1, got {ranks}")
    if recipe.suffix != ".toml":
        check_output(output, force)
        end = run_script(recipe, _variables(var), spparks, ranks, console)
        _write_times(lambda: [end], [end[0]], output, force, {})
        return
    from grainpaint.simulate.spparks.recipes import read_recipe

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
