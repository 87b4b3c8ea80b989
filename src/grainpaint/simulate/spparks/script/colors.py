"""The names of colors: those of web pages, in alphabetical order."""

from functools import cache

from grainpaint.simulate.spparks.image_request import Color

__all__ = ["color_of", "default_colors"]

# SPPARKS spells gray with an a, except for lightgrey.
_OTHER_SPELLINGS = {
    "darkgrey", "darkslategrey", "dimgrey", "grey", "lightgray", "lightslategrey",
    "slategrey", "rebeccapurple",
}  # fmt: skip


@cache
def _names() -> dict[str, Color]:
    from PIL.ImageColor import colormap, getrgb

    found = {}
    for name in sorted(set(colormap) - _OTHER_SPELLINGS):
        r, g, b = getrgb(name)[:3]
        found[name] = (r / 255, g / 255, b / 255)
    return found


def color_of(name: str) -> Color:
    """Return red, green and blue in 0..1 of a color.

    Raises
    ------
    KeyError
        If there is no such color.
    """
    return _names()[name]


def default_colors() -> tuple[Color, ...]:
    """Return the 140 colors in the order in which values take them by default."""
    return tuple(_names().values())
