"""Energies of ``potts/quaternion``: pairs of sites by their misorientation."""

import math

import numpy as np

from grainpaint.orientations.symmetry import operators
from grainpaint.simulate.iso.attempts import Crystals, pair_energy
from grainpaint.simulate.iso.ghosts import with_ghosts
from grainpaint.simulate.iso.lattice import kernel, neighbor_offsets
from grainpaint.simulate.spparks.potts_run import effective_lattice
from grainpaint.simulate.spparks.sites import Sites
from grainpaint.simulate.spparks.variants import QuaternionApp

__all__ = ["crystals_of", "misorientation_energies"]


def crystals_of(
    sites: Sites, app: QuaternionApp, periodic: tuple[bool, bool, bool]
) -> Crystals:
    """Return the orientations d1 to d4 of the sites, each with a row of its own."""
    rows = np.arange(sites.spin.size, dtype=np.int32).reshape(sites.spin.shape)
    quaternions = np.stack([sites.value(n).reshape(-1) for n in app.values[1:]], 1)
    cutoff = math.radians(app.cutoff)
    return Crystals(
        with_ghosts(rows, periodic, -1),
        quaternions,
        np.ascontiguousarray(operators(app.symmetry).T),
        cutoff,
        math.cos(cutoff / 2),
    )


def misorientation_energies(sites: Sites, app: QuaternionApp) -> np.ndarray:
    """Return half the energies of the pairs of each site.

    Returns
    -------
    numpy.ndarray, float64, shape (nx, ny, nz)
    """
    lattice, periodic, copies = effective_lattice(sites.box)
    crystals = crystals_of(sites, app, periodic)
    exists = with_ghosts(sites.exists.astype(np.int32), periodic)
    shape = sites.box.shape
    strides = np.array([(shape[1] + 2) * (shape[2] + 2), shape[2] + 2, 1])
    energy = np.zeros(shape)
    _energies(energy, exists, crystals, neighbor_offsets(lattice) @ strides)
    return energy * copies


@kernel(from_python=True)
def _energies(energy, exists, crystals, steps):
    """Fill in the energies of all sites."""
    nx, ny, nz = energy.shape
    for x in range(nx):
        for y in range(ny):
            for z in range(nz):
                i = ((x + 1) * (ny + 2) + y + 1) * (nz + 2) + z + 1
                total = 0.0
                for step in steps:
                    if exists[i + step] != 0:
                        turn = crystals.orientation
                        total += pair_energy(crystals, turn[i], turn[i + step])
                energy[x, y, z] = total
