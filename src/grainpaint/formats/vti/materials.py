"""Orientations and phases of a grid of DAMASK, from the material.yaml beside it.

Of YAML, read is what DAMASK's library and we write: an entry of one constituent for
each material, lattices by phase. What is written otherwise is left out, and said.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np

from grainpaint.errors import InputError, brief
from grainpaint.formats.raw import RawVolume, ReadOptions
from grainpaint.orientations import Orientations

__all__ = ["with_materials"]

_NAME = "material.yaml"
_SYMMETRIES = {  # of Bravais lattices, by Pearson's symbols
    **{"cP": "432", "cI": "432", "cF": "432", "hP": "622"},
    **{"tP": "422", "tI": "422"},
}
_SECTION = re.compile(r"^([A-Za-z_][\w-]*)\s*:", re.M)
_WORD = r"""("(?:[^"\\]|\\.)*"|'[^']*'|[^\s'"#,{}][^,}\n#]*?)"""
_PHASE = re.compile(r"(?<![\w-])phase:[ \t]*" + _WORD + r"[ \t]*(?=[,}\n#]|$)")
_TURN = re.compile(r"(?<![\w-])O:\s*\[([^\]]*)\]")
_KEY = re.compile(r"^([ \t]+)" + _WORD + r"[ \t]*:(?=\s|$)", re.M)
_LATTICE = re.compile(r"(?<![\w-])lattice:[ \t]*['\"]?([A-Za-z]+)")
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2}))")
_LENGTH = 1e-3  # how far from 1 the length of a quaternion may be


def with_materials(path: Path, raw: RawVolume, options: ReadOptions) -> RawVolume:
    """Return a grid with the orientations of its materials, if they stand beside it.

    Parameters
    ----------
    path : Path
        The grid.
    raw : RawVolume
        Its materials count from 0, which is outside if its void is 0.
    options : ReadOptions
        void counts.
    """
    file = path.parent / _NAME
    void = raw.void if options.void is None else options.void
    if raw.orientations is not None or void not in (None, "none", -1, 0):
        return raw
    low, high = int(raw.ids.min()), int(raw.ids.max())
    if not file.is_file() or low < 0 or high < int(void == 0):
        return raw
    first = int(void == 0)
    try:
        known = _materials(file.read_text("utf-8", "replace"), first, high + 1)
    except (OSError, ValueError) as error:  # InputError is one, too
        note = f"{_NAME} beside it is not used: {brief(error, 150)}"
        return replace(raw, notes=(*raw.notes, note))
    notes = [*raw.notes, f"orientations and phases are those of {_NAME} beside it"]
    if not first:
        notes.append("ID 0 is a grain, so each grain has its ID in the file plus 1")
    ids = raw.ids if first else raw.ids + 1
    return replace(raw, ids=ids, orientations=known, notes=tuple(notes))


def _materials(text: str, first: int, stop: int) -> Orientations:
    """Return the orientations of the materials first..stop - 1.

    Raises
    ------
    InputError
        If it has another number of them, or is not written as we read it.
    """
    sections = _sections(text)
    listed = sections.get("material", "")
    names = [_plain(word) for word in _PHASE.findall(listed)]
    turns = _TURN.findall(listed)
    n = _n_entries(listed)
    if not n or n != len(names) or n != len(turns):
        raise InputError(
            "its materials are not of one constituent with a phase and an orientation "
            "O: [q0, q1, q2, q3] each"
        )
    if n != stop:  # of another grid, perhaps
        raise InputError(f"it has {n} materials, and the grid {stop}")
    turns, names = turns[first:stop], names[first:stop]
    values = np.array([[float(v) for v in one.split(",")] for one in turns])
    length = np.linalg.norm(values, axis=1)
    if values.shape[1] != 4 or not (np.abs(length - 1) <= _LENGTH).all():
        raise InputError("its orientations are not unit quaternions")
    lattices = _lattices(sections.get("phase", ""))
    used = list(dict.fromkeys(names))
    unknown = [name for name in used if lattices.get(name) not in _SYMMETRIES]
    if unknown:
        raise InputError(
            f"its phase {brief(unknown[0], 50)} has no lattice that we read"
        )
    number = {name: i for i, name in enumerate(used, 1)}
    return Orientations(
        values / length[:, None],
        tuple(_SYMMETRIES[lattices[name]] for name in used),
        np.array([number[name] for name in names], np.int32),
        tuple(used),
    )


def _sections(text: str) -> dict[str, str]:
    """Return what follows each key at the left margin."""
    marks = [*_SECTION.finditer(text)]
    ends = [mark.start() for mark in marks[1:]] + [len(text)]
    return {m[1]: text[m.end() : end] for m, end in zip(marks, ends)}


def _n_entries(listed: str) -> int:
    """Return how many entries a list has: its dashes of the least indent."""
    dashes = [len(blanks) for blanks in re.findall(r"^([ \t]*)-[ \t]", listed, re.M)]
    return dashes.count(min(dashes)) if dashes else 0


def _lattices(phases: str) -> dict[str, str]:
    """Return the lattice of each phase, by its name."""
    keys = [*_KEY.finditer(phases)]
    least = min((len(key[1]) for key in keys), default=0)
    keys = [key for key in keys if len(key[1]) == least]
    ends = [key.start() for key in keys[1:]] + [len(phases)]
    found = {}
    for key, end in zip(keys, ends):
        lattice = _LATTICE.search(phases, key.end(), end)
        if lattice:
            found[_plain(key[2])] = lattice[1]
    return found


def _plain(word: str) -> str:
    """Return a name without its quotes."""
    if word.startswith('"'):
        return _ESCAPE.sub(lambda m: chr(int(m[1] or m[2], 16)), word[1:-1])
    return word[1:-1] if word.startswith("'") else word.strip()
