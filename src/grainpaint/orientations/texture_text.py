"""Textures as users write them: uniform, fiber:<001>,z,10deg, component:goss,10deg."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from grainpaint.errors import InputError
from grainpaint.orientations.by_grain import Orientations
from grainpaint.orientations.crystal_axes import component, crystal_direction, indices
from grainpaint.orientations.texture_parts import Component, Fiber, TexturePart, Uniform

__all__ = ["FORMS", "is_texture", "parse_texture", "with_axis_file"]

FORMS = "uniform, fiber:<001>,z,10deg, component:goss,10deg, or a file"
_AXES = {"x": (1.0, 0.0, 0.0), "y": (0.0, 1.0, 0.0), "z": (0.0, 0.0, 1.0)}
_AXES |= {"rd": _AXES["x"], "td": _AXES["y"], "nd": _AXES["z"]}  # of a rolled sheet
_ANGLE = re.compile(r"([\d.]+(?:[eE][-+]?\d+)?)\s*(deg|°|rad)")
_LARGEST_SPREAD = 45.0  # degrees: beyond, a normal law would wrap around
# Commas within brackets belong to what is in the brackets.
_COMMA = re.compile(r",(?![^(\[<]*[)\]>])")


def is_texture(text: str) -> bool:
    """Return whether a text describes a texture; otherwise it names a file."""
    plain = text.strip().lower()
    return plain == "uniform" or plain.startswith(("fiber:", "fibre:", "component:"))


def with_axis_file(text: str) -> tuple[str, Path] | None:
    """Return a fiber along z and a file, of a text that names a file as sample axis.

    Parameters
    ----------
    text : str
        fiber:<uvw>,FILE,SPREAD, where FILE ends in .toml or .npz.

    Returns
    -------
    text : str
        fiber:<uvw>,z,SPREAD
    file : Path

    Examples
    --------
    >>> with_axis_file("fiber:<001>,build.toml,10deg")[0]
    'fiber:<001>,z,10deg'
    """
    kind, _, rest = text.strip().partition(":")
    words = [word.strip() for word in _COMMA.split(rest)]
    if kind.lower() not in ("fiber", "fibre") or len(words) != 3:
        return None
    if Path(words[1]).suffix.lower() not in (".toml", ".npz"):
        return None
    return f"{kind}:{words[0]},z,{words[2]}", Path(words[1])


def parse_texture(text: str, symmetry: str) -> list[tuple[TexturePart, float]]:
    """Return the parts of a texture and their volume fractions.

    Parameters
    ----------
    text : str
        - uniform
        - fiber:<uvw>,AXIS,SPREAD: crystal axis, sample axis (x, y, z, or rd, td, nd
          of a rolled sheet, which are the same, or [1 1 0]);
        - component:NAME,SPREAD, or several with volume fractions,
          component:cube@0.3,10deg+goss@0.5,8deg, of which the rest is uniform. NAME is
          cube, goss, brass, copper or s, or three Euler angles in degrees, (35,45,0).

        SPREAD is a standard deviation with a unit: 10deg or 0.17rad.
    symmetry : str
        That of the crystals, a key of `GROUPS`.

    Raises
    ------
    InputError
        If it is no such text.
    """
    kind, _, rest = text.strip().partition(":")
    kind = kind.lower()
    if kind == "uniform" and not rest:
        return [(Uniform(), 1.0)]
    if kind in ("fiber", "fibre"):
        return [(_fiber(text, rest, symmetry), 1.0)]
    if kind == "component":
        return _components(text, rest, symmetry)
    raise InputError(f"a texture is {FORMS}; got {text!r}")


def _fiber(text: str, rest: str, symmetry: str) -> Fiber:
    words = [word.strip() for word in _COMMA.split(rest)]
    if re.search(r"\+\s*[a-z<]", rest):
        raise InputError(f"a texture has one fiber and nothing else; got {text!r}")
    if len(words) != 3:
        raise InputError(
            "a fiber is fiber:CRYSTAL,SAMPLE,SPREAD, such as fiber:<001>,z,10deg; got "
            f"{text!r}"
        )
    crystal = crystal_direction(words[0], symmetry)
    return Fiber(tuple(crystal.tolist()), _sample_axis(words[1]), _spread(words[2]))


def _sample_axis(word: str) -> tuple[float, ...]:
    if word.lower() in _AXES:
        return _AXES[word.lower()]
    found = indices(word.strip("[]() "))
    length = float(np.linalg.norm(found))
    if found.shape != (3,) or not 0 < length < np.inf:
        raise InputError(
            "a sample axis is x, y, z or three numbers, [1 1 0], rd, td, nd of a "
            "sheet, or the recipe of a build (.toml) or process maps (.npz); got "
            f"{word!r}"
        )
    return tuple((found / length).tolist())


def _spread(word: str) -> float:
    match = _ANGLE.fullmatch(word)
    try:
        value = float(match[1]) if match else float("nan")
    except ValueError:
        value = float("nan")
    degrees = value if match and match[2] != "rad" else float(np.degrees(value))
    if not 0 <= degrees <= _LARGEST_SPREAD:
        raise InputError(
            f"a spread is an angle of 0 to {_LARGEST_SPREAD:g} degrees with a unit, "
            f"10deg or 0.17rad; got {word!r}"
        )
    return float(np.radians(degrees))


def _components(text: str, rest: str, symmetry: str) -> list[tuple[TexturePart, float]]:
    parts: list[tuple[TexturePart, float | None]] = []
    for one in rest.split("+"):
        one = one.strip().removeprefix("component:")
        if ":" in one:
            raise InputError(
                "a texture is a fiber, or components: component:cube@0.3,10deg+"
                f"goss@0.5,8deg; got {text!r}"
            )
        words = [word.strip() for word in _COMMA.split(one)]
        if len(words) != 2:
            raise InputError(
                "a component is NAME,SPREAD or NAME@FRACTION,SPREAD, such as "
                f"goss@0.5,10deg; got {one!r}"
            )
        name, _, fraction = words[0].partition("@")
        ideal = _ideal(name.strip(), symmetry)
        share = _fraction(fraction) if "@" in words[0] else None
        parts.append((Component(ideal, _spread(words[1])), share))
    if all(share is None for _, share in parts):
        return [(part, 1 / len(parts)) for part, _ in parts]
    shares = [share for _, share in parts if share is not None]
    if len(shares) < len(parts):
        raise InputError(f"all components need a fraction, or none; got {text!r}")
    if sum(shares) > 1 + 1e-9:
        raise InputError(
            f"the fractions of components add up to at most 1; got {sum(shares):g}"
        )
    found = [(part, share) for (part, _), share in zip(parts, shares)]
    left = 1 - sum(shares)
    return [*found, (Uniform(), left)] if left > 1e-9 else found


def _fraction(word: str) -> float:
    try:
        value = float(word)
    except ValueError:
        value = float("nan")
    if not 0 < value <= 1:
        raise InputError(f"a volume fraction lies above 0 and up to 1; got {word!r}")
    return value


def _ideal(name: str, symmetry: str) -> np.ndarray:
    """Return the orientations of a name, or the one of three Euler angles."""
    words = re.split(r"[\s,]+", name.strip("()[] "))
    try:
        angles = np.array([float(word) for word in words])
    except ValueError:
        return component(name.lower(), symmetry)
    if angles.shape != (3,) or not np.isfinite(angles).all():
        raise InputError(
            f"a component has three Euler angles in degrees, (35,45,0); got {name!r}"
        )
    return Orientations.from_euler(np.radians(angles)).quaternion
