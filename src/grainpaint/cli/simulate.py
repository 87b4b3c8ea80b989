"""The command simulate: its group, iso, am and thermal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from grainpaint.cli.app import HOW, WRITE, GroupedCommand, app
from grainpaint.cli.cluster import SchedulerFlags, stoppable
from grainpaint.cli.grouping import grouped
from grainpaint.cli.options import Force, Seed, option, output_option
from grainpaint.errors import InputError

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from grainpaint.simulate.iso.recipe import IsoRecipe

__all__ = ["simulate_app"]


class _SimulateGroup(TyperGroup):
    """A group in which a file name means `script FILE`, its options first or last."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Take options before any command as those of `script`."""
        if args and args[0].startswith("-") and args[0] != "--help":
            args = ["script", *args]
        rest: list[str] = super().parse_args(ctx, args)
        return rest

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return the command; a word that is not one but names a file is a script."""
        word = args[0] if args else ""
        if word not in self.commands and ("." in word or Path(word).is_file()):
            args = ["script", *args]
        return super().resolve_command(ctx, args)


VolumesOutput = Annotated[
    Path,
    output_option("Output file; a .zarr set for several."),
]

simulate_app = typer.Typer(
    cls=_SimulateGroup,
    help="Simulate grain growth, for reference and training volumes. An input script "
    "of SPPARKS is run by its name: grainpaint simulate IN.SCRIPT.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.add_typer(simulate_app, name="simulate")


@simulate_app.command(cls=GroupedCommand)
@grouped
def iso(
    output: VolumesOutput,
    recipe: Annotated[
        Path | None, typer.Argument(help="Recipe (TOML), instead of options.")
    ] = None,
    shape: Annotated[
        str | None, option("--shape", "Number of voxels, X,Y,Z.", HOW)
    ] = None,
    time: Annotated[
        str | None,
        option("--time", "One or more times, T,T,...  [100]", HOW),
    ] = None,
    spins: Annotated[
        int | None,
        option("--spins", "Number of spins; 0: one per voxel.  [1000]", HOW),
    ] = None,
    seed: Annotated[
        int | None,
        option("--seed", "Seed of the first volume.  [0]", HOW),
    ] = None,
    temperature: Annotated[
        float | None,
        option("--temperature", "Temperature, T >= 0.  [0]", HOW),
    ] = None,
    lattice: Annotated[
        str | None,
        option("--lattice", "sc/26n, sc/6n, sq/8n or sq/4n.  [sc/26n]", HOW),
    ] = None,
    periodic: Annotated[
        str | None,
        option("--periodic", "Periodic axes: xyz, xy, ..., none.  [xyz]", HOW),
    ] = None,
    count: Annotated[
        int | None,
        option("--count", "Number of volumes, one per seed.  [1]", HOW),
    ] = None,
    start: Annotated[
        Path | None,
        option("--start", "Volume whose grains grow on, such as a build.", HOW),
    ] = None,
    mobility: Annotated[
        Path | None,
        option("--mobility", "An .npz with factors 0..1 for the rates.", HOW),
    ] = None,
    force: Force = False,
    *,
    cluster: SchedulerFlags,
) -> None:
    """Simulate isotropic grain growth with the Potts model."""
    from grainpaint.progress import console
    from grainpaint.simulate.iso.isotropic import simulate_iso
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
        "start": start,
        "mobility": mobility,
    }
    given = {key: value for key, value in options.items() if value is not None}
    settings = _iso_settings(recipe, given)
    several = settings.count * len(settings.time) > 1
    with _by(cluster, several) as executor:
        made = simulate_iso(settings, output, force, console, executor)
    print(f"{output}: {made}")


@contextmanager
def _by(cluster: SchedulerFlags, several: bool) -> Iterator[Executor | None]:
    """Yield the executor of a cluster, or None; a signal ends the block in one line."""
    name = cluster.given
    if name is None:
        yield None
        return
    if not several:
        raise InputError(
            f"{name} is for several volumes: add --count N, and write a set as -o "
            "NAME.zarr"
        )
    with cluster.executor() as executor, stoppable():
        yield executor


def _iso_settings(recipe: Path | None, given: dict[str, Any]) -> IsoRecipe:
    """Return the settings of a recipe, or of options without one."""
    from grainpaint.simulate.iso.recipe import IsoRecipe, load_iso_recipe
    from grainpaint.simulate.toml import check_recipe

    if recipe is not None:
        settings = load_iso_recipe(recipe)
        if given:
            raise InputError(
                f"--{next(iter(given))} does not go with a recipe: set it in {recipe}"
            )
        return settings
    if "start" in given:
        if "shape" in given:
            raise InputError("--shape is that of --start: give one of them")
        given = _box_of(given["start"]) | given
    elif "shape" not in given:
        raise InputError("give --shape X,Y,Z, --start or a recipe (a TOML file)")
    return check_recipe(IsoRecipe, given, "simulate iso")


def _box_of(start: Path) -> dict[str, Any]:
    """Return the settings that follow from a volume whose grains grow on."""
    from grainpaint import formats

    volume = formats.load(start)
    axes = "".join(a for a, wraps in zip("xyz", volume.periodic) if wraps)
    if len(set(volume.spacing)) > 1:
        raise InputError(
            f"{start}: grains grow in cubes, its voxels measure {volume.spacing} µm"
        )
    return {
        "shape": volume.shape,
        "voxel": f"{volume.spacing[0]!r}um",
        "periodic": axes or "none",
    }


@simulate_app.command(cls=GroupedCommand)
@grouped
def am(
    recipe: Annotated[Path, typer.Argument(help="Recipe (TOML): pool, scan, part.")],
    output: VolumesOutput,
    seed: Seed = 0,
    count: Annotated[
        int, option("--count", "Number of volumes, one per seed.", HOW)
    ] = 1,
    maps: Annotated[
        Path | None, option("--maps", "Also write process maps (.npz).", WRITE)
    ] = None,
    force: Force = False,
    *,
    cluster: SchedulerFlags,
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
    with _by(cluster, count > 1) as executor:
        made = simulate_am(plan, output, seed, count, force, console, executor)
    print(f"{output}: {made}")


@simulate_app.command(cls=GroupedCommand)
@grouped
def thermal(
    recipe: Annotated[Path, typer.Argument(help="Recipe (TOML): history, substrate.")],
    output: VolumesOutput,
    seed: Seed = 0,
    count: Annotated[
        int, option("--count", "Number of volumes, one per seed.", HOW)
    ] = 1,
    force: Force = False,
    *,
    cluster: SchedulerFlags,
) -> None:
    """Simulate the grains of a build from the temperatures of a solver."""
    from grainpaint.progress import console
    from grainpaint.simulate.am.history_build import (
        load_history_recipe,
        simulate_thermal,
    )

    plan = load_history_recipe(recipe)
    with _by(cluster, count > 1) as executor:
        made = simulate_thermal(plan, output, seed, count, force, console, executor)
    print(f"{output}: {made}")
