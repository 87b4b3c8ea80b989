"""Rows of text, one per site: parsed, checked and put in their places.

Site IDs count x fastest over the lattice, including one more plane on every axis that
is not periodic. So places come from x, y, z if a file has them, and from IDs only if
these fit one such numbering exactly.
"""

from io import BytesIO
from itertools import product
from math import prod

import numpy as np

from grainpaint.errors import InputError, brief

__all__ = [
    "parse_rows",
    "places_of_coordinates",
    "places_of_ids",
    "scatter",
    "site_ids",
    "to_integers",
]


def parse_rows(
    where: str, body: bytes, n_rows: int, n_columns: int, columns: list[int]
) -> np.ndarray:
    """Return some columns of rows of numbers, after checking how many there are."""
    body = body.rstrip()
    found = body.count(b"\n") + 1 if body else 0
    last = body[body.rfind(b"\n") + 1 :].split()
    announced = brief(f"{n_rows:,}", 40)
    if found < n_rows or (found == n_rows and len(last) < n_columns):
        raise InputError(f"{where} is cut off: {found:,} rows of {announced}")
    if found > n_rows or not found:
        raise InputError(f"{where} has {found:,} rows, but announces {announced}")
    try:
        table: np.ndarray = np.loadtxt(BytesIO(body), comments=None, ndmin=2)
    except ValueError as error:
        raise InputError(f"{where}: {brief(error)}") from None
    if table.shape[1] != n_columns:
        raise InputError(f"{where} has {table.shape[1]} columns, but names {n_columns}")
    return table[:, columns]


def to_integers(where: str, column: np.ndarray) -> np.ndarray:
    """Turn a column into integers (IDs may exceed 32 bits)."""
    if not (np.abs(column) < 2.0**53).all():
        raise InputError(f"{where} has spins or IDs that are not numbers below 2^53")
    whole = column.astype(np.int64)
    if (whole != column).any():
        raise InputError(f"{where} has spins or IDs that are not integers")
    return whole


def places_of_coordinates(
    where: str, coordinates: list[np.ndarray], box: np.ndarray
) -> tuple[tuple[np.ndarray, ...], float, tuple[float, ...]]:
    """Turn coordinates into indices; return lattice constant and origin too."""
    if not all(np.isfinite(c).all() for c in coordinates):
        raise InputError(f"{where} has coordinates that are not finite")
    lines = [np.unique(c) for c in coordinates]
    steps = np.concatenate([np.diff(line) for line in lines])
    spacing = float(np.median(steps)) if steps.size else 1.0
    if steps.size and abs(steps - spacing).max() > 1e-3 * spacing:
        raise InputError(
            f"{where}: sites are missing, or are not on a square or cubic lattice"
        )
    for name, line, (low, high) in zip("xyz", lines, box):
        if line.size > 1 and line.size * spacing <= high - low - spacing * (1 - 1e-6):
            raise InputError(
                f"{where}: sites are missing: {line.size} planes along {name} in a "
                f"box from {low:g} to {high:g}; dump the whole box"
            )
    place = tuple(
        np.rint((c - line[0]) / spacing).astype(np.int64)
        for c, line in zip(coordinates, lines)
    )
    return place, spacing, tuple(float(line[0]) for line in lines)


def site_ids(shape: tuple[int, ...], periodic: tuple[bool, ...]) -> np.ndarray:
    """Return the IDs that SPPARKS gives to the sites of a box.

    Parameters
    ----------
    shape : three ints
        Sites along x, y, z.
    periodic : three bools
        On an axis that is not periodic, SPPARKS counts one more plane than it keeps.

    Returns
    -------
    numpy.ndarray, int64, shape (nx, ny, nz)

    Examples
    --------
    >>> site_ids((2, 2, 1), (False, True, True))[:, :, 0].tolist()
    [[1, 4], [2, 5]]
    """
    nx, ny = (n + (not p) for n, p in zip(shape[:2], periodic))
    x, y, z = np.ogrid[tuple(slice(n) for n in shape)]
    ids: np.ndarray = 1 + x + nx * (y + ny * z)
    return ids


def places_of_ids(
    where: str, ids: np.ndarray, box: np.ndarray
) -> tuple[np.ndarray, ...]:
    """Find the numbering of sites that explains the IDs exactly; return places."""
    edges = box[:, 1] - box[:, 0]
    if np.abs(edges - np.rint(edges)).max() > 1e-6:
        stated = " x ".join(f"{edge:g}" for edge in edges)
        raise InputError(
            f"{where} has no x y z, and its box of {stated} holds no whole number of "
            "sites along an axis: dump id site x y z"
        )
    shape = tuple(max(1, round(edge)) for edge in edges)
    if ids.size != prod(shape):
        stated = " x ".join(brief(n, 20) for n in shape)
        raise InputError(
            f"{where} has {ids.size:,} sites, but its box of {stated} has "
            f"{brief(f'{prod(shape):,}', 40)}, and no x y z: dump id site x y z of the "
            "whole box"
        )
    order = np.argsort(ids, kind="stable")
    ordered = ids[order]
    if (ordered[1:] == ordered[:-1]).any():
        raise InputError(f"{where} has a site twice")
    for periodic in product((True, False), repeat=2):
        known = site_ids(shape, (*periodic, True)).transpose(2, 1, 0).ravel()
        if np.array_equal(known, ordered):
            rank = np.empty_like(order)
            rank[order] = np.arange(ids.size)
            z, y, x = np.unravel_index(rank, shape[::-1])
            return x, y, z
    raise InputError(
        f"{where} has site IDs that fit no numbering of its box: sites are missing"
    )


def scatter(where: str, place: tuple[np.ndarray, ...], spin: np.ndarray) -> np.ndarray:
    """Put each spin in its place; check that every site occurs once."""
    shape = tuple(int(axis.max()) + 1 for axis in place)
    n_sites = prod(shape)
    if n_sites > place[0].size:
        raise InputError(
            f"{where} lacks {n_sites - place[0].size:,} of the {n_sites:,} sites of "
            "its box"
        )
    at = np.ravel_multi_index(place, shape)
    count = np.bincount(at, minlength=n_sites)
    if count.max() > 1:
        x, y, z = np.unravel_index(int(count.argmax()), shape)
        raise InputError(f"{where} has the site at index ({x}, {y}, {z}) twice")
    limits = np.iinfo(np.int32)
    if spin.min() < limits.min or spin.max() > limits.max:
        raise InputError(f"{where} has spins beyond 32 bits")
    box = np.empty(n_sites, np.int32)
    box[at] = spin
    return box.reshape(shape)
