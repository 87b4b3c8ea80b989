"""What the last level of the paper's schedule costs: noise, or a block with noise.

Run: python benchmarks/paper/start.py [--volumes 8]. At level 250 28 % of a block's
amplitude are left, yet sampling starts from pure noise. Here single blocks are sampled
from pure noise, and from simulated blocks brought to level 250; prints the standard
deviation of the values, of the simulated blocks too, and of the grains their number a
block and their volume-weighted mean. Writes start.json.
"""

import numpy as np
import torch
from common import options, save, simulated

from grainpaint.palette import scalar_block
from grainpaint.paper.ddpm import add_noise, reverse_step
from grainpaint.paper.model import load_paper
from grainpaint.paper.paint import grains_of
from grainpaint.paper.repaint import block_noise

SHAPE = (32, 32, 32)


@torch.no_grad()
def sample(model, x, noise):
    """Return fields at level 0, given those at the highest."""
    schedule = model.card.levels.schedule
    for t in range(schedule.n_steps, 0, -1):
        eps = model.denoiser(x, torch.full(x.shape[:1], t))
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
    chosen = options(__doc__, SHAPE, 8).parse_args()
    model = load_paper(chosen.model)
    n = chosen.volumes
    rng = np.random.default_rng(0)
    blocks = [scalar_block(v.grain_id, rng) for v in simulated(SHAPE, 0, n)]
    x0 = torch.from_numpy(np.stack(blocks))[:, None]
    noise = block_noise(0, range(n), SHAPE[0])
    schedule = model.card.levels.schedule
    starts = {
        "from noise": noise(0),
        "from blocks": add_noise(x0, schedule.n_steps, noise(0), schedule),
    }
    result = {"model": model.card.budget, "blocks": n}
    result["rows"] = {"simulated": figures(x0[:, 0].numpy())}
    for name, start in starts.items():
        result["rows"][name] = figures(sample(model, start, noise)[:, 0].numpy())
    save("start", result)
    for name, row in result["rows"].items():
        print(f"{name:14}" + "".join(f"{k:>18} {v:8.3f}" for k, v in row.items()))


if __name__ == "__main__":
    main()
