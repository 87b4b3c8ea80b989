"""Whether float32 and bfloat16 are the same model.

Run: python benchmarks/precision.py [--volumes 16]. Compares boxes of 100^3 in float32
with as many in bfloat16, of other seeds, by all descriptors of `grainpaint compare`:
distances of one population lie at their floors. For one seed it tells which share of
the voxels lies in the same grains. Prints a table and writes precision.json.
"""

import argparse
import json
from pathlib import Path

import numpy as np
from common import stamp

from grainpaint import generate
from grainpaint.measure.comparison import compare, measure_all

HERE = Path(__file__).parent
SHAPE = (100, 100, 100)


def same_grains(a, b):
    """Return the share of voxels whose grain in b is mostly their grain in a."""
    both = a.grain_id.astype(np.int64) * (b.grain_id.max() + 1) + b.grain_id
    pairs, counts = np.unique(both, return_counts=True)
    best = np.zeros(a.grain_id.max() + 1, np.int64)
    np.maximum.at(best, pairs // (b.grain_id.max() + 1), counts)
    return best.sum() / a.grain_id.size


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--volumes", type=int, default=16)
    n = parser.parse_args().volumes
    sets = [
        measure_all((generate(SHAPE, seed=s, precision=p) for s in seeds), n)
        for p, seeds in (
            ("float32", range(1000, 1000 + n)),
            ("bfloat16", range(2000, 2000 + n)),
        )
    ]
    found = compare(*sets)
    one, other = (
        generate(SHAPE, seed=1000, precision=p) for p in ("float32", "bfloat16")
    )
    share = same_grains(one, other)
    rows = {
        name: {
            key: entry[key]
            for key in ("kl", "kl_floor", "ratio_to_floor", "p", "verdict")
        }
        for name, entry in found.items()
        if isinstance(entry, dict) and "verdict" in entry
    }
    print(f"{'':16}{'KL':>9}{'floor':>9}{'ratio':>7}{'p':>9}  verdict")
    for name, r in rows.items():
        print(
            f"{name:16}{r['kl']:9.4f}{r['kl_floor']:9.4f}{r['ratio_to_floor']:7.2f}"
            f"{r['p']:9.2g}  {r['verdict']}"
        )
    print(f"one seed: {share:.1%} of the voxels in the same grains")
    result = {**stamp("both"), "volumes": n, "same grains": round(share, 4), **rows}
    (HERE / "precision.json").write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
