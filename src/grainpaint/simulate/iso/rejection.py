"""Rejection sweeps over one site after another, as SPPARKS does them.

`grainpaint.simulate.iso.potts` simulates many sites in parallel and is the better
choice where only the rates matter. Two kinds of SPPARKS' sweeps depend on more:

- ``sweep raster`` attempts site after site along x, then y, then z. The next site can
  copy a spin that a site has just taken, so grains grow along this order (with
  ``potts/neighonly`` at T = 0.25 the mean grain becomes 1.5 times as large in 100
  sweeps).
- ``potts/neighonly`` proposes the spin of a neighbor in each attempt: boundary sites
  flip several times per unit of time, and so do their neighbors. ``sweep color``
  attempts each site once a sweep, sites that are no neighbors one after another: grains
  grow faster than at random (at T = 0.3 they are 1.3 times as large in 100 sweeps).
"""

import math
from collections.abc import Iterator, Sequence

import numpy as np

from grainpaint.errors import InputError
from grainpaint.philox import check_seed, philox4x32, split_key
from grainpaint.progress import Progress, silent
from grainpaint.simulate.iso.attempts import NO_CRYSTALS, NO_PHASES, Law, attempt
from grainpaint.simulate.iso.ghosts import with_ghosts, without_ghosts
from grainpaint.simulate.iso.lattice import kernel, neighbor_offsets

__all__ = ["Sweeper", "sweep_sites"]

_PLACES, _FLIPS = 3, 4  # streams of random numbers


@kernel(from_python=True)
def _sweep_raster(spin, shape, box, steps, law, keys, sweep, found):
    """Attempt each site of a box of the lattice once, x fastest."""
    k0, k1 = keys[1]
    for z in range(box[2, 0], box[2, 1]):
        for y in range(box[1, 0], box[1, 1]):
            for x in range(box[0, 0], box[0, 1]):
                key = (k0, k1, np.uint64(x), np.uint64(y), np.uint64(z), sweep)
                attempt(spin, shape, (x, y, z), box[:, 2], steps, law, key, found)


@kernel(from_python=True)
def _sweep_colors(spin, shape, box, steps, law, keys, sweep, found):
    """Attempt each site of a box once, those of one color after those of another.

    Sites of one color are no neighbors, so their order has no effect.
    """
    k0, k1 = keys[1]
    corners = len(steps) == 26 or len(steps) == 8
    for color in range(8 if corners else 2):
        for x in range(box[0, 0], box[0, 1]):
            for y in range(box[1, 0], box[1, 1]):
                for z in range(box[2, 0], box[2, 1]):
                    if corners:
                        mine = x % 2 + 2 * (y % 2) + 4 * (z % 2)
                    else:
                        mine = (x + y + z) % 2
                    if mine != color:
                        continue
                    key = (k0, k1, np.uint64(x), np.uint64(y), np.uint64(z), sweep)
                    attempt(spin, shape, (x, y, z), box[:, 2], steps, law, key, found)


@kernel(from_python=True)
def _sweep_random(spin, shape, box, steps, law, keys, sweep, found):
    """Attempt random sites of a box, as many as it has, some more than once."""
    k0, k1 = keys[0]
    f0, f1 = keys[1]
    nx, ny, nz = box[0, 1] - box[0, 0], box[1, 1] - box[1, 0], box[2, 1] - box[2, 0]
    sector = np.uint64(box[0, 0] > 0) + np.uint64(2 * (box[1, 0] > 0))
    sector += np.uint64(4 * (box[2, 0] > 0))
    half = np.uint64(32)
    for i in range(nx * ny * nz):
        low, high = np.uint64(i & 0xFFFFFFFF), np.uint64(i >> 32)
        picks = philox4x32(k0, k1, low, high, sector, sweep)
        place = (
            box[0, 0] + np.int64((picks[0] * np.uint64(nx)) >> half),
            box[1, 0] + np.int64((picks[1] * np.uint64(ny)) >> half),
            box[2, 0] + np.int64((picks[2] * np.uint64(nz)) >> half),
        )
        key = (f0, f1, low, high, sector, sweep)
        attempt(spin, shape, place, box[:, 2], steps, law, key, found)


_ORDERS = {
    "raster": _sweep_raster,
    "color": _sweep_colors,
    "random": _sweep_random,
}


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
    void: bool | None = None,
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
    order : {'random', 'raster', 'color'}
        Whether sites are picked at random, with replacement, in the order of SPPARKS'
        IDs, or color by color.
    sectors : bool
        Whether the halves of each axis are swept in turn (``sector yes``).
    lattice, periodic, temperature
        As in `grainpaint.simulate.iso.potts.grow`.
    n_spins : int
        Propose a spin of 1..n_spins (``potts``); 0 = a spin of a neighbor, each
        distinct spin with equal probability (``potts/neighonly``).
    void : bool, optional
        Whether an attempt may be void, see `grainpaint.simulate.iso.attempts.Law`; by
        default, if `n_spins` is above 0.
    progress : Progress
        Receives the number of sweeps done.

    Yields
    ------
    numpy.ndarray, int32, shape (nx, ny, nz)
        A copy of the spins.

    Raises
    ------
    InputError
        As `Sweeper` does.
    """
    law = Law(
        n_spins=n_spins,
        void=n_spins > 0 if void is None else void,
        beta=1 / temperature if temperature > 0 else math.inf,
        mobility=np.zeros(0),
        hot=False,
        crystals=NO_CRYSTALS,
        phases=NO_PHASES,
    )
    sweeper = Sweeper(
        with_ghosts(spin.astype(np.int32), periodic),
        spin.shape,
        law,
        seed=seed,
        order=order,
        sectors=sectors,
        lattice=lattice,
        periodic=periodic,
    )
    return _frames(sweeper, spin.shape, stops, first, progress)


def _frames(
    sweeper: "Sweeper",
    shape: tuple[int, ...],
    stops: Sequence[int],
    first: int,
    progress: Progress,
) -> Iterator[np.ndarray]:
    """Sweep; yield the spins after each number of sweeps in `stops`."""
    done = first
    with progress("grain growth", max(stops, default=first) - first) as bar:
        for stop in stops:
            for sweep in range(done, stop):
                sweeper.sweep(sweep)
                bar.update(sweep + 1 - first)
            done = max(done, stop)
            yield without_ghosts(sweeper.spin, shape)


class Sweeper:
    """Sweeps a lattice, attempt by attempt.

    Parameters
    ----------
    spin : numpy.ndarray, int32, shape (n_padded,)
        Spins with ghosts, which change (`grainpaint.simulate.iso.ghosts`); 0 = no site.
    shape : three ints
        Sites along x, y, z.
    law : Law
    seed, order, sectors, lattice, periodic
        As in `sweep_sites`.

    Raises
    ------
    InputError
        If the seed is out of range, the lattice is unknown, a periodic axis has only
        one site, or colors do not fit around a periodic axis.
    """

    def __init__(
        self,
        spin: np.ndarray,
        shape: tuple[int, ...],
        law: Law,
        *,
        seed: int = 0,
        order: str = "random",
        sectors: bool = True,
        lattice: str = "sc/26n",
        periodic: tuple[bool, bool, bool] = (True, True, True),
    ) -> None:
        check_seed(seed)
        flat = not neighbor_offsets(lattice)[:, 2].any()
        if any(p and n < 2 for p, n in zip(periodic[: 3 - flat], shape)):
            raise InputError(f"periodic axes need at least two sites, got {shape}")
        if order == "color" and any(
            p and n % 2 for p, n in zip(periodic[: 3 - flat], shape)
        ):
            raise InputError(
                f"sweeps by color need even numbers of sites along periodic axes, got "
                f"{shape}"
            )
        self.spin, self.law = spin, law
        self._shape = (shape[0], shape[1], shape[2])
        strides = np.array([(shape[1] + 2) * (shape[2] + 2), shape[2] + 2, 1])
        self._steps = neighbor_offsets(lattice) @ strides
        self._found = np.empty(len(self._steps), np.int64)
        self._keys = split_key(seed, _PLACES), split_key(seed, _FLIPS)
        self._boxes = _sectors(self._shape, periodic, sectors)
        self._sweep = _ORDERS[order]

    def sweep(self, number: int) -> None:
        """Do a sweep; random numbers depend on its number."""
        for box in self._boxes:
            self._sweep(
                self.spin,
                self._shape,
                box,
                self._steps,
                self.law,
                self._keys,
                np.uint64(number),
                self._found,
            )
