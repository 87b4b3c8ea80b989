"""What must be true of the sites when a run begins, as far as a script tells it.

The rest is known only when its files are read and its conditions are met.
"""

from math import prod

from grainpaint.simulate.spparks.applications import (
    Application,
    JoiningApp,
    PathsApp,
    PottsApp,
)
from grainpaint.simulate.spparks.script.command import Command
from grainpaint.simulate.spparks.script.state import ScriptState
from grainpaint.simulate.spparks.simulation import ReadFile, RunCommand, SetSpins

__all__ = ["check_colors", "check_spins"]

_CERTAIN = 20  # sites with a wrong spin, on average: none is one in 1e9 scripts


def check_spins(state: ScriptState, command: Command) -> None:
    """Raise InputError if spins are certain not to be those of the application.

    They are if they have never been set, or if the last command that touched them set
    all of them, wrong ones included.
    """
    assert state.app is not None
    assert state.box is not None
    if isinstance(state.app, PathsApp):
        return
    low, high = _spins(state.app)
    first = last = 0
    for step in reversed(state.steps):
        match step:
            case ReadFile() | RunCommand():
                return
            case SetSpins(what="site"):
                if step.region or step.conditions or step.fraction < 1:
                    return
                first, last = int(step.low), int(step.high)
                if step.unique:
                    first, last = 1, 1 if state.box.region else prod(state.box.shape)
                break
    wrong = max(0, low - first) + max(0, last - high)
    share, n_sites = min(1.0, wrong / (last - first + 1)), prod(state.box.shape)
    if share == 1 or (share * n_sites > _CERTAIN and state.box.region is None):
        set_to = f"{first}" if first == last else f"{first}..{last}"
        raise command.fail(
            f"the spins must lie in {low}..{high} when a run begins, but are {set_to}: "
            "use set site or read_sites"
        )


def _spins(app: Application) -> tuple[int, int]:
    """Return the least and the greatest spin that an application runs with."""
    assert not isinstance(app, PathsApp)
    if isinstance(app, PottsApp):
        return app.lowest_spin, app.n_spins + app.pins
    return int(isinstance(app, JoiningApp)), app.n_spins


def check_colors(state: ScriptState, command: Command) -> None:
    """Raise InputError if a lattice cannot be swept color by color."""
    assert state.box is not None
    axes = zip("xyz"[: state.dimension], state.box.shape, state.periodic)
    odd = [f"{n} along {axis}" for axis, n, periodic in axes if periodic and n % 2]
    if state.sweep.startswith("color") and odd:
        raise command.fail(
            "sweeps by color need even numbers of sites along periodic axes, got "
            f"{' and '.join(odd)}: choose another size or sweep random"
        )
