"""The options of ``dump image`` and of its ``dump_modify``."""

from dataclasses import replace
from typing import Any

from grainpaint.simulate.spparks.image_request import (
    Color,
    ColorMap,
    ImageRequest,
    PaintedRange,
)
from grainpaint.simulate.spparks.script.colors import color_of
from grainpaint.simulate.spparks.script.command import Command
from grainpaint.simulate.spparks.script.state import ScriptState

__all__ = ["image_request", "modified_image"]


def image_request(
    command: Command, state: ScriptState, columns: tuple[str, ...]
) -> ImageRequest:
    """Return how ``dump image`` is drawn: its words from the seventh on."""
    up = (0.0, 0.0, 1.0) if state.dimension == 3 else (0.0, 1.0, 0.0)
    image = ImageRequest(up=up)
    at = 6
    while at < len(command.words):
        changes, n_words = _option(command, at)
        image = replace(image, **changes)
        at += n_words
    if image.boundary is not None and not image.cubes:
        state.pass_over(command, " (no boundaries between spheres are drawn)")
    if _is_integer(columns[0]) and image.color_range is None:
        raise command.fail(f"the color {columns[0]} needs crange LOW HIGH")
    by_column = image.diameter is None and _is_integer(columns[1])
    if by_column and image.diameter_range is None:
        raise command.fail(f"the diameter {columns[1]} needs drange LOW HIGH or sdiam")
    return image


def _is_integer(column: str) -> bool:
    return column in ("id", "site") or column[0] == "i"


def _option(command: Command, at: int) -> tuple[dict[str, Any], int]:
    """Return the changes of the option at word `at`, and its number of words."""
    number, integer = command.number, command.integer
    switch = ("yes", "no")
    match command.words[at]:
        case "shape":
            return {"cubes": command.expect(at + 1, "sphere", "cube") == "cube"}, 2
        case "sdiam":
            return {"diameter": _positive(command, at + 1)}, 2
        case "boundary":
            found = (command.word(at + 1), _positive(command, at + 2))
            return {"boundary": found}, 3
        case "crange":
            return {"color_range": _range(command, at)}, 3
        case "drange":
            return {"diameter_range": _range(command, at)}, 3
        case "size":
            size = integer(at + 1), integer(at + 2)
            if not 0 < min(size) <= max(size) <= 20_000:
                raise command.fail(f"the size must be 1 to 20000 pixels, got {size}")
            return {"size": size}, 3
        case "view":
            theta = number(at + 1)
            if not 0 <= theta <= 180:
                raise command.fail(f"theta must be 0 to 180 degrees, got {theta:g}")
            return {"theta": theta, "phi": number(at + 2)}, 3
        case "center":
            command.expect(at + 1, "s", "d")
            center = tuple(number(at + i) for i in (2, 3, 4))
            return {"center": center}, 5
        case "up":
            up = tuple(number(at + i) for i in (1, 2, 3))
            if not any(up):
                raise command.fail("up must not be 0 0 0")
            return {"up": up}, 4
        case "zoom":
            return {"zoom": _positive(command, at + 1)}, 2
        case "box":
            shown = command.expect(at + 1, *switch) == "yes"
            return {"box": number(at + 2) if shown else None}, 3
        case "axes":
            shown = command.expect(at + 1, *switch) == "yes"
            axes = number(at + 2), number(at + 3)
            return {"axes": axes if shown else None}, 4
        case "shiny":
            return {"shiny": min(max(number(at + 1), 0.0), 1.0)}, 2
        case "ssao":  # shadows in corners: not drawn
            command.expect(at + 1, *switch)
            return {}, 4
    raise command.fail(f"{command.words[at]!r} is not an option of dump image")


def _positive(command: Command, at: int) -> float:
    value = command.number(at)
    if not value > 0:
        raise command.fail(f"needs a number above 0, got {value:g}")
    return value


def _range(command: Command, at: int) -> tuple[int, int]:
    low, high = command.integer(at + 1), command.integer(at + 2)
    if low > high:
        raise command.fail(f"the range {low}..{high} is empty")
    return low, high


def modified_image(
    command: Command, state: ScriptState, image: ImageRequest, at: int
) -> tuple[ImageRequest, int]:
    """Apply an option of ``dump_modify``; return the words that it uses, too."""
    word = command.words[at]
    match word:
        case "backcolor" | "boundcolor" | "boxcolor":
            name = {"backcolor": "background", "boundcolor": "boundary_color"}
            color = _color(command, state, command.word(at + 1))
            painted: dict[str, Any] = {name.get(word, "box_color"): color}
            return replace(image, **painted), 2
        case "color":
            rgb = tuple(command.number(at + i) for i in (2, 3, 4))
            state.colors[command.word(at + 1)] = (rgb[0], rgb[1], rgb[2])
            return image, 5
        case "cwrap" | "dwrap":
            wraps = command.expect(at + 1, "yes", "no") == "yes"
            if word == "cwrap":
                return replace(image, wrap_colors=wraps), 2
            return replace(image, wrap_diameters=wraps), 2
        case "scolor":
            if command.word(at + 2) == "random":
                return replace(image, random_colors=True), 3
            low, high = _values(command, at + 1, image.color_range)
            names = command.word(at + 2).split("/")
            colors = tuple(_color(command, state, name) for name in names)
            every = (*image.painted, PaintedRange(low, high, colors))
            return replace(image, painted=every), 3
        case "sdiam":
            low, high = _values(command, at + 1, image.diameter_range)
            found = (low, high, _positive(command, at + 2))
            return replace(image, diameters=(*image.diameters, found)), 3
        case "smap":
            color_map, n_words = _color_map(command, state, at)
            return replace(image, color_map=color_map), n_words
    raise command.fail(f"{word!r} is not an option of dump_modify for images")


def _color(command: Command, state: ScriptState, name: str) -> Color:
    try:
        return state.colors.get(name) or color_of(name)
    except KeyError:
        raise command.fail(f"{name!r} is not a color") from None


def _values(
    command: Command, at: int, within: tuple[int, int] | None
) -> tuple[int, int]:
    """Return the range that a word such as 3, *, 3*, *7 or 3*7 means."""
    if within is None:
        raise command.fail("needs a color or diameter that is an integer")
    low, star, high = command.word(at).partition("*")
    try:
        first = int(low) if low else within[0]
        last = (int(high) if high else within[1]) if star else first
    except ValueError:
        raise command.fail(f"needs a range of values: {command.word(at)!r}") from None
    return max(first, within[0]), min(last, within[1])


def _color_map(command: Command, state: ScriptState, at: int) -> tuple[ColorMap, int]:
    """Return the map of numbers to colors that starts at word `at`, and its words."""

    def limit(index: int) -> float | None:
        word = command.word(index)
        return None if word in ("min", "max") else command.number(index)

    how, n = command.word(at + 3), command.integer(at + 5)
    if how not in ("ca", "cf", "da", "df", "sa", "sf") or n < 1:
        raise command.fail(f"smap needs ca, cf, da, df, sa or sf and a count: {how}")
    size = {"c": 2, "d": 3, "s": 1}[how[0]]
    entries = []
    for i in range(n):
        first = at + 6 + i * size
        color = _color(command, state, command.word(first + size - 1))
        low = limit(first) if size > 1 else None
        entries.append((low, limit(first + 1) if size == 3 else low, color))
    ends = limit(at + 1), limit(at + 2)
    step = _positive(command, at + 4) if how[0] == "s" else 1.0
    found = ColorMap(*ends, how[0], how[1] == "f", step, tuple(entries))
    return found, 6 + n * size
