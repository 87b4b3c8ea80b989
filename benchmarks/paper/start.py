"""What it costs to start from pure noise at the last level of the paper's schedule.

Run: python benchmarks/paper/start.py [--volumes 8]. At level 250 a block keeps 28 % of
its amplitude, yet sampling starts from pure noise. Here single blocks are sampled from
pure noise, and from simulated blocks with the noise of level 250. Prints the standard
deviation of the values, the number of grains a block and their volume-weighted mean,
also of the simulated blocks. Writes start.json.
"""

from pathlib import Path

import numpy as np
import torch
from boxes import open_study, study_parser
from common import save

from grainpaint.palette import scalar_block
from grainpaint.paper.ddpm import add_noise, reverse_step
from grainpaint.paper.model import load_paper
from grainpaint.paper.paint import grains_of
from grainpaint.paper.repaint import block_noise

SHAPE = (32, 32, 32)


@torch.no_grad()
def sample(denoiser, schedule, x, noise):
    """Return fields at level 0, given those at the highest."""
    for t in range(schedule.n_steps, 0, -1):
        eps = denoiser(x, torch.full(x.shape[:1], t))
        x = reverse_step(x, eps, t, noise(t), schedule)
    return x


def figures(fields):
    """Return the standard deviation of values, grains a block and their mean volume."""
    volumes = [np.bincount(grains_of(f).ravel())[1:] for f in fields]
    pooled = np.concatenate(volumes).astype(float)
    return {
        "deviation": fields.std(axis=(1, 2, 3)).mean(),
        "grains": len(pooled) / len(fields),
        "weighted_volume": (pooled**2).sum() / pooled.sum(),
    }


def main():
    options = study_parser(__doc__, SHAPE, 8).parse_args()
    model, n = load_paper(options.model), options.volumes
    rng = np.random.default_rng(0)
    with open_study(options) as study:
        simulated = list(study.simulated(0, n))
        denoiser, schedule = study.levels_of(model)
    blocks = [scalar_block(v.grain_id, rng) for v in simulated]
    x0 = torch.from_numpy(np.stack(blocks))[:, None]
    noise = block_noise(0, range(n), SHAPE[0])
    starts = {
        "from noise": noise(0),
        "from blocks": add_noise(x0, schedule.n_steps, noise(0), schedule),
    }
    rows = [{"name": "simulated", **figures(x0[:, 0].numpy())}]
    for name, start in starts.items():
        made = sample(denoiser, schedule, start, noise)[:, 0].numpy()
        rows.append({"name": name, **figures(made)})
    for row in rows:
        cells = "".join(f"{k:>18} {v:8.3f}" for k, v in [*row.items()][1:])
        print(f"{row['name']:14}{cells}")
    result = {"trained": model.card.budget, "blocks": n, "rows": rows}
    save(options, Path(__file__), result, model=options.model)


if __name__ == "__main__":
    main()
