"""Segmentation of any field, as called from Python and from the command line."""

from collections.abc import Sequence

import numpy as np

from grainpaint.arguments import as_number, as_periodic, as_three
from grainpaint.errors import InputError
from grainpaint.microstructure import Microstructure
from grainpaint.palette import nearest_color
from grainpaint.segmentation.colors import grains
from grainpaint.segmentation.dbscan import EPS, dbscan
from grainpaint.segmentation.fragments import MIN_VOXELS
from grainpaint.segmentation.noise import fill_noise

__all__ = ["check_method", "segment"]


def segment(
    field: np.ndarray,
    method: str = "colors",
    eps: float | None = None,
    clean: bool = True,
    spacing: Sequence[float] = (1.0, 1.0, 1.0),
    origin: Sequence[float] = (0.0, 0.0, 0.0),
    periodic: tuple[bool, bool, bool] | str = (False, False, False),
) -> Microstructure:
    """Turn a field into grains.

    Parameters
    ----------
    field : numpy.ndarray, shape (nx, ny, nz) or (nx, ny, nz, d)
        For 'colors': integers (colors or spins, 0 = outside), or float vectors of
        length d = 2..8, each of which stands for the nearest color of the palette. For
        'dbscan': one float per voxel.
    method : {'colors', 'dbscan'}
        A grain is a connected piece of equal color; or a cluster of voxels that are
        near in place and value, see `grainpaint.segmentation.dbscan.dbscan`.
    eps : float, optional
        Reach of 'dbscan' in voxels, above 0 and below 2; 1.9 if not given.
    clean : bool
        Give fragments of fewer than five voxels ('colors') or noise ('dbscan') to the
        grains beside them.
    spacing, origin : three floats
        Edges of a voxel, and corner of voxel (0, 0, 0), µm.
    periodic : three bools
        Axes along which grains continue through the faces, also as text, ``"xy"``; only
        for 'colors'.

    Returns
    -------
    Microstructure
        Grains numbered 1..n by their first voxels; 0 outside.

    Raises
    ------
    InputError
        If the field is of another kind or not finite, the method is unknown, a
        parameter does not belong to it, or 'dbscan' finds only noise.

    Examples
    --------
    >>> field = np.ones((8, 8, 8), int)
    >>> field[4:] = 2
    >>> segment(field).n_grains
    2
    >>> segment(field.astype(float), method="dbscan").n_grains
    2
    """
    check_method(method)
    if method == "colors" and eps is not None:
        raise InputError("eps is a parameter of the method dbscan, not of colors")
    field, wraps = np.asarray(field), as_periodic(periodic)
    edges, corner = as_three(spacing, "spacing"), as_three(origin, "origin")
    if method == "dbscan":
        if any(wraps):
            raise InputError("dbscan has no periodic axes")
        grain_id = dbscan(field, eps=EPS if eps is None else as_number(eps, "eps"))
        if not grain_id.any():
            raise InputError("all voxels are noise to DBSCAN: there are no grains")
        if clean:
            grain_id = fill_noise(grain_id)
    else:
        grain_id = grains(_colors(field), wraps, MIN_VOXELS if clean else 1)
    return Microstructure(grain_id, edges, corner, wraps)


def check_method(method: str) -> None:
    """Raise unless there is such a method.

    Raises
    ------
    InputError
        If it is neither 'colors' nor 'dbscan'.
    """
    if method not in ("colors", "dbscan"):
        raise InputError(f"the method must be colors or dbscan, got {method}")


def _colors(field: np.ndarray) -> np.ndarray:
    """Return a field as colors: integers as they are, vectors as the nearest color."""
    if field.ndim == 3 and field.dtype.kind in "iu" and field.size:
        if max(int(field.max()), -int(field.min())) >= 2**31:
            raise InputError("the values of the field must lie within int32")
        return field
    if field.ndim == 4 and field.dtype.kind == "f" and 2 <= field.shape[3] <= 8:
        if not np.isfinite(field).all():
            raise InputError("the field holds values that are not finite")
        return nearest_color(field)
    hint = "; the method dbscan takes one float per voxel" if field.ndim == 3 else ""
    raise InputError(
        "the field must be integers [x, y, z] or float vectors [x, y, z, 2..8], got "
        f"shape {field.shape} of {field.dtype}{hint}"
    )
