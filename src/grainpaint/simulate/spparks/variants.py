"""SPPARKS' variants of the Potts model, with their parameters."""

from dataclasses import dataclass
from typing import Literal

from grainpaint.simulate.spparks.applications import PottsApp

__all__ = [
    "GradientApp",
    "IsingApp",
    "NullBinApp",
    "PhaseFieldApp",
    "PinApp",
    "QuaternionApp",
    "StrainApp",
    "StrainPinApp",
]


@dataclass(frozen=True)
class PinApp(PottsApp):
    """``app_style potts/pin``: sites of spin Q + 1 never change."""

    pins = True


@dataclass(frozen=True)
class NullBinApp(PottsApp):
    """``app_style potts/neigh``: an attempt proposes the spin of a neighbor or none.

    Of n neighbors with m different spins, each of these spins is proposed with the
    probability 1/n, so each has the rate of rejection-free runs.
    """

    neighbors_only: bool = True


@dataclass(frozen=True)
class IsingApp(PottsApp):
    """``app_style ising`` and ``ising/single``: two spins.

    Parameters
    ----------
    single : bool
        Sweeps propose the other spin once per unit of time, instead of a random one
        twice.
    """

    n_spins: int = 2
    single: bool = False

    def tries(self, n_neighbors: int) -> int:
        """Return the attempts at a site per unit of time."""
        return 1 if self.single else 2


@dataclass(frozen=True)
class StrainApp(PottsApp):
    """``app_style potts/strain``: sites are slowed down and heated by a strain.

    A site of strain d1 takes a spin that does not raise the energy at the rate
    1 / (1 + d1), and is 1 + d1 times as hot otherwise.
    """

    values = ("i1", "d1")
    needs = "solve_style"


@dataclass(frozen=True)
class StrainPinApp(StrainApp):
    """``app_style potts/strain/pin``: sites of spin Q + 1 never change."""

    pins = True


@dataclass(frozen=True)
class GradientApp(PottsApp):
    """``app_style potts/grad``: mobility by place.

    Parameters
    ----------
    of : {"temp", "mob"}
        Whether the temperature (d1, in K) or the mobility (d2) is linear.
    mobility : float
        At the center of the box, of ``mob``.
    activation : float
        Energy in eV, of ``temp``: the mobility is exp(-activation / k T) relative to
        the hottest site.
    temperature : float
        In K, at the center of the box.
    gradient : three floats
        Per unit of length along x, y, z.
    """

    neighbors_only: bool = True
    of: Literal["temp", "mob"] = "temp"
    mobility: float = 1.0
    activation: float = 1.0
    temperature: float = 0.0
    gradient: tuple[float, float, float] = (0.0, 0.0, 0.0)
    values = ("i1", "d1", "d2")
    needs = "sweep"
    lowest_spin = 0


@dataclass(frozen=True)
class QuaternionApp(PottsApp):
    """``app_style potts/quaternion``: pairs of sites have energies by misorientation.

    Each run begins with a random orientation of each site (d1 to d4), which goes with
    the spin that a neighbor takes.

    Parameters
    ----------
    symmetry : {"432", "622"}
        ``cubic`` or ``hcp``.
    cutoff : float
        Angle in degrees, from which on a pair has the full energy; below, it follows
        Read and Shockley.
    """

    neighbors_only: bool = True
    symmetry: Literal["432", "622"] = "432"
    cutoff: float = 15.0
    values = ("i1", "d1", "d2", "d3", "d4")
    needs = "sweep"


@dataclass(frozen=True)
class PhaseFieldApp(PottsApp):
    """``app_style phasefield/potts``: grains of two phases (i2), a composition (d1).

    The names are those of Homer, Tikare and Holm, Comp. Mater. Sci. 69 (2013) 414.

    Parameters
    ----------
    n_steps : float
        Steps of the phase field for a sweep.
    gamma, mobility, kappa, a : float
        Coupling of the phases, mobility of the composition, energy of its gradient,
        curvature of the energy of a phase.
    c : four floats
        Compositions c1 to c4.
    fixed_ends : bool
        ``reset_phasefield``: the composition is 0 at the first sites along x and 1 at
        the last.
    show_map : bool
        ``print_connectivity``.
    starts_at_rest : bool
        ``initialize_values``: each phase starts with its equilibrium composition.
    limited : bool
        ``enforce_concentration_limits``: the composition is kept within 0..1.
    spins_rest : bool
        ``app_update_only``: only the composition changes.
    """

    neighbors_only: bool = True
    n_steps: float = 1.0
    gamma: float = 0.0
    mobility: float = 0.0
    kappa: float = 0.0
    a: float = 0.0
    c: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    fixed_ends: bool = False
    show_map: bool = False
    starts_at_rest: bool = False
    limited: bool = False
    spins_rest: bool = False
    values = ("i1", "i2", "d1")
    needs = "sweep"
