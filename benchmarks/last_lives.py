"""Builds from the last lives of their sites beside builds simulated sweep by sweep.

Run: python benchmarks/last_lives.py [--volumes 16] [--swept 9]. Prints tables and
writes last_lives.json. Five recipes of 100^3 voxels: the four scans of am.py with a
Bézier pool and a narrow zone, and a double ellipsoid with a zone that reaches far. Both
sets begin from substrates of their own. Times are processor seconds and seconds of a
build, medians of those of a set, after kernels are compiled.
"""

import time
from pathlib import Path

import numpy as np
from am import SCANS, figures_of, recipe_of, show_row
from common import make_parser, save

from grainpaint.microstructure import Microstructure
from grainpaint.segmentation.pieces import label_pieces
from grainpaint.simulate.am.build import first_spins, prepare
from grainpaint.simulate.am.recipe import AmRecipe
from grainpaint.simulate.am.replay import last_lives
from grainpaint.simulate.am.solidify import solidify

FAR = {
    "substrate": {"height": 26, "grain": 14},
    "pool": {
        "shape": "double-ellipsoid",
        "width": 24,
        "depth": 16,
        "front": 8,
        "rear": 30,
    },
    "haz": {
        "law": "exponential",
        "decay": 0.3,
        "width": 36,
        "depth": 20,
        "front": 12,
        "rear": 36,
    },
    "scan": {"speed": 14, "hatch": 16, "thickness": 10, "rotation": 90},
}


def recipes(edge):
    """Return the recipes by name."""
    found = {name: recipe_of(scan, edge) for name, scan in SCANS.items()}
    far = FAR | {"shape": (edge,) * 3}
    return found | {"zone that reaches far": AmRecipe.model_validate(far)}


def built(recipe, seeds, swept):
    """Return builds with some seeds, and their seconds: by clock, of processor."""
    job, volumes, seconds = prepare(recipe), [], []
    for seed in seeds:
        spin = first_spins(recipe.spins, recipe.substrate, job.mask, seed)
        times = time.perf_counter(), time.process_time()
        known = {"n_spins": recipe.spins, "freeze": recipe.freeze, "seed": seed}
        if swept:
            spin = solidify(spin, job.path, recipe.pool, recipe.haz, **known)
        else:
            spin = last_lives(spin, job.path, (recipe.pool, recipe.haz), **known)
        now = time.perf_counter(), time.process_time()
        seconds.append([b - a for a, b in zip(times, now)])
        volumes.append(Microstructure(label_pieces(spin, corners=True)))
    return volumes, np.median(seconds, 0).round(2).tolist()


def row_of(name, recipe, n_lived, n_swept):
    """Return the figures of a recipe."""
    lived, lived_s = built(recipe, range(100, 100 + n_lived), False)
    swept, swept_s = built(recipe, range(500, 500 + n_swept), True)
    seconds = {"seconds": [lived_s, swept_s]}
    return {"scan": name, **figures_of(lived, swept, recipe), **seconds}


def main():
    parser = make_parser(__doc__, volumes=2, swept=2, edge=40)
    parser.add_argument("--volumes", type=int, default=16)
    parser.add_argument("--swept", type=int, default=9)
    parser.add_argument("--edge", type=int, default=100, help="voxels")
    options = parser.parse_args()
    rows = []
    for name, recipe in recipes(options.edge).items():
        for swept in (False, True):
            built(recipe_of(SCANS["0 degrees"], 40), [0], swept)  # compiles
        rows.append(row_of(name, recipe, options.volumes, options.swept))
        show_row(rows[-1])
        print(
            f"  seconds, of processor: lives, sweeps {rows[-1]['seconds']}", flush=True
        )
    figures = {"edge": options.edge, "lived": options.volumes, "swept": options.swept}
    save(options, Path(__file__), figures | {"rows": rows})


if __name__ == "__main__":
    main()
