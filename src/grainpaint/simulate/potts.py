"""Isotropic grain growth by the Potts model, in time as SPPARKS counts it.

The sites are swept in sublattices none of which holds two neighbours, so that all
sites of one may follow their own rates at once while the others stand still (see
`site.flip_site`). Each step of time sweeps the sublattices forth and back, half a step
each: symmetric splitting, whose error is of second order in the step.

A site whose rate to leave its spin is 0 is marked quiet and passed over until a
neighbour flips. The random numbers of a site depend on (seed, x, y, z, time) alone, so
neither that nor the number of threads changes a result.
"""

import math
from collections.abc import Iterator, Sequence

import numba as nb
import numpy as np

from grainpaint.errors import InputError
from grainpaint.philox import check_seed, philox4x32, split_key
from grainpaint.progress import Progress, silent
from grainpaint.simulate.site import (
    count_like,
    flip_site,
    neighbor_offsets,
    physics,
)

__all__ = ["TICKS", "grow", "random_spins", "sublattices"]

TICKS = 1024  # of the clock in a unit of time
_START, _FLIPS = 0, 1  # streams of random numbers

# Half a step of time, in ticks, from a time on: flips are fast at first.
SCHEDULE = ((0, 16), (1 * TICKS, 32), (4 * TICKS, 64), (10 * TICKS, 128))


def sublattices(
    shape: tuple[int, int, int], periodic: tuple[bool, bool, bool]
) -> np.ndarray:
    """Split the sites of a box into sublattices that hold no neighbours.

    Parameters
    ----------
    shape : three ints
        Sites along x, y, z.
    periodic : three bools
        Along such an axis the first and the last site are neighbours.

    Returns
    -------
    numpy.ndarray, int64, shape (n, 3, 3)
        Start, stop and step of the sites of each along x, y, z: even and odd ones, and
        the last one by itself where the axis is periodic and odd.
    """
    axes = []
    for n, p in zip(shape, periodic):
        last = n - 1 if p and n % 2 and n > 1 else n
        classes = [(0, last, 2), (1, last, 2), (last, n, 1)]
        axes.append([c for c in classes if c[0] < c[1]])
    return np.array([(a, b, c) for a in axes[0] for b in axes[1] for c in axes[2]])


@nb.njit(cache=True)
def _set_spin(spin, quiet, place, value, offsets, periodic):
    """Give a site, and its ghosts across periodic faces, a spin; wake its neighbours.

    A neighbour of the new spin stays as it is: it has one more neighbour like itself.
    """
    shape = (quiet.shape[0] - 2, quiet.shape[1] - 2, quiet.shape[2] - 2)
    x, y, z = place
    nx, ny, nz = shape
    at_face = x == 0 or y == 0 or z == 0 or x == nx - 1 or y == ny - 1 or z == nz - 1
    spin[x + 1, y + 1, z + 1] = value
    if at_face:
        xs, ys, zs = (
            _images(x, nx, periodic[0]),
            _images(y, ny, periodic[1]),
            _images(z, nz, periodic[2]),
        )
        for a in xs:
            for b in ys:
                for c in zs:
                    spin[a, b, c] = value
    for o in range(offsets.shape[0]):
        a, b, c = x + offsets[o, 0], y + offsets[o, 1], z + offsets[o, 2]
        if at_face:  # a ghost's site stands across the box; no ghost is ever visited
            a = a % nx if periodic[0] else a
            b = b % ny if periodic[1] else b
            c = c % nz if periodic[2] else c
        v = spin[a + 1, b + 1, c + 1]
        if v != 0 and v != value:
            quiet[a + 1, b + 1, c + 1] = 0


@nb.njit(cache=True)
def _images(i, n, periodic):
    """Return where site i of an axis of n lies in the padded lattice, ghosts too."""
    if periodic and i == 0:
        return (1, n + 1)
    if periodic and i == n - 1:
        return (n, 0)
    return (i + 1, i + 1)


@nb.njit(cache=True, parallel=True)
def _sweep(spin, quiet, mobility, sublattice, dt, physics, geometry, key):
    """Let the sites of one sublattice follow their rates for dt, in place."""
    offsets, steps, periodic = geometry
    k0, k1, tick = key
    flat = spin.reshape(spin.size)
    _, sy, sx = spin.shape[0], spin.shape[1], spin.shape[2]
    x0, x1, dx = sublattice[0]
    y0, y1, dy = sublattice[1]
    z0, z1, dz = sublattice[2]
    for i in nb.prange((x1 - x0 + dx - 1) // dx):
        x = x0 + i * dx
        for y in range(y0, y1, dy):
            row = np.uint64(((x + 1) * sy + y + 1) * sx + 1)
            for z in range(z0, z1, dz):
                if quiet[x + 1, y + 1, z + 1]:
                    continue
                site = row + np.uint64(z)
                m = count_like(flat, site, steps, flat[site])
                if physics.bound[m] == 0.0 and physics.far[m] == 0.0:
                    quiet[x + 1, y + 1, z + 1] = 1
                    continue
                budget = dt
                if mobility.size > 0:
                    budget *= mobility[x, y, z]
                site_key = (k0, k1, np.uint64(x), np.uint64(y), np.uint64(z), tick)
                value, still = flip_site(flat, site, steps, budget, physics, site_key)
                if value != flat[site]:
                    _set_spin(spin, quiet, (x, y, z), value, offsets, periodic)
                if still or budget == 0.0:
                    quiet[x + 1, y + 1, z + 1] = 1


@nb.njit(cache=True, parallel=True)
def _fill_random(spin, n_spins, k0, k1):
    for x in nb.prange(spin.shape[0]):
        for y in range(spin.shape[1]):
            for z in range(spin.shape[2]):
                word = philox4x32(
                    k0, k1, np.uint64(x), np.uint64(y), np.uint64(z), np.uint64(0)
                )
                spin[x, y, z] = 1 + ((word[0] * np.uint64(n_spins)) >> np.uint64(32))


def random_spins(shape: tuple[int, int, int], n_spins: int, seed: int) -> np.ndarray:
    """Return the start of a simulation: a spin of 1..Q for each site, or its own.

    Parameters
    ----------
    shape : three ints
        Sites along x, y, z.
    n_spins : int
        Q; 0 = each site has a spin of its own.
    seed : int
        Key of the random numbers.

    Returns
    -------
    numpy.ndarray, uint16 (or int32 from Q = 65,536 on), shape (nx, ny, nz)

    Raises
    ------
    InputError
        If n_spins or seed are out of range.
    """
    check_seed(seed)
    if n_spins == 0:
        return np.arange(1, math.prod(shape) + 1, dtype=np.int32).reshape(shape)
    if not 2 <= n_spins < 2**31:
        raise InputError(
            f"the number of spins must be at least 2 (or 0: one a site), got {n_spins}"
        )
    spin = np.empty(shape, np.uint16 if n_spins < 2**16 else np.int32)
    _fill_random(spin, n_spins, *split_key(seed, _START))
    return spin


def _half_steps(start: int, stop: int) -> Iterator[tuple[int, int, bool]]:
    """Yield tick, ticks and whether the sweep goes forth, from one tick to another."""
    tick = start
    while tick < stop:
        since, length = max(row for row in SCHEDULE if row[0] <= tick)
        n = (tick - since) // length
        end = min(since + (n + 1) * length, stop)
        yield tick, end - tick, n % 2 == 0
        tick = end


def _pad(spin: np.ndarray, periodic: tuple[bool, bool, bool]) -> np.ndarray:
    """Return the lattice with its ghosts: copies across periodic faces, else 0."""
    padded = np.zeros([n + 2 for n in spin.shape], spin.dtype)
    padded[1:-1, 1:-1, 1:-1] = spin
    for axis in range(3):
        if periodic[axis]:
            ends = np.moveaxis(padded, axis, 0)
            ends[0], ends[-1] = ends[-2], ends[1]
    return padded


def grow(
    spin: np.ndarray,
    times: Sequence[float],
    *,
    seed: int = 0,
    start_time: float = 0.0,
    lattice: str = "sc/26n",
    periodic: tuple[bool, bool, bool] = (True, True, True),
    temperature: float = 0.0,
    mobility: np.ndarray | None = None,
    rule: str = "each",
    n_spins: int = 0,
    progress: Progress = silent,
) -> Iterator[np.ndarray]:
    """Let grains grow; yield the spins at the given times.
    """
    spin = np.asarray(spin)
    ticks = [round(t * TICKS) for t in times]
    offsets = neighbor_offsets(lattice)
    padded = _pad(spin, periodic)
    quiet = (padded == 0).astype(np.uint8)
    sy, sx = padded.shape[1:]
    steps = (offsets @ np.array([sy * sx, sx, 1])).astype(np.uint64)
    geometry = (offsets, steps, np.array(periodic))
    rates = physics(len(offsets), temperature, rule, n_spins)
    if mobility is None:
        mobility = np.empty((0, 0, 0), np.float32)
    k0, k1 = split_key(seed, _FLIPS)
    parts = sublattices(spin.shape, periodic)
    tick = round(start_time * TICKS)
    for stop in ticks:
        for t, length, forth in _half_steps(tick, stop):
            for part in parts if forth else parts[::-1]:
                _sweep(padded, quiet, mobility, part, length / TICKS, rates, geometry, (k0, k1, np.uint64(t)))
        tick = stop
        yield padded[1:-1, 1:-1, 1:-1]


def isotropic(shape, time=100.0, n_spins=1000, seed=0, spacing=1.0, progress=silent):
    pass
