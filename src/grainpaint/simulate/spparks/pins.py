"""Pinned sites: particles that hold grain boundaries back."""

import numpy as np

from grainpaint.errors import InputError
from grainpaint.simulate.iso.ghosts import with_ghosts
from grainpaint.simulate.iso.lattice import kernel, neighbor_offsets
from grainpaint.simulate.spparks.applications import Application, PottsApp
from grainpaint.simulate.spparks.potts_run import effective_lattice
from grainpaint.simulate.spparks.simulation import PinSites
from grainpaint.simulate.spparks.sites import Sites

__all__ = ["pin_sites"]

_ROUNDS = 200  # of one pick per site, before a search for places is given up


def pin_sites(sites: Sites, step: PinSites, app: Application) -> None:
    """Execute ``pin``: sites picked at random take the spin Q + 1.

    Parameters
    ----------
    sites : Sites
        Their spins change.
    step : PinSites
    app : Application
        ``potts/pin`` or ``potts/strain/pin``.

    Raises
    ------
    InputError
        If there are too few places for the pins.
    """
    assert isinstance(app, PottsApp)
    shape = sites.box.shape
    lattice, periodic, copies = effective_lattice(sites.box)
    spin = np.where(sites.exists, sites.spin, 0).reshape(-1)
    index = with_ghosts(np.arange(sites.spin.size).reshape(shape), periodic, -1)
    inside = with_ghosts(np.ones(shape, bool), (False,) * 3)
    home = np.flatnonzero(inside)  # the flat place of each site
    strides = [(shape[1] + 2) * (shape[2] + 2), shape[2] + 2, 1]
    steps = neighbor_offsets(lattice) @ strides
    near = index[home[:, None] + steps]
    # Each command draws its own numbers.
    draw = np.random.default_rng([step.seed, sites.n_sets, 1])
    sites.n_sets += 1
    pin = app.n_spins + 1
    present = np.flatnonzero(spin)
    wanted = int(step.fraction * len(present))
    n = int((spin[present] == pin).sum())
    for _ in range(_ROUNDS):
        if n >= wanted:
            break
        picks = draw.choice(present, len(present))
        threshold = -(-step.threshold // copies)
        n = _pin(spin, near, picks, pin, step.clusters, threshold, n, wanted)
    else:
        raise InputError(
            f"pin: only {n} of {wanted} sites found a place: lower the fraction or "
            "the number of unlike neighbors"
        )
    np.copyto(sites.spin, spin.reshape(shape), where=sites.exists)


@kernel(from_python=True)
def _pin(spin, near, picks, pin, clusters, threshold, n, wanted):
    """Pin sites one after another until `wanted` are pinned; return how many are."""
    for i in picks:
        if n >= wanted:
            break
        free = spin[i] != pin
        n_unlike = 0
        for j in near[i]:
            if j < 0 or spin[j] == 0:
                continue
            n_unlike += spin[j] != spin[i]
            if clusters and spin[j] == pin:
                free = False
        if not free or n_unlike < threshold:
            continue
        spin[i] = pin
        n += 1
        if clusters:
            for j in near[i]:
                if j >= 0 and spin[j] != 0 and spin[j] != pin:
                    spin[j] = pin
                    n += 1
    return n
