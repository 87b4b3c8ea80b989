"""Sets of simulated volumes: a Zarr group that holds them with their recipe."""

import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from grainpaint.errors import InputError
from grainpaint.formats import zarr
from grainpaint.formats.files import replace_with
from grainpaint.microstructure import Microstructure
from grainpaint.progress import Progress, silent

__all__ = ["member_name", "member_time", "write_set"]


def member_name(seed: int, time: float) -> str:
    """Return the name of a volume in a set; names sort as seed, then time.

    Examples
    --------
    >>> member_name(7, 25.0)
    's0000000007-t000025.0000.zarr'
    """
    return f"s{seed:010d}-t{time:011.4f}.zarr"


def member_time(path: Path) -> float | None:
    """Return the time in the name of a volume of a set, None if it is in no set."""
    if not (path.parent / "zarr.json").is_file():
        return None
    return float(path.stem.partition("-t")[2])


def write_set(
    path: Path,
    recipe: dict[str, Any],
    times: Sequence[float],
    simulate: Callable[[int], Iterator[Microstructure]],
    progress: Progress = silent,
) -> int:
    """Simulate the volumes of a recipe into a Zarr set; go on where it was stopped.

    Parameters
    ----------
    path : Path
        NAME.zarr: a group with the attributes `format` ("grainpaint set") and `recipe`,
        and a volume for each seed and time, with the attributes `seed` and `time`.
    recipe : dict
        All that decides the volumes, as JSON can hold it; `seed` and `count` give the
        seeds seed, seed + 1, ... A set may be prolonged with a larger count.
    times : sequence of float
        What each simulation yields a volume for.
    simulate : callable
        Given a seed, yields a volume for each time.
    progress : Progress
        Told the volumes done.

    Returns
    -------
    int
        Number of volumes of the recipe, all of which the set now holds.

    Raises
    ------
    InputError
        If something else is there: no set, or a set of another recipe.
    """
    recipe = json.loads(json.dumps(recipe))
    known = _matching_recipe(path, recipe) if path.exists() else recipe
    aside = path.with_name(f".{path.name}.part")
    seeds = range(recipe["seed"], recipe["seed"] + recipe["count"])
    members = [path / member_name(seed, time) for seed in seeds for time in times]
    there = sum(place.exists() for place in members)
    done = 0
    with progress("simulate", len(members), there) as bar:
        for seed in seeds:
            places = [path / member_name(seed, time) for time in times]
            volumes = simulate(seed) if not all(p.exists() for p in places) else ()
            for time, place, volume in zip(times, places, volumes):
                if not path.exists():  # now that a volume is there, so are no mistakes
                    replace_with(path, lambda aside: zarr.create_set(aside, recipe))
                if not place.exists():
                    shutil.rmtree(aside, ignore_errors=True)  # of a run that was killed
                    zarr.write(volume, aside, {"seed": seed, "time": time})
                    aside.rename(place)
                bar.update(max(done, there), f"seed {seed}, t = {time:g}")
            done += len(times)
            bar.update(max(done, there))
    if recipe["count"] > known["count"]:
        zarr.update_recipe(path, recipe)
    return done


def _matching_recipe(path: Path, recipe: dict[str, Any]) -> dict[str, Any]:
    """Return the recipe of the set that is there, the same but for its count."""
    found = zarr.read_recipe(path)
    if found is None:
        raise InputError(
            f"{path} exists and is no set of volumes: add --force to replace it"
        )
    for key in [*recipe, *found]:
        if key != "count" and recipe.get(key) != found.get(key):
            raise InputError(
                f"{path} holds a set with another recipe ({key} = {found.get(key)}, "
                f"not {recipe.get(key)}): choose another place, or add --force"
            )
    return found
