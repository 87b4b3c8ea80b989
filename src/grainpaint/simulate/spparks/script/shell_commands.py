"""The command ``shell``: folders that are entered and made, files moved and deleted.

SPPARKS passes nothing to a shell; it knows these five words. What fails is no error.
Only what lies in the folder of the run is deleted or moved: scripts come from anywhere.
"""

import posixpath
from pathlib import Path

from grainpaint.simulate.spparks.requests import Shell
from grainpaint.simulate.spparks.script.command import Command
from grainpaint.simulate.spparks.script.state import Handler, ScriptState

__all__ = ["COMMANDS"]


def _shell(state: ScriptState, command: Command) -> None:
    what = command.expect(0, "cd", "mkdir", "mv", "rm", "rmdir")
    wanted = {"cd": 1, "mv": 2}.get(what)
    given = len(command.words) - 1
    if given == 0 or (wanted is not None and given != wanted):
        names = {"cd": "a folder", "mv": "two names"}.get(what, "names")
        raise command.fail(f"{what} needs {names}, got {' '.join(command.words)}")
    paths = tuple(state.named(word) for word in command.words[1:])
    if what == "cd":
        _enter(state, command, paths[0])
        return
    outside = next((path for path in paths if _is_outside(path)), None)
    if what != "mkdir" and outside is not None:
        raise command.fail(
            f"{what}: {outside} is outside the folder of the run, where nothing is "
            "deleted or moved: leave this line out and do it yourself"
        )
    if what == "mkdir":
        state.folders.update(paths)
    for path in paths if what == "rm" else ():
        state.remove(path)
    if what == "mv" and (times := state.remove(paths[0])):
        state.stitched[paths[1]] = times
    state.steps.append(Shell(what, paths))


def _is_outside(path: str) -> bool:
    """Return whether a path, from the folder of the run, leads out of it."""
    return posixpath.isabs(path) or posixpath.normpath(path).split("/")[0] == ".."


def _enter(state: ScriptState, command: Command, folder: str) -> None:
    """Execute ``cd``."""
    known = folder in ("", ".") or folder in state.folders or Path(folder).is_dir()
    parents = (posixpath.dirname(str(path)) for path in state.dumped())
    if not known and folder not in parents:
        state.pass_over(command, " (no such folder: files go on where they were)")
        return
    state.outputs.folder = "" if folder == "." else folder


COMMANDS: dict[str, Handler] = {
    "shell": _shell,
}
