"""Run what a script of SPPARKS asks for with our own kernels."""

import operator
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numba
import numpy as np

from grainpaint.errors import InputError
from grainpaint.formats.spparks import read_spins, site_ids
from grainpaint.microstructure import Microstructure
from grainpaint.progress import Progress, part_of, silent
from grainpaint.segmentation.pieces import label_pieces
from grainpaint.simulate.am import melt_pool
from grainpaint.simulate.am.scan import SWEEPS_PER_TIME, build
from grainpaint.simulate.am.solidify import solidify
from grainpaint.simulate.iso.potts import grow, random_spins
from grainpaint.simulate.iso.rejection import sweep_sites
from grainpaint.simulate.spparks.region import inside
from grainpaint.simulate.spparks.values import (
    Bezier,
    Box,
    Ellipsoid,
    Potts,
    ReadFile,
    Run,
    SetSpins,
    Simulation,
)

__all__ = ["simulate"]

# What an axis of a single site that is its own neighbor does to a lattice: the other
# neighbors left, and how often each of them counts.
_FLAT = {"sc/26n": ("sq/8n", 3), "sc/6n": ("sq/4n", 1)}
_N_NEIGHBORS = {"sc/26n": 26, "sc/6n": 6, "sq/8n": 8, "sq/4n": 4}


def simulate(
    simulation: Simulation, all_times: bool = True, progress: Progress = silent
) -> Iterator[tuple[float, Microstructure]]:
    """Run a simulation; yield its grains at the times at which the script dumps them.

    Parameters
    ----------
    simulation : Simulation
        As `grainpaint.simulate.spparks.read_script` returns it.
    all_times : bool
        Else only the state at the end, which comes in any case.
    progress : Progress
        Told the time or the sweeps of each run.

    Yields
    ------
    time : float
        SPPARKS' time.
    volume : Microstructure
        Grains are pieces of equal spin, connected as the lattice is; one lattice
        constant is 1 µm.

    Raises
    ------
    InputError
        If a file does not fit the box, or spins lie outside 1..Q.

    Notes
    -----
    Rates are those of SPPARKS (`grainpaint.simulate.iso.site`), not its random numbers:
    the same seed gives another volume of the same kind.
    """
    state = _State(simulation)
    last = simulation.runs[-1]
    for step in simulation.steps:
        match step:
            case SetSpins():
                state.set_spins(step)
            case ReadFile():
                state.read_file(step)
            case Run():
                times = set(step.snapshots) if all_times else set()
                if step is last:
                    times.add(step.stop)
                # The state at the end of a run is needed, asked for or not.
                for time in state.run(step, sorted({*times, step.stop}), progress):
                    if time in times:
                        yield time, state.volume()


class _State:
    """The spins while a script runs."""

    def __init__(self, simulation: Simulation) -> None:
        box = simulation.box
        self.simulation = simulation
        self.box = box
        self.place = tuple(
            o + box.spacing * i
            for o, i in zip(box.origin, np.ogrid[tuple(map(slice, box.shape))])
        )
        self.exists = np.ones(box.shape, bool)
        if box.region is not None:
            self.exists = np.broadcast_to(inside(box.region, *self.place), box.shape)
            if not self.exists.any():
                raise InputError("create_sites region: no site of the box lies in it")
        self.spin = np.zeros(box.shape, np.int32)
        self.n_sets = 0
        self.elapsed = 0.0  # in runs, whatever reset_time says

    def volume(self) -> Microstructure:
        """Return the grains."""
        # Melted sites may have spin 0, which is a spin like others.
        spin = np.where(self.exists, self.spin + 1, 0)
        corners = self.box.lattice in ("sc/26n", "sq/8n")
        return Microstructure(
            label_pieces(spin, self.box.periodic, corners),
            (self.box.spacing,) * 3,
            self.box.origin,
            self.box.periodic,
        )

    def set_spins(self, step: SetSpins) -> None:
        """Follow a ``set``."""
        chosen = self.exists
        if step.region is not None:
            chosen = chosen & inside(step.region, *self.place)
        for test in step.conditions:
            chosen = chosen & _RELATIONS[test.relation](
                self._value(test.what), test.value
            )
        # Each set draws its own numbers; the first those of `simulate iso`.
        seed = step.seed + 2**32 * self.n_sets
        self.n_sets += 1
        if step.fraction < 1:
            share = np.random.default_rng(seed).random(self.box.shape)
            chosen = chosen & (share < step.fraction)
        if step.unique:
            value = site_ids(self.box.shape, self.box.periodic)
        elif step.low == step.high:
            value = np.full(self.box.shape, step.low)
        else:
            n = step.high - step.low + 1
            value = random_spins(self.box.shape, n, seed).astype(np.int64)
            value += step.low - 1
        np.copyto(self.spin, value.astype(np.int32), where=chosen)

    def _value(self, what: str) -> np.ndarray:
        if what == "id":
            return site_ids(self.box.shape, self.box.periodic)
        return self.spin if what == "site" else self.place["xyz".index(what)]

    def read_file(self, step: ReadFile) -> None:
        """Follow ``read_sites`` or ``set site stitch``."""
        snapshot = read_spins(step.path, step.time)
        first = tuple(round(o) for o in self.box.origin)
        shift = [round(a) - b for a, b in zip(snapshot.origin, first)]
        theirs, ours = [], []
        for n, m, s in zip(snapshot.spin.shape, self.box.shape, shift):
            ours.append(slice(max(0, s), max(0, min(m, s + n))))
            theirs.append(slice(max(0, -s), max(0, min(n, m - s))))
        is_sites = step.time is None
        if is_sites and snapshot.spin.shape != self.box.shape:
            raise InputError(
                f"{step.where}: {step.path} has {snapshot.spin.shape} sites, the box "
                f"{self.box.shape}"
            )
        window = tuple(ours)
        np.copyto(
            self.spin[window], snapshot.spin[tuple(theirs)], where=self.exists[window]
        )

    def run(self, run: Run, times: list[float], progress: Progress) -> Iterator[float]:
        """Let time pass; yield the times at which the spins are ready."""
        app = self.simulation.app
        if isinstance(app, Potts):
            yield from self._grow(run, app, times, progress)
        else:
            yield from self._melt(run, app, times, progress)
        self.elapsed += run.stop - run.start

    def _check_spins(self, low: int, high: int) -> None:
        spin = self.spin[self.exists]
        if spin.min() < low or spin.max() > high:
            raise InputError(
                f"the spins must lie in {low}..{high} when a run begins, some are "
                f"{spin.min() if spin.min() < low else spin.max()}: set site, or "
                "read_sites"
            )

    def _grow(
        self, run: Run, app: Potts, times: list[float], progress: Progress
    ) -> Iterator[float]:
        self._check_spins(1, app.n_spins)
        lattice, periodic, copies = _lattice(self.box)
        settings: dict[str, Any] = {
            "seed": run.seed,
            "lattice": lattice,
            "periodic": periodic,
            "temperature": run.temperature / copies,
            "progress": progress,
        }
        start = np.where(self.exists, self.spin, 0)
        since = [self.elapsed + t - run.start for t in times]
        # Tries per unit of time count all neighbors, also those left out.
        tries = _N_NEIGHBORS[self.box.lattice] if app.neighbors_only else app.n_spins
        if run.raster or (run.rejection and app.neighbors_only):
            frames = sweep_sites(
                start,
                _n_sweeps(since, tries),
                first=_n_sweeps([self.elapsed], tries)[0],
                order="raster" if run.raster else "random",
                sectors=run.sectors,
                n_spins=0 if app.neighbors_only else app.n_spins,
                **settings,
            )
        else:
            frames = grow(
                start,
                since,
                start_time=self.elapsed,
                rule="any" if run.rejection and run.temperature > 0 else "each",
                n_spins=app.n_spins,
                **settings,
            )
        for time, spin in zip(times, frames):
            self.spin = np.array(spin, np.int32)
            yield time

    def _melt(
        self,
        run: Run,
        app: Ellipsoid | Bezier,
        times: list[float],
        progress: Progress,
    ) -> Iterator[float]:
        self._check_spins(0, app.n_spins)
        shape, zone = _pool(app)
        # A pool may be deeper than the box: room without material below it.
        below = max(0, int(np.ceil(shape.depth)) - self.box.shape[2])
        scan = self.simulation.build
        assert scan is not None
        layers = [(list(tracks), thickness) for tracks, thickness in scan.layers]
        path = build(layers, scan.start + below, scan.n_layers)
        room = np.zeros((*self.box.shape[:2], below), np.int32)
        done = 0
        with progress("melt pool", path.n_steps) as bar:
            for time in times:
                step = min(round((time - run.start) * SWEEPS_PER_TIME), path.n_steps)
                if step > done:
                    # SPPARKS counts spins from 0 here; in `solidify` 0 is no site.
                    spin = np.where(self.exists, self.spin + 1, 0)
                    with _threads(1 if self.box.shape[2] == 1 else None):
                        spin = solidify(
                            np.concatenate([room, spin], axis=2),
                            path,
                            shape,
                            zone,
                            n_spins=app.n_spins,
                            temperature=run.temperature,
                            copy_molten=True,
                            freeze=False,
                            seed=run.seed,
                            first_step=done,
                            last_step=step,
                            progress=part_of(bar, done),
                        )
                    self.spin = spin[:, :, below:] - 1
                done = step
                yield time


@contextmanager
def _threads(n: int | None) -> Iterator[None]:
    """Use so many threads: a single layer of sites is too little work for two."""
    before = numba.get_num_threads()
    numba.set_num_threads(n or before)
    try:
        yield
    finally:
        numba.set_num_threads(before)


_RELATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
    "!=": operator.ne,
}


def _n_sweeps(times: list[float], per_time: int) -> list[int]:
    """Return the sweeps after which SPPARKS finds a time reached.

    It adds up 1 / per_time, so rounding often costs it one sweep more.
    """
    clock = np.cumsum(np.full(int(max(times) * per_time) + 2, 1.0 / per_time))
    clock = np.concatenate([[0.0], clock])
    return [int(n) for n in np.searchsorted(clock, times)]


def _lattice(box: Box) -> tuple[str, tuple[bool, bool, bool], int]:
    """Return lattice, periodic axes, and how often each neighbor counts.

    SPPARKS lets the only site along a periodic axis be its own neighbor, which never
    changes the energy; its other neighbors come as often as the axis is stepped.
    """
    alone = [n == 1 and p for n, p in zip(box.shape, box.periodic)]
    if not any(alone) or (box.lattice.startswith("sq") and not any(alone[:2])):
        return box.lattice, box.periodic, 1
    if any(alone[:2]):
        raise InputError("a periodic box needs two sites or more along x and y")
    lattice, copies = _FLAT[box.lattice]
    return lattice, (*box.periodic[:2], False), copies


def _pool(app: Ellipsoid | Bezier) -> tuple[melt_pool.Pool, melt_pool.Haz]:
    """Return the melt pool and its heat-affected zone."""
    if isinstance(app, Bezier):
        return (
            melt_pool.Bezier(
                width=app.width,
                depth=app.depth,
                x=app.x,
                y=app.y,
                z=app.z,
                beta_y=app.beta[0],
                beta_z=app.beta[1],
            ),
            melt_pool.LinearHaz(width=app.haz, tail=app.haz_tail, power=app.power),
        )
    return (
        melt_pool.DoubleEllipsoid(
            width=app.width, depth=app.depth, front=app.cap, rear=app.tail
        ),
        melt_pool.ExponentialHaz(
            decay=app.decay,
            width=app.haz_width,
            depth=app.haz_depth,
            front=app.haz_cap,
            rear=app.haz_tail,
        ),
    )
