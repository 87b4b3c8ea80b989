"""The type that everything produces or consumes: voxels with grain IDs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from grainpaint.arguments import as_periodic, as_slices, as_three
from grainpaint.diameter import ball_diameter, long_axes
from grainpaint.errors import InputError, brief
from grainpaint.orientations import Orientations
from grainpaint.units import count_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from pyvista import ImageData

__all__ = [
    "Microstructure",
    "VoxelBox",
    "cut",
    "new_ids",
]

# First and last-plus-one voxel along x, y, z.
VoxelBox = Sequence[tuple[int, int]]

# IDs up to these serve as indices: their arrays take less memory than the voxels.
_FEW_IDS = 1 << 16
_VOXELS_PER_ID = 64


@dataclass(frozen=True, eq=False)
class Microstructure:
    """An immutable voxel volume of grains.

    Parameters
    ----------
    grain_id : numpy.ndarray, int32, shape (nx, ny, nz)
        Grain of each voxel, 1..n; 0 = outside the part. It is kept read-only.
    spacing : three floats
        Edges of a voxel along x, y, z, µm, > 0.
    origin : three floats
        Lower corner of voxel (0, 0, 0), µm.
    periodic : three bools
        Whether grains continue through the faces of the box, along x, y, z.
    orientations : Orientations, optional
        Those of grains 1..n, n at least the largest ID.

    Raises
    ------
    InputError
        If grain_id is not a 3-D array of integers >= 0, a spacing is not positive, or a
        grain has no orientation where others have.

    Examples
    --------
    >>> m = Microstructure(np.array([[[1, 1, 2, 0]]]), spacing=(2.0, 2.0, 2.0))
    >>> m.n_grains, m.n_voxels, m.grain_volumes().tolist()
    (2, 3, [2, 1])
    >>> m.crop((slice(None), slice(None), slice(2, 4))).origin
    (0.0, 0.0, 4.0)
    """

    grain_id: np.ndarray
    spacing: tuple[float, ...] = (1.0, 1.0, 1.0)
    origin: tuple[float, ...] = (0.0, 0.0, 0.0)
    periodic: tuple[bool, ...] = (False, False, False)
    orientations: Orientations | None = None

    def __post_init__(self) -> None:
        """Check and freeze the fields."""
        grain_id = np.asarray(self.grain_id)
        if grain_id.ndim != 3 or grain_id.dtype.kind not in "iu" or 0 in grain_id.shape:
            raise InputError(
                "grain_id must be a non-empty 3-D array of integers, got shape "
                f"{grain_id.shape} of {grain_id.dtype}"
            )
        if grain_id.min() < 0 or grain_id.max() > np.iinfo(np.int32).max:
            raise InputError(
                "grain IDs must lie in 0..2147483647, got "
                f"{grain_id.min()}..{grain_id.max()}"
            )
        spacing = as_three(self.spacing, "spacing")
        origin = as_three(self.origin, "origin")
        periodic = as_periodic(self.periodic)
        if min(spacing) <= 0:
            raise InputError(f"spacing must be positive, got {spacing} µm")
        oriented = self.orientations
        if oriented is not None and not isinstance(oriented, Orientations):
            raise InputError(
                "orientations are of the class grainpaint.orientations.Orientations, "
                f"got {brief(repr(oriented), 50)}"
            )
        if oriented is not None and grain_id.max() > len(oriented):
            raise InputError(
                f"grain IDs reach {grain_id.max()}, so there must be as many "
                f"orientations; got {len(oriented)}"
            )
        if grain_id.dtype != np.int32 or grain_id.flags.writeable:
            grain_id = grain_id.astype(np.int32)  # a copy that no one else can change
            grain_id.flags.writeable = False
        object.__setattr__(self, "grain_id", grain_id)
        object.__setattr__(self, "spacing", spacing)
        object.__setattr__(self, "origin", origin)
        object.__setattr__(self, "periodic", periodic)

    def __repr__(self) -> str:
        """Return shape, size and number of grains."""
        shape = " x ".join(map(str, self.shape))
        size = " x ".join(f"{n * s:g}" for n, s in zip(self.shape, self.spacing))
        grains = count_text(self.n_grains, "grain")
        return f"<Microstructure {shape} voxels, {size} µm, {grains}>"

    @property
    def shape(self) -> tuple[int, int, int]:
        """Voxels along x, y, z."""
        nx, ny, nz = self.grain_id.shape
        return nx, ny, nz

    @property
    def axes(self) -> tuple[int, ...]:
        """Axes with more than one voxel; see `long_axes`.

        Examples
        --------
        >>> Microstructure(np.ones((4, 1, 4), int)).axes
        (0, 2)
        """
        return long_axes(self.shape)

    @property
    def mask(self) -> np.ndarray:
        """Voxels inside the part (bool, shape (nx, ny, nz))."""
        return self.grain_id > 0

    @property
    def n_voxels(self) -> int:
        """Number of voxels inside the part."""
        return int(np.count_nonzero(self.grain_id))

    @property
    def n_grains(self) -> int:
        """Number of different grain IDs > 0."""
        return self.ids().size

    def ids(self) -> np.ndarray:
        """Return the grain IDs that voxels have, ascending (int32, shape (n,))."""
        compact, ids = self.compact()
        sizes = np.bincount(compact.grain_id.ravel(), minlength=1)
        return ids[np.flatnonzero(sizes[1:]) + 1]

    def grain_volumes(self) -> np.ndarray:
        """Return the number of voxels of each grain, in the order of `ids`.

        Returns
        -------
        numpy.ndarray, int64, shape (n_grains,)
        """
        sizes = np.bincount(self.compact()[0].grain_id.ravel(), minlength=1)[1:]
        return sizes[sizes > 0]

    def diameters(self) -> np.ndarray:
        """Return the equivalent diameter of each grain, in the order of `ids`.

        Returns
        -------
        numpy.ndarray, float64, shape (n_grains,)
            Diameters of the balls of equal volume, µm. In a section one voxel thick,
            those of the circles of equal area, and in a volume that is a line of
            voxels, lengths.

        Examples
        --------
        >>> section = np.array([[[1, 3, 3], [1, 3, 3]]])
        >>> Microstructure(section).diameters().round(3)
        array([1.596, 2.257])
        """
        axes = self.axes
        cell = float(np.prod([self.spacing[axis] for axis in axes]))
        return ball_diameter(self.grain_volumes() * cell, len(axes))

    def crop(self, box: tuple[slice, slice, slice]) -> Microstructure:
        """Return the voxels in a box; axes that it cuts are no longer periodic.

        Parameters
        ----------
        box : three slices
            Voxel ranges along x, y, z, with step 1.

        Raises
        ------
        InputError
            If the box is empty, or is no three slices with step 1.
        """
        ranges = [s.indices(n) for s, n in zip(as_slices(box), self.shape)]
        if any(start >= stop for start, stop, _ in ranges):
            raise InputError(f"the box {box} has no voxel of a volume of {self.shape}")
        lows = [start for start, _, _ in ranges]
        return replace(
            self,
            grain_id=self.grain_id[tuple(slice(a, b) for a, b, _ in ranges)],
            origin=tuple(o + a * s for o, a, s in zip(self.origin, lows, self.spacing)),
            periodic=tuple(
                p and b - a == n
                for p, (a, b, _), n in zip(self.periodic, ranges, self.shape)
            ),
        )

    def compact(self) -> tuple[Microstructure, np.ndarray]:
        """Return the same grains with IDs fit to be indices, and their own IDs.

        Arrays with a row for each ID then take memory by the number of grains. The
        order of the grains stays.

        Returns
        -------
        volume : Microstructure
            This one if its largest ID is not far above the number of its grains.
        ids : numpy.ndarray, int32, shape (largest ID of volume + 1,)
            The ID here of each ID there; 0 is 0.

        Examples
        --------
        >>> m, ids = Microstructure(np.array([[[2_000_000_000, 7, 0]]])).compact()
        >>> m.grain_id.tolist(), ids.tolist()
        ([[[2, 1, 0]]], [0, 7, 2000000000])
        """
        largest = int(self.grain_id.max())
        if largest <= max(_FEW_IDS, self.grain_id.size // _VOXELS_PER_ID):
            return self, np.arange(largest + 1, dtype=np.int32)
        # Most voxels have the grain of the one before them: only runs are sorted.
        flat = self.grain_id.ravel()
        starts = np.flatnonzero(np.append(True, flat[1:] != flat[:-1]))
        ids, of_run = np.unique(np.append(0, flat[starts]), return_inverse=True)
        if ids.size > largest // 2:
            return self, np.arange(largest + 1, dtype=np.int32)
        lengths = np.diff(np.append(starts, flat.size))
        grain_id = np.repeat(of_run[1:].astype(np.int32), lengths)
        grain_id.flags.writeable = False
        volume = replace(
            self,
            grain_id=grain_id.reshape(self.shape),
            orientations=self.orientations and self.orientations.rows(ids[1:]),
        )
        return volume, ids.astype(np.int32)

    def relabel(self) -> Microstructure:
        """Return the same grains with IDs 1..n in the order of their first voxels.

        Examples
        --------
        >>> Microstructure(np.array([[[7, 0, 2, 7]]])).relabel().grain_id.tolist()
        [[[1, 0, 2, 1]]]
        """
        ids, first, inverse = np.unique(
            self.grain_id, return_index=True, return_inverse=True
        )
        inside = ids > 0
        new = np.zeros(ids.size, np.int32)
        new[np.flatnonzero(inside)[np.argsort(first[inside])]] = np.arange(
            1, inside.sum() + 1
        )
        old = ids[np.argsort(new)][-inside.sum() :] if inside.any() else ids[:0]
        return replace(
            self,
            grain_id=new[inverse].reshape(self.shape),
            orientations=self.orientations and self.orientations.rows(old),
        )

    def masked(self, inside: np.ndarray) -> Microstructure:
        """Return the volume with all voxels outside a mask set to 0.

        Parameters
        ----------
        inside : numpy.ndarray, bool, shape (nx, ny, nz)
            True = keep.

        Raises
        ------
        InputError
            If the mask does not have the shape of the volume.
        """
        if np.shape(inside) != self.shape:
            raise InputError(
                f"the mask has shape {np.shape(inside)}, the volume {self.shape}"
            )
        return replace(self, grain_id=np.where(inside, self.grain_id, 0))

    def save(self, path: str | Path) -> Path:
        """Write to a file in the format of its suffix; see `grainpaint.formats.write`.

        Returns
        -------
        Path
            The path written.
        """
        from grainpaint import formats

        return formats.write(self, path)

    def plot(self, ipf: str | None = None) -> Figure:
        """Draw slices across x, y and z.

        Parameters
        ----------
        ipf : {'x', 'y', 'z'}, optional
            Colors show the crystal directions along this axis of the sample (inverse
            pole figures); without it, they tell grains apart.

        Returns
        -------
        matplotlib.figure.Figure
            Three panels, in mm or µm; save it with `savefig`.

        Raises
        ------
        InputError
            If directions are to be shown and there are no orientations, or no color key
            for the symmetry.
        """
        from grainpaint.drawing.coloring import coloring
        from grainpaint.drawing.plot import plot_volume

        volume = self.compact()[0]
        return plot_volume(volume, colored=coloring(volume, ipf))

    def to_pyvista(self) -> ImageData:
        """Return the volume for PyVista and VTK.

        Returns
        -------
        pyvista.ImageData
            One cell per voxel, with cell data `grain_id`; lengths in µm.
        """
        from pyvista import ImageData

        grid = ImageData(
            dimensions=tuple(n + 1 for n in self.shape),
            spacing=self.spacing,
            origin=self.origin,
        )
        grid.cell_data["grain_id"] = self.grain_id.ravel(order="F")  # x runs fastest
        return grid

    def _repr_html_(self) -> str:
        """Return a table and a slice, for notebooks."""
        from grainpaint.drawing.notebook import summary_html

        return summary_html(self)


def new_ids(known: np.ndarray, n: int) -> np.ndarray:
    """Return n IDs that no grain has.

    Parameters
    ----------
    known : numpy.ndarray, integer
        IDs in use.
    n : int

    Returns
    -------
    numpy.ndarray, int64, shape (n,)
        Those above the largest one, or the smallest free ones where 32 bits end.

    Examples
    --------
    >>> new_ids(np.array([1, 7]), 2).tolist()
    [8, 9]
    >>> new_ids(np.array([1, 2**31 - 1]), 2).tolist()
    [2, 3]
    """
    first = int(known.max(initial=0)) + 1
    if first + n - 1 <= np.iinfo(np.int32).max:
        return first + np.arange(n)
    used = np.unique(known)
    return np.setdiff1d(np.arange(1, used.size + n + 1), used)[:n]


def cut(values: np.ndarray, box: VoxelBox) -> np.ndarray:
    """Return a box of an array, filled with 0 where it reaches beyond the array.

    Parameters
    ----------
    values : numpy.ndarray
    box : VoxelBox
        First index and last index + 1 along each axis; may be negative or too large.
    """
    result = np.zeros([b - a for a, b in box], values.dtype)
    inner = [(max(a, 0), min(b, n)) for (a, b), n in zip(box, values.shape)]
    if all(a < b for a, b in inner):
        here = tuple(slice(p - a, q - a) for (p, q), (a, _) in zip(inner, box))
        result[here] = values[tuple(slice(p, q) for p, q in inner)]
    return result
