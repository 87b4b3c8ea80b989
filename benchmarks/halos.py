"""What the halos of base windows and of growth windows give, and what they cost.

Run: python benchmarks/halos.py [--seeds 6] [--model iso]. Prints two tables. Two base
windows meet at a face; how many voxels there are as a window without that face gives
them, how much boundary lies in the face against other planes, what does a base voxel
cost? And by the growth that grains of some size need: how many voxels at the faces of a
growth window are not as they are in a volume without faces?
"""

import argparse

import numpy as np

from grainpaint.generation.base import base_window
from grainpaint.generation.grain_size import GrainSize, make_wanted
from grainpaint.generation.painter import Painter
from grainpaint.generation.refine import grown, named
from grainpaint.generation.tags import tag_grains
from grainpaint.generation.windows import WINDOW, BaseAxis, BasePlan
from grainpaint.network.loading import load_model
from grainpaint.pyramid import double

BLOCK, ACROSS = 32, 32  # base voxels
TORUS, CORE = 128, 96  # base voxels of a volume without faces; voxels of a window in it


def windows(model, seed, block, halo, keys):
    """Return what windows along x write, side by side."""
    axes = (BaseAxis(block, halo), BaseAxis(ACROSS), BaseAxis(ACROSS))
    painter = Painter(model, BasePlan(axes), seed)
    return np.concatenate([base_window(painter, (k, 0, 0)) for k in keys])


def unlike_at_faces(model, diameter):
    """Print, for grains of a size, how many voxels at faces differ, by halo."""
    axis = BaseAxis(TORUS)
    size = GrainSize(text="", low=diameter, high=diameter)
    wanted = make_wanted(size, model.base_card.sampling.calibration, 1.0, 1)
    painter = Painter(model, BasePlan((axis,) * 3), 0, 1, wanted)
    colors = base_window(painter, (0, 0, 0))
    limit = model.base_card.sampling.largest_shape_factor
    n_colors = model.base.config.n_colors
    places, wraps = [np.arange(TORUS)] * 3, (True, True, True)
    tags = tag_grains(colors, n_colors, places, 0, limit, wraps)
    start = double(named(painter, tags))
    full = [(0, 2 * TORUS)] * 3
    endless = grown(painter, start, full, 1, torus=wraps)
    growth = wanted.most_growth
    chosen = model.refine_card.sampling.halo_of(growth)
    for halo in sorted({16, 24, 32, 48, 64, chosen}):
        span = TORUS - CORE // 2 - halo, TORUS + CORE // 2 + halo
        inner = (slice(*span),) * 3
        found = grown(painter, start[inner].copy(), [span] * 3, 1)
        unlike = (found != endless[inner])[(slice(halo, -halo),) * 3]
        faces = [unlike.take(side, a).mean() for a in range(3) for side in (0, -1)]
        row = f"{diameter} | {growth:.0f} | {halo}{' (chosen)' * (halo == chosen)}"
        print(f"| {row} | {np.mean(faces):.4f} | {unlike.mean():.4f} |", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=6)
    parser.add_argument("--model", default="iso")
    options = parser.parse_args()
    model = load_model(options.model)
    seeds = range(options.seeds)
    alone = [windows(model, seed, 2 * BLOCK, 16, [0]) for seed in seeds]
    print("| halo | at the face | 1 inside | 3 inside | boundary | cost |")
    print("|---|---|---|---|---|---|")
    for halo in (4, 8, 12, 16):
        found = [windows(model, seed, BLOCK, halo, [0, 1]) for seed in seeds]
        same = np.mean([(a == b).mean((1, 2)) for a, b in zip(found, alone)], 0)
        share = (same + same[::-1])[:BLOCK][::-1] / 2  # from the face on
        planes = np.mean([(a[1:] != a[:-1]).mean((1, 2)) for a in found], 0)
        between_cells = planes[1::2]  # as the face is
        ratio = planes[BLOCK - 1] / between_cells.mean()
        cost = (WINDOW / (WINDOW - 2 * halo)) ** 3  # of a window's base, per voxel
        figures = [*share[[0, 1, 3]], ratio, cost]
        print(f"| {halo} | {' | '.join(f'{x:.3f}' for x in figures)} |", flush=True)
    print("\n| voxels a grain | growth | halo | unlike at the faces | in all |")
    print("|---|---|---|---|---|")
    for diameter in (8.0, 10.4, 12.0, 14.0, 16.0):
        unlike_at_faces(model, diameter)


if __name__ == "__main__":
    main()
