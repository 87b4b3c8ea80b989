"""Orientations of many grains: speed, texture and misorientations beside sampling.

Run: python benchmarks/orient.py [--grains 10000]. Prints a table, writes orient.json.
The volume is a Voronoi tessellation with 6 voxels across a grain. Texture: L1 distance
over cells of 10 degrees, of the grains' volume from the texture, beside that of as many
orientations drawn at random; and over cells of 15 degrees that are turned and shifted,
which no step of ours looks at. Misorientations: L1 distance over bins of two degrees
from what is wanted, over that of as many random boundaries.
"""

import time
from pathlib import Path

import numpy as np
from common import make_parser, save, show
from scipy.spatial.transform import Rotation
from voronoi import voronoi

from grainpaint.orientations.cells import cells_of, numbered, texture_distance
from grainpaint.orienting.public import orient_measured
from grainpaint.orienting.sources import texture_of

TEXTURES = {
    "uniform": "432",
    "fiber:<001>,z,10deg": "432",
    "component:goss@0.5,10deg+cube@0.3,10deg": "432",
    "fiber:<0001>,z,10deg": "622",
}


def held_out_distance(one, other, symmetry):
    """Return the L1 distance over cells of 15 degrees, turned and shifted."""
    turn = Rotation.random(random_state=3).as_matrix()
    cells = np.concatenate(
        [cells_of(q, symmetry, np.radians(15), turn, 0.3) for q, _ in (one, other)]
    )
    share = np.concatenate([one[1] / one[1].sum(), -other[1] / other[1].sum()])
    _, cell = np.unique(numbered(cells), return_inverse=True)
    return float(np.abs(np.bincount(cell, share)).sum())


def measured(volume, text, symmetry, wanted=None):
    """Return a row of the table."""
    start = time.perf_counter(), time.process_time()
    made = orient_measured(volume, text, wanted, symmetry, seed=1)
    seconds = time.perf_counter() - start[0]
    processor = time.process_time() - start[1]
    volumes = made.volume.grain_volumes()
    rng = np.random.default_rng(9)
    known = texture_of(text, symmetry, 10 * volumes.size, rng)
    wish = (known.quaternion, known.weight)
    rows = made.volume.orientations.quaternion[made.volume.ids() - 1]
    ours, drawn = (rows, volumes), (known.draw(volumes.size, rng), volumes)
    near, far = (texture_distance(q, wish, symmetry) for q in (ours, drawn))
    kept, lost = (held_out_distance(q, wish, symmetry) for q in (ours, drawn))
    return made.volume, {
        "texture": text,
        "misorientations of": "a fiber" if wanted else "random neighbors",
        "s": round(seconds, 1),
        "processor s": round(processor, 1),
        "texture L1": round(near, 3),
        "drawn": round(far, 3),
        "ratio": round(near / far, 2),
        "ratio, other cells": round(kept / lost, 2),
        "misorientation L1": round(made.distance, 4),
        "over sampling": round(made.distance / made.floor, 2),
    }


def main():
    parser = make_parser(__doc__, grains=60, across=4)
    parser.add_argument("--grains", type=int, default=10_000)
    parser.add_argument("--across", type=int, default=6, help="voxels")
    options = parser.parse_args()
    edge = round(options.across * options.grains ** (1 / 3))
    volume = voronoi(options.grains, edge)
    for symmetry in ("432", "622"):  # compiles the kernels
        orient_measured(volume.crop((slice(12),) * 3), symmetry=symmetry)
    rows, fiber = [], None
    for text, symmetry in TEXTURES.items():
        made, row = measured(volume, text, symmetry)
        fiber = made if text.startswith("fiber:<001>") else fiber
        rows.append(row)
    rows.append(measured(volume, "uniform", "432", fiber)[1])
    show(rows)
    save(options, Path(__file__), {"grains": options.grains, "rows": rows})


if __name__ == "__main__":
    main()
