"""The camera of an image: where the points of a box lie in the picture."""

import math
from typing import NamedTuple

import numpy as np

from grainpaint.simulate.spparks.image_request import ImageRequest

__all__ = ["Camera", "camera_of"]


class Camera(NamedTuple):
    """A camera without perspective.

    Parameters
    ----------
    center : numpy.ndarray, float, shape (3,)
        Place in the middle of the picture.
    right, up, toward : numpy.ndarray, float, shape (3,)
        Unit vectors: to the right of the picture, to its top, to the camera.
    pixel : float
        Edge of a pixel.
    size : two ints
        Pixels across and down.
    """

    center: np.ndarray
    right: np.ndarray
    up: np.ndarray
    toward: np.ndarray
    pixel: float
    size: tuple[int, int]

    def project(self, point: np.ndarray) -> tuple[float, float, float]:
        """Return the column, the row and the distance in front of the center."""
        offset = point - self.center
        x, y = float(offset @ self.right), float(offset @ self.up)
        width, height = self.size
        column, row = width // 2 + x / self.pixel, height - 1 - height // 2
        return column, row - y / self.pixel, float(offset @ self.toward)


def camera_of(image: ImageRequest, low: np.ndarray, high: np.ndarray) -> Camera:
    """Return the camera that an image asks for.

    Parameters
    ----------
    image : ImageRequest
    low, high : numpy.ndarray, float, shape (3,)
        Corners of the box.
    """
    up = np.array(image.up) / np.linalg.norm(image.up)
    theta, phi = math.radians(image.theta), math.radians(image.phi)
    toward = _direction(theta, phi)
    if abs(up @ toward) > 1 - 1e-6:  # tilted by a trifle, so that up means something
        toward = _direction(theta + (1e-4 if theta < math.pi / 2 else -1e-4), phi)
    right = np.cross(up, toward)
    right /= np.linalg.norm(right)
    # At zoom 1 the longest side of the box takes half of the picture's height.
    pixel = 2 * float((high - low).max()) / image.size[1] / image.zoom
    center = low + np.array(image.center) * (high - low)
    return Camera(center, right, np.cross(toward, right), toward, pixel, image.size)


def _direction(theta: float, phi: float) -> np.ndarray:
    return np.array(
        [
            math.sin(theta) * math.cos(phi),
            math.sin(theta) * math.sin(phi),
            math.cos(theta),
        ]
    )
