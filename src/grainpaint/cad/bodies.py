"""The bodies of a part: their volumes, exactly and in voxels."""

import numpy as np

from grainpaint.cad.blocks import add_voxels
from grainpaint.cad.solid import Part
from grainpaint.cad.voxels import PartGrid

__all__ = ["SHARE", "Bodies", "count_voxels", "count_voxels_of"]

SHARE = 0.03  # of a volume that may be lost or added without a word
_NEAR = 1e-6  # of the size: boxes this close touch
_MOST_BOXES = 2000  # whose pairs are looked at


class Bodies:
    """Volume without cavities (µm^3) and surface (µm^2) of each body."""

    def __init__(self, part: Part) -> None:
        a, b, c = (part.vertices[part.faces[:, i]] for i in range(3))
        normal = np.cross(b - a, c - a)
        self.part = part
        self.volume = part.body_volumes
        self.area = np.bincount(part.bodies, np.linalg.norm(normal, axis=1) / 2)

    def thickness(self, i: int | None = None) -> float:
        """Return the thickness (µm) of a body, or of all: exact for thin walls."""
        chosen = slice(None) if i is None else i
        volume, area = self.volume[chosen].sum(), self.area[chosen].sum()
        return float(2 * abs(volume) / area) if area else 0.0

    def shares(self, n_voxels: np.ndarray, spacing: float) -> np.ndarray:
        """Return how much too large each body is, as shares; flat ones never are."""
        flat = np.abs(self.volume) <= 1e-9 * np.abs(self.volume).max()
        exact = np.where(flat, 1.0, self.volume / spacing**3)
        return np.where(flat, 0.0, n_voxels / exact - 1)

    def total_share(self, n_voxels: np.ndarray, spacing: float) -> float:
        """Return how much too large the voxels of all bodies are, as a share."""
        return float(n_voxels.sum() * spacing**3 / self.volume.sum() - 1)

    def wrong(self, n_voxels: np.ndarray, spacing: float) -> bool:
        """Return whether the part or a body is lost or added to a share that counts."""
        shares = self.shares(n_voxels, spacing)
        total = self.total_share(n_voxels, spacing)
        return max(abs(total), float(np.abs(shares).max())) >= SHARE

    def boxes(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the lowest and highest corners of all bodies, µm, shapes (n, 3)."""
        corners = self.part.vertices[self.part.faces]
        low = np.full((self.volume.size, 3), np.inf)
        high = -low
        np.minimum.at(low, self.part.bodies, corners.min(1))
        np.maximum.at(high, self.part.bodies, corners.max(1))
        return low, high

    def apart(self) -> bool:
        """Return whether the boxes of the bodies are apart: no two overlap or touch."""
        n = self.volume.size
        if n > _MOST_BOXES:
            return False
        low, high = self.boxes()
        near = _NEAR * float((high.max(0) - low.min(0)).max())
        meet = ((low[:, None] <= high + near) & (low <= high[:, None] + near)).all(2)
        return int(meet.sum()) == n

    def box(self, i: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the lowest and the highest corner of a body, µm."""
        corners = self.part.vertices[self.part.faces[self.part.bodies == i]]
        return corners.min((0, 1)), corners.max((0, 1))


def count_voxels(grid: PartGrid, n_bodies: int) -> np.ndarray:
    """Return the voxels of each body."""
    return count_voxels_of(grid, grid.part.faces, grid.part.bodies, n_bodies)


def count_voxels_of(
    grid: PartGrid, faces: np.ndarray, body: np.ndarray, n_bodies: int
) -> np.ndarray:
    """Return the voxels in each body of some triangles; those of cavities are below 0.

    Parameters
    ----------
    grid : PartGrid
    faces : numpy.ndarray, int64, shape (m, 3)
        Triangles of closed shells of the part.
    body : numpy.ndarray, int64, shape (m,)
        Counted from 0 to `n_bodies`.
    n_bodies : int

    Returns
    -------
    numpy.ndarray, int64, shape (n_bodies,)
    """
    n_voxels = np.zeros(n_bodies, np.int64)
    corners = (grid.part.vertices - np.array(grid.origin)) / grid.spacing - 0.5
    whole = np.zeros((2, 1, 1, 1))
    n_x = grid.shape[0]
    edge = max(grid.shape)
    volume, below = whole
    add_voxels(corners, faces, body, 0, n_x, grid.shape, edge, volume, below, n_voxels)
    return n_voxels
