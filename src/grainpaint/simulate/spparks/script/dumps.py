"""The commands ``dump``, ``dump_modify``, ``dump_one`` and ``undump``."""

from dataclasses import replace

from grainpaint.simulate.spparks.requests import Dump, Moment, Threshold
from grainpaint.simulate.spparks.script.command import Command
from grainpaint.simulate.spparks.script.image_options import (
    image_request,
    modified_image,
)
from grainpaint.simulate.spparks.script.outputs import ActiveDump
from grainpaint.simulate.spparks.script.state import Handler, ScriptState
from grainpaint.simulate.spparks.script.timing import TIMING_WORDS, OutputInterval

__all__ = ["COMMANDS"]

_STYLES = ("text", "sites", "vtk", "stitch", "image")
_DEFAULT = ("id", "site", "x", "y", "z")
_RELATIONS = ("<", "<=", ">", ">=", "==", "!=")


def _dump(state: ScriptState, command: Command) -> None:
    if state.app is None:
        raise command.missing("app_style")
    name, style = command.word(0), command.expect(1, *_STYLES)
    if name in state.outputs.dumps:
        raise command.fail(f"{name!r} exists already")
    delta, file = command.number(2), command.word(3)
    if not delta > 0:
        raise command.fail(f"the time between dumps must be above 0: {delta:g}")
    if style in ("sites", "vtk", "image") and "*" not in file:
        raise command.fail(f"{style} writes a file for each snapshot: {file} needs a *")
    if style == "stitch" and ("*" in file or "%" in file):
        raise command.fail(f"all snapshots go into one stitch file, no * in {file}")
    columns = command.words[4:]
    image = None
    if style == "image":
        if state.box is None:
            raise command.missing("create_sites")
        columns = (command.word(4), command.word(5))
        image = image_request(command, state, columns)
    elif not columns:
        columns = _DEFAULT
    for column in columns:
        _check_column(state, command, column)
    _check_style(command, style, columns)
    if style == "stitch":
        state.stitched.setdefault(state.named(file), [])
    dump = Dump(name, style, file, tuple(columns), image=image)
    state.outputs.dumps[name] = ActiveDump(dump, OutputInterval(delta))


def _check_column(state: ScriptState, command: Command, column: str) -> None:
    """Raise InputError if the sites have no such value."""
    assert state.app is not None
    if column not in (known := state.app_columns()):
        raise command.fail(f"{column!r} is not a value of a site: {', '.join(known)}")
    if column == "propensity" and state.sweep != "none":
        raise command.fail("propensity needs solve_style, not sweep")


def _check_style(command: Command, style: str, columns: tuple[str, ...]) -> None:
    """Raise InputError if a style cannot hold the columns."""
    if style == "sites" and (columns[0] != "id" or len(columns) < 2):
        raise command.fail("sites needs id first, then values: id site")
    if style == "vtk" and not (len(columns) == 1 and _is_value(columns[0])):
        raise command.fail("vtk needs one value of the sites, such as site")
    if style == "stitch" and not all(map(_is_value, columns)):
        raise command.fail("stitch needs values of the sites, such as site or d1")


def _is_value(column: str) -> bool:
    return column == "site" or column[1:].isdigit()


def _dump_modify(state: ScriptState, command: Command) -> None:
    active = _find(state, command)
    at = 1
    while at < len(command.words):
        if command.words[at] in TIMING_WORDS:
            at += active.timing.take(command, at)
        else:
            at += _option(state, command, active, at)
    if active.timing.delta <= 0:
        raise command.fail("needs delta > 0")
    active.timing.check(command)


def _option(state: ScriptState, command: Command, active: ActiveDump, at: int) -> int:
    """Take an option that is not about times; return the words it uses."""
    dump = active.dump
    match command.words[at]:
        case "first":
            active.number = command.integer(at + 1)
        case "flush" | "fileper" | "nfile":
            command.word(at + 1)  # files are always flushed; there is one process
        case "pad":
            active.dump = replace(dump, pad=max(0, command.integer(at + 1)))
        case "sort":
            active.dump = replace(dump, sort=_sort(command, at + 1))
        case "region":
            none = command.word(at + 1) == "none"
            region = None if none else state.region(command, at + 1)
            active.dump = replace(dump, region=region)
        case "thresh" if command.word(at + 1) == "none":
            active.dump = replace(dump, thresholds=())
        case "thresh":
            what = command.word(at + 1)
            _check_column(state, command, what)
            relation = command.expect(at + 2, *_RELATIONS)
            limit = Threshold(what, relation, command.number(at + 3))
            active.dump = replace(dump, thresholds=(*dump.thresholds, limit))
            return 4
        case "vtk" if dump.style == "vtk":
            nx, ny, nz, low, high = (command.integer(at + i) for i in range(1, 6))
            if state.box is not None and (nx, ny, nz) != state.box.shape:
                raise command.fail(
                    f"vtk has {nx} x {ny} x {nz} cells, the sites are {state.box.shape}"
                )
            active.dump = replace(dump, extent=(nx, ny, nz, low, high))
            return 6
        case word:
            if dump.image is None:
                known = (
                    "delay delta first logfreq loglinfreq pad region sort thresh tol"
                )
                raise command.fail(f"{word!r} is not supported, only {known}")
            image, n_words = modified_image(command, state, dump.image, at)
            active.dump = replace(dump, image=image)
            return n_words
    return 2


def _sort(command: Command, at: int) -> int:
    """Return the column by which rows are sorted; without sorting they come by ID."""
    word = command.word(at)
    return 0 if word in ("off", "id") else command.integer(at)


def _dump_one(state: ScriptState, command: Command) -> None:
    active = _find(state, command)
    if state.box is None:
        raise command.missing("create_sites")
    write = active.write(state.outputs.folder)
    state.steps.append(Moment(state.time, dumps=(write,)))
    if active.dump.style == "stitch":
        state.stitched.setdefault(write.dump.file, []).append(state.time)


def _undump(state: ScriptState, command: Command) -> None:
    _find(state, command)
    del state.outputs.dumps[command.word(0)]


def _find(state: ScriptState, command: Command) -> ActiveDump:
    """Return the dump that the first word names."""
    name = command.word(0)
    if name not in state.outputs.dumps:
        raise command.missing("dump", f"no dump {name!r}")
    return state.outputs.dumps[name]


COMMANDS: dict[str, Handler] = {
    "dump": _dump,
    "dump_modify": _dump_modify,
    "dump_one": _dump_one,
    "undump": _undump,
}
