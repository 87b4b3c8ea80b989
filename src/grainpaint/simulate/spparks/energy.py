"""Energies and propensities of the sites of a script."""

import numba as nb
import numpy as np

from grainpaint.simulate.iso.lattice import neighbor_offsets
from grainpaint.simulate.spparks.applications import Application, PottsApp
from grainpaint.simulate.spparks.crystals import misorientation_energies
from grainpaint.simulate.spparks.phase_field import field_energies
from grainpaint.simulate.spparks.potts_run import (
    effective_lattice,
    strained_mobility,
)
from grainpaint.simulate.spparks.sites import Sites
from grainpaint.simulate.spparks.variants import (
    IsingApp,
    PhaseFieldApp,
    QuaternionApp,
    StrainApp,
)

__all__ = ["propensities", "site_energies", "total_energy"]

_NO_SITE = np.iinfo(np.int32).min


def _padded(sites: Sites) -> tuple[np.ndarray, np.ndarray, int]:
    """Return spins with ghosts around them, offsets, and how often neighbors count."""
    lattice, periodic, copies = effective_lattice(sites.box)
    spin = sites.spin
    if not sites.exists.all():
        spin = np.where(sites.exists, spin, _NO_SITE)
    for axis, wraps in enumerate(periodic):
        width = [(0, 0)] * 3
        width[axis] = (1, 1)
        if wraps:
            spin = np.pad(spin, width, mode="wrap")
        else:
            spin = np.pad(spin, width, constant_values=_NO_SITE)
    return spin, neighbor_offsets(lattice), copies


def _shifted(padded: np.ndarray, offset: np.ndarray) -> np.ndarray:
    """Return the neighbors of the sites at an offset."""
    shape = [n - 2 for n in padded.shape]
    view: np.ndarray = padded[
        tuple(slice(1 + o, 1 + o + n) for o, n in zip(offset, shape))
    ]
    return view


def site_energies(sites: Sites, app: Application) -> np.ndarray:
    """Return the energy of each site: the number of its unlike neighbors.

    Variants of the Potts model have energies of their own.

    Returns
    -------
    numpy.ndarray, float64, shape (nx, ny, nz)
    """
    if isinstance(app, QuaternionApp):
        return misorientation_energies(sites, app)
    padded, offsets, copies = _padded(sites)
    mine = _shifted(padded, np.zeros(3, int))
    count = np.zeros(mine.shape, np.int16)
    for offset in offsets:
        other = _shifted(padded, offset)
        count += (other != mine) & (other != _NO_SITE)
    energy: np.ndarray = count * float(copies)
    if isinstance(app, PhaseFieldApp):
        energy += field_energies(sites.value("d1"), sites.value("i2"), app, sites.box)
    return energy


def total_energy(sites: Sites, app: Application) -> float:
    """Return the sum of the energies of the sites: each unlike pair counts twice."""
    if isinstance(app, QuaternionApp | PhaseFieldApp):
        return float(site_energies(sites, app)[sites.exists].sum())
    padded, offsets, copies = _padded(sites)
    mine = _shifted(padded, np.zeros(3, int))
    whole = bool(sites.exists.all())
    pairs = 0
    for offset in offsets:
        if tuple(offset) < (0, 0, 0):
            continue  # the same pairs, seen from the other site
        other = _shifted(padded, offset)
        unlike = other != mine
        unlike &= other != _NO_SITE
        if not whole:
            unlike &= mine != _NO_SITE
        pairs += int(np.count_nonzero(unlike))
    return 2.0 * pairs * copies


def propensities(sites: Sites, app: Application, temperature: float) -> np.ndarray:
    """Return the rate at which each site flips, rejection-free.

    Each different spin among the neighbors has the rate min(1, exp(-rise / T)).

    Returns
    -------
    numpy.ndarray, float64, shape (nx, ny, nz)
    """
    padded, offsets, copies = _padded(sites)
    rates = np.zeros(sites.box.shape)
    beta = copies / temperature if temperature > 0 else np.inf
    if isinstance(app, IsingApp):
        return _of_other_spin(padded, offsets, beta)
    mobility = np.ones(rates.shape)
    if isinstance(app, PottsApp) and app.pins:
        padded = np.where(padded > app.n_spins, _NO_SITE, padded)
    if isinstance(app, StrainApp):
        mobility = strained_mobility(sites)
    _propensities(padded, offsets, beta, mobility, rates)
    return rates


def _of_other_spin(padded: np.ndarray, offsets: np.ndarray, beta: float) -> np.ndarray:
    """Return the rate at which each site takes the other one of two spins."""
    mine = _shifted(padded, np.zeros(3, int))
    rise = np.zeros(mine.shape)
    for offset in offsets:
        other = _shifted(padded, offset)
        rise += np.where(other == mine, 1, -1) * (other != _NO_SITE)
    with np.errstate(invalid="ignore"):
        uphill = np.exp(-beta * rise)
    found: np.ndarray = np.where(rise > 0, uphill, 1.0)
    return np.where(mine == _NO_SITE, 0.0, found)


@nb.njit(cache=True)
def _propensities(padded, offsets, beta, mobility, rates):
    """Fill in the rates of all sites."""
    n = len(offsets)
    around = np.empty(n, np.int32)
    nx, ny, nz = rates.shape
    for x in range(nx):
        for y in range(ny):
            for z in range(nz):
                mine = padded[x + 1, y + 1, z + 1]
                if mine == _NO_SITE:
                    continue
                n_like = 0
                for i in range(n):
                    a, b, c = offsets[i]
                    around[i] = padded[x + 1 + a, y + 1 + b, z + 1 + c]
                    n_like += around[i] == mine
                for i in range(n):
                    v = around[i]
                    if v == mine or v == _NO_SITE:  # noqa: SIM109  (numba)
                        continue
                    n_new = 0
                    for j in range(n):
                        if around[j] == v:
                            if j < i:
                                break  # counted before
                            n_new += 1
                    else:
                        rise = n_like - n_new
                        if rise <= 0:
                            rates[x, y, z] += mobility[x, y, z]
                        else:
                            hot = mobility[x, y, z]
                            rates[x, y, z] += np.exp(-beta * rise * hot)
