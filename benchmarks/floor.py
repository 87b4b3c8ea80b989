"""The floor of every distance: simulated volumes beside other simulated volumes.

Run: python benchmarks/floor.py [--volumes 25] [--splits 8]. Simulates open boxes of
100^3 (Potts, Q = 1000, sc/26n, T = 0, t = 100, periodic while they grow; kept in
runs/floor100), draws 16 and 9 of them without overlap, again and again, and prints the
mean and the largest distance of each descriptor; beside it what `grainpaint compare`
would have estimated as the floor from the 9 alone. Writes floor.json.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np

from grainpaint import Microstructure, formats, simulate
from grainpaint.measure.comparison import measure_all
from grainpaint.measure.descriptors import DESCRIPTORS, population
from grainpaint.measure.distances import distances
from grainpaint.progress import console
from grainpaint.segmentation.pieces import label_pieces

HERE = Path(__file__).parent
RUNS = HERE.parent / "runs"
EDGE, FIRST_SEED = 100, 700_000
N_A, N_B = 16, 9
# The floors that the prototypes measured, mean and largest of 8 splits.
BEFORE = {
    "volume": "0.0135 (0.0200)",
    "aspect_ratio": "0.0032 (0.0036)",
    "nearest": "0.0081 (0.0126)",
}


def spins(n, time=100):
    """Yield simulated periodic boxes, kept on disk."""
    for seed in range(FIRST_SEED, FIRST_SEED + n):
        path = RUNS / f"floor{time}" / f"{seed}.npz"
        if not path.exists():
            formats.write(simulate.isotropic((EDGE,) * 3, time, 1000, seed), path)
        yield formats.load(path).grain_id


def simulated(n, time=100):
    """Yield open boxes of simulated grains."""
    for grain_id in spins(n, time):
        yield Microstructure(label_pieces(grain_id, corners=True))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--volumes", type=int, default=N_A + N_B)
    parser.add_argument("--splits", type=int, default=8)
    options = parser.parse_args()
    measured = measure_all(simulated(options.volumes), options.volumes, console)
    rng = np.random.default_rng(0)
    orders = [rng.permutation(options.volumes) for _ in range(options.splits)]
    rows = {}
    print(f"{'':14}{'KL, mean (largest)':>22}{'estimated':>12}{'W1':>12}{'KS':>10}")
    start = time.perf_counter()
    for name, descriptor in DESCRIPTORS.items():
        found, estimated = [], []
        for order in orders:
            a, b = (
                population([measured[i] for i in part], name)
                for part in (order[:N_A], order[N_A : N_A + N_B])
            )
            is_length = descriptor.dimension > 0
            found.append(distances(a, b, is_length))
            drawn = b.resampled(N_A / N_B, rng), b.resampled(1, rng)
            estimated.append(distances(*drawn, is_length)["kl"])
        rows[name] = {
            key: [float(np.mean(v)), float(np.max(v))]
            for key in ("kl", "wasserstein", "ks")
            if (v := [f[key] for f in found])
        }
        rows[name]["kl_estimated_from_9"] = float(np.mean(estimated))
        mean, largest = rows[name]["kl"]
        print(
            f"{name:14}{f'{mean:.4f} ({largest:.4f})':>22}{np.mean(estimated):12.4f}"
            f"{rows[name]['wasserstein'][0]:12.4g}{rows[name]['ks'][0]:10.4f}"
            f"  {BEFORE.get(name, '')}"
        )
    print(f"{time.perf_counter() - start:.1f} s")
    (HERE / "floor.json").write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
