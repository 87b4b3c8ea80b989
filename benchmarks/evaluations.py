"""Quality against network evaluations and sampler.

Run: python benchmarks/evaluations.py [--volumes 8]. Prints a table and writes
evaluations.json. Boxes of 100^3 by the model `iso` with growth as it is shipped, beside
9 simulated ones (see floor.py); seconds are those of the base of a box.

- ddim: the step of `grainpaint.network.diffusion`, first order;
- 2m: DPM-Solver++(2M), second order in what the network gave at the level before (Lu et
  al., 2022, Algorithm 2), a step of the first order from pure noise on.
"""

from dataclasses import replace
from pathlib import Path

from common import folder_for, make_parser, save, timed
from floor import EDGE, N_B, simulated

from grainpaint import Microstructure
from grainpaint.generation.base import base_window
from grainpaint.generation.painter import Painter
from grainpaint.generation.refine import refine_window
from grainpaint.generation.windows import whole, windows
from grainpaint.measure.comparison import compare
from grainpaint.measure.measured import measure_all
from grainpaint.network.loading import load_model
from grainpaint.progress import silent
from grainpaint.segmentation.colors import grains

ORDERS = {"ddim": 1, "2m": 2}
EVALUATIONS = {"ddim": (4, 5, 6, 8, 12, 16, 24, 50), "2m": (4, 6, 8, 12)}
NAMES = ("volume", "aspect_ratio", "nearest", "sphericity", "neighbors")


def boxes(model, shape, n, n_steps, order):
    """Return generated boxes and the seconds that a base takes."""
    found, seconds = [], 0.0
    changes = {"n_steps": n_steps, "order": order}
    card = model.base_card
    card = card.model_copy(
        update={"sampling": card.sampling.model_copy(update=changes)}
    )
    model = replace(model, base_card=card)
    plan = whole(shape, model.base.multiple)
    sampling = model.refine_card.sampling
    (window,) = windows(shape, core=(sampling.core,) * 3, halo=sampling.halo)
    for seed in range(n):
        painter = Painter(model, plan, seed)
        took, colors = timed(lambda painter=painter: base_window(painter, (0, 0, 0)))
        seconds += took
        tags = refine_window(painter, window, lambda _, colors=colors: colors)
        found.append(Microstructure(grains(tags, keep_cut=True)))
    return found, seconds / n


def row_of(made, expected):
    """Return relative entropies, floors, and ratios of means to the reference."""
    measured = measure_all(made, len(made), silent)
    found = compare(measured, expected, progress=silent)
    return {
        "kl": {name: found.descriptors[name].kl for name in NAMES},
        "floor": {name: found.descriptors[name].kl_floor for name in NAMES},
        "mean": found.measures["mean_volume_um3"].ratio,
        "weighted": found.measures["weighted_volume_um3"].ratio,
    }


def main():
    parser = make_parser(__doc__, volumes=2, edge=32)
    parser.add_argument("--volumes", type=int, default=8)
    parser.add_argument("--edge", type=int, default=EDGE, help="voxels")
    options = parser.parse_args()
    model, shape = load_model("iso"), (options.edge,) * 3
    with folder_for(options, "") as folder:
        reference = list(simulated(folder, N_B, edge=options.edge))
    expected = measure_all(reference, N_B, silent)
    rows = []
    print("| sampler | evaluations | " + " | ".join(NAMES) + " | mean | weighted | s |")
    print("|---|" + "---|" * (len(NAMES) + 4))
    for sampler, counts in EVALUATIONS.items():
        for n_steps in counts[:1] if options.quick else counts:
            made, seconds = boxes(
                model, shape, options.volumes, n_steps, ORDERS[sampler]
            )
            row = row_of(made, expected)
            kl, floor = row["kl"], row["floor"]
            cells = [f"{value:.4f}" for value in kl.values()]
            cells += [f"{row['mean']:.3f}", f"{row['weighted']:.3f}", f"{seconds:.2f}"]
            print(f"| {sampler} | {n_steps} | {' | '.join(cells)} |", flush=True)
            rows.append(
                {
                    "sampler": sampler,
                    "evaluations": n_steps,
                    **row,
                    "seconds": seconds,
                }
            )
    print("| floor | | " + " | ".join(f"{v:.4f}" for v in floor.values()) + " | | | |")
    figures = {"volumes": options.volumes, "reference": N_B, "edge": options.edge}
    save(options, Path(__file__), {**figures, "rows": rows}, model="iso")


if __name__ == "__main__":
    main()
