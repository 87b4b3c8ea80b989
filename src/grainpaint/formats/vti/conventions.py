"""What programs mean by the arrays of grains that they write."""

import re
from typing import NamedTuple

__all__ = ["MATERIAL", "Convention", "convention_of", "rank"]

MATERIAL = "material"


class Convention(NamedTuple):
    """Unit of lengths and ID of the outside, each with the reason if it is assumed."""

    unit: str = "um"
    assumed_unit: str = ""
    void: int | None = 0
    assumed_void: str = ""
    spins: bool = False


_ZERO = "0 is outside"
# By the letters and digits of a name, in lower case; the first that a file has wins.
_KNOWN = {
    MATERIAL: Convention(
        "m", "lengths in m, as in DAMASK", None, "material 0 is a grain, as in DAMASK"
    ),
    "grainid": Convention(),  # of `Microstructure.to_pyvista`
    "featureids": Convention(assumed_unit="lengths in µm, as in DREAM.3D"),
    "spin": Convention(void=None, spins=True),  # of SPPARKS, see docs/spparks.md
    "grainids": Convention(assumed_unit="lengths in µm", assumed_void=_ZERO),
    "materialid": Convention(assumed_unit="lengths in µm", assumed_void=_ZERO),
    "labels": Convention(assumed_unit="lengths in µm", assumed_void=_ZERO),
}
_OTHER = Convention(
    assumed_unit="lengths in µm, since the file does not say", assumed_void=_ZERO
)


def _plain(name: str | None) -> str:
    """Return the letters and digits of a name: "Feature Ids" is "featureids"."""
    return re.sub(r"[^a-z0-9]", "", (name or "").lower())


def rank(name: str | None) -> int:
    """Return how likely an array of this name holds the grains; 0 is the likeliest."""
    plain = _plain(name)
    return list(_KNOWN).index(plain) if plain in _KNOWN else len(_KNOWN)


def convention_of(name: str | None) -> Convention:
    """Return what the numbers of an array of this name mean."""
    return _KNOWN.get(_plain(name), _OTHER)
