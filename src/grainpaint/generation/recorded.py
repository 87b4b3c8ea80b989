"""The recipe of a volume that was made before, from its record."""

import warnings
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from grainpaint.errors import InputError, InputNote, brief
from grainpaint.formats.content import refuse_part
from grainpaint.generation.recipe import Recipe
from grainpaint.network.precision import resolve
from grainpaint.record import find_record, outputs, read_record

__all__ = ["in_precision", "load_recipe", "warn_of_build"]


def load_recipe(path: Path) -> Recipe:
    """Read the recipe of a generated volume.

    Parameters
    ----------
    path : Path
        A volume that paint or generate wrote, or its record.

    Raises
    ------
    InputError
        If there is none.
    """
    if path.is_dir() and (path / "zarr.json").is_file():  # not finished, perhaps
        found = read_record(path / "zarr.json").get("attributes", {})
        if isinstance(found, dict) and "recipe" in found:
            return _recipe_of(path, found)
    record = find_record(path)
    if not path.exists() and (record is None or record == path):
        raise InputError(f"{path}: no such file")
    if record is None:
        refuse_part(path)
        raise InputError(
            f"{path}: there is no record of how it was made: this needs a volume that "
            f"paint or generate wrote, with {outputs(path).record.name} beside it"
        )
    return _recipe_of(record, read_record(record))


def warn_of_build(known: object) -> None:
    """Warn that what is added beside a painted build is not of its kind.

    Parameters
    ----------
    known : object
        The path of a volume; anything else has no record.

    Warns
    -----
    InputNote
        If the record beside the volume says that it follows a scan.
    """
    record = find_record(Path(known)) if isinstance(known, str | Path) else None
    recipe = {} if record is None else read_record(record).get("recipe")
    if isinstance(recipe, dict) and recipe.get("scan") is not None:
        warnings.warn(
            f"{known} was painted along a scan, and what is added is not: its grains "
            "are those of grain growth; for more of the build paint a larger box",
            InputNote,
            stacklevel=3,
        )


def in_precision(recipe: Recipe, precision: str, device: str) -> Recipe:
    """Return a recipe for networks in another precision; 'auto' keeps its own.

    Raises
    ------
    InputError
        If there is no such precision or device.
    """
    if precision == "auto":
        return recipe
    return recipe.model_copy(update={"precision": resolve(precision, device)})


def _recipe_of(path: Path, found: dict[str, Any]) -> Recipe:
    """Return the recipe in a record."""
    recipe = found.get("recipe")
    if isinstance(recipe, dict) and "resamplings" in recipe:
        raise InputError(
            f"{path}: this volume was made by the paper's method, whose blocks depend "
            "on all before them: no piece can be made alone"
        )
    try:
        return Recipe.model_validate(recipe)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "recipe"
        raise InputError(
            f"{path}: not the record of a generated volume ({brief(where)}: "
            f"{brief(first['msg'])})"
        ) from None
