"""Simulated volumes on disk: single files, and Zarr sets with their recipe."""

import json
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from grainpaint.errors import InputError
from grainpaint.formats import check_output, write, zarr
from grainpaint.formats.files import replace_with
from grainpaint.microstructure import Microstructure
from grainpaint.progress import Bar, Progress, silent
from grainpaint.simulate.set_tasks import (
    Elsewhere,
    Places,
    Simulate,
    simulate_elsewhere,
)
from grainpaint.store import durable
from grainpaint.store.lock import lock
from grainpaint.units import count_text

__all__ = [
    "check_place",
    "member_name",
    "member_seed",
    "member_time",
    "simulate_into",
    "write_set",
]

_MEMBER = re.compile(r"s(\d+)-t(\d+(?:\.\d+)?)\.zarr")


def member_name(seed: int, time: float) -> str:
    """Return the name of a volume in a set; names sort by seed, then time.

    Examples
    --------
    >>> member_name(7, 25.0)
    's0000000007-t000025.0000.zarr'
    """
    return f"s{seed:010d}-t{time:011.4f}.zarr"


def member_time(path: Path) -> float | None:
    """Return the time in the name of a volume of a set, None if it is not in a set.

    Raises
    ------
    InputError
        If it is in a set and its name is another one.
    """
    if not (path.parent / "zarr.json").is_file():
        return None
    return _of_name(path)[1]


def member_seed(path: Path) -> int:
    """Return the seed in the name of a volume of a set.

    Raises
    ------
    InputError
        If the name is another one.

    Examples
    --------
    >>> member_seed(Path("s0000000007-t000025.0000.zarr"))
    7
    """
    return _of_name(path)[0]


def _of_name(path: Path) -> tuple[int, float]:
    """Return seed and time of a volume of a set; raise if its name does not say."""
    match = _MEMBER.fullmatch(path.name)
    if match is None:
        raise InputError(
            f"{path}: volumes of a set are named by seed and time, such as "
            f"{member_name(7, 25.0)}: give it the name that it had"
        )
    return int(match[1]), float(match[2])


def check_place(output: Path, n_volumes: int, force: bool = False) -> None:
    """Raise InputError unless simulated volumes may be written to a path.

    Parameters
    ----------
    output : Path
        Any file format for one volume; NAME.zarr, a set, for several.
    n_volumes : int
    force : bool
        Whether an existing file may be replaced.
    """
    if n_volumes == 1:
        check_output(output, force)
    elif output.suffix != ".zarr":
        raise InputError(
            f"{output}: several volumes go into a Zarr set, such as {output.stem}.zarr"
        )


def simulate_into(
    output: Path,
    recipe: dict[str, Any],
    times: Sequence[float],
    simulate: Simulate,
    force: bool = False,
    progress: Progress = silent,
    elsewhere: Elsewhere | None = None,
) -> str:
    """Simulate the volume of a recipe into a file, or a Zarr set if there are several.

    Parameters
    ----------
    output : Path
        A volume; for several seeds or times a set, NAME.zarr, which continues where it
        was stopped.
    recipe, times
        As in `write_set`.
    simulate : callable
        Given a seed and a progress, yields a volume for each time.
    force : bool
        Whether existing files are replaced.
    progress : Progress
        Receives the progress of the simulation, or the number of volumes of a set.
    elsewhere : Elsewhere, optional
        Simulates the volumes of a set in place of this process.

    Returns
    -------
    str
        What was made, in words.

    Raises
    ------
    InputError
        If the output cannot be written, or one volume is to be made elsewhere; and as
        in `grainpaint.simulate.set_tasks.simulate_elsewhere`.
    Stopped
        If a signal came while volumes are made elsewhere.
    """
    n_volumes = recipe["count"] * len(times)
    check_place(output, n_volumes, force)
    if n_volumes == 1 and elsewhere is not None:
        raise InputError(
            "the workers of an executor simulate the volumes of a set: ask for a count "
            "of at least 2"
        )
    if n_volumes == 1:
        (volume,) = simulate(recipe["seed"], progress)
        write(volume, output)
        return count_text(volume.n_grains, "grain")
    if force and output.exists():
        shutil.rmtree(output)
    n = write_set(
        output, recipe, times, lambda seed: simulate(seed, silent), progress, elsewhere
    )
    return count_text(n, "volume")


def write_set(
    path: Path,
    recipe: dict[str, Any],
    times: Sequence[float],
    simulate: Callable[[int], Iterator[Microstructure]],
    progress: Progress = silent,
    elsewhere: Elsewhere | None = None,
) -> int:
    """Simulate the volumes of a recipe into a Zarr set; continue one that was stopped.

    Parameters
    ----------
    path : Path
        NAME.zarr: a group with the attributes `format` ("grainpaint set") and `recipe`
        that holds a volume for each seed and time, with the attributes `seed` and
        `time`.
    recipe : dict
        All settings of the volumes, as JSON values; `seed` and `count` define the seeds
        seed, seed + 1, ... An existing set is extended if `count` is larger.
    times : sequence of float
        Times of the volumes of each simulation.
    simulate : callable
        Given a seed, yields a volume for each time.
    progress : Progress
        Receives the number of volumes done.
    elsewhere : Elsewhere, optional
        Simulates the volumes in place of `simulate`: the same ones, byte for byte.

    Returns
    -------
    int
        Number of volumes of the recipe; the set now holds all of them.

    Raises
    ------
    InputError
        If the path exists and is not a set, or is a set of another recipe.
    """
    recipe = json.loads(json.dumps(recipe))
    known = _matching_recipe(path, recipe) if path.exists() else recipe
    seeds = range(recipe["seed"], recipe["seed"] + recipe["count"])

    def places(seed: int) -> dict[Path, float]:
        return {path / member_name(seed, time): time for time in times}

    members = [place for seed in seeds for place in places(seed)]
    there = sum(place.exists() for place in members)
    with progress("simulate", len(members), there) as bar:
        if elsewhere is None:
            _simulate_here(path, recipe, seeds, places, simulate, bar, there)
        else:
            left = [s for s in seeds if not all(p.exists() for p in places(s))]
            done = len(members) - len(left) * len(times)

            def advance(n: float) -> None:
                nonlocal done
                done += round(n)
                bar.update(max(done, there))

            simulate_elsewhere(path, recipe, left, places, elsewhere, advance)
    if recipe["count"] > known["count"]:
        zarr.update_recipe(path, recipe)
    return len(members)


def _matching_recipe(path: Path, recipe: dict[str, Any]) -> dict[str, Any]:
    """Return the recipe of an existing set, which may differ in its count only."""
    found = zarr.read_recipe(path)
    if found is None:
        raise InputError(
            f"{path} exists and is not a set of volumes: choose another name, or use "
            "force to replace it"
        )
    for key in [*recipe, *found]:
        if key != "count" and recipe.get(key) != found.get(key):
            raise InputError(
                f"{path} holds a set with another recipe ({key} = {found.get(key)}, "
                f"not {recipe.get(key)}): choose another name, or use "
                "force to replace it"
            )
    return found


def _simulate_here(
    path: Path,
    recipe: dict[str, Any],
    seeds: Sequence[int],
    places: Places,
    simulate: Callable[[int], Iterator[Microstructure]],
    bar: Bar,
    there: int,
) -> None:
    """Simulate the volumes of seeds that are not in a set, one after the other."""
    if all(place.exists() for seed in seeds for place in places(seed)):
        return
    with _scratch(path) as aside:
        done = 0
        for seed in seeds:
            wanted = places(seed)
            volumes = simulate(seed) if not all(p.exists() for p in wanted) else ()
            for (place, time), volume in zip(wanted.items(), volumes):
                if not path.exists():  # the first volume proves the settings valid
                    replace_with(path, lambda aside: zarr.create_set(aside, recipe))
                if not place.exists():
                    try:
                        with durable.explained(place, volume.grain_id.nbytes):
                            zarr.write(volume, aside, {"seed": seed, "time": time})
                        aside.rename(place)
                    finally:
                        shutil.rmtree(aside, ignore_errors=True)
                bar.update(max(done, there), f"seed {seed}, t = {time:g}")
            done += len(wanted)
            bar.update(max(done, there))


@contextmanager
def _scratch(path: Path) -> Iterator[Path]:
    """Yield a place beside a set for a volume that is being written, of one run alone.

    Raises
    ------
    InputError
        If another run is at work on the set.
    """
    beside = path.with_name(f".{path.name}.part")
    try:
        with lock(beside / "lock", path):
            for left in beside.glob("[!l.]*"):  # by a killed run
                shutil.rmtree(left) if left.is_dir() else left.unlink()
            yield beside / "volume"
    finally:
        with suppress(OSError):  # another run may have begun
            beside.rmdir()
