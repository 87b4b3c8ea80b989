"""Quality and cost of the paper's plans against the gap between blocks, with our model.

Run: python benchmarks/gaps.py [--boxes 4]. The paper leaves open how large the gaps
should be that later blocks fill (it takes half a block). Bases of 96^3 in blocks of 32,
each given what those before it wrote, over the overlap (a gap is 32 - 2 overlaps) and
over the halo that is computed around a block; beside them one torus, and windows that
depend on nobody. Quality: boundary in the faces of blocks over that in other planes,
mean and volume-weighted mean grain over those of the torus. Cost: base voxels computed
for one that is wanted. Prints a table and writes gaps.json.
"""

import argparse
import json
from pathlib import Path

import numpy as np

from grainpaint.generation.base import base_window
from grainpaint.generation.painter import Painter
from grainpaint.generation.windows import BaseAxis, BasePlan, Order, whole
from grainpaint.network.loading import load_model
from grainpaint.segmentation.pieces import label_pieces

HERE = Path(__file__).parent
EDGE, BLOCK = 96, 32


def base(model, plan, seed):
    """Return a base, gathered from its windows."""
    painter = Painter(model, plan, seed)
    places = [np.arange(EDGE)] * 3
    return plan.gather(places, lambda key: base_window(painter, key))


def faces(plan):
    """Return which planes of a base lie between blocks: before voxel 1, 2, ..."""
    if plan.order is None:
        starts = {plan.axes[0].start(k) for k in range(EDGE)}
        return [n for n in range(1, EDGE) if n in starts]
    blocks = plan.order.blocks((EDGE,) * 3)
    ends = {b.start[0] + side for b in blocks for side in (0, BLOCK)}
    return sorted(n for n in ends if 0 < n < EDGE)


def excess(color, planes):
    """Return the boundary in planes over that in others, mean of three axes."""
    found = []
    for axis in range(3):
        unlike = np.diff(color, axis=axis) != 0
        share = unlike.mean(tuple(a for a in range(3) if a != axis))
        inside = np.zeros(EDGE - 1, bool)
        inside[np.array(planes) - 1] = True
        found.append(share[inside].mean() / share[~inside].mean())
    return float(np.mean(found))


def sizes(color):
    """Return the mean and the volume-weighted mean grain, voxels."""
    n = np.bincount(label_pieces(color.astype(np.int32) + 1).ravel())[1:].astype(float)
    n = n[n > 4]
    return n.mean(), (n**2).sum() / n.sum()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--boxes", type=int, default=4)
    seeds = range(parser.parse_args().boxes)
    model = load_model("iso")
    torus = whole((2 * EDGE,) * 3, 8)
    axis = BaseAxis(BLOCK, 8)
    plans = {"one torus": torus, "windows, halo 8": BasePlan((axis, axis, axis))}
    for kind, overlap, halo in (
        *(("grid", overlap, 8) for overlap in (2, 4, 8, 12)),
        *(("grid", 8, halo) for halo in (0, 4)),
        ("center", 8, 8),
    ):
        gap = f"gap {BLOCK - 2 * overlap}" if kind == "grid" else f"overlap {overlap}"
        order = Order(kind, BLOCK, overlap, halo)
        plans[f"{kind}, {gap}, halo {halo}"] = BasePlan(torus.axes, order)
    rows, alone = {}, None
    print("| plan | boundary in faces | mean | volume-weighted | cost |")
    print("|---|---|---|---|---|")
    for name, plan in plans.items():
        found = [base(model, plan, seed) for seed in seeds]
        grains = np.mean([sizes(color) for color in found], 0)
        alone = grains if alone is None else alone
        n_windows = len(plan.find([np.arange(EDGE)] * 3)) * plan.n_runs
        planes = [] if plan is torus else faces(plan)
        row = {
            "boundary": float(np.mean([excess(c, planes) for c in found]))
            if planes
            else None,
            "mean": float(grains[0] / alone[0]),
            "weighted": float(grains[1] / alone[1]),
            "cost": n_windows * float(np.prod(plan.seen_shape)) / EDGE**3,
        }
        rows[name] = row
        cells = ["" if v is None else f"{v:.3f}" for v in row.values()]
        print(f"| {name} | {' | '.join(cells)} |", flush=True)
    (HERE / "gaps.json").write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
