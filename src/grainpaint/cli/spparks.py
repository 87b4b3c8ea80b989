"""The commands of simulate for scripts of SPPARKS: script and spparks."""

import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from grainpaint.cli.app import HOW, WRITE, GroupedCommand
from grainpaint.cli.options import Force, option, output_option
from grainpaint.cli.simulate import simulate_app
from grainpaint.errors import InputError
from grainpaint.units import count_text

if TYPE_CHECKING:
    from grainpaint.microstructure import Microstructure
    from grainpaint.simulate.spparks.simulation import Simulation

__all__: list[str] = []


class _VariablesCommand(GroupedCommand):
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


TimesOutput = Annotated[
    Path,
    output_option("Output file; a .zarr set holds all times."),
]
VariableValues = Annotated[
    list[str] | None,
    typer.Option(
        "--var",
        metavar="NAME VALUE",
        help="Value of a variable, like SPPARKS' -var; repeatable.",
        rich_help_panel=HOW,
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
    output: Annotated[
        Path | None,
        output_option(
            "Also write volumes: the end, or a .zarr set of all times dumped."
        ),
    ] = None,
    var: VariableValues = None,
    dry_run: Annotated[
        bool,
        option("--dry-run", "Only read the script and print what it will do.", WRITE),
    ] = False,
    force: Annotated[
        bool, option("--force", "Replace an existing output of -o.", WRITE)
    ] = False,
) -> None:
    """Run an input script of SPPARKS with our own kernels, in the current folder.

    The files that the script asks for, and log.spparks, replace existing ones, as in
    SPPARKS. The supported commands are listed in docs/spparks.md.
    """
    from grainpaint.progress import console
    from grainpaint.simulate.spparks.runner import run_simulation

    variables = _variables(var)
    simulation = _read(script, variables)
    if dry_run:
        _check_files(simulation, script)
        _forecast(simulation)
        return
    if output is not None and not simulation.runs:
        raise InputError(f"{script} simulates nothing: leave -o out")
    if output is not None and simulation.before:
        print(f"{output} holds the simulation after the last clear", file=sys.stderr)
    if output is not None:
        times = _volume_times(simulation, output, force)
    volumes = run_simulation(
        simulation,
        output is not None and len(times) > 1,
        console,
        Path(),
        _show_line(),
    )
    if output is not None:
        run = simulation.runs[-1]
        made_by = {"kind": "SPPARKS script", "seed": run.seed, "var": variables}
        made_by["script"] = script.read_text(errors="replace")
        _write_times(lambda: volumes, times, output, force, made_by)
    for _ in volumes:  # what the script does after its last volume
        pass


def _read(script: Path, variables: dict[str, str]) -> "Simulation":
    """Return what a script describes; print all that stands in the way, and notes."""
    from grainpaint.simulate.spparks.script.survey import survey_script
    from grainpaint.simulate.spparks.simulation import RunCommand, WritePaths

    if script.suffix == ".toml" and script.is_file():
        raise InputError(
            f"{script} is a recipe, and no script of SPPARKS: say what it is of, "
            f"simulate iso, am or thermal {script}"
        )
    simulation, obstacles = survey_script(script, variables)
    _tell(obstacles, script)
    assert simulation is not None
    for line in simulation.passed_over:
        print(f"passed over  {line}", file=sys.stderr)
    steps = [step for part in simulation.parts for step in part.steps]
    if not any(isinstance(step, RunCommand | WritePaths) for step in steps):
        print(f"{script}: no run: nothing is simulated", file=sys.stderr)
    return simulation


def _check_files(simulation: "Simulation", script: Path) -> None:
    """Raise InputError if site files that a script reads do not fit its box."""
    from grainpaint.simulate.spparks.script.survey import unfit_files

    _tell(unfit_files(simulation), script)


def _tell(obstacles: list[str], script: Path) -> None:
    """Print obstacles and raise InputError, if there are any."""
    if len(obstacles) == 1:
        raise InputError(obstacles[0])
    for obstacle in obstacles:
        print(f"obstacle  {obstacle}", file=sys.stderr)
    if obstacles:
        raise InputError(f"{script} cannot be run: {len(obstacles)} obstacles, above")


def _forecast(simulation: "Simulation") -> None:
    """Print what a script will do."""
    from grainpaint.cli.app import print_table
    from grainpaint.simulate.spparks.forecast import forecast_script

    found = forecast_script(simulation)
    shape = " x ".join(map(str, simulation.box.shape))
    sweeps = f"{found.n_sweeps:,}" if found.n_sweeps else "none: rejection-free"
    rows = [
        ("sites", f"{found.n_sites:,} ({shape}, {simulation.box.lattice})"),
        ("time", f"{found.time:g} in {count_text(found.n_runs, 'run')}"),
        ("sweeps", sweeps),
        ("estimate", f"{found.seconds:.2g} s on one core"),
    ]
    for name, count in found.files:
        rows.append(("writes", name if count == 1 else f"{name} ({count} files)"))
    print_table(rows)


def _show_line() -> Callable[[str], None]:
    """Return a function that prints a line; on a terminal, a bar gives way to it."""
    stream = None if sys.stdout.isatty() else sys.stdout

    def show(text: str) -> None:
        print(text, file=stream or sys.stdout, flush=True)

    return show


def _volume_times(simulation: "Simulation", output: Path, force: bool) -> list[float]:
    """Return the times of the volumes that -o will hold; check its place."""
    from grainpaint.simulate.sets import check_place

    times = list(simulation.snapshots)
    in_set = output.suffix == ".zarr" and len(times) > 1
    check_place(output, len(times) if in_set else 1, force)
    if in_set:
        if times != sorted(times):
            raise InputError(
                f"{output}: reset_time turns the clock of this script back, so times "
                "do not name its volumes: choose another suffix for the end alone"
            )
        return times
    if len(times) > 1:
        print(
            f"{output} holds only the end; a .zarr set would hold all {len(times)} "
            "times of the script's dumps",
            file=sys.stderr,
        )
    return times[-1:]


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
        str, option("--spparks", "Path of the executable of SPPARKS.", HOW)
    ],
    output: TimesOutput,
    ranks: Annotated[int, option("--ranks", "Number of processes (mpirun).", HOW)] = 1,
    seed: Annotated[
        int | None, option("--seed", "Seed of a recipe, at least 1.", HOW)
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
        if seed is not None:
            raise InputError(
                f"--seed is of recipes (.toml): {recipe} has its own command `seed`, "
                "or a variable that --var sets"
            )
        check_place(output, 1, force)
        end = execute_script(recipe, _variables(var), spparks, ranks, console)
        _write_times(lambda: [end], [end[0]], output, force, {"seed": 0})
        return
    if var:
        raise InputError(f"--var is of scripts, and {recipe} is a recipe: use --seed")
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
