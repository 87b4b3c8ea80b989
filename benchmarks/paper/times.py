"""Table 2 of the paper: time against size.

Run: python benchmarks/paper/times.py [--shape 80,80,32] [--resamplings 1]. Paints one
small volume, which gives the time of an evaluation of a block with its noise, and
extrapolates by the number of blocks. Segmentation is measured at full size, where that
is at most 224^3. Run it on idle cores. Writes times.json.
"""

import math
from itertools import pairwise
from pathlib import Path

import numpy as np
from boxes import repainter, study_parser
from common import TABLE_2, save, timed

from grainpaint.generation.paper_plans import grid
from grainpaint.paper.model import load_paper
from grainpaint.paper.paint import paint_blocks
from grainpaint.paper.repaint import timeline
from grainpaint.progress import console
from grainpaint.segmentation.dbscan import dbscan


def evaluations(resamplings):
    """Return the evaluations of a block."""
    return sum(t > s for t, s in pairwise(timeline(250, resamplings + 1)))


def seconds_of_segmentation(shape):
    """Return the time of DBSCAN on values of random cells, with noise upon them."""
    rng = np.random.default_rng(0)
    cells = [-(-n // 9) for n in shape]
    values = rng.uniform(-1, 1, cells).astype(np.float32)
    for axis in range(3):
        values = values.repeat(9, axis)
    values = values[tuple(slice(n) for n in shape)]
    values += rng.normal(0, 0.01, shape).astype(np.float32)
    return timed(lambda: dbscan(values))[0]


def seconds_of_evaluation(model, shape, resamplings, quick):
    """Return the seconds of one evaluation of a block with its noise, and of all."""
    blocks = grid(shape)
    schedule = model.card.levels.schedule
    warm = {"n_resample": 2, "n_free": schedule.n_steps}
    fill = repainter(model.denoiser, schedule, 0, **warm)
    paint_blocks(fill, blocks[:1], shape)
    if quick:
        seconds, _ = timed(lambda: paint_blocks(fill, blocks, shape))
        return seconds / len(blocks) / schedule.n_steps, seconds
    fill = repainter(model.denoiser, schedule, 0, n_resample=resamplings + 1)
    seconds, _ = timed(lambda: paint_blocks(fill, blocks, shape, progress=console))
    return seconds / len(blocks) / evaluations(resamplings), seconds


def main():
    parser = study_parser(__doc__, (80, 80, 32), 1)
    parser.add_argument("--resamplings", type=int, default=1)
    options = parser.parse_args()
    model, shape = load_paper(options.model), options.shape
    seconds_of_segmentation((16, 16, 16))  # compiles
    each, seconds = seconds_of_evaluation(
        model, shape, options.resamplings, options.quick
    )
    print(f"{seconds:.0f} s, {each * 1e3:.1f} ms an evaluation of a block, all in all")
    rows = []
    print(f"{'size':>14}{'blocks':>9}{'hours':>9}{'voxel/min':>11}{'paper':>11}")
    for size in [(32,) * 3] if options.quick else [(32,) * 3, (100,) * 3, *TABLE_2]:
        n_blocks, n_voxels = len(grid(size)), math.prod(size)
        hours = n_blocks * evaluations(10) * each / 3600
        speed, paper = n_voxels / hours / 60, TABLE_2.get(size)
        small = n_voxels <= 224**3
        rows.append(
            {
                "shape": size,
                "blocks": n_blocks,
                "hours": hours,
                "voxels_a_minute": speed,
                "paper": paper,
                "segmentation_s": seconds_of_segmentation(size) if small else None,
            }
        )
        name = "x".join(map(str, size))
        print(f"{name:>14}{n_blocks:9,}{hours:9.2f}{speed:11,.0f}{paper or '':>11}")
    figures = {
        "trained": model.card.budget,
        "measured": {
            "shape": shape,
            "resamplings": options.resamplings,
            "seconds": seconds,
        },
        "seconds_an_evaluation": each,
        "rows": rows,
    }
    save(options, Path(__file__), figures, model=options.model)


if __name__ == "__main__":
    main()
