"""From the coordinates of points to the grid that they form."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from grainpaint.errors import InputError

__all__ = ["PointGrid", "Stated", "point_grid"]

_FARTHEST = 1e15
_OFF = 0.2  # of a step: how far a point may lie from its place
_PLACES = 10, 100_000  # places of a grid: so many for a point, and in any case
_LEAST_FILLED = 0.75  # of the places of a grid whose steps are by the number of places
_SAME = 2e-3  # relative difference of steps that are equal but for rounding


@dataclass(frozen=True)
class Stated:
    """What a header says of the grid; None or 0 what it does not say."""

    columns: int | None = None
    columns_even: int | None = None  # of every second row of a hexagonal grid
    rows: int | None = None
    step_x: float | None = None
    step_y: float | None = None
    hexagonal: bool | None = None


@dataclass(frozen=True, eq=False)
class PointGrid:
    """Which point each voxel has, and the place of the voxels.

    Parameters
    ----------
    point : numpy.ndarray, int64, shape (nx, ny, nz)
        -1 where there is no point.
    spacing, origin : three floats
        In the unit of the coordinates; points are the centers of voxels.
    notes : tuple of str
    """

    point: np.ndarray
    spacing: tuple[float, ...]
    origin: tuple[float, ...]
    notes: tuple[str, ...]


def point_grid(
    x: np.ndarray, y: np.ndarray, z: np.ndarray | None = None, stated: Stated = Stated()
) -> PointGrid:
    """Find the grid of points; coordinates count more than the header.

    Parameters
    ----------
    x, y, z : numpy.ndarray, float64, shape (n,)
        z may be left out.
    stated : Stated
        What the header says.

    Raises
    ------
    InputError
        If there are no points, they are on no grid, two are at the same place, or
        the file seems cut off.

    Notes
    -----
    The rows of a hexagonal grid are kept: its voxels are squares as wide as the
    distance of rows, each with its nearest point.
    """
    if x.size == 0:
        raise InputError("has no points: it is cut off after its header")
    axes = [x, y] if z is None else [x, y, z]
    if not all((np.abs(values) <= _FARTHEST).all() for values in axes):
        raise InputError("damaged: a coordinate is not a number, or beyond 1e15")
    hints = (stated.step_x, stated.step_y, None)
    steps = [_step(values, hint) for values, hint in zip(axes, hints)]
    found = [_places(values, step) for values, step in zip(axes, steps)]
    if not all(on for _, on in found):
        counted = [_counted_step(values, hint) for values, hint in zip(axes, hints)]
        again = [_places(values, step) for values, step in zip(axes, counted)]
        if all(on for _, on in again) and _filled(again) > _LEAST_FILLED:
            steps, found = counted, again
    (columns, on_columns), (rows, on_rows) = found[:2]
    layers, on_layers = (0 * rows, True) if z is None else found[2]
    if not (on_rows and on_layers):
        raise InputError(_no_grid(x.size))
    notes: list[str] = []
    if not on_columns:
        if z is not None:
            raise InputError(_no_grid(x.size))
        return _resampled(x, y, rows, steps, stated)
    if stated.hexagonal:
        notes.append("its header says HexGrid, but its points are on a square grid")
    shape = tuple(int(p.max()) + 1 for p in (columns, rows, layers))
    for_each, anyway = _PLACES
    if np.prod(shape, dtype=float) > max(for_each * columns.size, anyway):
        raise InputError(_no_grid(x.size))
    point = np.full(shape, -1, np.int64)
    point[columns, rows, layers] = np.arange(x.size)
    n_places = int((point >= 0).sum())
    if n_places < x.size:
        raise InputError(
            f"{x.size - n_places:,} of its {x.size:,} points are at the place of "
            "another: save one map, of one layer"
        )
    if z is None:
        in_order = _in_order(columns, rows)
        notes += _compared(stated, shape, steps, x.size if in_order else point.size)
    if n_places < point.size:
        notes.append(
            f"{point.size - n_places:,} of its {point.size:,} places have no point"
        )
    width = next((s for s in steps if s is not None), 1.0)
    spacing = [width if s is None else s for s in (*steps, None)[:3]]
    low = [float(values.min()) for values in (*axes, np.zeros(1))[:3]]
    origin = tuple(a - s / 2 for a, s in zip(low, spacing))
    return PointGrid(point, tuple(spacing), origin, tuple(notes))


def _no_grid(n: int) -> str:
    return f"its {n:,} points are not on a grid: neither square nor hexagonal"


def _step(values: np.ndarray, hint: float | None) -> float | None:
    """Return the distance of neighboring places along an axis, None for one place."""
    low, high = float(values.min()), float(values.max())
    if high - low <= 1e-9 * max(1.0, abs(high)):
        return hint or None
    far = np.abs(np.diff(values))
    rough = float(np.median(far[far > 1e-6 * (high - low)]))
    step = (high - low) / max(1, round((high - low) / rough))
    if not _fits(values, step):  # hexagonal, with rows that end half a step further
        step = (high - low) / (max(1, round((high - low) / rough - 0.5)) + 0.5)
    if not _fits(values, step):  # in another order than row by row
        gaps = np.diff(np.unique(values))
        step = float(np.median(gaps[gaps > 0.1 * gaps.max()]))
        step = (high - low) / max(1, round((high - low) / step))
    return hint if hint and _equal(hint, step) else step


def _counted_step(values: np.ndarray, hint: float | None) -> float | None:
    """Return the distance of places by their number, in whatever order they come."""
    low, high = float(values.min()), float(values.max())
    if high - low <= 1e-9 * max(1.0, abs(high)):
        return hint or None
    gaps = np.diff(np.unique(values))
    step = (high - low) / int((gaps > 0.1 * gaps.max()).sum())
    return hint if hint and _equal(hint, step) else step


def _filled(found: list[tuple[np.ndarray, bool]]) -> float:
    """Return how many points there are for each place; a half if hexagonal."""
    places = np.prod([float(number.max()) + 1 for number, _ in found])
    return float(found[0][0].size / places)


def _equal(one: float, other: float) -> bool:
    return abs(one - other) <= _SAME * other


def _fits(values: np.ndarray, step: float) -> bool:
    """Return whether all values are whole or half steps away from the smallest."""
    halves = (values - values.min()) / step * 2
    return bool((np.abs(halves - np.rint(halves)) <= 2 * _OFF).all())


def _places(values: np.ndarray, step: float | None) -> tuple[np.ndarray, bool]:
    """Return the number of each value along its axis, and whether all lie on places."""
    low, high = values.min(), values.max()
    if step is None or high == low:
        return np.zeros(values.size, np.int64), True
    exact = (high - low) / max(1, round((high - low) / step))
    place = (values - low) / exact
    number = np.rint(place)
    return number.astype(np.int64), bool((np.abs(place - number) <= _OFF).all())


def _in_order(columns: np.ndarray, rows: np.ndarray) -> bool:
    """Return whether points come row by row, none left out before the last one."""
    width = int(columns.max()) + 1
    return bool((columns + width * rows == np.arange(columns.size)).all())


def _compared(
    stated: Stated, shape: tuple[int, ...], steps: list[float | None], n_points: int
) -> list[str]:
    """Compare a grid with what the header says of it; raise if the file is cut off.

    The number of points is that up to the last one, row by row.
    """
    columns, rows = stated.columns, stated.rows
    if columns is None or rows is None:
        return [f"its header states no grid: {shape[0]} x {shape[1]} by coordinates"]
    if columns <= 0 or rows <= 0:
        raise InputError(f"damaged: its header states {columns} x {rows} points")
    hints = (stated.step_x, stated.step_y)
    same = all(
        hint is None or step is None or _equal(hint, step)
        for hint, step in zip(hints, steps)
    )
    whole_rows = shape[0] == columns or shape[1] == 1
    if same and whole_rows and n_points < columns * rows:
        raise InputError(
            f"cut off: it has {n_points:,} points of the {columns} x {rows} that its "
            "header states"
        )
    if same and (columns, rows) == shape[:2]:
        return []
    said = f"{columns} x {rows} points"
    if hints[0]:
        said += f" of {hints[0]:g}"
    found = f"{shape[0]} x {shape[1]}" + (f" of {steps[0]:g}" if steps[0] else "")
    return [f"its header states {said}, its coordinates {found}: the latter count"]


def _resampled(
    x: np.ndarray,
    y: np.ndarray,
    rows: np.ndarray,
    steps: list[float | None],
    stated: Stated,
) -> PointGrid:
    """Return squares with the nearest points of a hexagonal grid."""
    step, height = steps[0], steps[1]
    if step is None or height is None:
        raise InputError(_no_grid(x.size))
    place = (x - x.min()) / step
    shift = np.zeros(int(rows.max()) + 1)
    np.maximum.at(shift, rows, np.abs(place - np.rint(place)))
    shift = np.where(shift > 0.5 - _OFF, 0.5, 0.0)
    number = place - shift[rows]
    columns = np.rint(number).astype(np.int64)
    if (np.abs(number - columns) > _OFF).any() or (np.diff(shift) == 0).any():
        raise InputError(_no_grid(x.size))
    table = np.full((columns.max() + 1, rows.max() + 1), -1, np.int64)
    table[columns, rows] = np.arange(x.size)
    if (table >= 0).sum() < x.size:
        raise InputError("several points are at one place: save one map, of one layer")
    odd, even = stated.columns or 0, stated.columns_even or 0
    due = odd * -(-(stated.rows or 0) // 2) + even * ((stated.rows or 0) // 2)
    if x.size < due and len(table) == max(odd, even):
        raise InputError(
            f"cut off: it has {x.size:,} of {due:,} points that its header states"
        )
    width = float(place.max() + 1) * step
    n = max(1, int(width / height))
    centers = (np.arange(n) + 0.5) * height / step - 0.5
    nearest = np.rint(centers[:, None] - shift[None, :]).astype(np.int64)
    last = np.where(table >= 0, np.arange(len(table))[:, None], 0).max(0)
    nearest = np.clip(nearest, 0, last)
    point = np.take_along_axis(table, nearest, 0)[:, :, None]
    note = (
        f"hexagonal grid of {x.size:,} points, {step:g} apart: resampled to squares of "
        f"{height:.4g}, each with its nearest point"
    )
    origin = (float(x.min()) - step / 2, float(y.min()) - height / 2, -height / 2)
    return PointGrid(point, (height, height, height), origin, (note,))
