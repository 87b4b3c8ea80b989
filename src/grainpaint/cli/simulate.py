"""The command simulate: iso, am, script (of SPPARKS) and spparks."""

import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from grainpaint.cli.app import app
from grainpaint.cli.options import Force, Seed
from grainpaint.errors import InputError

if TYPE_CHECKING:
    from grainpaint.microstructure import Microstructure


class _SimulateGroup(TyperGroup):
    """A group in which a file name means `script FILE`."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return the command; a word that is not one but names a file is a script."""
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


VolumesOutput = Annotated[
    Path,
    typer.Option("-o", "--output", help="Output file; a .zarr set for several."),
]

simulate_app = typer.Typer(
    cls=_SimulateGroup,
    help="Simulate grain growth, for reference and training volumes. An input script "
    "of SPPARKS is run by its name: grainpaint simulate IN.SCRIPT -o OUT.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.add_typer(simulate_app, name="simulate")


@simulate_app.command()
def iso(
    output: VolumesOutput,
    recipe: Annotated[
        Path | None, typer.Argument(help="Recipe (TOML) instead of options.")
    ] = None,
    shape: Annotated[
        str | None, typer.Option("--shape", help="Number of voxels, X,Y,Z.")
    ] = None,
    time: Annotated[
        str | None,
        typer.Option("--time", help="One or more times, T,T,... [default: 100]"),
    ] = None,
    spins: Annotated[
        int | None,
        typer.Option(
            "--spins", help="Number of spins; 0: one per voxel. [default: 1000]"
        ),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option("--seed", help="Seed of the first volume. [default: 0]"),
    ] = None,
    temperature: Annotated[
        float | None,
        typer.Option("--temperature", help="Temperature, T >= 0. [default: 0]"),
    ] = None,
    lattice: Annotated[
        str | None,
        typer.Option(
            "--lattice", help="sc/26n, sc/6n, sq/8n or sq/4n. [default: sc/26n]"
        ),
    ] = None,
    periodic: Annotated[
        str | None,
        typer.Option(
            "--periodic", help="Periodic axes: xyz, xy, ..., none. [default: xyz]"
        ),
    ] = None,
    count: Annotated[
        int | None,
        typer.Option("--count", help="Number of volumes, one per seed. [default: 1]"),
    ] = None,
    force: Force = False,
) -> None:
    """Simulate isotropic grain growth with the Potts model."""
    from grainpaint.progress import console
    from grainpaint.simulate.iso.isotropic import simulate_iso
    from grainpaint.simulate.iso.recipe import IsoRecipe, load_iso_recipe
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
            raise InputError("give --shape X,Y,Z or a recipe (a TOML file)")
        settings = check_recipe(IsoRecipe, given, "simulate iso")
    elif given:
        raise InputError(
            f"--{next(iter(given))} does not go with a recipe: set it in {recipe}"
        )
    else:
        settings = load_iso_recipe(recipe)
    print(f"{output}: {simulate_iso(settings, output, force, console)}")


@simulate_app.command()
def am(
    recipe: Annotated[Path, typer.Argument(help="Recipe (TOML): pool, scan, part.")],
    output: VolumesOutput,
    seed: Seed = 0,
    count: Annotated[
        int, typer.Option("--count", help="Number of volumes, one per seed.")
    ] = 1,
    maps: Annotated[
        Path | None, typer.Option("--maps", help="Also write process maps (.npz).")
    ] = None,
    force: Force = False,
) -> None:
    """Simulate the grains of an additively manufactured build."""
    from grainpaint.progress import console
    from grainpaint.simulate.am.build import map_process, simulate_am
    from grainpaint.simulate.am.process_map import check_maps, write_maps
    from grainpaint.simulate.am.recipe import load_am_recipe

    plan = load_am_recipe(recipe)
    if maps is not None:
        check_maps(maps, force)
        write_maps(map_process(plan), maps)
    print(f"{output}: {simulate_am(plan, output, seed, count, force, console)}")


TimesOutput = Annotated[
    Path,
    typer.Option("-o", "--output", help="Output file; a .zarr set holds all times."),
]
VariableValues = Annotated[
    list[str] | None,
    typer.Option(
        "--var",
        metavar="NAME VALUE",
        help="Value of a variable, like SPPARKS' -var; repeatable.",
    ),
]


def _variables(words: list[str] | None) -> dict[str, str]:
    """Return the values of --var by name."""
    found = {}
    for word in words or []:
        name, _, value = word.partition("=")
        if not name or not value:
            raise InputError("--var needs a name and a value: --var NAME VALUE")
        found[name] = value
    return found


@simulate_app.command(cls=_VariablesCommand)
def script(
    script: Annotated[Path, typer.Argument(help="Input script of SPPARKS.")],
    output: TimesOutput,
    var: VariableValues = None,
    force: Force = False,
) -> None:
    """Run an input script of SPPARKS with our own kernels.

    The supported commands are listed in docs/spparks.md.
    """
    from grainpaint.progress import console
    from grainpaint.simulate.sets import check_place
    from grainpaint.simulate.spparks import read_script
    from grainpaint.simulate.spparks.runner import run_simulation

    variables = _variables(var)
    simulation = read_script(script, variables)
    run = simulation.runs[-1]
    times = sorted({run.stop, *(t for r in simulation.runs for t in r.snapshots)})
    in_set = output.suffix == ".zarr" and len(times) > 1
    check_place(output, len(times) if in_set else 1, force)
    for line in simulation.passed_over:
        print(f"passed over  {line}", file=sys.stderr)
    if not in_set and len(times) > 1:
        print(
            f"{output} holds only the end; a .zarr set would hold all {len(times)} "
            "times of the script's dumps",
            file=sys.stderr,
        )
    made_by = {"kind": "SPPARKS script", "seed": run.seed, "var": variables}
    _write_times(
        lambda: run_simulation(simulation, in_set, console),
        times if in_set else times[-1:],
        output,
        force,
        made_by | {"script": script.read_text()},
    )


def _write_times(
    run: "Callable[[], Iterable[tuple[float, Microstructure]]]",
    times: list[float],
    output: Path,
    force: bool,
    recipe: dict[str, Any],
) -> None:
    """Write the volumes that a run yields at some times, and say so."""
    from grainpaint.simulate.sets import simulate_into

    def simulate(seed: int, progress: object) -> "Iterator[Microstructure]":
        return (volume for _, volume in run())

    made = simulate_into(output, recipe | {"count": 1}, times, simulate, force)
    if len(times) == 1:
        print(f"{output}: {made} at time {times[0]:g}")
    else:
        print(f"{output}: {made}, times {times[0]:g} to {times[-1]:g}")


@simulate_app.command(cls=_VariablesCommand)
def spparks(
    recipe: Annotated[
        Path, typer.Argument(help="Recipe (.toml) or input script of SPPARKS.")
    ],
    spparks: Annotated[
        str, typer.Option("--spparks", help="Path of the executable of SPPARKS.")
    ],
    output: TimesOutput,
    ranks: Annotated[
        int, typer.Option("--ranks", help="Number of processes (mpirun).")
    ] = 1,
    seed: Annotated[
        int | None, typer.Option("--seed", help="Seed of a recipe, at least 1.")
    ] = None,
    var: VariableValues = None,
    force: Force = False,
) -> None:
    """Run a recipe or an input script with SPPARKS itself."""
    from grainpaint.progress import console
    from grainpaint.simulate.sets import check_place
    from grainpaint.simulate.spparks.program import execute_script, execute_simulation

    if ranks < 1:
        raise InputError(f"--ranks must be at least 1, got {ranks}")
    if recipe.suffix != ".toml":
        check_place(output, 1, force)
        end = execute_script(recipe, _variables(var), spparks, ranks, console)
        _write_times(lambda: [end], [end[0]], output, force, {"seed": 0})
        return
    from grainpaint.simulate.spparks.from_recipe import from_recipe_file

    simulation, edge = from_recipe_file(recipe, seed)
    made_by = {"kind": "SPPARKS", "seed": simulation.runs[0].seed}
    _write_times(
        lambda: execute_simulation(simulation, spparks, ranks, console, edge),
        [run.stop for run in simulation.runs],
        output,
        force,
        made_by | {"recipe": recipe.read_text()},
    )
