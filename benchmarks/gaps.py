"""Quality and cost of the paper's plans against the gap between blocks, with our model.

Run: python benchmarks/gaps.py [--boxes 4]. The paper leaves open how wide the gaps
between blocks should be, which later blocks fill (it takes half a block). Here bases of
96^3 are made in blocks of 32. Each block is given what earlier blocks wrote in its
overlap and in the halo that is computed around it; a gap is 32 - 2 overlaps wide. They
are compared with one torus, and with windows that do not depend on each other. Quality:
boundary in the faces of blocks over that in other planes; mean and volume-weighted mean
grain over those of the torus. Cost: base voxels computed for each voxel that is wanted.
Prints a table and writes gaps.json.
"""

from pathlib import Path

import numpy as np
from common import make_parser, save

from grainpaint.generation.base import base_window
from grainpaint.generation.painter import Painter
from grainpaint.generation.windows import BaseAxis, BasePlan, Order, whole
from grainpaint.network.loading import load_model
from grainpaint.segmentation.pieces import label_pieces


def base(model, plan, edge, seed):
    """Return a base, gathered from its windows."""
    painter = Painter(model, plan, seed)
    places = [np.arange(edge)] * 3
    return plan.gather(places, lambda key: base_window(painter, key))


def faces(plan, edge):
    """Return which planes of a base lie between blocks: before voxel 1, 2, ..."""
    if plan.order is None:
        starts = {plan.axes[0].start(k) for k in range(edge)}
        return [n for n in range(1, edge) if n in starts]
    blocks = plan.order.blocks((edge,) * 3)
    ends = {b.start[0] + side for b in blocks for side in (0, plan.order.edge)}
    return sorted(n for n in ends if 0 < n < edge)


def excess(color, planes):
    """Return the boundary in planes over that in others, mean of three axes."""
    found = []
    for axis in range(3):
        unlike = np.diff(color, axis=axis) != 0
        share = unlike.mean(tuple(a for a in range(3) if a != axis))
        inside = np.zeros(len(share), bool)
        inside[np.array(planes) - 1] = True
        found.append(share[inside].mean() / share[~inside].mean())
    return float(np.mean(found))


def sizes(color):
    """Return the mean and the volume-weighted mean grain, voxels."""
    n = np.bincount(label_pieces(color.astype(np.int32) + 1).ravel())[1:].astype(float)
    n = n[n > 4]
    return n.mean(), (n**2).sum() / n.sum()


def plans(edge, block):
    """Return the plans that are compared, by name."""
    torus = whole((2 * edge,) * 3, 8)
    axis = BaseAxis(block, 8)
    found = {"one torus": torus, "windows, halo 8": BasePlan((axis, axis, axis))}
    for kind, overlap, halo in (
        *(("grid", overlap, 8) for overlap in (2, 4, 8, 12)),
        *(("grid", 8, halo) for halo in (0, 4)),
        ("center", 8, 8),
    ):
        gap = f"gap {block - 2 * overlap}" if kind == "grid" else f"overlap {overlap}"
        order = Order(kind, block, overlap, halo)
        found[f"{kind}, {gap}, halo {halo}"] = BasePlan(torus.axes, order)
    return found


def main():
    parser = make_parser(__doc__, boxes=1, edge=32, block=16)
    parser.add_argument("--boxes", type=int, default=4)
    parser.add_argument("--edge", type=int, default=96, help="of the base, voxels")
    parser.add_argument("--block", type=int, default=32, help="base voxels")
    options = parser.parse_args()
    edge, model = options.edge, load_model("iso")
    rows, alone = [], None
    print("| plan | boundary in faces | mean | volume-weighted | cost |")
    print("|---|---|---|---|---|")
    for name, plan in plans(edge, options.block).items():
        found = [base(model, plan, edge, seed) for seed in range(options.boxes)]
        grains = np.mean([sizes(color) for color in found], 0)
        torus, alone = alone is None, grains if alone is None else alone
        n_windows = len(plan.find([np.arange(edge)] * 3)) * plan.n_runs
        boundary = None
        if not torus:
            planes = faces(plan, edge)
            boundary = float(np.mean([excess(c, planes) for c in found]))
        row = {
            "boundary": boundary,
            "mean": float(grains[0] / alone[0]),
            "weighted": float(grains[1] / alone[1]),
            "cost": n_windows * float(np.prod(plan.seen_shape)) / edge**3,
        }
        rows.append({"name": name, **row})
        cells = ["" if v is None else f"{v:.3f}" for v in row.values()]
        print(f"| {name} | {' | '.join(cells)} |", flush=True)
        if options.quick and len(rows) == 3:
            break
    save(options, Path(__file__), {"boxes": options.boxes, "rows": rows}, model="iso")


if __name__ == "__main__":
    main()
