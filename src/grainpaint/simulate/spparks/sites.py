"""The sites of a script and their spins while it runs."""

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from grainpaint.errors import InputError
from grainpaint.formats.spparks import read_site_values, read_spins
from grainpaint.formats.spparks.stitch_blocks import read_block
from grainpaint.microstructure import Microstructure
from grainpaint.segmentation.pieces import label_pieces
from grainpaint.simulate.iso.random_spins import random_spins
from grainpaint.simulate.spparks.numbering import ids_in_box
from grainpaint.simulate.spparks.regions import in_region
from grainpaint.simulate.spparks.simulation import ReadFile, SetSpins, SimulationBox

__all__ = ["RELATIONS", "Sites"]

RELATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
    "==": operator.eq,
    "!=": operator.ne,
}


class Sites:
    """The sites of a box with their spins, which the commands of a script change.

    Parameters
    ----------
    box : SimulationBox
    """

    def __init__(self, box: SimulationBox) -> None:
        self.box = box
        self.place = tuple(
            o + box.spacing * i
            for o, i in zip(box.origin, np.ogrid[tuple(map(slice, box.shape))])
        )
        self.exists = np.ones(box.shape, bool)
        if box.region is not None:
            self.exists = np.broadcast_to(in_region(box.region, *self.place), box.shape)
            if not self.exists.any():
                raise InputError("create_sites region: it contains no site of the box")
        self.spin = np.zeros(box.shape, np.int32)
        self.values: dict[str, np.ndarray] = {}  # of i2, d1, ...
        self.n_sets = 0
        self.elapsed = 0.0  # time in runs, regardless of reset_time

    def value(self, name: str) -> np.ndarray:
        """Return a value of the sites other than the spin, 0 if it was never set.

        Parameters
        ----------
        name : str
            ``i2``, ``d1``, ...

        Returns
        -------
        numpy.ndarray, int32 or float64, shape (nx, ny, nz)
            Changes of it remain.
        """
        if name not in self.values:
            kind = np.int32 if name.startswith("i") else np.float64
            self.values[name] = np.zeros(self.box.shape, kind)
        return self.values[name]

    def volume(self) -> Microstructure:
        """Return the grains."""
        # Melted sites may have spin 0, which is a spin like any other.
        spin = np.where(self.exists, self.spin + 1, 0)
        corners = self.box.lattice in ("sc/26n", "sq/8n")
        return Microstructure(
            label_pieces(spin, self.box.periodic, corners),
            (self.box.spacing,) * 3,
            self.box.origin,
            self.box.periodic,
        )

    def set_spins(self, step: SetSpins) -> None:
        """Execute ``set``."""
        chosen = self.exists
        if step.region is not None:
            chosen = chosen & in_region(step.region, *self.place)
        for test in step.conditions:
            chosen = chosen & RELATIONS[test.relation](
                self._value(test.what), test.value
            )
        # Each command draws its own numbers, the first those of isotropic growth.
        seed = step.seed + 2**32 * self.n_sets
        self.n_sets += 1
        if step.fraction < 1:
            share = np.random.default_rng(seed).random(self.box.shape)
            chosen = chosen & (share < step.fraction)
        target = self.spin if step.what == "site" else self.value(step.what)
        value: Any = step.low
        if step.unique:
            value = ids_in_box(self.box)
        elif step.low < step.high and step.what.startswith("d"):
            draw = np.random.default_rng([seed, 1]).random(self.box.shape)
            value = step.low + (step.high - step.low) * draw
        elif step.low < step.high:
            n = int(step.high - step.low) + 1
            value = random_spins(self.box.shape, n, seed).astype(np.int64)
            value += int(step.low) - 1
        np.copyto(target, np.asarray(value).astype(target.dtype), where=chosen)

    def _value(self, what: str) -> np.ndarray:
        """Return the coordinates, IDs, spins or other values of the sites."""
        if what == "id":
            return ids_in_box(self.box)
        if what in ("x", "y", "z"):
            place: np.ndarray = self.place["xyz".index(what)]
            return place
        return self.spin if what == "site" else self.value(what)

    def read_file(self, step: ReadFile) -> None:
        """Execute ``read_sites`` or ``set stitch``.

        Raises
        ------
        InputError
            With the line of the script, if the file does not fit.
        """
        try:
            if step.time is not None:
                self._read_stitch(step, step.time)
            else:
                self._read_sites(step)
        except InputError as error:
            there = f"{step.where}: " if step.where else ""
            raise InputError(f"{there}{error}") from None

    def _read_sites(self, step: ReadFile) -> None:
        """Read values of the sites from a site file or a text dump."""
        ids = ids_in_box(self.box)[self.exists]
        values = read_site_values(step.path, ids, step.columns)
        if values is not None:
            self._set_values(step, values)
            return
        snapshot = read_spins(step.path)
        if snapshot.spin.shape != self.box.shape:
            raise InputError(
                f"{step.path} has {snapshot.spin.shape} sites, the box {self.box.shape}"
            )
        np.copyto(self.spin, snapshot.spin, where=self.exists)

    def _set_values(self, step: ReadFile, values: dict[str, np.ndarray]) -> None:
        """Set the values of a site file."""
        for name, value in values.items():
            target = self.spin if name == "i1" else self.value(name)
            whole = np.issubdtype(target.dtype, np.integer)
            if whole and not (np.abs(value) < 2**31).all():
                raise InputError(f"{step.path}: {name} beyond 32 bits")
            if whole and (value != np.trunc(value)).any():
                raise InputError(f"{step.path}: {name} must be whole")
            target[self.exists] = value

    def _read_stitch(self, step: ReadFile, time: float) -> None:
        """Read values of the sites of the box; where the file has none, they are -1."""
        low = tuple(round(o / self.box.spacing) for o in self.box.origin)
        what = "site" if step.what == "i1" else step.what
        target = self.spin if what == "site" else self.value(what)
        names = (step.what, "site", "i1") if what == "site" else (what,)
        block = read_block(step.path, names, time, low, self.box.shape)
        np.copyto(target, block.astype(target.dtype), where=self.exists)

    def check_spins(self, low: int, high: int) -> None:
        """Raise InputError unless all spins lie in low..high."""
        spin = self.spin[self.exists]
        if spin.min() < low or spin.max() > high:
            raise InputError(
                f"the spins must lie in {low}..{high} when a run begins, some are "
                f"{spin.min() if spin.min() < low else spin.max()}: use set site or "
                "read_sites"
            )
