"""Dumps of style ``image``: the sites as cubes or spheres, seen from somewhere."""

from pathlib import Path

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

# Lights relative to the camera (right, up, toward it), and how strong they are.
_LIGHTS = (((-0.5, 0.5, 0.7071), 0.7), ((0.4, 0.1, 0.911), 0.5))
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
    for start, end, width, paint in _lines(image, low, high):
        _draw_line(color, depth, camera, (start, end), width, paint)
    return np.round(color.clip(0, 1) * 255).astype(np.uint8)


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
    columns = (np.arange(width) - width / 2) * camera.pixel
    rows = (height / 2 - np.arange(height)) * camera.pixel
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

    light = np.full(len(normal), 0.1)
    for direction, strength in _LIGHTS:
        light += strength * toward(np.array(direction))
    lit: np.ndarray = color * light[:, None]
    if not image.cubes:
        half = np.array(_LIGHTS[0][0]) + np.array([0, 0, 1])
        spot = toward(half / np.linalg.norm(half)) ** _HIGHLIGHT
        lit += 0.6 * image.shiny * spot[:, None]
    return lit


Line = tuple[np.ndarray, np.ndarray, float, tuple[float, float, float]]


def _lines(image: ImageRequest, low: np.ndarray, high: np.ndarray) -> list[Line]:
    """Return the lines around the box and along the axes: ends, width, color."""
    sides = high - low
    shortest = float(sides[sides > 0].min())
    found: list[Line] = []
    if image.box is not None:
        corners = [low + sides * at for at in np.ndindex(2, 2, 2)]
        for i in range(8):
            for bit in (1, 2, 4):
                if not i & bit:
                    ends = corners[i], corners[i | bit]
                    found.append((*ends, image.box * shortest, image.box_color))
    if image.axes is not None:
        length, width = image.axes
        start = low - 0.1 * sides.max()
        for axis, color in enumerate(np.eye(3)):
            end = start + length * sides * np.eye(3)[axis]
            paint = (float(color[0]), float(color[1]) * 128 / 255, float(color[2]))
            found.append((start, end, width * shortest, paint))
    return found


def _draw_line(
    color: np.ndarray,
    depth: np.ndarray,
    camera: Camera,
    ends: tuple[np.ndarray, np.ndarray],
    width: float,
    paint: tuple[float, float, float],
) -> None:
    """Draw a line where nothing lies in front of it, in place."""
    (x0, y0, d0), (x1, y1, d1) = map(camera.project, ends)
    height, across = depth.shape
    reach = max(width / 2 / camera.pixel, 0.5)
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
    here = d0 + along * (d1 - d0) + width / 2
    window = depth[top : min(bottom, height), left : min(right, across)]
    drawn = (distance <= reach) & (here >= window)
    color[top : min(bottom, height), left : min(right, across)][drawn] = paint
    window[drawn] = here[drawn]
