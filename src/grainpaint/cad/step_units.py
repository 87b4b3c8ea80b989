"""The units of length of a STEP file: each part may have its own."""

import re

from grainpaint.cad.step_text import StepText
from grainpaint.errors import InputError
from grainpaint.units import UNITS, length_text

__all__ = ["units_of"]

_SPACE = b"GEOMETRIC_REPRESENTATION_CONTEXT(3)"
_UNITS = re.compile(rb"GLOBAL_UNIT_ASSIGNED_CONTEXT\(\(([#\d,]*)\)\)")
_SI = re.compile(rb"SI_UNIT\((\$|\.\w+\.),\.METRE\.\)")
_CONVERTED = re.compile(rb"CONVERSION_BASED_UNIT\(\$,#(\d+)\)")
_MEASURE = re.compile(rb"(?:^|\()([-+.\dEe]+)\)?,#(\d+)")
_PREFIXES = {
    **{b"$": 1e6, b".KILO.": 1e9, b".HECTO.": 1e8, b".DECA.": 1e7, b".DECI.": 1e5},
    **{b".CENTI.": 1e4, b".MILLI.": 1e3, b".MICRO.": 1.0, b".NANO.": 1e-3},
}  # µm
_SAME = 1e-4  # relative difference of units that are the same
_DEEPEST = 4  # units that are defined by others


def units_of(text: StepText) -> tuple[str, ...]:
    """Return the units of length of a file, by what its spaces say; each once.

    Parameters
    ----------
    text : StepText

    Raises
    ------
    InputError
        If there is none, or one is none of `units.UNITS`.
    """
    found: list[str] = []
    for kind, body in text.statements.values():
        stated = _UNITS.search(body) if kind == b"" and _SPACE in body else None
        for number in stated[1].replace(b"#", b"").split(b",") if stated else ():
            edge = _edge(text, number)
            if edge is None:  # of angles
                continue
            name = next((u for u, e in UNITS.items() if abs(edge / e - 1) < _SAME), "")
            if not name:
                raise InputError(
                    f"{text.path}: its unit of length is {length_text(edge)}, which is "
                    "not read: export in mm"
                )
            if name not in found:
                found.append(name)
    if not found:
        raise InputError(f"{text.path}: the STEP file does not say its unit of length")
    return tuple(found)


def _edge(text: StepText, number: bytes, depth: int = 0) -> float | None:
    """Return how long a unit is, µm; None if it is none of length."""
    body = text.statements.get(number, (b"", b""))[1]
    if b"LENGTH_UNIT()" not in body:
        return None
    metric, converted = _SI.search(body), _CONVERTED.search(body)
    if converted and depth < _DEEPEST:
        factor = _MEASURE.search(text.statements.get(converted[1], (b"", b""))[1])
        other = _edge(text, factor[2], depth + 1) if factor else None
        try:
            edge = float(factor[1]) * other if factor and other else 0.0
        except ValueError:
            edge = 0.0
        if not 0 < edge < 1e15:
            raise text.damaged(number, "is a unit that is not a multiple of another")
        return edge
    return _PREFIXES.get(metric[1]) if metric else None
