"""Options of a command as dataclasses, and those that a kind of model has."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import MISSING, fields, is_dataclass
from functools import wraps
from typing import Any, TypeVar, get_type_hints

import typer

from grainpaint.errors import InputError

__all__ = ["grouped", "of_kind"]


def grouped(function: Callable[..., None]) -> Callable[..., None]:
    """Give a command one option for each field of the dataclasses that it takes."""
    signature = inspect.signature(function, eval_str=True)
    groups: dict[str, Any] = {}
    parameters: list[inspect.Parameter] = []
    for parameter in signature.parameters.values():
        kind = parameter.annotation
        if not is_dataclass(kind):
            parameters.append(parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY))
            continue
        groups[parameter.name] = kind
        hints = get_type_hints(kind, include_extras=True)
        for field in fields(kind):
            free = field.default is MISSING
            parameters.append(
                inspect.Parameter(
                    field.name,
                    inspect.Parameter.KEYWORD_ONLY,
                    default=inspect.Parameter.empty if free else field.default,
                    annotation=hints[field.name],
                )
            )

    @wraps(function)
    def flat(**values: Any) -> None:
        made = {
            name: kind(**{field.name: values.pop(field.name) for field in fields(kind)})
            for name, kind in groups.items()
        }
        function(**values, **made)

    flat.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    flat.__annotations__ = {p.name: p.annotation for p in parameters}
    return flat


Flags = TypeVar("Flags")


def of_kind(context: typer.Context, model: str, flags: dict[str, Flags]) -> Flags:
    """Return the flags for the kind of a model; refuse those of other kinds alone.

    Parameters
    ----------
    context : typer.Context
        Knows which options stand on the command line.
    model : str
        Name or folder of the model.
    flags : dict
        Kind of model to its flags, a dataclass.

    Raises
    ------
    InputError
        If there is no such model, or an option was given that its kind does not have.
    """
    from grainpaint.network.lookup import kind_of

    chosen = flags[kind := kind_of(model)]
    own = {field.name for field in fields(chosen)}  # type: ignore[arg-type]
    names = {parameter.name: parameter.opts[-1] for parameter in context.command.params}
    for other in flags.values():
        for field in fields(other):  # type: ignore[arg-type]
            source = context.get_parameter_source(field.name)
            if getattr(source, "name", "") == "COMMANDLINE" and field.name not in own:
                raise InputError(
                    f"{names[field.name]} is not an option of the model {model!r}, "
                    f"which is of the kind {kind}"
                )
    return chosen
