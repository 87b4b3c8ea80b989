"""Layers of parallel tracks along x or y, and stacks of layers, as in SPPARKS."""

from typing import Literal

import numpy as np

from grainpaint.errors import InputError
from grainpaint.simulate.am.scan import Corner, Point, ScanPath, Segment, make_path

__all__ = ["cartesian_layer", "stack_layers"]

_MOST_TRACKS = 1_000_000


def cartesian_layer(
    shape: tuple[int, ...],
    direction: Literal["x", "y"],
    speed: float,
    hatch: float,
    start: Corner = "LL",
    offset: Point = (0.0, 0.0),
    overhatch: float = 0.0,
    serpentine: bool = True,
) -> list[Segment]:
    """Return the tracks of SPPARKS' ``am pass`` with ``am cartesian_layer``.

    Parameters
    ----------
    shape : three ints
        Voxels of the box.
    direction : "x" or "y"
        Axis along which the tracks run.
    speed, hatch : float
        Voxels per unit of time; distance between tracks.
    start : corner
        Where the layer begins: lower or upper (y), left or right (x).
    offset : two floats
        Shift of the start; the other ends of the tracks shift the opposite way.
    overhatch : float
        Added to the far limit of the tracks.
    serpentine : bool
        Whether every other track runs back.

    Raises
    ------
    InputError
        If the speed or the hatch is not positive, or no track is left.
    """
    for name, value in (("speed", speed), ("hatch", hatch)):
        if not 0 < value < np.inf:
            raise InputError(f"the {name} of a pass must be above 0, got {value}")
    along = 0 if direction == "x" else 1
    across = 1 - along
    high = {0: start[1] == "R", 1: start[0] == "U"}
    tail = shape[along] + offset[along] if high[along] else offset[along]
    head = shape[along] - tail
    if high[across]:
        first, last, step = shape[across] + offset[across], overhatch, -hatch
    else:
        first, last, step = offset[across], shape[across] + overhatch, hatch
    count = np.floor((last - first) / step + 1e-9) + 1
    if not count >= 1 or tail == head:
        raise InputError(
            f"a layer of {direction} tracks from corner {start} with offset {offset} "
            f"has no track in a box of {shape[0]} x {shape[1]}"
        )
    if count > _MOST_TRACKS:
        raise InputError(f"{count:.6g} tracks in a layer: the hatch is too fine")
    tracks = []
    for i in range(int(count)):
        back = serpentine and i % 2 == 1
        ends = [(head if back else tail), (tail if back else head)]
        line = first + i * step
        a, b = ((e, line) if along == 0 else (line, e) for e in ends)
        tracks.append(Segment(a, b, speed))
    return tracks


def stack_layers(
    layers: list[tuple[list[Segment], float]], first: float, n_layers: int
) -> ScanPath:
    """Return the path of a stack of layers, as built by SPPARKS' ``am build``.

    Parameters
    ----------
    layers : list of (tracks, thickness)
        The pattern; it repeats.
    first : float
        Height of the surface while the first layer is scanned, voxels.
    n_layers : int
        Number of layers; after each the surface rises by its thickness.

    Raises
    ------
    InputError
        If there is no layer, or a thickness is below 0.
    """
    if not layers or n_layers < 1:
        raise InputError(f"a build needs at least one layer, got {n_layers}")
    segments, heights = [], []
    z = first
    for i in range(n_layers):
        tracks, thickness = layers[i % len(layers)]
        if not thickness >= 0:
            raise InputError(f"the thickness of a layer must be >= 0, got {thickness}")
        segments += tracks
        heights += [z] * len(tracks)
        z += thickness
    return make_path(segments, heights)
