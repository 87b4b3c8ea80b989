"""Whether a path fits the box that it is scanned in."""

import warnings

import numpy as np

from grainpaint.errors import InputError, InputNote
from grainpaint.simulate.am.melt_pool import Pool
from grainpaint.simulate.am.scan import SWEEPS_PER_TIME, ScanPath
from grainpaint.units import UNITS, count_text, length_text

__all__ = ["check_fit", "check_lines", "hatch_of", "length_within", "thickness_of"]

_FINEST = 0.1  # voxels between tracks: below, the lengths are mixed up
_MIXED = ("um", "mm", "m", "inch")  # units that people confuse
_WIDEST = 3.0  # pool widths between tracks: above, most stays powder
_SLOWEST = 1e-3  # voxels in a sweep: below, times are mixed up


def check_fit(
    path: ScanPath,
    shape: tuple[int, int, int],
    edge: float,
    pool: Pool,
    in_voxels: bool = False,
) -> None:
    """Raise InputError unless a path can build a box; note what is doubtful.

    Parameters
    ----------
    path : ScanPath
    shape : three ints
        Voxels of the box.
    edge : float
        Of a voxel, µm.
    pool : Pool
    in_voxels : bool
        Whether the numbers of the file count voxels.

    Raises
    ------
    InputError
        If no track that burns reaches the box, layers are thicker than the box, or
        tracks lie farther apart than the box is wide or closer than a tenth of a voxel.
    """
    start, end = path.start[path.on], path.end[path.on]
    remedy = "`unit`, `voxel` or the part's size is wrong"
    shift = "; move them with `shift`"
    doubt = _unit_doubt(start, end, shape)
    if in_voxels:
        remedy, shift, doubt = "numbers of this file count voxels", "", ""
    thickness = thickness_of(path)
    if thickness > shape[2]:
        raise InputError(
            f"its layers are {_lengths(thickness, edge)} thick, the box is only "
            f"{shape[2]} voxels tall{doubt}"
        )
    hatch = hatch_of(path)
    widest = max(shape[:2])
    if hatch > widest or 0 < hatch < _FINEST:
        raise InputError(
            f"its tracks lie {_lengths(hatch, edge)} apart, and the box is {widest} "
            f"voxels wide: {remedy}{doubt}"
        )
    _check_reach(start, end, shape, edge, pool, shift + doubt)
    notes = _gaps(hatch, thickness, edge, pool, doubt)
    falls = np.flatnonzero(np.diff(start[:, 2]) < -1e-6)
    if falls.size:
        high, low = start[falls[0] : falls[0] + 2, 2]
        notes.append(
            f"it goes down from z = {high:.6g} to {low:.6g} voxels "
            f"({count_text(falls.size, 'place')}): tracks are scanned in the order of "
            "the file, so sort it by height unless that is meant"
        )
    length = path.length[path.on]
    outside = 1 - length_within(start, end, shape).sum() / length.sum()
    if outside > 0.5:
        notes.append(f"{outside:.0%} of the length of its tracks lies outside the box")
    fastest = float(path.speed[path.on].max()) / SWEEPS_PER_TIME
    if fastest > sum(pool.ends):
        notes.append(
            f"in one sweep the pool moves on by up to {fastest:.3g} voxels, more than "
            f"its own length of {sum(pool.ends):.3g}: tracks have gaps; give a shorter "
            "`time` or a lower `speed`"
        )
    slowest = float(path.speed[path.on].min()) / SWEEPS_PER_TIME
    if slowest < _SLOWEST:
        notes.append(
            f"in one sweep the pool moves on by only {slowest:.2g} voxels, which takes "
            "very long: give a longer `time` or a higher `speed`"
        )
    _tell(notes)


def check_lines(
    hatch: float,
    thickness: float,
    shape: tuple[int, int, int],
    edge: float,
    pool: Pool,
) -> None:
    """Raise InputError unless hatch lines can build a box; note what is doubtful.

    Parameters
    ----------
    hatch, thickness : float
        Distance of lines and of layers, voxels.
    shape, edge, pool
        As in `check_fit`.

    Raises
    ------
    InputError
        If layers are thicker than the box, or lines lie farther apart than the box is
        wide and than the pool could melt.
    """
    count = "lengths of a recipe count voxels"
    if thickness > shape[2]:
        raise InputError(
            f"layers are {_lengths(thickness, edge)} thick, the box is only "
            f"{shape[2]} voxels tall: {count}"
        )
    widest = max(shape[:2])
    if hatch > widest and hatch > _WIDEST * pool.width:
        raise InputError(
            f"the hatch is {_lengths(hatch, edge)}, the box is only {widest} voxels "
            f"wide and the pool {pool.width:g}: {count}"
        )
    _tell(_gaps(hatch, thickness, edge, pool, ""))


def _gaps(
    hatch: float, thickness: float, edge: float, pool: Pool, doubt: str
) -> list[str]:
    """Return what is to be said of tracks and layers that the pool does not join."""
    notes = []
    if hatch > _WIDEST * pool.width:
        notes.append(
            f"its tracks lie {_lengths(hatch, edge)} apart, and the pool is only "
            f"{pool.width:g} voxels wide: powder remains between them{doubt}"
        )
    if thickness > pool.depth + 1:
        notes.append(
            f"its layers are {_lengths(thickness, edge)} thick, and the pool is only "
            f"{pool.depth:g} voxels deep: powder remains between them{doubt}"
        )
    return notes


def _tell(notes: list[str]) -> None:
    """Warn of what is doubtful."""
    for note in notes:
        warnings.warn(f"the scan path: {note}", InputNote, stacklevel=4)


def _check_reach(
    start: np.ndarray,
    end: np.ndarray,
    shape: tuple[int, int, int],
    edge: float,
    pool: Pool,
    remedy: str,
) -> None:
    """Raise InputError if no track comes as near to the box as the pool reaches."""
    side = max(*pool.ends, pool.width / 2)
    z = start[:, 2]
    melts = (z >= 0) & (z - pool.depth <= shape[2] - 1)
    near = length_within(start, end, shape, side) > 0
    if not (melts & near).any():
        low = (np.minimum(start, end).min(axis=0) + 0.5) * edge
        high = (np.maximum(start, end).max(axis=0) + 0.5) * edge
        place = ", ".join(
            f"{axis} = {a / 1e3:.4g} to {b / 1e3:.4g}"
            for axis, a, b in zip("xyz", low, high)
        )
        size = " x ".join(f"{n * edge / 1e3:.4g}" for n in shape)
        raise InputError(
            f"no track reaches the box of {size} mm: from the box's corner they lie at "
            f"{place} mm{remedy}"
        )


def length_within(
    start: np.ndarray, end: np.ndarray, shape: tuple[int, int, int], margin: float = 0.0
) -> np.ndarray:
    """Return the length of each track above or below a box, in the plane.

    Parameters
    ----------
    start, end : numpy.ndarray, float, shape (n, 3)
        Voxels.
    shape : three ints
    margin : float
        By which the box is larger on its four sides.

    Returns
    -------
    numpy.ndarray, float, shape (n,)
    """
    low, high = np.array([-0.5, -0.5]) - margin, np.array(shape[:2]) - 0.5 + margin
    begin, way = start[:, :2], end[:, :2] - start[:, :2]
    still = way == 0
    step = np.where(still, 1, way)
    first, last = (low - begin) / step, (high - begin) / step
    first, last = np.minimum(first, last), np.maximum(first, last)
    missed = (still & ((begin < low) | (begin > high))).any(axis=1)
    first = np.where(still, 0, first).max(axis=1).clip(0, 1)
    last = np.where(still, 1, last).min(axis=1).clip(0, 1)
    share = np.where(missed, 0, (last - first).clip(0))
    length: np.ndarray = share * np.linalg.norm(way, axis=1)
    return length


def thickness_of(path: ScanPath) -> float:
    """Return the median distance of the layers of a path, voxels; 0 = one layer."""
    heights = np.unique(np.round(path.start[path.on, 2], 6))
    return float(np.median(np.diff(heights))) if len(heights) > 1 else 0.0


def hatch_of(path: ScanPath) -> float:
    """Return the median distance of neighboring parallel tracks, voxels; 0 = none."""
    start, end = path.start[path.on], path.end[path.on]
    way = (end - start)[:, :2]
    unit = way / np.linalg.norm(way, axis=1, keepdims=True).clip(1e-300)
    turn = unit[:-1, 0] * unit[1:, 1] - unit[:-1, 1] * unit[1:, 0]
    step = (start[1:] - start[:-1])[:, :2]
    apart = np.abs(unit[:-1, 0] * step[:, 1] - unit[:-1, 1] * step[:, 0])
    jumps = (start[1:] != end[:-1]).any(axis=1) & (start[1:, 2] == start[:-1, 2])
    apart = apart[jumps & (np.abs(turn) < 0.02) & (apart > 1e-6)]
    return float(np.median(apart)) if len(apart) else 0.0


def _unit_doubt(start: np.ndarray, end: np.ndarray, shape: tuple[int, int, int]) -> str:
    """Return a hint if the path would have the size of the box in another unit."""
    low, high = np.minimum(start, end).min(axis=0), np.maximum(start, end).max(axis=0)
    ratio = float((high - low)[:2].max()) / max(shape[:2])
    factors = {UNITS[a] / UNITS[b] for a in _MIXED for b in _MIXED if a != b}
    for factor in sorted(factors):
        if 0.5 <= ratio * factor <= 2 and not 0.1 <= ratio <= 10:
            return (
                f"; with lengths {factor:g} times as large the path would be as wide "
                "as the box: is `unit` right?"
            )
    return ""


def _lengths(voxels: float, edge: float) -> str:
    return f"{voxels:,.4g} voxels ({length_text(voxels * edge)})"
