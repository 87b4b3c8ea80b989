"""The composition of ``phasefield/potts``, which diffuses between sweeps."""

import numpy as np

from grainpaint.simulate.iso.lattice import kernel
from grainpaint.simulate.spparks.simulation import SimulationBox
from grainpaint.simulate.spparks.sites import Sites
from grainpaint.simulate.spparks.variants import PhaseFieldApp

__all__ = ["diffuse", "field_energies", "phase_of", "set_to_rest"]


def phase_of(spin: np.ndarray, app: PhaseFieldApp) -> np.ndarray:
    """Return the phases of spins: 0 in the upper half of 1..Q, 1 in the lower."""
    phase: np.ndarray = (spin <= app.n_spins // 2).astype(np.int32)
    return phase


def set_to_rest(sites: Sites, app: PhaseFieldApp) -> None:
    """Give all sites the phases of their spins and the compositions of least energy."""
    phase = phase_of(sites.spin, app)
    np.copyto(sites.value("i2"), phase)
    c1, c2, c3, c4 = app.c
    rest = [
        (app.gamma * (c1 + c2) + app.a * own) / (2 * app.gamma + app.a)
        for own in (c3, c4)
    ]
    np.copyto(sites.value("d1"), np.array(rest)[phase])


def diffuse(
    composition: np.ndarray, phase: np.ndarray, app: PhaseFieldApp, time: float
) -> np.ndarray:
    """Return the composition after some time, in `app.n_steps` explicit steps.

    Parameters
    ----------
    composition : numpy.ndarray, float64, shape (nx, ny, nz)
    phase : numpy.ndarray, int32, shape (nx, ny, nz)
    app : PhaseFieldApp
    time : float

    Notes
    -----
    The stencil is SPPARKS' own: differences along the axes, in a periodic box; an axis
    of one site has none.
    """
    n_steps = int(app.n_steps)
    factor = time / n_steps * app.mobility
    energies = np.array([app.gamma, app.kappa, app.a, app.c[2], app.c[3]])
    n_axes = 3 if composition.shape[2] > 1 else 2
    new = np.empty_like(composition)
    for _ in range(n_steps):
        _step(composition, new, phase, energies, factor, n_axes)
        composition, new = new, composition
        if app.limited:
            np.clip(composition, 0.0, 1.0, out=composition)
        if app.fixed_ends:
            composition[0], composition[-1] = 0.0, 1.0
    return composition


@kernel(from_python=True)
def _step(c, new, phase, energies, factor, n_axes):
    """Do one explicit step."""
    gamma, kappa, a, c3, c4 = energies
    nx, ny, nz = c.shape
    for x in range(nx):
        for y in range(ny):
            for z in range(nz):
                here = c[x, y, z]
                own = c3 if phase[x, y, z] == 0 else c4
                change = -2.0 * n_axes * (4.0 * gamma + 4.0 * a + 3.0 * kappa) * here
                change += 4.0 * n_axes * a * own
                for k in range(2 * n_axes):
                    step = 2 * (k % 2) - 1
                    dx = step if k // 2 == 0 else 0
                    dy = step if k // 2 == 1 else 0
                    dz = step if k // 2 == 2 else 0
                    p, q, r = (x + dx) % nx, (y + dy) % ny, (z + dz) % nz
                    beyond = c[(p + dx) % nx, (q + dy) % ny, (r + dz) % nz]
                    near = c[p, q, r]
                    its = c3 if phase[p, q, r] == 0 else c4
                    change += (4.0 * gamma + 2.0 * a) * near
                    change += 2.0 * a * (here - its)
                    change -= kappa * (beyond - 4.0 * near)
                new[x, y, z] = here + factor * change


def field_energies(
    composition: np.ndarray,
    phase: np.ndarray,
    app: PhaseFieldApp,
    box: SimulationBox,
) -> np.ndarray:
    """Return what the composition adds to the energy of each site."""
    c1, c2, c3, c4 = app.c
    c = composition
    own = np.where(phase == 0, c3, c4)
    energy = app.gamma * ((c - c1) ** 2 + (c2 - c) ** 2) + app.a * (c - own) ** 2
    slope = np.zeros(box.shape)
    for axis in range(box.dimension):
        slope += np.roll(c, -1, axis) - np.roll(c, 1, axis)
    found: np.ndarray = energy + 2.0 * app.kappa * (slope / 2) ** 2
    return found
