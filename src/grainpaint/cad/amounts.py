"""Areas and volumes of triangles."""

import numpy as np

__all__ = ["areas", "shell_volumes"]


def areas(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Return the area of each triangle."""
    a, b, c = (vertices[faces[:, i]] for i in range(3))
    return np.asarray(np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2)


def shell_volumes(
    vertices: np.ndarray, faces: np.ndarray, shell: np.ndarray
) -> np.ndarray:
    """Return the signed volume of each shell (or body), float64, shape (n_shells,)."""
    a, b, c = (vertices[faces[:, i]] for i in range(3))
    # From a middle of each shell: far from the origin digits would cancel.
    size = np.maximum(np.bincount(shell), 1)
    middle = np.stack([np.bincount(shell, x) / size for x in a.T], 1)[shell]
    cones = np.einsum("ij,ij->i", a - middle, np.cross(b - middle, c - middle)) / 6
    return np.asarray(np.bincount(shell, cones))
