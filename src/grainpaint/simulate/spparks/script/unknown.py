"""Messages about commands that are not supported."""

from collections.abc import Iterable
from difflib import get_close_matches

from grainpaint.errors import InputError, brief
from grainpaint.simulate.spparks.script.command import Command

__all__ = ["UnknownCommand", "unknown"]

_BELONGS = {
    "barrier": "app_style diffusion",
    "count": "app_style chemistry",
    "ecoord": "app_style diffusion",
    "event": "app_style erbium or diffusion/multiphase",
    "deposition": "app_style diffusion",
    "inclusion": "app_style membrane",
    "pair_coeff": "applications without a lattice",
    "pair_style": "applications without a lattice",
    "reaction": "app_style chemistry",
    "volume": "app_style chemistry",
    "event_ratios": "app_style sinter",
    "events_temperatures": "app_style sinter",
    "time_sinter_start": "app_style sinter",
}


class UnknownCommand(InputError):
    """A command that is not supported."""


def unknown(command: Command, known: Iterable[str]) -> UnknownCommand:
    """Return an error that says what is known of a command, or what is meant.

    Parameters
    ----------
    command : Command
    known : iterable of str
        Names of the supported commands.
    """
    name = command.name
    close = get_close_matches(name, list(known), 1, 0.8)
    if name in _BELONGS:
        reason = f"not supported: it belongs to {_BELONGS[name]}"
    elif close:
        reason = f"not supported; is {close[0]} meant?"
    else:
        reason = "not supported: docs/spparks.md lists the commands that are"
    return UnknownCommand(f"{command.where}: {brief(name, 60)}: {reason}")
