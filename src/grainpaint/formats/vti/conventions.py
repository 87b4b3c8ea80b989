"""What programs mean by the arrays of grains that they write."""

import re
from typing import NamedTuple

__all__ = ["MATERIAL", "Convention", "choose", "convention_of"]

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


def _rank(name: str | None) -> int:
    """Return how likely an array of this name holds the grains; 0 is the likeliest."""
    plain = _plain(name)
    return list(_KNOWN).index(plain) if plain in _KNOWN else len(_KNOWN)


def choose(names: list[str], whole: list[bool], wanted: str | None) -> int:
    """Return which array of a file holds the grains.

    Parameters
    ----------
    names : list of str
        Of the arrays with one number for each voxel.
    whole : list of bool
        Whether these are integers.
    wanted : str, optional
        The one that is asked for.

    Raises
    ------
    ValueError
        If there is none, or it is not clear which.
    """
    if not names:
        raise ValueError("it has no array with one number for each cell or point")
    listed = ", ".join(names)
    if wanted is not None:
        if wanted not in names:
            raise ValueError(f"it has no array {wanted!r}; it has {listed}")
        return names.index(wanted)
    ranks = [_rank(name) for name in names]
    if min(ranks) < len(_KNOWN):
        return ranks.index(min(ranks))
    for some in ([i for i, one in enumerate(whole) if one], range(len(names))):
        if len(some) == 1:
            return some[0]
    raise ValueError(f"which array holds the grains? Name one (array): {listed}")


def convention_of(name: str | None) -> Convention:
    """Return what the numbers of an array of this name mean."""
    return _KNOWN.get(_plain(name), _OTHER)
