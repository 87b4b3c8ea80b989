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
    is_stuck,
    neighbor_offsets,
    physics,
)

__all__ = ["TICKS", "grow", "random_spins", "sublattices"]

TICKS = 256  # of the clock in a unit of time
_START, _FLIPS = 0, 1  # streams of random numbers

# Slots of time: from a tick on, so many ticks long (flips are fast at first), and how
# many of them a window has: sites draw the slot of their next try at its start.
SCHEDULE = ((0, 1), (64, 2), (128, 4), (1024, 8))
N_SLOTS = 32
_TURN = 4  # slots that a block of rows goes through while its surroundings wait
_WIDTH = 12  # of a block along x and y, about
# Alarms that are no slot: beyond the window, to be drawn, none before a neighbour flips.
LATER, AWAKE, STUCK, QUIET = 252, 253, 254, 255

_ONES = np.uint64(0x0101010101010101)
_HIGH = np.uint64(0x8080808080808080)


def row_blocks(shape: tuple[int, int, int]) -> list[np.ndarray]:
    """Split the rows of sites along z into blocks of four colours, as a chessboard.

    Parameters
    ----------
    shape : three ints
        Sites along x, y, z.

    Returns
    -------
    list of numpy.ndarray, int64, shape (n, 4)
        For each colour its blocks: start and stop along x, start and stop along y. No
        site of one block is a neighbour of a site of another block of that colour,
        across periodic faces neither: there are two blocks along an axis, or an even
        number of them, whatever its length.
    """
    edges = []
    for n in shape[:2]:
        n_blocks = min(n, 2 * max(1, round(n / (2 * _WIDTH))))
        cuts = np.linspace(0, n, n_blocks + 1).astype(int)
        edges.append(np.stack([cuts[:-1], cuts[1:]], 1))
    return [
        np.array([(*x, *y) for x in edges[0][i::2] for y in edges[1][j::2]])
        for i in range(2)
        for j in range(2)
        if len(edges[0]) > i and len(edges[1]) > j
    ]


@nb.njit(cache=True, forceinline=True)
def _images(i, n, periodic):
    """Return where site i of an axis of n lies in the padded lattice, ghosts too."""
    if periodic and i == 0:
        return (1, n + 1)
    if periodic and i == n - 1:
        return (n, 0)
    return (i + 1, i + 1)


@nb.njit(cache=True, forceinline=True)
def _set_spin(spin, alarm, place, value, offsets, periodic):
    """Give a site and its ghosts a spin; wake the neighbours that were like it.

    The others cannot flip sooner than they thought.
    """
    x, y, z = place
    nx, ny, nz = spin.shape[0] - 2, spin.shape[1] - 2, spin.shape[2] - 2
    old = spin[x + 1, y + 1, z + 1]
    spin[x + 1, y + 1, z + 1] = value
    at_face = x == 0 or y == 0 or z == 0 or x == nx - 1 or y == ny - 1 or z == nz - 1
    if at_face:
        for a in _images(x, nx, periodic[0]):
            for b in _images(y, ny, periodic[1]):
                for c in _images(z, nz, periodic[2]):
                    spin[a, b, c] = value
    for o in range(offsets.shape[0]):
        a, b, c = x + offsets[o, 0], y + offsets[o, 1], z + offsets[o, 2]
        v = spin[a + 1, b + 1, c + 1]
        if v == 0 or v == value:
            continue
        if at_face:  # a ghost's site stands across the box
            a, b, c = a % nx, b % ny, c % nz
        if v == old or alarm[a, b, c] == STUCK:
            alarm[a, b, c] = AWAKE


@nb.njit(cache=True, forceinline=True)
def _alarm(wait, mobility, slot, dt):
    """Return the alarm of a site that tries to flip `wait` after the start of a slot."""
    slots = wait / (mobility * dt) if mobility > 0.0 else math.inf
    if slots == math.inf:
        return QUIET
    return LATER if slots >= N_SLOTS - slot else slot + np.int64(slots)


@nb.njit(cache=True, parallel=True)
def _wind(lattice, physics, steps, clock):
    """Draw the alarms of all sites that are not quiet, at a slot's start."""
    spin, alarm, drawn, mobility, _ = lattice
    k0, k1, tick, slot, dt = clock
    flat = spin.reshape(spin.size)
    for x in nb.prange(alarm.shape[0]):
        for y in range(alarm.shape[1]):
            row = np.uint64(((x + 1) * spin.shape[1] + y + 1) * spin.shape[2] + 1)
            for z in range(spin.shape[2] - 2):
                if alarm[x, y, z] >= STUCK:
                    continue
                i = row + np.uint64(z)
                n_like = count_like(flat, i, steps, flat[i])
                rate = physics.bound[n_like] * steps.size
                rate += physics.far[n_like] * physics.n_spins
                drawn[x, y, z] = n_like
                wait = math.inf
                stuck = rate > 0.0 and is_stuck(
                    flat, i, steps, flat[i], n_like, physics
                )
                if rate > 0.0 and not stuck:
                    place = np.uint64(z) | (np.uint64(255) << np.uint64(24))
                    word = philox4x32(k0, k1, np.uint64(x), np.uint64(y), place, tick)
                    wait = -math.log((word[0] + 0.5) * 2.0**-32) / rate
                m = mobility[x, y, z] if mobility.size > 0 else 1.0
                alarm[x, y, z] = STUCK if stuck else _alarm(wait, m, slot, dt)


@nb.njit(cache=True, forceinline=True)
def _visit(lattice, place, physics, geometry, clock):
    """Let one site follow its rates through a slot; draw its next alarm."""
    spin, alarm, drawn, mobility, _ = lattice
    offsets, steps, periodic = geometry
    k0, k1, tick, slot, dt = clock
    x, y, z = place
    flat = spin.reshape(spin.size)
    i = np.uint64(((x + 1) * spin.shape[1] + y + 1) * spin.shape[2] + z + 1)
    m = mobility[x, y, z] if mobility.size > 0 else 1.0
    rang = -1 if alarm[x, y, z] == AWAKE else np.int64(drawn[x, y, z])
    key = (k0, k1, np.uint64(x), np.uint64(y), np.uint64(z), tick)
    value, n_like, wait = flip_site(flat, i, steps, m * dt, physics, key, rang)
    if value != flat[i]:
        _set_spin(spin, alarm, place, value, offsets, periodic)
    drawn[x, y, z] = n_like
    alarm[x, y, z] = _alarm(wait, m, slot + 1, dt)
    if wait == math.inf and physics.bound[n_like] > 0.0:
        alarm[x, y, z] = STUCK


@nb.njit(cache=True, forceinline=True)
def _has_byte(word, byte):
    """Tell whether one of the eight bytes of a word is the given one."""
    word = word ^ (_ONES * np.uint64(byte))
    return (word - _ONES) & ~word & _HIGH != np.uint64(0)


@nb.njit(cache=True, forceinline=True)
def _ring(lattice, x, y, physics, geometry, clock):
    """Visit the sites of a row along z whose alarm rings in a slot."""
    alarm, eights, slot = lattice[1], lattice[4], clock[3]
    n_words = eights.shape[2]
    forth = slot % 2 == 0
    for w in range(n_words):
        if not forth:
            w = n_words - 1 - w
        word = eights[x, y, w]
        if not (_has_byte(word, slot) or _has_byte(word, AWAKE)):
            continue
        for k in range(8):
            z = 8 * w + (k if forth else 7 - k)
            if alarm[x, y, z] == slot or alarm[x, y, z] == AWAKE:
                _visit(lattice, (x, y, z), physics, geometry, clock)


@nb.njit(cache=True, parallel=True)
def _turn(lattice, blocks, physics, geometry, clock):
    """Take the blocks of one colour through some slots, each by itself."""
    k0, k1, first_tick, first_slot, length, n_slots = clock
    for b in nb.prange(blocks.shape[0]):
        x0, x1, y0, y1 = blocks[b]
        for s in range(n_slots):
            slot = first_slot + s
            now = (k0, k1, np.uint64(first_tick + s * length), slot, length / TICKS)
            for i in range(x1 - x0):
                x = x0 + i if slot % 2 == 0 else x1 - 1 - i
                for j in range(y1 - y0):
                    y = y0 + j if slot % 2 == 0 else y1 - 1 - j
                    _ring(lattice, x, y, physics, geometry, now)


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


def _turns(start: int, stop: int) -> Iterator[tuple[int, int, int, int]]:
    """Yield first tick, number in the window, length in ticks and count of slots."""
    tick = start
    while tick < stop:
        since, length = max(row for row in SCHEDULE if row[0] <= tick)
        slot = (tick - since) // length % N_SLOTS
        n = min(_TURN - slot % _TURN, (stop - tick) // length)
        yield tick, slot, length, n
        tick += n * length


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
    offsets = neighbor_offsets(lattice)
    padded = _pad(spin, periodic)
    nx, ny, nz = spin.shape
    alarm = np.full((nx, ny, -(-nz // 8) * 8), QUIET, np.uint8)  # read in eights
    alarm[:, :, :nz][spin > 0] = AWAKE
    state = (
        padded,
        alarm,
        np.zeros(spin.shape, np.uint8),
        np.empty((0, 0, 0), np.float32) if mobility is None else mobility,
        alarm.view(np.uint64),
    )
    sy, sx = padded.shape[1:]
    steps = (offsets @ np.array([sy * sx, sx, 1])).astype(np.uint64)
    geometry = (offsets, steps, np.array(periodic))
    rates = physics(len(offsets), temperature, rule, n_spins)
    k0, k1 = split_key(seed, _FLIPS)
    blocks = row_blocks(spin.shape)
    tick = first = round(start_time * TICKS)
    for stop in [round(t * TICKS) for t in times]:
        for tick, slot, length, n in _turns(tick, stop):
            if slot == 0 or tick == first:
                clock = (k0, k1, np.uint64(tick), slot, length / TICKS)
                _wind(state, rates, steps, clock)
            for color in blocks if slot // _TURN % 2 == 0 else blocks[::-1]:
                _turn(state, color, rates, geometry, (k0, k1, tick, slot, length, n))
        tick = stop
        yield padded[1:-1, 1:-1, 1:-1]


def isotropic(shape, time=100.0, n_spins=1000, seed=0, spacing=1.0, progress=silent):
    pass
