"""The commands that set spins: ``seed``, ``set`` and ``read_sites``."""

from dataclasses import replace
from pathlib import Path

from grainpaint.errors import InputError
from grainpaint.formats.spparks.stitch_blocks import stitch_times
from grainpaint.simulate.spparks.applications import PottsApp
from grainpaint.simulate.spparks.script.command import Command
from grainpaint.simulate.spparks.script.state import Handler, ScriptState
from grainpaint.simulate.spparks.simulation import (
    ReadFile,
    SetSpins,
    SiteCondition,
    value_names,
)

__all__ = ["COMMANDS", "stitch_time"]


def _seed(state: ScriptState, command: Command) -> None:
    state.seed = command.integer(0)
    if state.seed <= 0:
        raise command.fail(f"the seed must be above 0, got {state.seed}")


def _set(state: ScriptState, command: Command) -> None:
    if state.box is None:
        raise command.missing("create_sites")
    what = command.word(0)
    if what == "d1" and not isinstance(state.app, PottsApp):
        return  # the pool sets it before it is used
    what = _value_name(state, command, 0)
    how = command.expect(1, "value", "range", "unique", "stitch")
    if how == "stitch":
        if len(command.words) > 4:
            raise command.fail("options after a stitch file are not supported")
        path = _stitch_file(state, command)
        time = stitch_time(state, command, 2)
        state.steps.append(ReadFile(path, time, command.where, command.word(0)))
        return
    at = {"value": 3, "range": 4, "unique": 2}[how]
    number = command.number if what.startswith("d") else command.integer
    low = 0 if how == "unique" else number(2)
    high = number(3) if how == "range" else low
    if low > high:
        raise command.fail(f"the range {low}..{high} is empty")
    spins = SetSpins(low, high, how == "unique", what=what)
    random = low < high
    while at < len(command.words):
        option = command.expect(at, "fraction", "region", "loop", "if")
        if option == "fraction":
            share = command.number(at + 1)
            if not 0 < share <= 1:
                raise command.fail(f"the fraction must be in 0..1, got {share:g}")
            spins, random = replace(spins, fraction=share), random or share < 1
        elif option == "region":
            spins = replace(spins, region=state.region(command, at + 1))
        elif option == "loop":  # how processes share the random numbers
            command.expect(at + 1, "all", "local")
        else:
            test = _condition(state, command, at)
            spins = replace(spins, conditions=(*spins.conditions, test))
        at += 4 if option == "if" else 2
    if random:
        spins = replace(spins, seed=state.needed_seed(command))
    state.steps.append(spins)


def _value_name(state: ScriptState, command: Command, index: int, *more: str) -> str:
    """Return which value of the sites word `index` names; i1 is ``site``."""
    assert state.app is not None
    name = command.expect(index, "site", *value_names(state.app), *more)
    return "site" if name == "i1" else name


def _condition(state: ScriptState, command: Command, at: int) -> SiteCondition:
    what = _value_name(state, command, at + 1, "x", "y", "z", "id")
    relation = command.expect(at + 2, "<", "<=", ">", ">=", "=", "!=")
    return SiteCondition(what, relation, command.number(at + 3))


def _read_sites(state: ScriptState, command: Command) -> None:
    if state.box is None:
        raise command.missing("create_sites")
    try:
        path = state.file(command, 0)
    except InputError:
        path = Path(state.named(command.word(0)))
        if path not in state.dumped():  # by an earlier run of the script
            raise
    assert state.app is not None
    columns = value_names(state.app)
    state.steps.append(ReadFile(path, where=command.where, columns=columns))


def _stitch_file(state: ScriptState, command: Command) -> Path:
    """Return the stitch file of ``set``: an existing one, or one that it dumps to."""
    name = state.named(command.word(2))
    try:
        return Path(name) if name in state.stitched else state.file(command, 2)
    except InputError as error:
        state.awaited.setdefault(name, error)  # unless a dump follows
        return Path(name)


def stitch_time(state: ScriptState, command: Command, index: int) -> float:
    """Return a time in a stitch file: words `index` and the next name both.

    The time of the last snapshot is known before the script runs. A new file has none:
    SPPARKS then takes 0.
    """
    name = state.named(command.word(index))
    known = list(state.stitched.get(name, ()))
    for path in state.on_disk(command.word(index))[:1]:
        known += stitch_times(path)
    word = command.word(index + 1)
    if word in ("first", "last"):
        return (min if word == "first" else max)(known, default=0.0)
    return command.number(index + 1)


COMMANDS: dict[str, Handler] = {
    "read_sites": _read_sites,
    "seed": _seed,
    "set": _set,
}
