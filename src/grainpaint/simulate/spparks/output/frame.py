"""The sites at one moment, as the writers of a script's files see them."""

from functools import cached_property

import numpy as np

from grainpaint.simulate.spparks.applications import Application
from grainpaint.simulate.spparks.energy import propensities, site_energies
from grainpaint.simulate.spparks.numbering import ids_in_box
from grainpaint.simulate.spparks.regions import in_region
from grainpaint.simulate.spparks.requests import Dump
from grainpaint.simulate.spparks.simulation import SimulationBox
from grainpaint.simulate.spparks.sites import RELATIONS, Sites

__all__ = ["Frame"]


class Frame:
    """The sites at one moment.

    Parameters
    ----------
    sites : Sites
    app : Application
    time : float
        SPPARKS' time.
    temperature : float
    """

    def __init__(
        self,
        sites: Sites,
        app: Application,
        time: float,
        temperature: float,
    ) -> None:
        self.sites, self.app = sites, app
        self.time, self.temperature = time, temperature

    @property
    def box(self) -> SimulationBox:
        """The box of the sites."""
        return self.sites.box

    @cached_property
    def order(self) -> np.ndarray:
        """Flat indices of the sites in the order of their IDs."""
        index = np.arange(self.sites.spin.size).reshape(self.box.shape)
        exists = self.sites.exists.transpose(2, 1, 0)
        return index.transpose(2, 1, 0)[exists]

    def grid(self, name: str) -> np.ndarray:
        """Return a value of all sites.

        Parameters
        ----------
        name : str
            Of a column: ``id``, ``site``, ``x``, ``energy``, ``propensity``, ``i1``,
            ``d1``, ...

        Returns
        -------
        numpy.ndarray, shape (nx, ny, nz)
        """
        if name in ("site", "i1"):
            return self.sites.spin
        if name == "id":
            return ids_in_box(self.box)
        if name in ("x", "y", "z"):
            place: np.ndarray = self.sites.place["xyz".index(name)]
            return np.broadcast_to(place, self.box.shape)
        if name == "energy":
            return site_energies(self.sites, self.app)
        if name == "propensity":
            return propensities(self.sites, self.app, self.temperature)
        return self.sites.value(name)

    def column(self, name: str) -> np.ndarray:
        """Return a value of the sites in the order of their IDs, one after another."""
        flat = np.ascontiguousarray(self.grid(name)).reshape(-1)
        ordered: np.ndarray = flat[self.order]
        return ordered

    def rows(self, dump: Dump) -> np.ndarray | None:
        """Return which sites a dump wants, in the order of IDs; None if all."""
        if dump.region is None and not dump.thresholds:
            return None
        chosen = np.ones(len(self.order), bool)
        if dump.region is not None:
            chosen &= in_region(dump.region, *map(self.column, "xyz"))
        for what, relation, value in dump.thresholds:
            chosen &= RELATIONS[relation](self.column(what), value)
        return chosen
