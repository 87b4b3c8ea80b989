"""Recipes in TOML files, read into frozen models; each mistake is one clear line."""

import difflib
import re
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from grainpaint.errors import InputError, brief
from grainpaint.formats.files import check_file

__all__ = ["RecipePart", "check_recipe", "from_anywhere", "given_recipe", "load_toml"]

_DOTTED = re.compile(r"(?:\.[ \t]*[\w-]+[ \t]*){50}")

Checked = TypeVar("Checked", bound=BaseModel)


class RecipePart(BaseModel):
    """A frozen recipe or table of one; unknown keys and infinite numbers are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


def from_anywhere(part: Checked) -> Checked:
    """Return a recipe whose paths are absolute: workers are in other folders."""
    changed: dict[str, Any] = {}
    for name in type(part).model_fields:
        value = getattr(part, name)
        if isinstance(value, Path):
            changed[name] = value.absolute()
        elif isinstance(value, RecipePart):
            changed[name] = from_anywhere(value)
    return part.model_copy(update=changed)


def load_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file.

    Raises
    ------
    InputError
        If the file is missing or is not TOML.
    """
    check_file(path)
    try:
        text = path.read_text(encoding="utf-8")
        if _DOTTED.search(text):  # tomllib takes the square of its length
            raise InputError(f"{path}: a key of more than 50 parts")
        return tomllib.loads(text)
    except InputError:
        raise
    except (ValueError, RecursionError) as error:  # digits without end, deep nesting
        raise InputError(f"{path}: not TOML: {brief(error)}") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None


def given_recipe(
    given: Checked | Mapping[str, Any] | str | Path,
    model: type[Checked],
    load: Callable[[Path], Checked],
) -> Checked:
    """Return the recipe that a program gives: a file, its content, or itself.

    Raises
    ------
    InputError
        If it is none of them, or as `load` and `check_recipe`.
    """
    if isinstance(given, model):
        return given
    if isinstance(given, str | Path):
        return load(Path(given))
    if not isinstance(given, Mapping):
        raise InputError(
            "a recipe is the path of a TOML file, or its content as a mapping; got "
            f"{type(given).__name__}"
        )
    return check_recipe(model, dict(given), "recipe")


def check_recipe(model: type[Checked], data: dict[str, Any], name: str) -> Checked:
    """Return a validated recipe.

    Parameters
    ----------
    model : pydantic model
        A class with ``extra="forbid"``.
    data : dict
        Content of a TOML file.
    name : str
        Origin of the data, for the message.

    Raises
    ------
    InputError
        If a key is unknown, missing or out of range: one line that names the key, and
        for an unknown one the nearest known key.
    """
    try:
        return model.model_validate(data)
    except ValidationError as error:
        # A misspelled key is also a missing one: report the spelling first.
        errors = sorted(error.errors(), key=lambda e: e["type"] != "extra_forbidden")
        found = errors[0]
        place, value = _place(found["loc"], data)
        if found["type"] == "extra_forbidden":
            key = str(found["loc"][-1])
            known = _keys(model)
            near = difflib.get_close_matches(key, known, 1)
            what = f"unknown key {place!r}"
            if key in known:
                what += ": it belongs to another table, or to one of another kind"
            elif near:
                what += f": did you mean {near[0]}?"
        elif found["type"] == "missing" and isinstance(found["loc"][-1], int):
            list_place = place.rpartition(".")[0]
            n_needed = 1 + max(
                int(e["loc"][-1]) for e in errors if e["loc"][:-1] == found["loc"][:-1]
            )
            what = f"{list_place}: must have {n_needed} values, got {brief(value)}"
        elif found["type"] in ("missing", "union_tag_not_found"):
            tag = str(found.get("ctx", {}).get("discriminator", "")).strip("'")
            what = f"the key {'.'.join(filter(None, (place, tag)))!r} is missing"
        else:
            if found["type"] == "union_tag_invalid":
                place += "." + found["ctx"]["discriminator"].strip("'")
                value = found["ctx"]["tag"]
            message = _plain(found["type"], found["msg"], found.get("ctx", {}))
            what = f"{place}: {message}" if place else message
            got = f"got {brief(repr(value))}"
            if not isinstance(value, dict) and not what.endswith(got):
                what += f", {got}"
        raise InputError(f"{name}: {brief(what, 400)}") from None


def _plain(kind: str, message: str, context: dict[str, Any]) -> str:
    """Return pydantic's message in the words of someone who writes TOML."""
    if kind == "union_tag_invalid":
        return f"must be one of {context['expected_tags']}"
    if kind == "string_type":
        return "must be text in quotation marks"
    if kind == "tuple_type":
        return "must be a list in brackets"
    if kind == "too_long":
        return f"must have at most {context['max_length']} values"
    message = message.removeprefix("Value error, ").partition(", unable to parse")[0]
    return message.replace("Input should be", "must be")


def _place(loc: tuple[int | str, ...], data: Any) -> tuple[str, Any]:
    """Return the dotted key of an error, without names of variants, and its value."""
    kept = []
    entered = False  # only then may the name of a variant follow, which may be a key
    for i, part in enumerate(loc):
        variant = entered and isinstance(data, dict) and part == data.get("kind")
        if isinstance(data, dict):
            inside = part in data and not variant
        else:
            inside = isinstance(data, list | tuple) and part in range(len(data))
        if inside:
            data = data[part]
        if inside or (i == len(loc) - 1 and not variant):
            kept.append(str(part))
        entered = inside
    return ".".join(kept), data


def _keys(model: type[BaseModel]) -> set[str]:
    """Return the keys of a model and of all models inside it."""
    schema = model.model_json_schema()
    parts = [schema, *schema.get("$defs", {}).values()]
    return {key for part in parts for key in part.get("properties", {})}
