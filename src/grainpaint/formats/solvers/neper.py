"""Neper's raster tessellation (.tesr), version 2.2, lengths in µm.

Quaternions are ours: passive ones, since format 2.2. Neper inverts what is active.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from grainpaint.formats.slabs import Slabs
from grainpaint.formats.solvers import Settings
from grainpaint.formats.text import int_words, table

__all__ = ["write"]

_PER_LINE = 12  # IDs: within 72 columns up to 99,999 of them
# Neper (4 and later) takes the names of Laue groups, and the three words of older ones.
_CRYSYM = {
    **{"1": "triclinic", "432": "cubic", "622": "hexagonal"},
    **{"2": "2/m", "222": "mmm", "4": "4/m", "422": "4/mmm", "3": "-3", "32": "-3m"},
    **{"6": "6/m", "23": "m-3"},
}


def write(slabs: Slabs, paths: Sequence[Path], settings: Settings) -> list[str]:
    """Write voxels as text, or as a block of 32 bits each; 0 is outside."""
    notes = []
    known = slabs.known
    form = settings.variant or "ascii"
    with paths[0].open("wb") as file:
        lines = ["***tesr", " **format", "   2.2", " **general", "   3"]
        lines += ["   " + " ".join(map(str, slabs.shape))]
        lines += ["   " + " ".join(f"{s:.12g}" for s in slabs.spacing)]
        if any(slabs.origin):
            lines += ["  *origin", "   " + " ".join(f"{o:.12g}" for o in slabs.origin)]
        lines += [" **cell", f"   {slabs.n_grains}", "  *id"]
        for start in range(1, slabs.n_grains + 1, _PER_LINE):
            stop = min(start + _PER_LINE, slabs.n_grains + 1)
            lines.append("   " + " ".join(map(str, range(start, stop))))
        if known is not None:
            lines += ["  *ori", "   quaternion:passive"]
            form_of_one = "   {:.12f} {:.12f} {:.12f} {:.12f}"
            lines += [form_of_one.format(*q) for q in (known.quaternion + 0.0).tolist()]
            symmetries = {_CRYSYM[known.symmetry[p - 1]] for p in set(known.phase)}
            if len(symmetries) == 1:
                lines += ["  *crysym", f"   {symmetries.pop()}"]
            else:
                notes.append("Neper has one crystal symmetry for all: it states none")
            if known.several:
                notes.append("Neper has no phases: cells of all phases are alike")
        lines += [" **data", f"   {form}", ""]
        file.write("\n".join(lines).encode())
        for rows in slabs.rows():
            if form == "ascii":
                ends = np.full(rows.shape[-1], b" ")
                ends[-1] = b"\n"
                file.write(table([int_words(rows), ends]))
            else:
                file.write(rows.data)
        file.write(b"***end\n" if form == "ascii" else b"\n***end\n")
    if known is None:
        notes.append("its grains have no orientations")
    if slabs.n_outside:
        notes.append(
            "voxels outside are 0: Neper meshes and shows them, but crashes when it "
            "tessellates such a volume (-T -morpho tesr)"
        )
    return notes
