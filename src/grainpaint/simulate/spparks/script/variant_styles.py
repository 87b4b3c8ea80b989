"""The styles and commands of the variants of the Potts model."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Literal, cast

from grainpaint.simulate.spparks.applications import PottsApp
from grainpaint.simulate.spparks.script.command import Command
from grainpaint.simulate.spparks.script.state import Handler, ScriptState
from grainpaint.simulate.spparks.simulation import PinSites
from grainpaint.simulate.spparks.variants import (
    GradientApp,
    IsingApp,
    NullBinApp,
    PhaseFieldApp,
    PinApp,
    QuaternionApp,
    StrainApp,
    StrainPinApp,
)

__all__ = ["COMMANDS", "VARIANTS"]

_WIDEST = {"cubic": 62.7, "hcp": 93.8}  # disorientations in degrees
_SWITCHES = {
    "reset_phasefield": "fixed_ends",
    "print_connectivity": "show_map",
    "initialize_values": "starts_at_rest",
    "enforce_concentration_limits": "limited",
}


def _spins(command: Command, index: int, counts: Sequence[int]) -> int:
    """Check the number of words after the style; return the number of spins."""
    n = len(command.words) - 1
    if n not in counts:
        wanted = " or ".join(str(count) for count in counts)
        raise command.fail(f"{command.word(0)} needs {wanted} values, got {n}")
    n_spins = command.integer(index)
    if not 1 <= n_spins < 2**31 - 1:
        raise command.fail(f"the number of spins must be 1..2147483646: {n_spins}")
    return n_spins


def _ising(command: Command) -> IsingApp:
    if len(command.words) > 1:
        raise command.fail(f"{command.word(0)} needs no values")
    return IsingApp(single=command.word(0) == "ising/single")


def _gradient(command: Command) -> GradientApp:
    n_spins = _spins(command, 2, (8, 9))
    of = cast(Literal["temp", "mob"], command.expect(1, "temp", "mob"))
    mobility, convert, activation, temperature = (
        command.number(i) for i in range(3, 7)
    )
    if mobility <= 0 or convert <= 0 or activation < 0 or temperature < 0:
        raise command.fail(
            "the mobility and the conversion must be above 0, the activation energy "
            "and the temperature not below"
        )
    slopes = [command.number(i) * convert for i in range(7, len(command.words))]
    gradient = (slopes[0], slopes[1], slopes[2] if len(slopes) > 2 else 0.0)
    return GradientApp(
        n_spins,
        of=of,
        mobility=mobility,
        activation=activation,
        temperature=temperature,
        gradient=gradient,
    )


def _quaternion(command: Command) -> QuaternionApp:
    n_spins = _spins(command, 1, (2, 3))
    crystal = command.expect(2, "cubic", "hcp")
    cutoff = command.number(3) if len(command.words) > 3 else 15.0
    if not 0 < cutoff <= _WIDEST[crystal]:
        raise command.fail(
            f"the cutoff of {crystal} must be in 0..{_WIDEST[crystal]} degrees, got "
            f"{cutoff:g}"
        )
    symmetry: Literal["432", "622"] = "432" if crystal == "cubic" else "622"
    return QuaternionApp(n_spins, symmetry=symmetry, cutoff=cutoff)


def _phase_field(command: Command) -> PhaseFieldApp:
    n = len(command.words)
    if n < 11 or n % 2 == 0:
        raise command.fail(
            f"{command.word(0)} needs 10 numbers, then keywords with yes or no; got "
            f"{n - 1} words"
        )
    n_spins = _spins(command, 1, (n - 1,))
    if n_spins % 2:
        raise command.fail(f"needs an even number of spins, got {n_spins}")
    n_steps, gamma, mobility, kappa, a = (command.number(i) for i in range(2, 7))
    if not n_steps >= 1 or n_steps != int(n_steps):
        raise command.fail(
            f"needs a whole number of phase-field steps for a sweep, got {n_steps:g}"
        )
    c1, c2, c3, c4 = (command.number(i) for i in range(7, 11))
    app = PhaseFieldApp(
        n_spins,
        n_steps=n_steps,
        gamma=gamma,
        mobility=mobility,
        kappa=kappa,
        a=a,
        c=(c1, c2, c3, c4),
    )
    switches: dict[str, Any] = {}
    for at in range(11, n, 2):
        name = command.expect(at, *_SWITCHES)
        switches[_SWITCHES[name]] = command.expect(at + 1, "yes", "no") == "yes"
    return replace(app, **switches)


VARIANTS: dict[str, Callable[[Command], PottsApp]] = {
    "ising": _ising,
    "ising/single": _ising,
    "phasefield/potts": _phase_field,
    "potts/grad": _gradient,
    "potts/pfm": _phase_field,  # its name until 2021
    "potts/neigh": lambda command: NullBinApp(_spins(command, 1, (1,))),
    "potts/pin": lambda command: PinApp(_spins(command, 1, (1,))),
    "potts/quaternion": _quaternion,
    "potts/strain": lambda command: StrainApp(_spins(command, 1, (1,))),
    "potts/strain/pin": lambda command: StrainPinApp(_spins(command, 1, (1,))),
}


def _pin(state: ScriptState, command: Command) -> None:
    if not isinstance(state.app, PottsApp) or not state.app.pins:
        raise command.fail("needs app_style potts/pin or potts/strain/pin")
    if state.box is None:
        raise command.missing("create_sites")
    if len(command.words) != 3:
        raise command.fail(f"needs 3 numbers, got {len(command.words)}")
    share, threshold = command.number(0), command.integer(2)
    clusters = command.expect(1, "0", "1") == "1"
    if not 0 <= share <= 1 or threshold < 0:
        raise command.fail(
            "needs a fraction in 0..1 and a number of unlike neighbors of 0 or more"
        )
    seed = state.needed_seed(command)
    state.steps.append(PinSites(share, clusters, threshold, seed))


def _app_update_only(state: ScriptState, command: Command) -> None:
    if not isinstance(state.app, PhaseFieldApp):
        raise command.fail("needs app_style phasefield/potts")
    state.app = replace(state.app, spins_rest=command.expect(0, "yes", "no") == "yes")


COMMANDS: dict[str, Handler] = {"app_update_only": _app_update_only, "pin": _pin}
