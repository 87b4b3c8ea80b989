"""Whether float32 and bfloat16 are the same model.

Run: python benchmarks/precision.py [--volumes 16]. Compares boxes of 100^3 in float32
with as many in bfloat16, of other seeds, by all descriptors of `grainpaint compare`:
two samples of one population have distances at their floors. Also compares both
precisions for one seed: the share of voxels in the same grains. Prints a table and
writes precision.json.
"""

from pathlib import Path

import numpy as np
from common import make_parser, save

from grainpaint import generate
from grainpaint.measure.comparison import compare
from grainpaint.measure.measured import measure_all

KEYS = ("kl", "kl_floor", "ratio_to_floor", "p", "verdict")


def same_grains(a, b):
    """Return the share of voxels whose grain in b is mostly their grain in a."""
    both = a.grain_id.astype(np.int64) * (b.grain_id.max() + 1) + b.grain_id
    pairs, counts = np.unique(both, return_counts=True)
    best = np.zeros(a.grain_id.max() + 1, np.int64)
    np.maximum.at(best, pairs // (b.grain_id.max() + 1), counts)
    return best.sum() / a.grain_id.size


def main():
    parser = make_parser(__doc__, volumes=2, edge=32)
    parser.add_argument("--volumes", type=int, default=16)
    parser.add_argument("--edge", type=int, default=100, help="voxels")
    options = parser.parse_args()
    n, shape = options.volumes, (options.edge,) * 3
    sets = [
        measure_all((generate(shape, seed=s, precision=p) for s in seeds), n)
        for p, seeds in (
            ("float32", range(1000, 1000 + n)),
            ("bfloat16", range(2000, 2000 + n)),
        )
    ]
    found = compare(*sets)
    one, other = (
        generate(shape, seed=1000, precision=p) for p in ("float32", "bfloat16")
    )
    share = same_grains(one, other)
    rows = [
        {"name": name, **{key: getattr(entry, key) for key in KEYS}}
        for name, entry in found.descriptors.items()
    ]
    print(f"{'':16}{'KL':>9}{'floor':>9}{'ratio':>7}{'p':>9}  verdict")
    for r in rows:
        print(
            f"{r['name']:16}{r['kl']:9.4f}{r['kl_floor']:9.4f}"
            f"{r['ratio_to_floor']:7.2f}{r['p']:9.2g}  {r['verdict']}"
        )
    print(f"one seed: {share:.1%} of the voxels in the same grains")
    figures = {"volumes": n, "edge": options.edge, "same_grains": round(share, 4)}
    figures["rows"] = rows
    save(options, Path(__file__), figures, model="iso", precision="both")


if __name__ == "__main__":
    main()
