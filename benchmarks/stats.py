"""Speed and memory of the table of grains, beside scikit-image.

Run: python benchmarks/stats.py [--edge 256]. Prints a table and writes stats.json. The
volume is a simulated one of half the edge (t = 100), repeated with fresh grain IDs. The
two tables are timed in turns. For whole comparisons see compare.py.
"""

import tracemalloc
from pathlib import Path

import numpy as np
from common import in_turns, make_parser, save
from skimage.measure import regionprops_table

from grainpaint import Microstructure
from grainpaint.measure.grain_table import table
from grainpaint.segmentation.pieces import label_pieces
from grainpaint.simulate.iso.isotropic import isotropic

PEER = ("label", "area", "centroid", "inertia_tensor_eigvals", "bbox")


def large_volume(edge):
    """Return a volume with grains of about 800 voxels."""
    half = isotropic((edge // 2,) * 3, 100, 1000, 1).grain_id
    return Microstructure(label_pieces(np.tile(half, (2, 2, 2)), corners=True))


def main():
    parser = make_parser(__doc__, edge=32)
    parser.add_argument("--edge", type=int, default=256, help="voxels")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    edge, volume = options.edge, large_volume(options.edge)
    ours, theirs = in_turns(
        [
            lambda: table(volume),
            lambda: regionprops_table(volume.grain_id, properties=PEER),
        ],
        options.rounds,
    )
    tracemalloc.start()
    table(volume)
    extra = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    rows = {
        "grains": volume.n_grains,
        "table, s": round(ours, 2),
        "table, million voxels/s": round(edge**3 / ours / 1e6, 1),
        "table, bytes a voxel beside the input": round(extra / edge**3, 2),
        "regionprops_table (five of its properties), s": round(theirs, 2),
        "regionprops_table / table": round(theirs / ours, 1),
    }
    for name, value in rows.items():
        print(f"{name:<50}{value:>12}")
    save(options, Path(__file__), {"edge": edge, "rows": rows})


if __name__ == "__main__":
    main()
