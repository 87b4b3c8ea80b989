"""Equations that tie opposite faces of the box, for periodic boundary conditions.

A node at the high end of some axes moves as the node opposite to it at their low ends,
plus the displacements of the dummy nodes of these axes. It is the first term of its
equation and occurs in no other one, as Abaqus asks for.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import numpy as np

from grainpaint.errors import InputError
from grainpaint.formats.solvers.abaqus.nodes import NodeFaces
from grainpaint.formats.text import int_words, table

__all__ = ["equations"]

_TERMS = 4  # on a line


def equations(
    faces: NodeFaces, dummies: tuple[int, ...]
) -> Iterator[bytes | memoryview]:
    """Yield the lines behind ``*Equation``.

    Parameters
    ----------
    faces : NodeFaces
    dummies : three ints
        The nodes whose displacements are those of the high face against the low one,
        along x, y, z.

    Raises
    ------
    InputError
        If opposite faces have nodes in different places.
    """
    for axis, x in enumerate("xyz"):
        if ((faces.at({axis: 0}) > 0) != (faces.at({axis: 1}) > 0)).any():
            raise InputError(
                f"the part reaches the two faces across {x} in different places, so "
                "periodic equations cannot tie them"
            )
    for n in (1, 2, 3):
        for axes in combinations(range(3), n):
            yield from _tied(faces, axes, [dummies[axis] for axis in axes])


def _tied(
    faces: NodeFaces, axes: tuple[int, ...], dummies: list[int]
) -> Iterator[bytes | memoryview]:
    """Yield the equations of the nodes at the high end of just these axes."""
    high = np.atleast_1d(faces.at(dict.fromkeys(axes, 1)))
    low = np.atleast_1d(faces.at(dict.fromkeys(axes, 0)))
    if len(axes) < 3:  # the high ends of the other axes have equations of their own
        inner = tuple(slice(None, -1) for _ in range(high.ndim))
        high, low = high[inner], low[inner]
    used = high > 0
    high, low = high[used], low[used]
    if not high.size:
        return
    if not (low > 0).all():
        raise InputError(
            "the part reaches opposite edges of the box in different places, so "
            "periodic equations cannot tie them"
        )
    n_terms = 2 + len(dummies)
    for dof in (1, 2, 3):
        parts: list[np.ndarray | bytes] = [b"%d\n" % n_terms]
        parts += [
            int_words(high),
            b", %d, 1, " % dof,
            int_words(low),
            b", %d, -1" % dof,
        ]
        for i, dummy in enumerate(dummies):
            between = b",\n" if i + 2 == _TERMS else b", "
            parts.append(b"%b%d, %d, -1" % (between, dummy, dof))
        yield table([*parts, b"\n"])
