"""What the commands that generate do with a model of our own kind, a pyramid."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from grainpaint.cli.app import HOW, WHAT, print_table, say_if_slow
from grainpaint.cli.cluster import stoppable
from grainpaint.cli.job import Job
from grainpaint.cli.options import (
    GrainSizeText,
    ModelFlags,
    PlanFlags,
    option,
)
from grainpaint.cli.written import summary, write_painted
from grainpaint.errors import InputError

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from grainpaint.drawing.picture import Picture
    from grainpaint.generation.domain import Domain
    from grainpaint.generation.forecast import Forecast
    from grainpaint.generation.recipe import Recipe
    from grainpaint.record import Outputs

__all__ = [
    "PyramidBoxFlags",
    "PyramidFlags",
    "duration",
    "forecast_rows",
    "make_volumes",
]

OPEN = (False, False, False)


@dataclass(frozen=True)
class PyramidFlags:
    """What decides the voxels of a volume."""

    grain_size: GrainSizeText = None
    window: Annotated[
        int | None,
        option(
            "--window",
            "Longest edge of a base window, in base voxels.  [parts: 128; boxes: what "
            "costs least]",
            HOW,
        ),
    ] = None
    halo: Annotated[
        int,
        option("--halo", "Base voxels that a base window reads around its own.", HOW),
    ] = 8

    @property
    def wraps(self) -> tuple[bool, bool, bool]:
        """The periodic axes."""
        return OPEN

    def settled(
        self, domain: Callable[[], Domain], model: ModelFlags, plan: PlanFlags
    ) -> Recipe:
        """Settle all that decides the voxels."""
        from grainpaint.generation.recipe import Options, make_recipe

        options = Options(
            self.grain_size,
            self.wraps,
            plan.plan or "windows",
            self.window,
            self.halo,
            plan.overlap,
        )
        return make_recipe(
            domain(), options, model.model, model.seed, model.precision, model.device
        )

    def in_memory(self, output: Path) -> bool:
        """Return whether the volume is made in memory, not piece by piece on disk."""
        return output.suffix != ".zarr" or any(self.wraps)

    def fill(self, job: Job, drawing: Picture | None) -> None:
        """Make volumes and write everything, or say what would be done."""
        make_volumes(job, drawing, self.settled, self.in_memory)


@dataclass(frozen=True)
class PyramidBoxFlags(PyramidFlags):
    """What only a box can have: `generate`."""

    periodic: Annotated[
        str, option("--periodic", "Periodic axes: xyz, xy, ..., none.", WHAT)
    ] = "none"

    @property
    def wraps(self) -> tuple[bool, bool, bool]:
        """The periodic axes."""
        from grainpaint.units import parse_periodic

        return parse_periodic(self.periodic)


def _free_places(job: Job, in_memory: Callable[[Path], bool]) -> dict[int, Outputs]:
    """Return where the volume of each seed goes; refuse to replace files.

    A .zarr volume that is made piece by piece can be continued.
    """
    from grainpaint.record import check_outputs, outputs

    count, seed, output, written = (
        job.runs.count,
        job.model.seed,
        job.output,
        job.written,
    )
    if count < 1:
        raise InputError(f"--count must be at least 1, got {count}")
    job.runs.check(in_memory(output))
    paths = {seed: output}
    if count > 1:
        seeds = range(seed, seed + count)
        paths = {n: output.parent / f"seed{n}" / output.name for n in seeds}
    return {
        n: check_outputs(path, written.force, written.picture)
        if in_memory(path) or not path.exists()
        else outputs(path)
        for n, path in paths.items()
    }


def make_volumes(
    job: Job,
    drawing: Picture | None,
    settled: Callable[[Callable[[], Domain], ModelFlags, PlanFlags], Recipe],
    in_memory: Callable[[Path], bool],
) -> None:
    """Make a volume for each seed and write everything, or say what would be done.

    `settled` and `in_memory` are those of the flags of a model.
    """
    from grainpaint.network.devices import find_device

    places = _free_places(job, in_memory)
    recipe = settled(job.domain, job.model, job.plan)
    recipes = [recipe.model_copy(update={"seed": seed}) for seed in places]
    if job.written.dry_run:
        shown = job.written.picture
        files = [path for p in places.values() for path in p.files(shown)]
        rows = [("would write", str(path)) for path in files]
        print_table([*forecast_rows(recipe), *rows])
    elif in_memory(job.output):
        _fill_memory(recipes, list(places.values()), job, drawing)
    else:
        with job.runs.executor(recipe) as executor:
            if executor is None:
                find_device(job.model.device)  # before a store is made
            for own, place in zip(recipes, places.values()):
                _fill_store(own, place.volume, job, executor)


def _fill_memory(
    recipes: list[Recipe], places: list[Outputs], job: Job, drawing: Picture | None
) -> None:
    """Make volumes in memory and write everything."""
    from grainpaint.generation.in_memory import paint_recipes
    from grainpaint.progress import console

    say_if_slow(recipes[0].precision, job.model.device)
    made = paint_recipes(recipes, job.model.device, console)
    for place, recipe, painted in zip(places, recipes, made):
        painted = job.texture.oriented(painted, recipe.seed)
        oriented = job.texture.settings(recipe.seed)
        settings = {**job.command, **oriented, "window": recipe.model_dump()["core"]}
        write_painted(place, painted, recipe, settings, drawing)
        files = place.files(job.written.picture)
        print_table(summary(painted, recipe.precision, files))


def _fill_store(
    recipe: Recipe, output: Path, job: Job, executor: Executor | None
) -> None:
    """Make a volume piece by piece in a store, or continue it."""
    from grainpaint import store
    from grainpaint.generation.on_disk import run
    from grainpaint.progress import console
    from grainpaint.record import kept_precision, outputs, write_record

    if job.written.force and output.exists():
        store.remove(output)
    kept = kept_precision(output)
    if job.model.precision == "auto" and kept is not None:
        recipe = recipe.model_copy(update={"precision": kept})
    spacing = (recipe.spacing,) * 3
    settings = recipe.model_dump(mode="json")
    volume = store.create(output, recipe.shape, spacing, recipe.origin, settings)
    if volume.complete:
        print(f"{output} is finished: grainpaint verify {output} checks its files")
        return
    advice = ", but the volume was begun in it and keeps it" if kept else ""
    say_if_slow(recipe.precision, job.model.device, advice)
    with stoppable():
        outcome = run(
            recipe, volume, job.runs.workers, job.model.device, console, executor
        )
    told = {**job.command, **outcome.record(), "window": settings["core"]}
    write_record(outputs(output), settings, told)
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


def forecast_rows(
    recipe: Recipe, made: Forecast | None = None
) -> list[tuple[str, str]]:
    """Return the table of what a recipe takes, from a forecast if there is one."""
    from grainpaint.cli.written import grown_share
    from grainpaint.generation.forecast import forecast

    f = made or forecast(recipe)
    return [
        ("voxels", " x ".join(map(str, recipe.shape))),
        ("voxel edge", f"{recipe.spacing:g} µm"),
        ("base windows", f"{f.n_base_windows:,}"),
        ("blocks", f"{f.n_blocks:,} in {_waves(f.n_waves)}"),
        ("windows", _share(f.n_windows, f.n_windows_box)),
        ("grown", grown_share(f.grown)),
        ("shards", f"{f.n_shards:,} files of 128^3 voxels"),
        ("evaluations", f"{f.n_evaluations:,} of a network"),
        ("core time", f"about {duration(f.core_seconds)} on one core of this machine"),
        (
            "workers",
            f"work for {f.n_base_windows:,} in the base, {f.n_growth_tasks:,} in "
            "growth",
        ),
        ("memory", f"about {f.memory_bytes / 2**30:.1f} GiB per worker"),
        ("disk", f"about {_size(f.disk_bytes)} as .zarr"),
    ]


def _waves(n: int) -> str:
    return "1 wave: none waits for another" if n == 1 else f"{n:,} waves"


def duration(seconds: float) -> str:
    """Return a time in a unit that suits it."""
    for unit, length in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:,.1f} {unit}"
    return "1 second" if round(seconds) == 1 else f"{seconds:.0f} seconds"


def _size(n_bytes: float) -> str:
    for unit, power in (("TB", 12), ("GB", 9), ("MB", 6)):
        if n_bytes >= 10**power:
            return f"{n_bytes / 10**power:,.1f} {unit}"
    return f"{n_bytes / 1000:,.0f} kB"
