"""What the halos of base windows and of growth windows bring, and what they cost.

Run: python benchmarks/halos.py [--seeds 5] [--model iso]. Prints two tables and writes
halos.json. Base windows: the share of voxels near the face between two windows that are
as in one window without that face, the boundary in the face over that in other planes
between cells, and the cost of a base voxel. Growth windows, by the growth that grains
of some size need: the share of voxels at the faces of a window that differ from those
in a volume without faces.
"""

from pathlib import Path

import numpy as np
from common import make_parser, save

from grainpaint.generation.base import base_window
from grainpaint.generation.grain_size import GrainSize, make_wanted
from grainpaint.generation.painter import Painter
from grainpaint.generation.refine import grown, named
from grainpaint.generation.tags import tag_grains
from grainpaint.generation.windows import WINDOW, BaseAxis, BasePlan
from grainpaint.network.loading import load_model
from grainpaint.pyramid import double

BLOCK, ACROSS = 32, 32  # base voxels


def windows(model, seed, block, halo, keys):
    """Return what windows along x write, side by side."""
    axes = (BaseAxis(block, halo), BaseAxis(ACROSS), BaseAxis(ACROSS))
    painter = Painter(model, BasePlan(axes), seed)
    return np.concatenate([base_window(painter, (k, 0, 0)) for k in keys])


def unlike_at_faces(model, diameter, edge):
    """Return, for grains of a size, which share of voxels at faces differs, by halo.

    The volume without faces has `edge` base voxels, a window in it `edge` * 3 / 4
    voxels.
    """
    axis, core = BaseAxis(edge), edge * 3 // 4
    size = GrainSize(text="", low=diameter, high=diameter)
    wanted = make_wanted(size, model.base_card.sampling.calibration, 1.0, 1)
    painter = Painter(model, BasePlan((axis,) * 3), 0, 1, wanted)
    colors = base_window(painter, (0, 0, 0))
    n_colors = model.base.config.n_colors
    places, wraps = [np.arange(edge)] * 3, (True, True, True)
    tags = tag_grains(colors, n_colors, places, 0, model.base_card.sampling, wraps)
    start = double(named(painter, tags))
    full = [(0, 2 * edge)] * 3
    endless = grown(painter, start, full, 1, torus=wraps)
    growth = wanted.most_growth
    chosen = model.refine_card.sampling.halo_of(growth)
    rows = []
    for halo in sorted({16, 24, 32, 48, 64, chosen}):
        span = edge - core // 2 - halo, edge + core // 2 + halo
        if span[0] < 0:
            continue  # as wide as the torus
        inner = (slice(*span),) * 3
        found = grown(painter, start[inner].copy(), [span] * 3, 1)
        unlike = (found != endless[inner])[(slice(halo, -halo),) * 3]
        faces = [unlike.take(side, a).mean() for a in range(3) for side in (0, -1)]
        row = f"{diameter} | {growth:.0f} | {halo}{' (chosen)' * (halo == chosen)}"
        print(f"| {row} | {np.mean(faces):.4f} | {unlike.mean():.4f} |", flush=True)
        rows.append(
            {
                "diameter": diameter,
                "growth": growth,
                "halo": halo,
                "chosen": halo == chosen,
                "unlike_at_faces": float(np.mean(faces)),
                "unlike": float(unlike.mean()),
            }
        )
    return rows


def base_halos(model, seeds):
    """Return what each halo of base windows brings."""
    alone = [windows(model, seed, 2 * BLOCK, 16, [0]) for seed in seeds]
    rows = []
    for halo in (4, 8, 12, 16):
        found = [windows(model, seed, BLOCK, halo, [0, 1]) for seed in seeds]
        same = np.mean([(a == b).mean((1, 2)) for a, b in zip(found, alone)], 0)
        share = (same + same[::-1])[:BLOCK][::-1] / 2  # from the face on
        planes = np.mean([(a[1:] != a[:-1]).mean((1, 2)) for a in found], 0)
        between_cells = planes[1::2]  # as the face is
        row = {
            "halo": halo,
            "at_face": float(share[0]),
            "1_inside": float(share[1]),
            "3_inside": float(share[3]),
            "boundary": float(planes[BLOCK - 1] / between_cells.mean()),
            # of a window's base, for each voxel that it writes
            "cost": (WINDOW / (WINDOW - 2 * halo)) ** 3,
        }
        rows.append(row)
        figures = " | ".join(f"{x:.3f}" for x in [*row.values()][1:])
        print(f"| {halo} | {figures} |", flush=True)
    return rows


def main():
    parser = make_parser(__doc__, seeds=1, edge=48)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--model", default="iso")
    parser.add_argument("--edge", type=int, default=128, help="of the torus")
    options = parser.parse_args()
    model = load_model(options.model)
    print("| halo | at the face | 1 inside | 3 inside | boundary | cost |")
    print("|---|---|---|---|---|---|")
    base = base_halos(model, range(options.seeds))
    print("\n| voxels a grain | growth | halo | unlike at the faces | in all |")
    print("|---|---|---|---|---|")
    growth = []
    for diameter in (8.0,) if options.quick else (8.0, 10.4, 12.0, 14.0, 16.0):
        growth += unlike_at_faces(model, diameter, options.edge)
    figures = {"seeds": options.seeds, "base": base, "growth": growth}
    save(options, Path(__file__), figures, model=options.model)


if __name__ == "__main__":
    main()
