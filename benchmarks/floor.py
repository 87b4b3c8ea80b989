"""The floor of every distance: simulated volumes beside other simulated volumes.

Run: python benchmarks/floor.py [--volumes 25] [--splits 8]. Simulates open boxes of
100^3 (Potts, Q = 1000, sc/26n, T = 0, t = 100, periodic while they grow; kept in
runs/floor100), draws 16 and 9 of them without overlap, again and again, and prints the
mean and the largest distance of each descriptor, beside the floor that `grainpaint
compare` would have estimated from the 9 alone. Writes floor.json.
"""

from pathlib import Path

import numpy as np
from common import folder_for, make_parser, save, timed

from grainpaint import Microstructure, formats, simulate
from grainpaint.measure.descriptors import DESCRIPTORS
from grainpaint.measure.distances import distances
from grainpaint.measure.measured import measure_all
from grainpaint.measure.population import population
from grainpaint.progress import console
from grainpaint.segmentation.pieces import label_pieces

EDGE, FIRST_SEED = 100, 700_000
N_A, N_B = 16, 9


def spins(folder, n, time=100, edge=EDGE):
    """Yield simulated periodic boxes, kept in a folder for each time."""
    for seed in range(FIRST_SEED, FIRST_SEED + n):
        path = folder / f"floor{time}" / f"{seed}.npz"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            formats.write(simulate.isotropic((edge,) * 3, time, 1000, seed), path)
        yield formats.load(path).grain_id


def simulated(folder, n, time=100, edge=EDGE):
    """Yield open boxes of simulated grains."""
    for grain_id in spins(folder, n, time, edge):
        yield Microstructure(label_pieces(grain_id, corners=True))


def floor_of(name, measured, orders, rng):
    """Return distances of a descriptor, mean and largest over all splits."""
    is_length = DESCRIPTORS[name].is_length
    found, estimated = [], []
    for order in orders:
        a, b = (
            population([measured[i] for i in part], name)
            for part in (order[:N_A], order[N_A : N_A + N_B])
        )
        found.append(distances(a, b, is_length))
        drawn = b.resampled(N_A / N_B, rng), b.resampled(1, rng)
        estimated.append(distances(*drawn, is_length)["kl"])
    row = {
        key: [float(np.mean(v)), float(np.max(v))]
        for key in ("kl", "wasserstein", "ks")
        if (v := [f[key] for f in found])
    }
    return {"name": name, **row, "kl_estimated_from_9": float(np.mean(estimated))}


def main():
    parser = make_parser(__doc__, edge=24, splits=2)
    parser.add_argument("--volumes", type=int, default=N_A + N_B)
    parser.add_argument("--splits", type=int, default=8)
    parser.add_argument("--edge", type=int, default=EDGE, help="voxels")
    options = parser.parse_args()
    n = options.volumes
    with folder_for(options, "") as folder:
        boxes = simulated(folder, n, edge=options.edge)
        measured = measure_all(boxes, n, console)
    rng = np.random.default_rng(0)
    orders = [rng.permutation(n) for _ in range(options.splits)]
    rows = []
    print(f"{'':14}{'KL, mean (largest)':>22}{'estimated':>12}{'W1':>12}{'KS':>10}")
    for name in DESCRIPTORS:
        seconds, row = timed(lambda name=name: floor_of(name, measured, orders, rng))
        mean, largest = row["kl"]
        print(
            f"{name:14}{f'{mean:.4f} ({largest:.4f})':>22}"
            f"{row['kl_estimated_from_9']:12.4f}{row['wasserstein'][0]:12.4g}"
            f"{row['ks'][0]:10.4f}{seconds:8.1f} s"
        )
        rows.append(row)
    figures = {"volumes": n, "edge": options.edge, "splits": options.splits}
    save(options, Path(__file__), {**figures, "rows": rows})


if __name__ == "__main__":
    main()
