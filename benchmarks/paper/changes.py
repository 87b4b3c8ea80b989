"""The paper's method with one change at a time, and ours: what each change buys.

Run: python benchmarks/paper/changes.py --data SETS [--steps 2000] [--shape 80,80,32]
[--volumes 4] [--resamplings 1] [--rows NAME ...]. Networks that a change needs are
trained from scratch, for as many steps on the same blocks as the unchanged one with
which they are compared; with a larger --steps each continues from where it was.
Evaluations are counted per voxel: blocks overlap, and the base of iso has an eighth of
the voxels. Writes a part of changes.json for each row.

- paper: 250 levels, variances 1e-4..0.02, RePaint, DBSCAN.
- terminal noise: variances 4e-4..0.08, so that alpha_bar ends at 3e-5 and not at 0.08
  and half of the levels lie where the paper has none. The network predicts noise as
  before, for which a signal of exactly zero would tell nothing.
- few steps: 25 levels, DDIM's step, no resampling.
- palette: 40 colors in R^5 instead of one value a grain; the nearest color and
  connected pieces instead of DBSCAN.
- noise map: known voxels are given clean, each at level 0, instead of RePaint; a
  quarter of the training blocks has known boxes.
- iso: the model that we ship: all of these together, at half the resolution, told the
  grain size, and finished by grain growth; trained for its own budget, see its card.
- encoding alone: simulated volumes, encoded and decoded again without any network or
  noise: the best that an encoding can do.

Rows that cost little have 16 volumes; "simulated, as few" is the floor of the others.
"""

import math
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from boxes import (
    NAMES,
    describe,
    open_study,
    recoded,
    relative_entropies,
    repainter,
    study_parser,
)
from common import save

import grainpaint
from grainpaint import Microstructure, formats
from grainpaint.generation.paper_plans import grid
from grainpaint.measure.measured import measure_all
from grainpaint.network.ahead import batches_from
from grainpaint.network.checkpoint import TrainingFiles
from grainpaint.network.fit import spread
from grainpaint.network.lookup import model_digest
from grainpaint.network.training_run import TrainingRun
from grainpaint.network.unet import UNet
from grainpaint.network.weights import write_stage
from grainpaint.palette import palette
from grainpaint.paper.data import encode_block, load_blocks
from grainpaint.paper.ddpm import add_noise, ddim_step, respaced, reverse_step
from grainpaint.paper.model import Levels, PaperCard, load_paper, predict
from grainpaint.paper.paint import grains_of, paint_blocks
from grainpaint.paper.repaint import block_noise
from grainpaint.paper.train import PAPER, train_paper
from grainpaint.progress import console
from grainpaint.segmentation.colors import grains

FOREVER = 1e6  # minutes: the number of steps ends a run
KNOWN = 0.25  # share of training blocks with known boxes, as for our own model
CONFIGS = {
    "paper": PAPER,
    "noise": PAPER.model_copy(update={"levels": Levels(first=4e-4, last=0.08)}),
    "palette": PAPER.model_copy(
        update={"network": PAPER.network.model_copy(update={"dim": 5, "n_colors": 5})}
    ),
    "map": PAPER,
}


def known_boxes(edge, rng):
    """Return a mask of one to three boxes that touch the faces of a block."""
    known = np.zeros((edge,) * 3, bool)
    for _ in range(rng.integers(1, 4)):
        box = []
        for _ in range(3):
            size = rng.choice([edge // 4, edge // 2, edge])
            box.append(slice(edge - size, edge) if rng.random() < 0.5 else slice(size))
        known[tuple(box)] = True
    return known


def map_losses(config, blocks):
    """Return the paper's losses, with known boxes that a map of the levels tells."""
    schedule = config.levels.schedule

    def losses(network, drawn):
        rng, step = drawn
        levels = 1 + (spread(step, config.batch) * schedule.n_steps).astype(np.int64)
        fields = [encode_block(blocks.draw(rng), 1, rng) for _ in levels]
        known = np.zeros((len(levels), 1, *(config.edge,) * 3), bool)
        for i in range(len(levels)):
            if rng.random() < KNOWN:
                known[i, 0] = known_boxes(config.edge, rng)
        generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
        x0 = torch.from_numpy(np.stack(fields))
        eps = torch.randn(x0.shape, generator=generator)
        t = torch.from_numpy(levels).reshape(-1, 1, 1, 1, 1)
        given = torch.from_numpy(known)
        noisy = add_noise(x0, t.flatten(), eps, schedule)
        x = torch.where(given, x0, noisy)
        seen = predict(network, x, torch.where(given, 0, t), schedule)
        return [F.mse_loss(found[~given], eps[~given]) for found in seen]

    return losses


def trained(study, name, data, n_steps):
    """Return the folder of a network, trained for a number of steps."""
    out = study.folder / "paper-studies" / "changes" / name
    config = CONFIGS[name]
    if name != "map":
        train_paper(
            config,
            data,
            out,
            minutes=FOREVER,
            n_steps=n_steps,
            resume=True,
            progress=console,
        )
        return out
    torch.manual_seed(config.seed)
    run = TrainingRun(UNet(config.network), config, TrainingFiles(out, "paper"))
    blocks, _, description = load_blocks(data, config.edge)
    with batches_from(run.step, lambda *drawn: drawn, config.seed, 0) as batches:
        losses = map_losses(config, blocks)
        run.go(batches, losses, FOREVER, n_steps, console, "train map")
    card = PaperCard(
        edge=config.edge,
        network=config.network,
        levels=config.levels,
        data=description,
        training={"batch": config.batch, "known": KNOWN},
        n_steps=run.step,
        minutes=round(run.seconds / 60, 1),
        metrics={},
    )
    write_stage(out, card, run.averaged())
    return out


def by_map(model, seed):
    """Return what fills blocks with known voxels clean, and a map that says so."""
    schedule = model.card.levels.schedule

    @torch.no_grad()
    def paint(given, known, places):
        noise = block_noise(seed, places, given.shape[-1])
        x = torch.where(known, given, noise(0))
        for t in range(schedule.n_steps, 0, -1):
            levels = torch.where(known, 0, torch.full(known.shape, t))
            seen = model.denoiser(x, levels)
            fresh = noise(schedule.n_steps + 1 - t)
            x = torch.where(known, given, reverse_step(x, seen, t, fresh, schedule))
        return x

    return paint


def by_ddim(model, seed, n_steps):
    """Return what fills blocks in few steps of DDIM, without resampling."""
    few, schedule = respaced(model.denoiser, model.card.levels.schedule, n_steps)
    return repainter(few, schedule, seed, n_resample=1, n_free=0, step=ddim_step)


def by_repaint(model, seed, resamplings):
    """Return what fills blocks by RePaint."""
    return repainter(
        model.denoiser,
        model.card.levels.schedule,
        seed,
        model.network.config.dim,
        n_resample=resamplings + 1,
    )


def colored_grains(values):
    """Return the connected pieces of the nearest colors of vectors (dim, x, y, z)."""
    colors = palette(len(values))
    nearest = np.stack([(np.moveaxis(v, 0, -1) @ colors.T).argmax(-1) for v in
                        np.moveaxis(values, 1, 0)])  # fmt: skip
    return grains(nearest.astype(np.int32) + 1)


def painted(study, label, folder, painter_of):
    """Yield volumes of a change."""
    model, shape = load_paper(str(folder)), study.options.shape
    dim = model.network.config.dim
    for seed in range(study.options.volumes):

        def paint(seed=seed):
            painter = painter_of(model, seed)
            values = paint_blocks(painter, grid(shape), shape, dim, progress=console)
            return grains_of(values[0]) if dim == 1 else colored_grains(values)

        yield study.kept(label, model.sha256, seed, paint)


def ours(study, n):
    """Yield volumes of the shipped model."""
    digest, shape = model_digest("iso"), study.options.shape
    for seed in range(n):

        def paint(seed=seed):
            return grainpaint.generate(shape, "iso", seed, progress=console).grain_id

        yield study.kept("iso", digest, seed, paint)


def recolored(volumes):
    """Yield volumes, encoded by our palette and decoded, without a network."""
    for seed, volume in enumerate(volumes):
        values = encode_block(volume.grain_id, 5, np.random.default_rng(seed))
        yield Microstructure(colored_grains(values))


def make_data(folder):
    """Write three small periodic volumes for training under `--quick`."""
    folder.mkdir()
    for seed in range(3):
        volume = grainpaint.simulate.isotropic((32, 32, 32), 10, 1000, seed)
        formats.write(volume, folder / f"{seed}.npz")
    return folder


def rows_of(study, data):
    """Return, by name, the evaluations of a block and the volumes of each row."""
    options = study.options
    r, n, shape = options.resamplings, options.volumes, options.shape
    first = options.reference
    many = study.n_simulated - first  # volumes of the rows that cost little
    a_block = voxels_a_block(shape)

    def change(name, painter_of, label):
        folder = trained(study, name, data, options.steps)
        if options.quick:  # one step makes no grains
            folder = options.model
        return painted(study, label, folder, painter_of)

    def repainted(name):
        label = f"resamplings-{r}"
        return 250 + 224 * r, lambda: change(
            name, lambda m, s: by_repaint(m, s, r), label
        )

    def by_few(model, seed):
        return by_ddim(model, seed, 25)

    return {
        "simulated": (0, lambda: study.simulated(first, many)),
        "simulated, as few": (0, lambda: study.simulated(first, min(n, many))),
        "encoding alone: scalar": (0, lambda: recoded(study.simulated(first, many))),
        "encoding alone: palette": (0, lambda: recolored(study.simulated(first, many))),
        "iso": (5 / 8 / a_block, lambda: ours(study, many)),  # 5, half the resolution
        "paper": repainted("paper"),
        "few steps": (25, lambda: change("paper", by_few, "ddim-25")),
        "noise map": (250, lambda: change("map", by_map, "map")),
        "terminal noise": repainted("noise"),
        "palette": repainted("palette"),
    }


def voxels_a_block(shape):
    """Return how many voxels of blocks there are for one of the volume."""
    return len(grid(shape)) * 32**3 / math.prod(shape)  # blocks overlap


def main():
    quick = {"volumes": 1, "steps": 1, "rows": ["simulated", "few steps"]}
    parser = study_parser(__doc__, (80, 80, 32), 4, quick)
    parser.add_argument("--data", type=Path, help="of the networks; see train paper")
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--resamplings", type=int, default=1)
    parser.add_argument("--rows", nargs="*", help="only these rows")
    options = parser.parse_args()
    settings = {
        "steps": options.steps,
        "batch": PAPER.batch,
        "shape": options.shape,
        "reference": options.reference,
        "resamplings": options.resamplings,
    }
    with open_study(options) as study:
        data = make_data(study.folder / "data") if options.quick else options.data
        rows = rows_of(study, data)
        chosen = options.rows or [*rows]
        if unknown := set(chosen) - rows.keys():
            known = ", ".join(rows)
            parser.error(f"no such row: {', '.join(unknown)}; there are {known}")
        n_reference = options.reference
        simulated = study.simulated(0, n_reference)
        reference = measure_all(simulated, n_reference, console)
        heads = "".join(f"{m:>14}" for m in NAMES)
        print(f"{'':26}{'volumes':>8}{'evaluations':>12}{heads}  mean")
        for name in chosen:
            n_evaluations, volumes = rows[name]
            made = list(volumes())
            measured = measure_all(made, len(made), console)
            row = {
                "volumes": len(made),
                "evaluations_a_voxel": n_evaluations * voxels_a_block(options.shape),
                "kl": relative_entropies(measured, reference),
                **describe(made),
            }
            known = {"model": "iso"} if name == "iso" else {}
            save(options, Path(__file__), {**settings, **row}, part=name, **known)
            cells = "".join(f"{row['kl'][m]:14.4f}" for m in NAMES)
            counts = f"{len(made):8}{row['evaluations_a_voxel']:12,.1f}"
            print(f"{name:26}{counts}{cells}{row['mean_volume']:8.1f}", flush=True)


if __name__ == "__main__":
    main()
