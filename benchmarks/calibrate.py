"""What the table of grain sizes in a model's card (`sampling.sizes`) rests on.

Run: python benchmarks/calibrate.py [--model iso] [--seeds 6] [--asked 4.4 --spins 250].
Prints the grains of simulated volumes, then, for each row of the card, the grains that
the model makes at levels 1 and 0 with the growth of that row and with a little less and
more. With --asked and --spins, one row of your own. A row of the card should bring the
mean diameter, the mean volume and the volume-weighted mean (over the mean) as near to
the simulated ones as possible. All boxes are tori; grains are cleaned. Writes
calibrate.json, which is not kept with the sources.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
from common import make_parser, save

from grainpaint.diameter import equivalent_diameter
from grainpaint.generation.base import base_window
from grainpaint.generation.painter import Painter
from grainpaint.generation.tags import spin_of, tag_grains
from grainpaint.generation.windows import BaseAxis, BasePlan
from grainpaint.network.loading import load_model
from grainpaint.pyramid import double
from grainpaint.segmentation.colors import grains
from grainpaint.simulate.iso.potts import grow

TORUS = (True, True, True)
TIMES = (25.0, 50.0, 100.0, 200.0, 300.0)


class Tables:
    """Figures of the grains of volumes, by row; rows are printed once complete."""

    def __init__(self):
        self.rows, self.shown = {}, []

    def add(self, row, spins):
        """Measure a volume."""
        ids = grains(np.ascontiguousarray(spins), TORUS)
        n = np.bincount(ids.ravel())[1:].astype(float)
        n = n[n > 0]
        figures = equivalent_diameter(n).mean(), n.mean(), (n**2).sum() / n.sum()
        self.rows.setdefault(row, []).append(figures)

    def show(self):
        """Print the means of the rows added since the last call."""
        for row, figures in self.rows.items():
            diameter, volume, weighted = np.mean(figures, 0)
            numbers = f"{diameter:10.3f}{volume:10.1f}{weighted / volume:10.3f}"
            print(f"{row:44}{numbers}", flush=True)
            means = {"diameter": diameter, "volume": volume, "weighted": weighted}
            self.shown.append({"row": row, **means})
        self.rows.clear()


def simulated(edge, seeds, tables):
    """Tabulate simulated volumes of twice the base's edge."""
    for seed in range(820_000, 820_000 + seeds):
        rng = np.random.default_rng(seed)
        start = rng.integers(1, 1001, (2 * edge,) * 3).astype(np.uint16)
        for time, spins in zip(TIMES, grow(start, TIMES, seed=seed)):
            tables.add(f"simulated, t = {time:g}", spins)
    tables.show()


def generated(edge, model, seeds, asked, growths, spins, tables):
    """Grow bases at level 1 (with spins) or at level 0 (without) and tabulate."""
    card = model.base_card
    sampling = card.sampling.model_copy(update={"grain_diameter": asked})
    axis = BaseAxis(edge)
    told = replace(model, base_card=card.model_copy(update={"sampling": sampling}))
    places = [np.arange(edge)] * 3
    for seed in range(seeds):
        painter = Painter(told, BasePlan((axis, axis, axis)), seed)
        colors = base_window(painter, (0, 0, 0))
        n_colors = model.base.config.n_colors
        tags = tag_grains(colors, n_colors, places, seed, sampling, TORUS)
        start = double(spin_of(tags, n_colors, spins)) if spins else tags
        ends = [64.0 + growth for growth in growths]
        found = grow(start, ends, seed=seed, start_time=64.0)
        for growth, end in zip(growths, found):
            level = f"level 1, {spins} spins" if spins else "level 0"
            tables.add(f"asked {asked:g}, {level}, growth {growth:g}", end)
    tables.show()


def main():
    parser = make_parser(__doc__, seeds=1, edge=16, asked=4.4)
    parser.add_argument("--model", default="iso")
    parser.add_argument("--seeds", type=int, default=6)
    parser.add_argument("--edge", type=int, default=64, help="of the base, voxels")
    parser.add_argument("--asked", type=float)
    parser.add_argument("--spins", type=int, default=1000)
    options = parser.parse_args()
    model, tables = load_model(options.model), Tables()
    edge, seeds = options.edge, options.seeds
    rows = model.base_card.sampling.calibration
    print(f"{'':44}{'diameter':>10}{'volume':>10}{'weighted':>10}")
    simulated(edge, seeds, tables)
    columns = (rows.diameter, rows.asked, rows.growth, rows.coarse_growth, rows.spins)
    for diameter, asked, growth, coarse, spins in zip(*columns):
        if options.asked or diameter > 2 * rows.diameter[0]:
            continue
        around = [round(growth * f, 1) for f in (0.85, 1, 1.15)]
        generated(edge, model, seeds, asked, around, round(spins), tables)
        around = [round(coarse * f, 1) for f in (0.75, 1, 1.25)]
        generated(edge, model, seeds, asked, around, 0, tables)
    if options.asked:
        times = (4.0, 8.0, 16.0, 32.0, 64.0, 128.0)
        generated(edge, model, seeds, options.asked, times, options.spins, tables)
        generated(edge, model, seeds, options.asked, times[:4], 0, tables)
    save(options, Path(__file__), {"rows": tables.shown}, model=options.model)


if __name__ == "__main__":
    main()
