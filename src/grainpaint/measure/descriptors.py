"""The descriptors of grains that `compare` compares: a new one is a new entry here.

Its values are columns of `grainpaint.measure.grain_table.table`, or chord lengths.
Solids have `DESCRIPTORS`; sections one voxel thick, and lines of voxels, have those of
`descriptors_of`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from grainpaint.diameter import long_axes

__all__ = ["DESCRIPTORS", "Descriptor", "descriptors_of"]


@dataclass(frozen=True)
class Descriptor:
    """A quantity that every grain has.

    Parameters
    ----------
    columns : tuple of str
        Columns of the table of grains: one, two for a joint density, none for chords.
    unit : str
        "" for pure numbers.
    title : str
        Name in reports and figures.
    dimension : int
        1, 2 or 3 for lengths, areas and volumes, whose densities are those of the
        logarithm; 0 for pure numbers.
    chord_axis : int, optional
        0, 1 or 2 for chord lengths along x, y or z.
    is_direction : bool
        Whether the value is a component of the main axis: its sign has no meaning, and
        grains without a longest axis have none.
    of_boundaries : bool
        Whether it is the disorientation across boundaries, by their areas.
    """

    columns: tuple[str, ...]
    unit: str
    title: str
    dimension: int = 0
    chord_axis: int | None = None
    is_direction: bool = False
    of_boundaries: bool = False

    @property
    def is_length(self) -> bool:
        """Whether it has a unit of length, so that densities are of the logarithm."""
        return self.dimension > 0


def _direction(axis: str) -> Descriptor:
    title = f"|cos| of main axis and {axis}"
    return Descriptor((f"axis_{axis}",), "", title, is_direction=True)


def _chord(axis: str) -> Descriptor:
    title = f"Chord length along {axis}"
    return Descriptor((), "µm", title, 1, chord_axis="xyz".index(axis))


DESCRIPTORS = {
    "volume": Descriptor(("volume_um3",), "µm³", "Grain volume", 3),
    "aspect_ratio": Descriptor(("b_over_a", "c_over_a"), "", "Aspect ratios b/a, c/a"),
    "nearest": Descriptor(("nearest_um",), "µm", "Nearest centroid", 1),
    "b_over_a": Descriptor(("b_over_a",), "", "Aspect ratio b/a"),
    "c_over_a": Descriptor(("c_over_a",), "", "Aspect ratio c/a"),
    "sphericity": Descriptor(("sphericity",), "", "Sphericity"),
    "area": Descriptor(("area_um2",), "µm²", "Surface area", 2),
    "neighbors": Descriptor(("neighbors",), "", "Neighbors"),
    "direction_x": _direction("x"),
    "direction_y": _direction("y"),
    "direction_z": _direction("z"),
    "chord_x": _chord("x"),
    "chord_y": _chord("y"),
    "chord_z": _chord("z"),
}

_PLANE = {
    "area": Descriptor(("area_um2",), "µm²", "Grain area", 2),
    "diameter": Descriptor(("diameter_um",), "µm", "Diameter of the equal circle", 1),
    "nearest": DESCRIPTORS["nearest"],
    "b_over_a": DESCRIPTORS["b_over_a"],
    "circularity": Descriptor(("circularity",), "", "Circularity"),
    "perimeter": Descriptor(("perimeter_um",), "µm", "Perimeter", 1),
    "neighbors": DESCRIPTORS["neighbors"],
}
# Of volumes whose grains have orientations.
_CRYSTALS = {
    "disorientation": Descriptor(
        (), "°", "Disorientation across boundaries", of_boundaries=True
    ),
    "kernel_average": Descriptor(
        ("kernel_average_deg",), "°", "Kernel average misorientation"
    ),
}
_LINE = {
    "length": Descriptor(("length_um",), "µm", "Grain length", 1),
    "nearest": DESCRIPTORS["nearest"],
}


def descriptors_of(
    shape: Sequence[int], oriented: bool = False
) -> dict[str, Descriptor]:
    """Return the descriptors of grains in volumes of a shape.

    Parameters
    ----------
    shape : three ints
        Voxels along x, y, z.
    oriented : bool
        Whether the grains have orientations, which adds descriptors.

    Returns
    -------
    dict of str to Descriptor
        `DESCRIPTORS` for a solid. For a section, those of plane figures, with
        directions and chords along its two axes; for a line of voxels, lengths.

    Examples
    --------
    >>> list(descriptors_of((64, 1, 64)))[-4:]
    ['direction_x', 'direction_z', 'chord_x', 'chord_z']
    >>> list(descriptors_of((1, 1, 64)))
    ['length', 'nearest', 'chord_z']
    """
    axes = ["xyz"[axis] for axis in long_axes(shape)]
    more = _CRYSTALS if oriented else {}
    if len(axes) == 3:
        return DESCRIPTORS | more
    found = dict(_PLANE if len(axes) == 2 else _LINE)
    if len(axes) == 2:
        found |= {f"direction_{axis}": _direction(axis) for axis in axes}
    return found | {f"chord_{axis}": _chord(axis) for axis in axes} | more
