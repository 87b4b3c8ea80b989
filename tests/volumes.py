"""Volumes of grains whose meshes are known, and all triangles of a net."""

import base64
import re

import numpy as np
from scipy.spatial import cKDTree


def centers(n):
    """Return the centers of n^3 voxels, shape (n, n, n, 3)."""
    axis = np.arange(n) + 0.5
    return np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), -1)


def voronoi(n, n_grains, seed=0):
    """Return n^3 voxels, each with the grain of the nearest of random points."""
    points = np.random.default_rng(seed).random((n_grains, 3)) * n
    return cKDTree(points).query(centers(n))[1] + 1


def ball(n):
    """Return a ball of grain 2 in n^3 voxels of grain 1, its radius a third of them."""
    return 1 + (np.linalg.norm(centers(n) - n / 2, axis=-1) <= n / 3)


def triangles_of_net(net):
    """Return the triangles of a net, quads cut anyhow."""
    halves = net.quads[:, [[0, 1, 2], [0, 2, 3]]].reshape(-1, 3)
    return np.concatenate([halves, net.triangles])


def pairs_of_net(net):
    """Return the grains of `triangles_of_net`."""
    return np.concatenate([np.repeat(net.quad_pairs, 2, axis=0), net.triangle_pairs])


def partitions(n):
    """Yield each way to give n corners grains, numbered in the order they come."""

    def longer(ranks):
        if len(ranks) == n:
            yield ranks
            return
        for rank in range(max(ranks) + 2):
            yield from longer((*ranks, rank))

    yield from longer((0,))


def damask_grid(path):
    """Read the materials as DAMASK's lines do; the arrays of the file are skipped."""
    lines = path.read_text().split("\n")
    (image,) = [line for line in lines if line.startswith("  <ImageData ")]
    extent = re.search(r'WholeExtent="0 (\d+) 0 (\d+) 0 (\d+)"', image)
    start = lines.index("    <CellData>") + 1
    assert 'type="Int32" Name="material" format="binary"' in lines[start]
    data = base64.b64decode(lines[start + 1], validate=True)
    shape = [int(n) for n in extent.groups()]
    assert int.from_bytes(data[:8], "little") == len(data) - 8 == 4 * np.prod(shape)
    values = np.frombuffer(data[8:], "<i4").reshape(shape, order="F")
    spacing = re.search(r'Spacing="([^"]*)"', image)[1].split()
    return values, [float(s) for s in spacing]
