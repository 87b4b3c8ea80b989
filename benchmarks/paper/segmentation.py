"""Speed and memory of DBSCAN on the lattice, beside scikit-learn's.

Run: python benchmarks/paper/segmentation.py [--edge 224]. The values are random in
cells of 9^3 voxels, with noise on top. scikit-learn is compared on a cube of 48^3; the
paper reports 1 GB per million voxels. Writes segmentation.json.
"""

import resource
from pathlib import Path

import boxes  # noqa: F401, makes the modules of the folder above importable
import numpy as np
import psutil
from common import make_parser, save, shortest, timed
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


def main():
    parser = make_parser(__doc__, edge=48, small=24)
    parser.add_argument("--edge", type=int, default=224)
    parser.add_argument("--small", type=int, default=SMALL, help="for scikit-learn")
    options = parser.parse_args()
    edge = options.edge
    dbscan(field(24), BLOCK)  # compiles
    values = field(edge)
    before = psutil.Process().memory_info().rss - values.nbytes
    seconds, _ = timed(lambda: dbscan(values, BLOCK))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    small = field(options.small)
    x, y, z = np.indices(small.shape).reshape(3, -1)
    points = np.stack([x, y, z, small.ravel() * BLOCK], 1)
    theirs = DBSCAN(eps=EPS, min_samples=MIN_SAMPLES)
    peer, _ = timed(lambda: theirs.fit(points))
    own = shortest(lambda: dbscan(small, BLOCK), 5)
    result = {
        "voxels": edge**3,
        "voxels_a_second": round(edge**3 / seconds),
        "bytes_a_voxel": round((peak - before) / edge**3, 1),
        f"scikit_learn_{options.small}^3_s": round(peer, 3),
        f"ours_{options.small}^3_s": round(own, 4),
        "ratio": round(peer / own),
    }
    print(result)
    save(options, Path(__file__), result)


if __name__ == "__main__":
    main()
