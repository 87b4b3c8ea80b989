"""The front door: orientations for the grains of a volume."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from grainpaint.errors import InputError, InputNote
from grainpaint.formats import loaded
from grainpaint.measure.misorientation import boundaries
from grainpaint.microstructure import Microstructure
from grainpaint.orientations import Orientations
from grainpaint.orientations.symmetry import checked_symmetry
from grainpaint.orientations.texture import assigned
from grainpaint.orienting.shares import neighbors_at_random, shares_of
from grainpaint.orienting.sources import Source, wanted_misorientations
from grainpaint.orienting.swaps import swapped, turned
from grainpaint.philox import check_seed
from grainpaint.progress import Progress, silent

__all__ = ["Oriented", "orient", "orient_measured"]

_STREAM = 31
_ENOUGH = 0.5  # of the distance of so many random boundaries: then swaps stop


@dataclass(frozen=True, eq=False)
class Oriented:
    """A volume with orientations, and how well they are what was asked for.

    Parameters
    ----------
    volume : Microstructure
    distance : float
        Sum, over bins of two degrees, of the differences between the distribution of
        the disorientation across boundaries and the wanted one; NaN without boundaries.
    floor : float
        The distance that as many boundaries with independent angles would have.
    n_along : int, optional
        Grains whose fiber lies along the direction in which they grew, if that was
        asked for; the others have any orientation.
    by_phase : tuple of (str, Oriented)
        Of several phases, the name of each that has grains, and the volume of these
        alone; distance and floor of the whole are then NaN.
    """

    volume: Microstructure
    distance: float
    floor: float
    n_along: int | None = None
    by_phase: tuple[tuple[str, Oriented], ...] = ()


@dataclass(frozen=True)
class _Given:
    """What is wanted of the grains of each phase; see `orient`."""

    texture: Source
    misorientations: Source | None
    seed: int


def orient(
    volume: Microstructure | str | Path,
    texture: Source = "uniform",
    misorientations: Source | None = None,
    symmetry: str | None = None,
    seed: int = 0,
    phase: str | None = None,
) -> Microstructure:
    """Give the grains of a volume orientations.

    Parameters
    ----------
    volume : Microstructure or path
        Orientations that it has are replaced. Of several phases, each gets the texture
        by itself, with its own symmetry, and swaps stay within it.
    texture : str, path or Microstructure
        uniform; fiber:<001>,z,10deg; fiber:<001>,build.toml,10deg, along the direction
        in which grains of this build grew; component:goss,10deg; a list of orientations
        (.csv); or a volume or map whose grains have orientations. See
        `grainpaint.orientations.texture_text.parse_texture`.
    misorientations : path or Microstructure, optional
        A volume or map, whose distribution of the disorientation angle across
        boundaries is wanted; if not given, that of neighbors chosen at random.
    symmetry : str, optional
        Of the crystals: 432 for cubic, 622 for hexagonal metals, or another key of
        `grainpaint.orientations.GROUPS`; all grains are then of one phase. If not
        given, that which they have, 432 if they have none.
    seed : int
        The same seed gives the same orientations.
    phase : str, optional
        Name or number of the phase whose grains are oriented; others stay as they are.

    Returns
    -------
    Microstructure
        The same grains; if their largest ID is far above their number, numbered anew
        in the order of their IDs.

    Raises
    ------
    InputError
        If the volume has no grain, or a texture, file or symmetry cannot be used.

    Warns
    -----
    InputNote
        If the phases of the volume, or of a file, count as one.

    Examples
    --------
    >>> halves = np.ones((4, 4, 4), int)
    >>> halves[2:] = 2
    >>> volume = orient(Microstructure(halves), "component:goss,0deg")
    >>> volume.orientations.euler().round(3)
    array([[0.   , 0.785, 0.   ],
           [0.   , 0.785, 0.   ]])
    """
    given = loaded(volume)
    made = orient_measured(given, texture, misorientations, symmetry, seed, phase)
    return made.volume


def orient_measured(
    volume: Microstructure,
    texture: Source = "uniform",
    misorientations: Source | None = None,
    symmetry: str | None = None,
    seed: int = 0,
    phase: str | None = None,
    progress: Progress = silent,
) -> Oriented:
    """Do what `orient` does, and return how near it came."""
    check_seed(seed)
    if symmetry is not None:
        symmetry = checked_symmetry(symmetry)
    if not volume.grain_id.any():
        raise InputError("the volume has no grain to orient")
    given = _Given(texture, misorientations, seed)
    known = volume.orientations and volume.orientations.rows(volume.ids())
    if phase is not None or (known and known.several and symmetry is None):
        numbers = _numbers(known, symmetry, phase)
        return _phase_by_phase(volume.compact()[0], given, numbers, progress)
    if known and known.several:
        note = f"its phases {', '.join(known.used().names)} are one now, {symmetry}"
        warnings.warn(note, InputNote, stacklevel=3)
    name = ""
    if known and symmetry is None:
        symmetry, name = known.used().symmetry[0], known.used().names[0]
        name = "" if name == "phase1" else name  # that is no one's name
    return _one_phase(volume, given, symmetry or "432", name, progress)


def _numbers(
    known: Orientations | None, symmetry: str | None, phase: str | None
) -> list[int]:
    """Return the phases that are oriented: all that have grains, or one."""
    if known is None:
        raise InputError(f"its grains have no phases, and phase {phase} was asked for")
    held = np.unique(known.phase).tolist()
    if phase is None:
        return [int(number) for number in held]
    found = [i for i in held if phase in (str(i), known.names[i - 1])]
    if len(found) != 1:
        raise InputError(
            f"phase {phase!r} is not one of its phases, or several have that name: "
            f"they are {known.listed()}"
        )
    if symmetry not in (None, known.symmetry[found[0] - 1]):
        raise InputError(
            f"phase {phase} has the symmetry {known.symmetry[found[0] - 1]}, and "
            f"{symmetry} was asked for"
        )
    return [int(found[0])]


def _phase_by_phase(
    volume: Microstructure, given: _Given, numbers: list[int], progress: Progress
) -> Oriented:
    """Orient the grains of each of some phases as if there were no others."""
    known = volume.orientations
    assert known is not None
    ids = volume.ids()
    quaternion, made = known.quaternion.copy(), []
    for number in numbers:
        own = ids[known.phase[ids - 1] == number]
        table = np.zeros(int(ids[-1]) + 1, np.int32)
        table[own] = np.arange(1, own.size + 1)
        alone = replace(volume, grain_id=table[volume.grain_id], orientations=None)
        name = known.names[number - 1]
        try:
            symmetry = known.symmetry[number - 1]
            one = _one_phase(alone, given, symmetry, name, progress, number)
        except InputError as error:
            raise InputError(f"phase {name}: {error}") from None
        assert one.volume.orientations is not None
        quaternion[own - 1] = one.volume.orientations.quaternion
        made.append((name, one))
    whole = replace(volume, orientations=replace(known, quaternion=quaternion))
    along = [one.n_along for _, one in made if one.n_along is not None]
    n_along = sum(along) if along else None
    return Oriented(whole, float("nan"), float("nan"), n_along, tuple(made))


def _one_phase(
    volume: Microstructure,
    given: _Given,
    symmetry: str,
    name: str,
    progress: Progress,
    number: int = 1,
) -> Oriented:
    """Orient all grains as those of one phase, which files may have by its name."""
    texture, misorientations, seed = given.texture, given.misorientations, given.seed
    # Phases of one symmetry are not to have the same orientations.
    rng = np.random.default_rng((seed, _STREAM, *[number] * (number > 1)))
    wanted = None
    with progress("orient", 3) as bar:
        volume = replace(volume, orientations=None).compact()[0]
        found = boundaries(volume)
        # A phase whose grains do not touch takes none, and a file may have none of it.
        if misorientations is not None and (len(found.pairs) or not name):
            wanted = wanted_misorientations(misorientations, symmetry, name)
        bar.update(1)
        ids, volumes = volume.ids(), volume.grain_volumes()
        shares = shares_of(texture, symmetry, volume, rng, name)
        quaternion = np.tile([1.0, 0, 0, 0], (int(ids[-1]), 1))
        frame, groups = quaternion.copy(), np.zeros(len(quaternion), int)
        size = np.ones(len(quaternion))
        size[ids - 1] = volumes
        for number, share in enumerate(shares):
            rows = ids[share.grains] - 1
            quaternion[rows] = assigned(share.texture, size[rows], rng)
            frame[rows], groups[rows] = share.frame, number
        bar.update(2)
        distance = floor = float("nan")
        if len(found.pairs):
            if wanted is None:
                wanted = neighbors_at_random(shares, groups, frame, found, rng)
            floor = _floor(wanted, found.area)
            enough = _ENOUGH * floor
            quaternion, distance = swapped(
                quaternion, size, found, wanted, symmetry, seed, enough, frame, groups
            )
        else:
            quaternion = turned(frame, quaternion)
        known = Orientations(quaternion, symmetry, names=(name,) if name else ())
    n_along = shares[0].grains.size if shares[0].along else None
    return Oriented(replace(volume, orientations=known), distance, floor, n_along)


def _floor(wanted: np.ndarray, area: np.ndarray) -> float:
    """Return the mean distance of boundaries that each draw their angle from `wanted`.

    The share of a bin then scatters about as normal numbers do.
    """
    variance = wanted * (1 - wanted) * (area**2).sum()
    return float(np.sqrt(2 / np.pi * variance).sum())
