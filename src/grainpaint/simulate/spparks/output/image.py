"""Dumps of style ``image``: the sites as cubes or spheres, seen from somewhere."""

import math
from pathlib import Path
from typing import NamedTuple

import numpy as np

from grainpaint.formats.files import replace_with
from grainpaint.simulate.spparks.image_request import ImageRequest
from grainpaint.simulate.spparks.output.camera import Camera, camera_of
from grainpaint.simulate.spparks.output.files import place_of
from grainpaint.simulate.spparks.output.frame import Frame
from grainpaint.simulate.spparks.output.paint import site_colors, site_sizes
from grainpaint.simulate.spparks.output.raycast import Scene, cast_rays
from grainpaint.simulate.spparks.requests import Dump, DumpWrite

__all__ = ["draw", "write_image"]

# SPPARKS' lights: degrees to the right of the camera and above it, and how strong they
# are. The first one makes highlights.
_LIGHTS = ((-45, 30, 0.9), (30, 0, 0.45), (180, 15, 0.9))
_HIGHLIGHT = 16  # exponent
_SUFFIXES = {".jpg": "JPEG", ".jpeg": "JPEG", ".png": "PNG"}  # others are PPM


def write_image(frame: Frame, write: DumpWrite, folder: Path) -> None:
    """Draw the sites and write the picture.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    from PIL import Image

    picture = Image.fromarray(draw(frame, write.dump))
    path = place_of(folder, write.path)
    kind = _SUFFIXES.get(path.suffix.lower(), "PPM")
    replace_with(path, lambda aside: picture.save(aside, kind, quality=95))


def draw(frame: Frame, dump: Dump) -> np.ndarray:
    """Return the picture that a dump asks for.

    Returns
    -------
    numpy.ndarray, uint8, shape (height, width, 3)
    """
    image = dump.image
    assert image is not None
    low, high = (np.array(corner) for corner in frame.box.corners)
    camera = camera_of(image, low, high)
    table, row = site_colors(frame.grid(dump.columns[0]), image)
    site, normal, depth = _look(frame, dump, image, camera)
    color = np.empty((*site.shape, 3))
    color[:] = image.background
    seen = site != -1
    outlined = site < -1
    place = np.where(outlined, -2 - site, site)[seen]
    color[seen] = table[row.reshape(-1)[place]]
    color[outlined] = image.boundary_color
    color[seen] = _shade(color[seen], normal[seen], camera, image)
    for line in _lines(image, low, high, frame.box.dimension):
        _draw_line(color, depth, camera, image, line)
    return (color.clip(0, 1) * 255).astype(np.uint8)


def _look(
    frame: Frame, dump: Dump, image: ImageRequest, camera: Camera
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return what each pixel shows (see `cast_rays`), distances from the center."""
    box = frame.box
    a = box.spacing
    size = np.where(
        frame.sites.exists, site_sizes(frame.grid(dump.columns[1]), image) / a, 0.0
    ).astype(np.float32)
    chosen = frame.rows(dump)
    if chosen is not None:
        size.reshape(-1)[frame.order[~chosen]] = 0
    mark, line = np.zeros((1, 1, 1), np.int32), 0.0
    if image.boundary is not None:
        values = frame.grid(image.boundary[0])
        if values.dtype != np.int32:
            values = np.unique(values, return_inverse=True)[1].reshape(box.shape)
        mark, line = values.astype(np.int32), image.boundary[1] / a
    scene = Scene(size, mark, image.cubes, line)
    width, height = image.size
    far = float(np.linalg.norm(box.shape)) * a
    columns = (np.arange(width) - width // 2) * camera.pixel
    rows = (height - 1 - height // 2 - np.arange(height)) * camera.pixel
    corner = camera.center + far * camera.toward - np.array(box.origin)
    site, normal, distance = cast_rays(
        scene,
        corner / a,
        columns[:, None] * camera.right / a,
        rows[:, None] * camera.up / a,
        -camera.toward,
    )
    return site, normal, far - distance * a


def _shade(
    color: np.ndarray, normal: np.ndarray, camera: Camera, image: ImageRequest
) -> np.ndarray:
    """Return the colors of points in the light, with highlights."""
    axes = np.stack([camera.right, camera.up, camera.toward])

    def toward(direction: np.ndarray) -> np.ndarray:
        """Return the cosines of the angles to a direction, 0 behind."""
        x, y, z = direction @ axes
        cosine = normal[:, 0] * x + normal[:, 1] * y + normal[:, 2] * z
        facing: np.ndarray = np.clip(cosine, 0, None)
        return facing

    light = np.zeros(len(normal))
    for right, above, strength in _LIGHTS:
        light += strength * toward(_direction(right, above))
    half = _direction(*_LIGHTS[0][:2]) + np.array([0, 0, 1])
    spot = toward(half / np.linalg.norm(half)) ** (_HIGHLIGHT * image.shiny)
    lit: np.ndarray = color * light[:, None]
    lit += _LIGHTS[0][2] * image.shiny * spot[:, None]
    return lit


def _direction(right: float, above: float) -> np.ndarray:
    """Return the unit vector (right, up, to the camera) of angles in degrees."""
    a, b = math.radians(right), math.radians(above)
    return np.array([math.cos(b) * math.sin(a), math.sin(b), math.cos(b) * math.cos(a)])


class _Line(NamedTuple):
    """A rod from one place to another."""

    start: np.ndarray
    end: np.ndarray
    width: float
    color: tuple[float, float, float]


def _lines(
    image: ImageRequest, low: np.ndarray, high: np.ndarray, dimension: int
) -> list[_Line]:
    """Return the lines around the box and along the axes."""
    sides = high - low
    shortest = float(sides[:dimension].min())
    found: list[_Line] = []
    if image.box is not None:
        corners = [low + sides * at for at in np.ndindex(2, 2, 2)]
        for i in range(8):
            for bit in (1, 2, 4):
                if not i & bit:
                    ends = corners[i], corners[i | bit]
                    found.append(_Line(*ends, image.box * shortest, image.box_color))
    if image.axes is not None:
        length, width = image.axes
        start = low - 0.1 * sides.max()
        for axis, color in enumerate(np.eye(3)):
            end = start + length * sides * np.eye(3)[axis]
            paint = (float(color[0]), float(color[1]) * 128 / 255, float(color[2]))
            found.append(_Line(start, end, width * shortest, paint))
    return found


def _draw_line(
    color: np.ndarray,
    depth: np.ndarray,
    camera: Camera,
    image: ImageRequest,
    line: _Line,
) -> None:
    """Draw a line where nothing lies in front of it, in place."""
    (x0, y0, d0), (x1, y1, d1) = map(camera.project, (line.start, line.end))
    height, across = depth.shape
    reach = max(line.width / 2 / camera.pixel, 0.5)
    left, right = max(0, int(min(x0, x1) - reach)), int(max(x0, x1) + reach) + 2
    top, bottom = max(0, int(min(y0, y1) - reach)), int(max(y0, y1) + reach) + 2
    y, x = np.ogrid[top : min(bottom, height), left : min(right, across)]
    if not x.size or not y.size:
        return
    dx, dy = x1 - x0, y1 - y0
    square = dx * dx + dy * dy
    along = ((x - x0) * dx + (y - y0) * dy) / square if square else 0.0 * (x + y)
    along = np.clip(along, 0, 1)
    distance = np.hypot(x - x0 - along * dx, y - y0 - along * dy)
    here = d0 + along * (d1 - d0) + line.width / 2
    window = depth[top : min(bottom, height), left : min(right, across)]
    drawn = (distance <= reach) & (here >= window)
    if not drawn.any():
        return
    side = ((x - x0) * dy - (y - y0) * dx)[drawn] / max(math.sqrt(square), 1e-9) / reach
    normal = _rod_normals(line, camera, np.clip(side, -1, 1))
    paint = _shade(np.tile(line.color, (len(normal), 1)), normal, camera, image)
    color[top : min(bottom, height), left : min(right, across)][drawn] = paint
    window[drawn] = here[drawn]


def _rod_normals(line: _Line, camera: Camera, side: np.ndarray) -> np.ndarray:
    """Return the normals of a rod at places across it, -1..1 along toward x line."""
    along = line.end - line.start
    across = np.cross(camera.toward, along)
    if not np.linalg.norm(across) > 1e-9 * np.linalg.norm(along):  # seen from its end
        return np.tile(camera.toward, (len(side), 1))
    front = np.cross(along, across)
    across, front = across / np.linalg.norm(across), front / np.linalg.norm(front)
    found: np.ndarray = side[:, None] * across + np.sqrt(1 - side**2)[:, None] * front
    return found
