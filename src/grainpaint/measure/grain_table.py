"""The table of grains: size, place, shape, surface and neighbors of each."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from grainpaint.diameter import ball_diameter
from grainpaint.formats import loaded
from grainpaint.formats.slabs import Slabs
from grainpaint.measure.dimensions import (
    BOUNDARY,
    CONTENT,
    boundary_size,
    boundary_size_of_faces,
    cell_size,
    diameters_are,
)
from grainpaint.measure.kernel_average import kernel_averages
from grainpaint.measure.ratio import ratio
from grainpaint.measure.tally import Tally, tally
from grainpaint.microstructure import Microstructure
from grainpaint.units import count_text

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["contacts", "phase_rows", "table"]

Measurable = Microstructure | Slabs | str | Path


def _centroids(counted: Tally, grain: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Return the mean voxel index of each grain, within the box."""
    sums = counted.sums[grain]
    mean = sums[:, 1:4] / sums[:, :1] + counted.cut[grain]
    place: np.ndarray = np.where(counted.cut[grain] > 0, mean % np.array(shape), mean)
    return place


def _covariances(sums: np.ndarray) -> np.ndarray:
    """Return the covariance of the voxel indices of each grain (shape (n, 3, 3))."""
    n = sums[:, 0]
    center = np.round(sums[:, 1:4] / n[:, None]).astype(np.int64)
    rest = (sums[:, 1:4] - n[:, None] * center) / n[:, None]
    result = np.empty((n.size, 3, 3))
    for column, (i, j) in enumerate([(0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2)]):
        s_i, s_j, c_i, c_j = sums[:, 1 + i], sums[:, 1 + j], center[:, i], center[:, j]
        # Shifting the origin to the centroid in integers avoids cancellation.
        moved = sums[:, 4 + column] - c_i * s_j - c_j * s_i + n * c_i * c_j
        result[:, i, j] = result[:, j, i] = moved / n - rest[:, i] * rest[:, j]
    return result


def _principal_axes(covariance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return full axes a >= b >= c, and the direction of a (largest component > 0).

    The matrices may be 3 x 3, 2 x 2 (ellipses) or 1 x 1.
    """
    values, vectors = np.linalg.eigh(covariance)
    values = values[:, ::-1]
    values = np.where(values > 1e-12 * values[:, :1], values, 0.0)
    main = vectors[:, :, -1]
    rows = np.arange(len(main))
    main = main * np.sign(main[rows, np.abs(main).argmax(1)])[:, None]
    # A solid ellipsoid with semi-axis r has variance r^2 / 5 along it; an ellipse has
    # r^2 / 4.
    return 2 * np.sqrt((2 + values.shape[1]) * values), main


def _nearest(place: np.ndarray, volume: Microstructure | Slabs) -> np.ndarray:
    """Return the distance in µm from each centroid to the nearest other one."""
    from scipy.spatial import KDTree

    if len(place) < 2:
        return np.full(len(place), np.nan)
    axes = list(volume.axes)
    wraps = np.array(volume.periodic)[axes]
    size = np.multiply(volume.shape, volume.spacing)[axes]
    box = np.where(wraps, size, 0.0)  # 0 = open
    inside = (place - volume.origin)[:, axes]
    inside = np.where(wraps, inside % size, inside)
    distance: np.ndarray = KDTree(inside, boxsize=box).query(inside, k=2)[0][:, 1]
    return distance


def table(volume: Measurable, counted: Tally | None = None) -> DataFrame:
    """Measure every grain of a volume.

    Parameters
    ----------
    volume : Microstructure or path
        An ID is a grain, in one piece or not (`grainpaint.measure.connected`).
    counted : Tally, optional
        The tally of this volume, if it is known already.

    Returns
    -------
    pandas.DataFrame
        One row per grain, by ID, with these columns (of sections: see notes)

        - grain, voxels, volume_um3: ID, number of voxels and volume;
        - diameter_um: diameter of the ball of equal volume;
        - x_um, y_um, z_um: centroid, origin included;
        - a_um >= b_um >= c_um: full axes of the solid ellipsoid with the same second
          moments: 2 sqrt(5 / voxels) times the singular values of the centered voxel
          coordinates;
        - b_over_a, c_over_a: aspect ratios (NaN for a single voxel);
        - sphericity: pi^(1/3) (6 V)^(2/3) / S, where S is area_um2;
        - area_um2: smoothed surface area (see `grainpaint.measure.surface`);
        - neighbors: number of grains that share a face with it;
        - nearest_um: distance to the nearest other centroid (NaN if there is none);
        - touches_border: whether it lies at an open face of the box or beside voxels
          outside;
        - face_area_um2: surface area in voxel faces;
        - axis_x, axis_y, axis_z: unit vector along a (largest component positive);
        - extent_x, extent_y, extent_z: edges of the bounding box, voxels;
        - kernel_average_deg with orientations, see `grainpaint.measure.kernel_average`;
          phase, by its number, if there are several.

        Faces of the box close the grains that they cut, unless they are periodic.

    Raises
    ------
    InputError
        If the volume has no grain, or its file cannot be read.

    Notes
    -----
    In a section the flat axis is closed, and grains are plane figures: area_um2 is that
    of the grain, diameter_um that of the equal circle; a_um and b_um are the axes of
    the ellipse; perimeter_um is smoothed (`grainpaint.measure.perimeter`),
    edge_length_um in pixel edges; circularity is 4 pi area / perimeter^2. A line of
    voxels has length_um and ends.

    The columns correspond to these properties of
    `skimage.measure.regionprops_table`, which works in voxels unless given a spacing:

    ===================  ==========================================================
    column               property
    ===================  ==========================================================
    grain                label
    voxels               num_pixels
    volume_um3           area
    diameter_um          equivalent_diameter_area
    x_um, y_um, z_um     centroid; skimage's voxel centers lie half a voxel lower
    a_um                 axis_major_length (b_um of sections: axis_minor_length)
    perimeter_um         perimeter_crofton (directions=4), in a section
    extent_x, _y, _z     differences of bbox
    ===================  ==========================================================

    Examples
    --------
    >>> halves = np.ones((8, 8, 8), int)
    >>> halves[4:] = 2
    >>> table(Microstructure(halves))[["voxels", "x_um", "neighbors"]]
       voxels  x_um  neighbors
    0     256   2.0          1
    1     256   6.0          1
    """
    import pandas as pd

    given = volume if isinstance(volume, Slabs) else loaded(volume)
    found = pd.DataFrame(_columns(given, counted or tally(given)))
    found.attrs["diameters"] = diameters_are(given.axes)
    return found


def _columns(volume: Microstructure | Slabs, counted: Tally) -> dict[str, Any]:
    """Return the columns of the table."""
    axes, dimension = volume.axes, len(volume.axes)
    grain = np.flatnonzero(counted.sums[:, 0])
    grain = grain[grain > 0]
    sums, crossings = counted.sums[grain], counted.crossings[grain]
    place = (_centroids(counted, grain, volume.shape) + 0.5) * np.array(volume.spacing)
    place += volume.origin
    content = sums[:, 0] * cell_size(volume.spacing, axes)
    extent = counted.high[grain] - counted.low[grain] + 1
    degree = np.bincount(counted.pairs.ravel(), minlength=len(counted.sums))
    shape, directions = _shape(volume, sums, content, crossings)
    return {
        "grain": counted.ids[grain],
        "voxels": sums[:, 0],
        CONTENT[dimension]: content,
        "diameter_um": ball_diameter(content, dimension),
        **{f"{name}_um": place[:, i] for i, name in enumerate("xyz")},
        **shape,
        "neighbors": degree[grain],
        "nearest_um": _nearest(place, volume),
        "touches_border": counted.at_border[grain],
        BOUNDARY[dimension]: boundary_size_of_faces(
            crossings[:, :3], volume.spacing, axes
        ),
        **directions,
        **{f"extent_{'xyz'[axis]}": extent[:, axis] for axis in axes},
        **_averages(volume, counted.ids[grain]),
    }


def _averages(volume: Microstructure | Slabs, ids: np.ndarray) -> dict[str, np.ndarray]:
    """Return the columns that only volumes with orientations have."""
    known = volume.orientations
    if known is None or not isinstance(volume, Microstructure):
        return {}
    found = {"kernel_average_deg": kernel_averages(volume)[ids]}
    if len(known.symmetry) > 1:
        found["phase"] = known.phase[ids - 1]
    return found


def phase_rows(
    volume: Microstructure | Slabs, found: DataFrame
) -> list[tuple[str, str]]:
    """Return name and content of each phase as text; nothing if there is one.

    Parameters
    ----------
    volume : Microstructure
    found : pandas.DataFrame
        Its table of grains.
    """
    known = volume.orientations
    if "phase" not in found or known is None:
        return []
    whole = found["voxels"].sum()
    rows = []
    for number, (name, symmetry) in enumerate(zip(known.names, known.symmetry), 1):
        own = found["voxels"][found["phase"] == number]
        share = (
            f"{count_text(len(own), 'grain')}, {own.sum() / whole:.1%} of the voxels"
        )
        rows.append((f"phase {number}", f"{name} ({symmetry}): {share}"))
    return rows


def _shape(
    volume: Microstructure | Slabs,
    sums: np.ndarray,
    content: np.ndarray,
    crossings: np.ndarray,
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Return the columns of shape, and of the direction of the longest axis."""
    axes = volume.axes
    if len(axes) == 1:
        return {}, {}
    spacing = np.array(volume.spacing)
    covariance = _covariances(sums) * np.outer(spacing, spacing)
    lengths, main = _principal_axes(covariance[:, axes][:, :, axes])
    with np.errstate(invalid="ignore"):
        ratios = lengths[:, 1:] / lengths[:, :1]
    size = boundary_size(crossings, volume.spacing, axes)
    found = {f"{'abc'[i]}_um": lengths[:, i] for i in range(len(axes))}
    found |= {f"{'bc'[i]}_over_a": ratios[:, i] for i in range(len(axes) - 1)}
    # A grain without any boundary fills a periodic box.
    if len(axes) == 3:
        ball = np.cbrt(np.pi) * (6 * content) ** (2 / 3)
        found |= {"sphericity": ratio(ball, size), "area_um2": size}
    else:
        circle = 4 * np.pi * content
        found |= {"circularity": ratio(circle, size**2), "perimeter_um": size}
    return found, {f"axis_{'xyz'[axis]}": main[:, i] for i, axis in enumerate(axes)}


def contacts(volume: Microstructure) -> DataFrame:
    """Measure the area that each pair of neighboring grains shares.

    Returns
    -------
    pandas.DataFrame
        One row per pair: grain, other (the larger ID), and face_area_um2, the shared
        area in voxel faces; in a section edge_length_um, the shared length in pixel
        edges; in a line of voxels ends, the number of shared ends.

    Raises
    ------
    InputError
        If the volume has no grain.
    """
    import pandas as pd

    counted = tally(volume)
    return pd.DataFrame(
        {
            "grain": counted.ids[counted.pairs[:, 0]],
            "other": counted.ids[counted.pairs[:, 1]],
            BOUNDARY[len(volume.axes)]: boundary_size_of_faces(
                counted.faces, volume.spacing, volume.axes
            ),
        }
    )
