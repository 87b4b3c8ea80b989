"""The commands ``diag_style`` and ``stats``."""

import re
from collections.abc import Callable

from grainpaint.simulate.spparks.requests import ClusterFiles, Diagnostic
from grainpaint.simulate.spparks.script.command import Command
from grainpaint.simulate.spparks.script.outputs import ActiveDiagnostic
from grainpaint.simulate.spparks.script.state import Handler, ScriptState
from grainpaint.simulate.spparks.script.timing import OutputInterval

__all__ = ["COMMANDS"]

_ELSEWHERE = {
    "diffusion": "of atoms that hop",
    "erbium": "of erbium hydride",
    "sinter_density": "of sintering",
    "sinter_free_energy": "of sintering",
    "sinter_free_energy_pore": "of sintering",
}


def _diag_style(state: ScriptState, command: Command) -> None:
    if state.app is None:
        raise command.missing("app_style")
    style = command.word(0)
    if style in _ELSEWHERE:
        raise command.fail(
            f"{style} is a diagnostic {_ELSEWHERE[style]}, not of grains"
        )
    command.expect(0, "energy", "propensity", "array", "cluster")
    if style == "array":
        diagnostic, timing = _array(state, command), OutputInterval(0.0)
    else:
        diagnostic, timing = _plain(command, style, state.named)
    state.outputs.diagnostics.append(ActiveDiagnostic(diagnostic, timing))


def _array(state: ScriptState, command: Command) -> Diagnostic:
    """Return `diag_style array`, which has no other options."""
    words = command.words[1:]
    if not words or len(words) % 2:
        raise command.fail("array needs pairs of a value and mean, sum, min or max")
    pairs = []
    for at in range(1, len(command.words), 2):
        value = command.word(at)
        known = [c for c in state.app_columns() if re.fullmatch(r"[id]\d+", c)]
        command.expect(at, *known)
        pairs.append((value, command.expect(at + 1, "mean", "sum", "min", "max")))
    return Diagnostic("array", columns=tuple(pairs))


def _plain(
    command: Command, style: str, named: Callable[[str], str]
) -> tuple[Diagnostic, OutputInterval]:
    """Return another diagnostic and its own interval."""
    timing, in_stats, table, sites, opendx = OutputInterval(0.0), True, "", "", False
    at = 1
    while at < len(command.words):
        match command.words[at]:
            case "stats":
                in_stats = command.expect(at + 1, "yes", "no") == "yes"
                at += 2
            case "delt":
                timing.delta = command.number(at + 1)
                if not timing.delta > 0:
                    raise command.fail(f"delt must be above 0: {timing.delta:g}")
                at += 2
            case "delay" | "logfreq" | "loglinfreq":
                at += timing.take(command, at)
            case "filename" if style == "cluster":
                table = named(command.word(at + 1))
                at += 2
            case "dump" if style == "cluster":
                how = command.expect(at + 1, "standard", "opendx", "none")
                sites = "" if how == "none" else named(command.word(at + 2))
                opendx = how == "opendx"
                at += 2 if how == "none" else 3
            case word:
                raise command.fail(f"{word!r} is not supported")
    timing.check(command)
    if in_stats and (timing.delta or timing.delay or timing.repeat):
        raise command.fail("delt, delay and logfreq need stats no")
    return Diagnostic(style, in_stats, (), ClusterFiles(table, sites, opendx)), timing


def _stats(state: ScriptState, command: Command) -> None:
    timing = OutputInterval(command.number(0))
    timing.tolerance = state.outputs.stats.tolerance
    at = 1
    while at < len(command.words):
        at += timing.take(command, at)
    timing.check(command)
    state.outputs.stats = timing


COMMANDS: dict[str, Handler] = {
    "diag_style": _diag_style,
    "stats": _stats,
}
