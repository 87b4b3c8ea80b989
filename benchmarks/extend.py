"""Whether known grains can be told from those that extend them, by the seam test.

Run: python benchmarks/extend.py [--volumes 10] [--seeds 2000 3000]. Simulated volumes
at several times are cut in half, and each half is extended to the whole again. The one
face in a volume is tested in each volume by itself, as a user would, and in all volumes
together, which shows weaker seams. Beside it stands the share of pairs of voxels across
the face that lie in one grain, and that of simulated pairs as far apart. A seed begins
a set of volumes. Prints a table, writes extend.json.
"""

from pathlib import Path

import numpy as np
from common import make_parser, save

from grainpaint.generation.extend import fill_around
from grainpaint.measure.seams import seam_test
from grainpaint.microstructure import Microstructure
from grainpaint.network.loading import load_model
from grainpaint.segmentation.colors import grains
from grainpaint.simulate.iso.potts import grow
from grainpaint.simulate.iso.random_spins import random_spins

EDGES = {25.0: 72, 100.0: 96, 200.0: 120}  # of volumes, by the time of the simulation
LAGS = (1, 3, 6, 9)  # voxels


def simulated(edge, time, seed):
    """Return grain IDs of a periodic simulation, cut open."""
    *_, spins = grow(random_spins((edge,) * 3, 1000, seed), [time], seed=seed)
    return grains(np.asarray(spins).copy(), (False,) * 3)


def alike(grain_id, at, lag):
    """Return the share of pairs, one in each layer, that are one grain."""
    return float((grain_id[at] == grain_id[at + lag]).mean())


def row_of(model, time, edge, seeds):
    """Return the figures of volumes of one time."""
    half = edge * 2 // 3
    volumes, expected = [], []
    for seed in seeds:
        grain_id = simulated(edge, time, seed)
        expected.append(
            [np.mean([alike(grain_id, k, n) for k in range(half)]) for n in LAGS]
        )
        known = Microstructure(grain_id[:half])
        box = ((0, 2 * half), (0, edge), (0, edge))
        volumes.append(fill_around(known, model, box, seed))
    faces = [[half], [], []]
    return {
        "time": time,
        "first_seed": seeds[0],
        "volumes": len(volumes),
        "smallest_p": min(seam_test([v], faces).p for v in volumes),
        "p_of_all": seam_test(volumes, faces).p,
        "goes_on": [
            float(np.mean([alike(v.grain_id, half - 1, n) for v in volumes]))
            for n in LAGS
        ],
        "simulated": np.mean(expected, 0).tolist(),
    }


def main():
    parser = make_parser(__doc__, volumes=2, seeds=[3000])
    parser.add_argument("--volumes", type=int, default=10)
    parser.add_argument("--seeds", type=int, nargs="*", default=[3000, 2000])
    options = parser.parse_args()
    model = load_model("iso")
    rows = []
    for first in options.seeds:
        for time, edge in EDGES.items():
            seeds = range(first, first + options.volumes)
            row = row_of(model, time, 36 if options.quick else edge, seeds)
            rows.append(row)
            print(
                f"| {time:g} | {row['smallest_p']:.2g} | {row['p_of_all']:.2g} |",
                *(f"{a:.3f} ({b:.3f}) |" for a, b in zip(*[*row.values()][-2:])),
                flush=True,
            )
            if options.quick:
                break
    save(options, Path(__file__), {"lags": LAGS, "rows": rows}, model="iso")


if __name__ == "__main__":
    main()
