"""How columns widen with height, in a simulated build and in a painted one.

Run: python benchmarks/columns.py [--edge 64] [--height 256]. Builds of the recipe of
am.py whose tracks turn by 67 degrees in each layer. Prints, for slabs of 32 voxels, the
share of neighbors in different grains, eight voxels away from the sides, and writes
columns.json. The model learned from builds of up to 224 voxels.
"""

from pathlib import Path

import numpy as np
from am import FIRST_SEED, SCANS, painted, recipe_of
from common import make_parser, save

from grainpaint.simulate.am.build import additive

SLAB, AWAY = 32, 8  # voxels


def shares(volume):
    """Return the share of unlike neighbors in each slab."""
    inner = volume.grain_id[AWAY:-AWAY, AWAY:-AWAY]
    found = []
    for z in range(0, inner.shape[2], SLAB):
        slab = inner[:, :, z : z + SLAB]
        unlike = [np.diff(slab, axis=axis) != 0 for axis in range(3)]
        found.append(sum(u.sum() for u in unlike) / sum(u.size for u in unlike))
    return found


def main():
    parser = make_parser(__doc__, edge=32, height=64)
    parser.add_argument("--edge", type=int, default=64, help="voxels along x and y")
    parser.add_argument("--height", type=int, default=256, help="voxels")
    options = parser.parse_args()
    box = {"shape": (options.edge, options.edge, options.height)}
    recipe = recipe_of(SCANS["67 degrees"], 96).model_copy(update=box)
    (volume,), _ = painted("am", recipe, 1)
    of_both = zip(shares(volume), shares(additive(recipe, FIRST_SEED)))
    rows = [
        {"from": SLAB * i, "painted": float(made), "simulated": float(truth)}
        for i, (made, truth) in enumerate(of_both)
    ]
    for row in rows:
        print("{from:4} painted {painted:.3f} simulated {simulated:.3f}".format(**row))
    figures = {"substrate": recipe.ground, "shape": box["shape"], "rows": rows}
    save(options, Path(__file__), figures, model="am")


if __name__ == "__main__":
    main()
