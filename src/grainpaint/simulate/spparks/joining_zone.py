"""The melt pool and the zone of ``potts/weld/jom`` as a table of mobilities."""

import math

import numpy as np

from grainpaint.simulate.am.zone_table import ZoneTable
from grainpaint.simulate.spparks.applications import JoiningApp

__all__ = ["joining_zone"]

_MOLTEN = 2.0  # any mobility above 1


def joining_zone(app: JoiningApp, box: tuple[int, int]) -> ZoneTable:
    """Return the pool and its zone, from its front (along = 0) at the top of the box.

    Parameters
    ----------
    app : JoiningApp
    box : two ints
        Sites of the box along x and z.

    Notes
    -----
    The pool and the sites have whole coordinates, so nothing is interpolated. As in
    SPPARKS, all of an ellipsoid's zone has the mobility of its outermost shell, and a
    keyhole's zone that of the shells; lengths in whole numbers are halved as such.
    """
    nz = box[1]
    half = app.haz // 2
    if app.kind > 2:
        behind, ahead = 0, app.length
    else:
        deep = app.deep_length or int(0.25 * nz)
        behind, ahead = app.length + int((app.haz - app.width) / 2), int(deep / 2)
    x = np.arange(-behind - 1, ahead + 3)
    y, z = np.arange(half + 3), -np.arange(nz + 2)
    along, across, height = np.meshgrid(x, y, z, indexing="ij", sparse=True)
    if app.kind > 2:
        mobility = _prism(app, along, across) + 0 * height
    else:
        mobility = _shallow(app, along, across, height, nz)
        if app.kind == 2:
            deep_part = _keyhole(app, along, across, height, box)
            mobility = np.maximum(mobility, deep_part)
    inside = (along >= -behind) & (along <= ahead) & (across <= half)
    mobility = np.where(inside, mobility, 0)
    distance = np.where(mobility > 1, -1, 1 - mobility).astype(np.float32)
    reach = np.array([behind + 0.5, ahead + 0.5, half + 0.5, nz, 0.0])
    return ZoneTable(distance, int(x[0]), reach, 0, np.empty(0), 0.0)


def _ellipsoid(axes: tuple[float, float, float], *place: np.ndarray) -> np.ndarray:
    """Return where points lie inside an ellipsoid, rounded as in SPPARKS.

    Many sites lie exactly on a shell, and a pool that moves drags them along.
    """
    along, across = (p / a for p, a in zip(place[:2], axes[:2]))
    height = place[2].astype(np.float32) / np.float32(axes[2])
    inside: np.ndarray = across**2 + along**2 + height.astype(float) ** 2 <= 1
    return inside


def _shallow(
    app: JoiningApp, along: np.ndarray, across: np.ndarray, height: np.ndarray, nz: int
) -> np.ndarray:
    """Return the mobilities of the wide ellipsoid and the shells around it."""
    depth = app.depth or int(0.33 * nz)
    place = along + app.length / 2, across, height
    axes = app.length / 2, app.width / 2, float(depth)
    n_shells = int((app.haz - app.width) / 2)
    mobility = np.zeros(np.broadcast_shapes(*(p.shape for p in place)))
    for k in range(n_shells, -1, -1):
        shell = n_shells if app.kind == 1 else k
        grown = (axes[0] + k, axes[1] + k, axes[2] + k)
        mobility[_ellipsoid(grown, *place)] = math.exp(-shell * app.decay)
    mobility[_ellipsoid(axes, *place)] = _MOLTEN
    return mobility


def _keyhole(
    app: JoiningApp,
    along: np.ndarray,
    across: np.ndarray,
    height: np.ndarray,
    box: tuple[int, int],
) -> np.ndarray:
    """Return the mobilities of the narrow ellipsoid through the plate."""
    nx, nz = box
    width = app.deep_width or int(0.25 * nx)
    length = app.deep_length or int(0.25 * nz)
    center = math.ceil(app.length / 4)
    axes = length / 2, width / 2, nz * 1.1
    behind = along + center + app.length / 8, across, height
    mobility = np.zeros(np.broadcast_shapes(along.shape, across.shape, height.shape))
    for k in range(int(width / 2), -1, -1):
        grown = (axes[0] + k, axes[1] + k, axes[2] + k)
        mobility[_ellipsoid(grown, *behind)] = 0.5 * math.exp(-k * app.decay)
    mobility[_ellipsoid(axes, along + center, across, height)] = _MOLTEN
    return mobility


def _prism(app: JoiningApp, along: np.ndarray, across: np.ndarray) -> np.ndarray:
    """Return the mobilities of a pool that has the same outline at all depths."""
    n, rear = app.width, app.length - app.cap
    s = np.clip(along, 0, app.length).astype(float)
    front = n - np.maximum(s - rear, 0) ** (math.log(n) / math.log(app.cap))
    with np.errstate(divide="ignore", invalid="ignore"):
        if app.kind == 3:
            back = (n // rear) * s
        elif app.kind == 4:
            back = n - np.maximum(rear - s, 0) ** (math.log(n) / math.log(rear))
        else:
            back = np.sqrt(s) * n / math.sqrt(rear)
        width = np.where(s >= rear, front, back)
        slope = 2.0 / (app.haz - width)
    mobility = slope * (app.haz / 2 - np.abs(across))
    return np.where((mobility > 1) | (mobility < 0), _MOLTEN, mobility)
