"""Soundness of a volume: whole grains and no visible seams."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from grainpaint import formats
from grainpaint.arguments import not_a_volume
from grainpaint.errors import InputError, brief
from grainpaint.measure.integrity import Integrity, integrity
from grainpaint.measure.seams import CellTrace, cell_trace, odd_plane, seam_test
from grainpaint.microstructure import Microstructure
from grainpaint.record import window_faces

__all__ = ["SeamCheck", "Soundness", "check"]

_LEVEL = 0.01  # of the test for seams
_Found = TypeVar("_Found")


@dataclass(frozen=True)
class SeamCheck:
    """Whether the faces between windows show.

    Parameters
    ----------
    p : float
        Probability of so large a trace by chance.
    where : str
        Where the largest trace is.
    n_faces : int, optional
        Number of faces that were tested: 0 if the volume was made in one window, None
        if the windows are unknown and every plane was tested.
    """

    p: float
    where: str
    n_faces: int | None

    @property
    def visible(self) -> bool:
        """Whether a seam is seen at the level of 1 %."""
        return self.p < _LEVEL


@dataclass(frozen=True)
class Soundness:
    """What `check` found.

    Parameters
    ----------
    shape : three ints
        Voxels of the volume along x, y, z.
    integrity : Integrity
        Grains in pieces, isolated voxels and missing IDs.
    seams : SeamCheck, optional
        None if the volume is too small to be tested.
    cells : CellTrace, optional
        Trace of the cells of two voxels on which the base network works; no fault.
        None if the volume is too small.
    untested : str, optional
        Why seams were not tested.
    cells_untested : str, optional
        Why the trace of cells was not measured.
    """

    shape: tuple[int, int, int]
    integrity: Integrity
    seams: SeamCheck | None
    cells: CellTrace | None
    untested: str | None = None
    cells_untested: str | None = None

    @property
    def sound(self) -> bool:
        """Whether all grains are whole and no seam is seen."""
        return self.integrity.sound and not (self.seams and self.seams.visible)


def check(
    volume: Microstructure | str | Path,
    faces: Sequence[Sequence[int]] | None = None,
) -> Soundness:
    """Check that the grains of a volume are whole and that no seam shows.

    Parameters
    ----------
    volume : Microstructure or path
        For a path, the faces of windows are read from the record beside it.
    faces : three sequences of int, optional
        Layers at which windows begin, along x, y, z: 64 is the face between layers 63
        and 64. Three empty ones if the volume was made in one window. If they are
        unknown, every plane is tested by itself.

    Returns
    -------
    Soundness

    Raises
    ------
    InputError
        If the file cannot be read, or faces are not three sequences of layers.

    Examples
    --------
    >>> import grainpaint
    >>> import numpy as np
    >>> ids = np.repeat(np.arange(1, 5), 8)[:, None, None] * np.ones((1, 32, 32), int)
    >>> found = grainpaint.measure.check(grainpaint.Microstructure(ids))
    >>> found.sound, found.integrity.in_pieces
    (True, {})
    """
    if not isinstance(volume, Microstructure):
        if not isinstance(volume, str | Path):
            raise not_a_volume(volume)
        path = Path(volume)
        volume = formats.load(path)
        faces = window_faces(path, volume.shape) if faces is None else faces
    if faces is not None:
        faces = _checked(faces)
    found = integrity(volume)
    seams, untested = _tested(lambda: _check_seams(volume, faces))
    cells, cells_untested = _tested(lambda: cell_trace(volume))
    return Soundness(volume.shape, found, seams, cells, untested, cells_untested)


def _checked(faces: Sequence[Sequence[int]]) -> list[list[int]]:
    """Return the layers at which windows begin; raise if they are none."""
    try:
        x, y, z = ([int(layer) for layer in along] for along in faces)
    except (TypeError, ValueError):
        raise InputError(
            "faces are three sequences of layers, along x, y, z, such as "
            f"([64], [64], []); got {brief(repr(faces), 50)}"
        ) from None
    return [x, y, z]


def _tested(test: Callable[[], _Found]) -> tuple[_Found | None, str | None]:
    """Return what a test finds, or why the volume cannot be tested."""
    try:
        return test(), None
    except InputError as error:
        return None, str(error)


def _check_seams(
    volume: Microstructure, faces: Sequence[Sequence[int]] | None
) -> SeamCheck:
    if faces is None:
        return SeamCheck(*odd_plane(volume), n_faces=None)
    if not any(len(along) for along in faces):
        return SeamCheck(1.0, "the volume was made in one window", 0)
    test = seam_test([volume], faces)
    return SeamCheck(test.p, test.where, test.n_faces)
