"""The materials of a deck: one for each grain."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from grainpaint.orientations import Orientations

__all__ = ["materials"]

_HEAD = """**
** Constants of a user material: grain, phase{}
** Depvar is a stand-in: as many state variables as your UMAT has.
"""
_ANGLES = ", Bunge's angles phi1, PHI, phi2 in degrees"


def materials(ids: np.ndarray, known: Orientations | None) -> Iterator[bytes]:
    """Yield a user material for each grain.

    Parameters
    ----------
    ids : numpy.ndarray, integer, shape (n,)
        Grain IDs.
    known : Orientations, optional
        Those of the grains in the order of `ids`.
    """
    yield _HEAD.format(_ANGLES if known else "").encode()
    if known is not None and known.several:
        yield f"** Phases: {known.listed()}\n".encode()
    head = (
        "*Material, name=GRAIN{0}_MAT\n*Depvar\n200,\n*User Material, constants={1}\n"
    )
    if known is None:
        for i in ids.tolist():
            yield f"{head.format(i, 2)}{i}, 1\n".encode()
        return
    degrees = np.rad2deg(known.euler())
    for i, phase, angles in zip(ids.tolist(), known.phase.tolist(), degrees):
        words = ", ".join(f"{angle:.9g}" for angle in angles)
        yield f"{head.format(i, 5)}{i}, {phase}, {words}\n".encode()
