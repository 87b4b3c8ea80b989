"""Table 2 of the paper: time against size.

Run: python benchmarks/paper/times.py [--shape 32,32,32] [--resamplings 1]. Paints one
volume that fits the time, measures an evaluation of a block and its noise, and
extrapolates by the number of blocks; segmentation is measured on values of the full
size where that is at most 224^3. Run it on idle cores. Writes times.json.
"""

import math
import time
from itertools import pairwise

import numpy as np
import torch
from common import options, repainter, save

from grainpaint.generation.blocks import grid
from grainpaint.paper.model import load_paper
from grainpaint.paper.paint import paint_blocks
from grainpaint.paper.repaint import timeline
from grainpaint.progress import console
from grainpaint.segmentation.dbscan import dbscan

TABLE = {  # voxels a minute on two A100, Table 2
    (224, 224, 224): 25.3e3,
    (368, 368, 224): 24.2e3,
    (416, 416, 224): 24.2e3,
    (464, 464, 224): 23.2e3,
}


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
    start = time.perf_counter()
    dbscan(values)
    return time.perf_counter() - start


def main():
    parser = options(__doc__, (32, 32, 32), 1)
    parser.add_argument("--resamplings", type=int, default=1)
    chosen = parser.parse_args()
    model = load_paper(chosen.model)
    seconds_of_segmentation((16, 16, 16))  # compiles
    blocks = grid(chosen.shape)
    schedule = model.card.levels.schedule
    paint = repainter(
        model.denoiser, schedule, 0, n_resample=2, n_free=schedule.n_steps
    )
    paint_blocks(paint, blocks[:1], chosen.shape)  # warms up
    paint = repainter(model.denoiser, schedule, 0, n_resample=chosen.resamplings + 1)
    start = time.perf_counter()
    paint_blocks(paint, blocks, chosen.shape, progress=console)
    seconds = time.perf_counter() - start
    each = seconds / len(blocks) / evaluations(chosen.resamplings)
    measured = (
        f"{len(blocks)} blocks, {chosen.resamplings} resamplings: {seconds:.0f} s"
    )
    print(measured, f"{each * 1e3:.1f} ms an evaluation of a block, all in all")
    result = {
        "model": model.card.budget,
        "threads": torch.get_num_threads(),
        "measured": measured,
        "seconds_an_evaluation": each,
        "rows": {},
    }
    print(f"{'size':>14}{'blocks':>9}{'hours':>9}{'voxel/min':>11}{'paper':>11}")
    for shape in [(32,) * 3, (100,) * 3, *TABLE]:
        n_blocks, n_voxels = len(grid(shape)), math.prod(shape)
        hours = n_blocks * evaluations(10) * each / 3600
        row = {"blocks": n_blocks, "hours": hours}
        row["voxels_a_minute"] = n_voxels / hours / 60
        row["paper"] = TABLE.get(shape)
        if n_voxels <= 224**3:
            row["segmentation_s"] = seconds_of_segmentation(shape)
        name = "x".join(map(str, shape))
        result["rows"][name] = row
        print(
            f"{name:>14}{n_blocks:9,}{hours:9.2f}{row['voxels_a_minute']:11,.0f}"
            f"{TABLE.get(shape, math.nan):11,.0f}"
        )
    save("times", result)


if __name__ == "__main__":
    main()
