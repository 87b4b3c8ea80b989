"""What a halo of base windows gives, and what it costs.

Run: python benchmarks/halos.py [--seeds 6] [--model iso]. Prints a table. Two windows
meet at a face; how many voxels there are as a window without that face gives them, how
much boundary lies in the face against other planes, what does a base voxel cost?
"""

import argparse

import numpy as np

from grainpaint.model import load_model
from grainpaint.plan import WINDOW, BaseAxis, BasePlan
from grainpaint.sample import Painter, base_window

BLOCK, ACROSS = 32, 32  # base voxels


def windows(model, seed, block, halo, keys):
    """Return what windows along x write, side by side."""
    axes = (BaseAxis(block, halo), BaseAxis(ACROSS), BaseAxis(ACROSS))
    painter = Painter(model, BasePlan(axes), seed)
    return np.concatenate([base_window(painter, (k, 0, 0)) for k in keys])


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


if __name__ == "__main__":
    main()
