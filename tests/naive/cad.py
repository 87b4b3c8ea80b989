"""Insides and corners of parts, from all triangles and all pairs."""

import numpy as np


def winding_number(vertices, faces, points):
    """Sum the solid angles of all triangles: van Oosterom and Strackee 1983, Eq. 8."""
    total = np.zeros(len(points))
    for face in faces:
        a, b, c = (vertices[i] - points for i in face)
        la, lb, lc = (np.linalg.norm(v, axis=1) for v in (a, b, c))
        top = np.einsum("ij,ij->i", a, np.cross(b, c))
        bottom = (
            la * lb * lc
            + np.einsum("ij,ij->i", a, b) * lc
            + np.einsum("ij,ij->i", b, c) * la
            + np.einsum("ij,ij->i", c, a) * lb
        )
        total += 2 * np.arctan2(top, bottom)
    return total / (4 * np.pi)


def single_linkage(points, tolerance):
    """Return for each point the first of those that chains of near points lead to."""
    label = np.arange(len(points))
    near = np.linalg.norm(points[:, None] - points, axis=2) <= tolerance
    for _ in points:
        label = np.array([label[row].min() for row in near])
    return label
