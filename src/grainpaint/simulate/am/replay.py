"""Builds without sweeps: the last life of every site, in the order of the scan.

A site takes part from the moment it solidified for the last time; from then on its
moves are a Poisson process whose rate is the mobility of Eq. (19), a closed form for
straight tracks (`grainpaint.simulate.am.tracks`). No site takes the spin of melt, so
what a later pass melts again matters only as a neighbor: earlier lives are needed near
sites that are in their last one, and nowhere else. On grains that are known except for
their last moves the end of a build can be played again.
"""

from itertools import pairwise

import numba
import numpy as np

from grainpaint.philox import split_key
from grainpaint.progress import Progress, silent
from grainpaint.simulate.ahead import made_ahead
from grainpaint.simulate.am.exposure import Exposure
from grainpaint.simulate.am.heat_affected_zone import Haz
from grainpaint.simulate.am.melt_pool import Pool
from grainpaint.simulate.am.proposals import MoveRules, grid_of
from grainpaint.simulate.am.relived_moves import (
    Lives,
    RelivedMoves,
    draw_melting,
    list_moves,
    make_moves,
    scatter,
    skip_dose,
)
from grainpaint.simulate.am.scan import ScanPath
from grainpaint.simulate.am.solidify import check_scan
from grainpaint.simulate.am.sweeper import move_rules
from grainpaint.simulate.am.tracks import Lines, near_segments, tabulate_lines

__all__ = ["last_lives", "replay"]

_STREAM = 9  # of random numbers
_REACH = 6  # voxels around sites in their last life that take part, too
_NO_END = np.iinfo(np.int64).max
_SITES_TOGETHER = 1 << 14  # whose moves take about 10 ms to list and 5 ms to make


def last_lives(
    spin: np.ndarray,
    path: ScanPath,
    shapes: tuple[Pool, Haz],
    *,
    n_spins: int,
    temperature: float = 0.25,
    freeze: bool = True,
    seed: int = 0,
    progress: Progress = silent,
) -> np.ndarray:
    """Simulate what remains of a build: the life of each site since it melted last.

    The model is that of `grainpaint.simulate.am.solidify.solidify`, with other random
    numbers, in less time; melt is no neighbor (`copy_molten` is false).

    Parameters
    ----------
    spin : numpy.ndarray, integer, shape (nx, ny, nz)
        Spins >= 1 at the start; 0 = no material.
    path : ScanPath
    shapes : Pool, Haz
        The pool and the zone around it; not a weld, which reaches above the surface.
    n_spins, temperature, freeze, seed
        As in `solidify`.
    progress : Progress
        Receives the number of segments done.

    Returns
    -------
    numpy.ndarray, int32, shape (nx, ny, nz)
        Spins at the end.

    Raises
    ------
    InputError
        If the pool never touches a voxel, is deeper than the box or takes 2^32 sweeps.
    """
    check_scan(spin.shape, path, shapes[0])
    axes = tuple(np.arange(n, dtype=float) for n in spin.shape)
    scan = *near_segments(axes, path, *shapes, freeze), tabulate_lines(*shapes)
    key = split_key(seed, _STREAM)
    since = _first_needed(axes, scan, key, np.ones(spin.shape, bool))
    none, no_track, all_sites = (np.empty((0,) * 3, t) for t in (np.float32, int, bool))
    lives = Lives(spin != 0, since, none, no_track, all_sites)
    rules = move_rules(n_spins, temperature, False)
    start = np.where(since >= 0, 0, spin)
    return _relive(start, axes, scan, lives, rules, key, progress)


def _first_needed(
    axes: tuple[np.ndarray, ...],
    scan: "_Scan",
    key: tuple[np.uint64, np.uint64],
    fresh: np.ndarray,
) -> np.ndarray:
    """Return the melting from which on sites take part, -1 = all the time.

    That is the last one before any fresh site near by is in its last life.
    """
    from scipy.ndimage import minimum_filter

    if not fresh.any():
        return np.full(fresh.shape, -1)
    numbers, segments, lines = scan
    lowest = axes[2][fresh.any((0, 1))][0]
    above = segments[:, 2] > lowest - 1  # no other tracks melt what is fresh
    melting = axes, numbers[above], segments[above], lines, key
    last = draw_melting(*melting, np.where(fresh, _NO_END, -1))
    needed = minimum_filter(np.where(fresh, last, _NO_END), 2 * _REACH + 1)
    found: np.ndarray = draw_melting(*melting, np.where(fresh, needed, -1))
    return found


def replay(
    spin: np.ndarray,
    exposure: Exposure,
    path: ScanPath,
    shapes: tuple[Pool, Haz],
    fresh: np.ndarray,
    limit: float | np.ndarray,
    *,
    n_spins: int,
    lowest: int = 1,
    temperature: float = 0.25,
    freeze: bool = True,
    seed: int = 0,
    origin: tuple[int, int, int] = (0, 0, 0),
) -> np.ndarray:
    """Play the last moves of a build again.

    Parameters
    ----------
    spin : numpy.ndarray, integer, shape (nx, ny, nz)
        Grains by spins >= 1; 0 = no material.
    exposure : Exposure
        Of the sites.
    path : ScanPath
    shapes : Pool, Haz
    fresh : numpy.ndarray, bool, shape (nx, ny, nz)
        Sites that begin as melt or powder, and relive everything since then, with the
        lives before that their neighbors need.
    limit : float or numpy.ndarray, float32, shape (nx, ny, nz)
        Units of dose that each of the other sites relives; infinity = all of it.
    n_spins, lowest : int
        Melt and powder have random spins lowest..lowest + n_spins - 1.
    temperature : float
        Of the Potts model.
    freeze : bool
        Whether the melt freezes where the beam goes off.
    seed : int
    origin : three ints
        Site (0, 0, 0) in voxels of the path, on which random numbers depend.

    Returns
    -------
    numpy.ndarray, int32, shape (nx, ny, nz)
    """
    axes = tuple(np.arange(n, dtype=float) + o for n, o in zip(spin.shape, origin))
    scan = *near_segments(axes, path, *shapes, freeze), tabulate_lines(*shapes)
    key = split_key(seed, _STREAM)
    rules = move_rules(n_spins, temperature, False, lowest)
    inside = spin != 0
    fresh = fresh & inside
    first = _first_needed(axes, scan, key, fresh)
    start = np.where(fresh & (first >= 0), 0, spin).astype(np.int32)
    scatter(start, fresh & (first < 0), axes, rules, key)
    since, skipped = np.empty_like(exposure.track), np.empty_like(exposure.dose)
    limits = np.where(fresh, np.float32(np.inf), np.asarray(limit, np.float32))
    skip_dose(axes, *scan, exposure.track, limits, since, skipped)
    since[fresh] = first[fresh]
    lives = Lives(inside, since, skipped, exposure.track, fresh)
    return _relive(start, axes, scan, lives, rules, key)


_Scan = tuple[np.ndarray, np.ndarray, Lines]


def _relive(
    spin: np.ndarray,
    axes: tuple[np.ndarray, ...],
    scan: _Scan,
    lives: Lives,
    rules: MoveRules,
    key: tuple[np.uint64, np.uint64],
    progress: Progress = silent,
) -> np.ndarray:
    """Make the moves of all segments; return the spins at the end."""
    flat = np.zeros(np.prod([n + 2 for n in spin.shape]) + 1, np.int32)
    inner = flat[:-1].reshape([n + 2 for n in spin.shape])[1:-1, 1:-1, 1:-1]
    inner[:] = spin
    grid = grid_of(spin.shape)
    numbers, segments, lines = scan
    ranges = _together(segments, lines, spin.shape)

    def list_some(some: slice) -> RelivedMoves:
        found: RelivedMoves = list_moves(
            axes, numbers[some], segments[some], lines, lives, key
        )
        return found

    with progress("melt pool", len(segments)) as bar:
        listed = made_ahead(list_some, ranges, numba.get_num_threads())
        for some, moves in zip(ranges, listed):
            make_moves(flat, moves, grid, rules)
            bar.update(some.stop)
    return inner


def _together(
    segments: np.ndarray, lines: Lines, shape: tuple[int, ...]
) -> list[slice]:
    """Return ranges of segments whose moves are listed together."""
    strip = (segments[:, 5] - lines.first + lines.ahead) * 2 * lines.side * lines.below
    n_sites = np.cumsum(np.minimum(strip, np.prod(shape)))
    cuts = np.flatnonzero(np.diff(n_sites // _SITES_TOGETHER)) + 1
    stops = [*cuts.tolist(), len(segments)]
    return [slice(a, b) for a, b in pairwise([0, *stops])]
