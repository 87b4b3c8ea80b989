"""Rejection sweeps over one site after another, as SPPARKS does them.

`grainpaint.simulate.iso.potts` simulates many sites in parallel and is the better
choice where only the rates matter. Two kinds of SPPARKS' sweeps depend on more:

- ``sweep raster`` attempts site after site along x, then y, then z. The next site can
  copy a spin that a site has just taken, so grains grow along this order (with
  ``potts/neighonly`` at T = 0.25 the mean grain becomes 1.5 times as large in 100
  sweeps).
- ``potts/neighonly`` proposes the spin of a neighbor in each attempt: boundary sites
  flip several times per unit of time, and so do their neighbors.
"""

import math
from collections.abc import Iterator, Sequence

import numba as nb
import numpy as np

from grainpaint.errors import InputError
from grainpaint.philox import check_seed, philox4x32, split_key
from grainpaint.progress import Progress, silent
from grainpaint.simulate.iso.lattice import neighbor_offsets

__all__ = ["sweep_sites"]

_PLACES, _FLIPS = 3, 4  # streams of random numbers


@nb.njit(cache=True)
def _proposal(spin, i, steps, word, n_spins, distinct):
    """Return a random spin: of 1..n_spins, or a neighbor's (0 if all are alike)."""
    if n_spins > 0:
        return np.int32(1) + np.int32((word * np.uint64(n_spins)) >> np.uint64(32))
    mine = spin[i]
    n = 0
    for step in steps:
        v = spin[i + step]
        if v == 0 or v == mine:
            continue
        for w in range(n):
            if distinct[w] == v:
                break
        else:
            distinct[n] = v
            n += 1
    if n == 0:
        return np.int32(0)
    return distinct[(word * np.uint64(n)) >> np.uint64(32)]


@nb.njit(cache=True)
def _try(spin, shape, place, periodic, steps, n_spins, beta, words, distinct):
    """Attempt a flip of one site, in place."""
    x, y, z = place
    i = ((x + 1) * (shape[1] + 2) + y + 1) * (shape[2] + 2) + z + 1
    mine = spin[i]
    if mine == 0:
        return
    new = _proposal(spin, i, steps, words[0], n_spins, distinct)
    if new == 0 or new == mine:
        return
    rise = 0
    for step in steps:
        v = spin[i + step]
        rise += (v == mine) - (v == new)
    u = np.float64(words[1]) * 2.0**-32
    if rise <= 0 or u < math.exp(-beta * rise):
        _put(spin, shape, x, y, z, new, periodic)


@nb.njit(cache=True)
def _sweep_raster(spin, shape, box, steps, n_spins, beta, keys, sweep):
    """Attempt each site of a box of the lattice once, x fastest."""
    distinct = np.empty(len(steps), np.int32)
    k0, k1 = keys[1]
    for z in range(box[2, 0], box[2, 1]):
        for y in range(box[1, 0], box[1, 1]):
            for x in range(box[0, 0], box[0, 1]):
                at = (np.uint64(x), np.uint64(y), np.uint64(z))
                words = philox4x32(k0, k1, at[0], at[1], at[2], sweep)
                place = (x, y, z)
                _try(
                    spin, shape, place, box[:, 2], steps, n_spins, beta, words, distinct
                )


@nb.njit(cache=True)
def _sweep_random(spin, shape, box, steps, n_spins, beta, keys, sweep):
    """Attempt random sites of a box, as many as it has, some more than once."""
    distinct = np.empty(len(steps), np.int32)
    k0, k1 = keys[0]
    f0, f1 = keys[1]
    sizes = box[:, 1] - box[:, 0]
    sector = np.uint64(box[0, 0] > 0) + np.uint64(2 * (box[1, 0] > 0))
    sector += np.uint64(4 * (box[2, 0] > 0))
    half = np.uint64(32)
    for i in range(sizes[0] * sizes[1] * sizes[2]):
        low, high = np.uint64(i & 0xFFFFFFFF), np.uint64(i >> 32)
        picks = philox4x32(k0, k1, low, high, sector, sweep)
        words = philox4x32(f0, f1, low, high, sector, sweep)
        place = (
            box[0, 0] + np.int64((picks[0] * np.uint64(sizes[0])) >> half),
            box[1, 0] + np.int64((picks[1] * np.uint64(sizes[1])) >> half),
            box[2, 0] + np.int64((picks[2] * np.uint64(sizes[2])) >> half),
        )
        _try(spin, shape, place, box[:, 2], steps, n_spins, beta, words, distinct)


@nb.njit(cache=True)
def _put(spin, shape, x, y, z, value, periodic):
    """Set the spin of a site and of its ghosts across periodic faces."""
    nx, ny, nz = shape
    for a in range(-1, 2):
        if a != 0 and (periodic[0] == 0 or (x != 0 if a > 0 else x != nx - 1)):
            continue
        for b in range(-1, 2):
            if b != 0 and (periodic[1] == 0 or (y != 0 if b > 0 else y != ny - 1)):
                continue
            for c in range(-1, 2):
                if c != 0 and (periodic[2] == 0 or (z != 0 if c > 0 else z != nz - 1)):
                    continue
                i = ((x + 1 + a * nx) * (ny + 2) + y + 1 + b * ny) * (nz + 2)
                spin[i + z + 1 + c * nz] = value


def _sectors(
    shape: tuple[int, int, int], periodic: tuple[bool, bool, bool], split: bool
) -> list[np.ndarray]:
    """Return the boxes swept in turn: start, stop and periodic for each axis."""
    halves = [(n + 1) // 2 if split else n for n in shape]
    axes = [
        [(a, b, int(p)) for a, b in ((0, h), (h, n)) if a < b]
        for n, h, p in zip(shape, halves, periodic)
    ]
    return [np.array((x, y, z)) for z in axes[2] for y in axes[1] for x in axes[0]]


def sweep_sites(
    spin: np.ndarray,
    stops: Sequence[int],
    *,
    seed: int = 0,
    first: int = 0,
    order: str = "random",
    sectors: bool = True,
    lattice: str = "sc/26n",
    periodic: tuple[bool, bool, bool] = (True, True, True),
    temperature: float = 0.0,
    n_spins: int = 0,
    progress: Progress = silent,
) -> Iterator[np.ndarray]:
    """Sweep a lattice with rejection; yield the spins after given numbers of sweeps.

    Parameters
    ----------
    spin : numpy.ndarray, integer, shape (nx, ny, nz)
        Spins at the start; 0 = no site. A periodic axis needs two sites or more.
    stops : sequence of int
        Numbers of sweeps after which to yield, increasing.
    seed : int
        Key of the random numbers.
    first : int
        Number of sweeps done before.
    order : {'random', 'raster'}
        Whether sites are picked at random, with replacement, or in the order of
        SPPARKS' IDs.
    sectors : bool
        Whether the halves of each axis are swept in turn (``sector yes``).
    lattice, periodic, temperature
        As in `grainpaint.simulate.iso.potts.grow`.
    n_spins : int
        Propose a spin of 1..n_spins (``potts``); 0 = a spin of a neighbor, each
        distinct spin with equal probability (``potts/neighonly``).
    progress : Progress
        Receives the number of sweeps done.

    Yields
    ------
    numpy.ndarray, int32, shape (nx, ny, nz)
        A copy of the spins.

    Raises
    ------
    InputError
        If the seed is out of range, the lattice is unknown, or a periodic axis has only
        one site.
    """
    check_seed(seed)
    if any(p and n < 2 for p, n in zip(periodic, spin.shape)):
        raise InputError(f"periodic axes need at least two sites, got {spin.shape}")
    padded = np.zeros([n + 2 for n in spin.shape], np.int32)
    padded[1:-1, 1:-1, 1:-1] = spin
    for axis, wraps in enumerate(periodic):
        if wraps:
            ends = np.moveaxis(padded, axis, 0)
            ends[0], ends[-1] = ends[-2], ends[1]
    strides = np.array(padded.strides) // padded.itemsize
    steps = neighbor_offsets(lattice) @ strides
    beta = 1 / temperature if temperature > 0 else math.inf
    keys = split_key(seed, _PLACES), split_key(seed, _FLIPS)
    sweep_box = _sweep_raster if order == "raster" else _sweep_random
    boxes = _sectors(spin.shape, periodic, sectors)
    flat = padded.reshape(-1)
    done = first
    with progress("grain growth", max(stops, default=first) - first) as bar:
        for stop in stops:
            for sweep in range(done, stop):
                for box in boxes:
                    at = np.uint64(sweep)
                    sweep_box(flat, spin.shape, box, steps, n_spins, beta, keys, at)
                bar.update(sweep + 1 - first)
            done = max(done, stop)
            yield padded[1:-1, 1:-1, 1:-1].copy()
