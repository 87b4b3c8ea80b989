"""Volumes of Voronoi cells, for benchmarks of what is done with grains."""

import numpy as np
from scipy.spatial import KDTree

from grainpaint import Microstructure

__all__ = ["voronoi"]


def voronoi(n_grains, edge):
    """Return a periodic tessellation of a cube, its edge in voxels."""
    seeds = np.random.default_rng(0).random((n_grains, 3)) * edge
    centers = np.indices((edge,) * 3).reshape(3, -1).T + 0.5
    ids = KDTree(seeds, boxsize=edge).query(centers, workers=-1)[1] + 1
    return Microstructure(ids.reshape((edge,) * 3), periodic=(True,) * 3)
