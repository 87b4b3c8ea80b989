"""Whether known grains can be told from those that go on from them, by the seam test.

Run: python benchmarks/extend.py [--volumes 10] [--seed 2000]. Simulated volumes at
several times are cut, half of each is given and as much again is made; one face a
volume is tested, once in each volume by itself, as a user would, and once over all,
which sees weaker seams. Beside it the share of pairs of voxels across the face that are
one grain, and of simulated ones as far apart. Prints a table, writes extend.json.
"""

import argparse
import json
from pathlib import Path

import numpy as np

from grainpaint.generation.public import extend
from grainpaint.measure.seams import seam_test
from grainpaint.microstructure import Microstructure
from grainpaint.network.loading import load_model
from grainpaint.segmentation.colors import grains
from grainpaint.simulate.iso.potts import grow
from grainpaint.simulate.iso.random_spins import random_spins

HERE = Path(__file__).parent
EDGES = {25.0: 72, 100.0: 96, 200.0: 120}  # of volumes, by the time of the simulation
LAGS = (1, 3, 6, 9)  # voxels


def simulated(edge, time, seed):
    """Return grain IDs of a periodic simulation, cut open."""
    *_, spins = grow(random_spins((edge,) * 3, 1000, seed), [time], seed=seed)
    return grains(np.asarray(spins).copy(), (False,) * 3)


def alike(grain_id, at, lag):
    """Return the share of pairs, one in each layer, that are one grain."""
    return float((grain_id[at] == grain_id[at + lag]).mean())


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--volumes", type=int, default=10)
    parser.add_argument("--seed", type=int, default=2000)
    arguments = parser.parse_args()
    model = load_model("iso")
    rows = {}
    for time, edge in EDGES.items():
        half = edge * 2 // 3
        volumes, expected = [], []
        for seed in range(arguments.seed, arguments.seed + arguments.volumes):
            grain_id = simulated(edge, time, seed)
            expected.append(
                [np.mean([alike(grain_id, k, n) for k in range(half)]) for n in LAGS]
            )
            known = Microstructure(grain_id[:half])
            box = ((0, 2 * half), (0, edge), (0, edge))
            volumes.append(extend(known, model, box, seed=seed))
        faces = [[half], [], []]
        row = {
            "p of each": sorted(seam_test([v], faces).p for v in volumes),
            "p over all": seam_test(volumes, faces).p,
            "goes on": [
                float(np.mean([alike(v.grain_id, half - 1, n) for v in volumes]))
                for n in LAGS
            ],
            "simulated": np.mean(expected, 0).tolist(),
        }
        rows[f"t = {time:g}"] = row
        print(
            f"| {time:g} | {row['p of each'][0]:.2g} | {row['p over all']:.2g} |",
            *(f"{a:.3f} ({b:.3f}) |" for a, b in zip(row["goes on"], row["simulated"])),
            flush=True,
        )
    (HERE / "extend.json").write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
