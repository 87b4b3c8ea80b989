"""What to change in the base network, each for the same minutes of one core.

Run: taskset -c 0 python benchmarks/ablations.py [--minutes 4] [--only NAME ...]. Trains
a small base of the kind that ships from nothing, then the same with one thing changed,
prints a table and writes ablations.json after each. Data: simulated tori of 32^3 at t =
10 and 25 and of 64^3 at t = 100, halved; 40 of each, and 8 that are held out.

- cross-entropy: nats a voxel at a noise level, held out;
- slope: of the true color vectors on the expected ones; 1 = neither too sure nor too
  unsure;
- bound: what the network makes of the entropy of a voxel's color. Cross-entropy at
  the noise level where this is least, and half the integral of the squared error over
  the signal-to-noise ratio up to there (Kingma et al., "Variational diffusion models",
  NeurIPS 2021, Eq. 13 and 14);
- samples at t = 100 by 5 evaluations: grains of two voxels or more in 32^3, their
  volume-weighted mean, single voxels, share of unlike neighbors, and the 95th
  percentile of surface / volume^(2/3), where merged grains show.
"""

import math
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

os.environ["NUMBA_NUM_THREADS"] = "1"

import numpy as np
import torch
import torch.nn.functional as F
from ablation_figures import LEVELS, bound, describe, held_out, predict, sampled
from ablation_networks import by_adam, preserving, two_blocks, without_norm
from common import make_parser, save

from grainpaint import simulate
from grainpaint.diameter import equivalent_diameter
from grainpaint.network.ahead import batches_from
from grainpaint.network.batch import draw_batch
from grainpaint.network.checkpoint import TrainingFiles
from grainpaint.network.dataset import TrainingSet
from grainpaint.network.diffusion import add_noise, expected_colors
from grainpaint.network.precision import autocast, resolve
from grainpaint.network.samples import Sample, Samples
from grainpaint.network.train import (
    PRESETS,
    TrainConfig,
    batch_losses,
    noise_levels,
    noise_like,
)
from grainpaint.network.training_run import TrainingRun
from grainpaint.network.unet import NetworkConfig, UNet
from grainpaint.palette import palette
from grainpaint.pyramid import double, halve

SHOWN = (0.3, 0.6, 0.8, 0.9)


@dataclass(frozen=True)
class Effort:
    """How much is simulated, and how much is sampled from each network."""

    kinds: tuple = ((32, 10.0), (32, 25.0), (64, 100.0))  # edge, time
    n_trained: int = 40
    n_held_out: int = 8
    n_samples: int = 8
    edge: int = 32  # of samples


QUICK = Effort(((16, 10.0), (16, 25.0), (32, 100.0)), 2, 1, 1, 16)


@dataclass(frozen=True)
class Variant:
    """What is trained."""

    name: str
    channels: tuple[int, ...] = (80, 96, 96)
    batch: int = 2
    shift: float = 3.2
    dim: int = 5
    change: Callable[[UNet], UNet] = lambda network: network
    recalls: bool = False  # self-conditioning
    n_volumes: int = 40
    renewed: bool = False
    coarser: bool = False  # a third level under the base
    averages: tuple[float, ...] = ()  # other lengths of the average of the weights

    def config(self, guided: bool = False) -> TrainConfig:
        """Return the settings of a training run."""
        network = NetworkConfig(
            dim=self.dim,
            n_colors=len(palette(self.dim)),
            channels=self.channels,
            head=32,
            guided=guided or self.recalls,
        )
        changed = {"network": network, "batch": self.batch, "shift": self.shift}
        return PRESETS["base"].model_copy(update=changed)


def simulated(edge, time, seeds):
    """Return a training set of tori."""
    volumes = [simulate.isotropic((edge,) * 3, time, 1000, seed) for seed in seeds]
    n = np.concatenate([v.grain_volumes() for v in volumes])
    return TrainingSet(volumes, float(equivalent_diameter(n[n > 0]).mean()), {})


class Renewed:
    """Samples of volumes, one of which is replaced after eight draws, on average."""

    def __init__(self, sets, kinds, n_colors):
        self.kinds, self.n_colors = kinds, n_colors
        self.volumes = [
            [self.sampler(TrainingSet([v], s.grain_diameter, {})) for v in s.volumes]
            for s in sets
        ]

    def sampler(self, training_set):
        """Return the samples of one volume."""
        return Samples([training_set], "base", self.n_colors)

    def draw(self, rng, source=None):
        """Draw, and now and then replace a volume."""
        if rng.random() < 1 / 8:
            k = int(rng.integers(len(self.kinds)))
            seed = int(rng.integers(1 << 30)) + (1 << 30)
            fresh = simulated(*self.kinds[k], [seed])
            i = int(rng.integers(len(self.volumes[k])))
            self.volumes[k][i] = self.sampler(fresh)
        volumes = self.volumes[int(rng.integers(len(self.kinds)))]
        return volumes[int(rng.integers(len(volumes)))].draw(rng)


class Coarse:
    """Samples of the level under the base."""

    def __init__(self, samples):
        self.samples, self.sources = samples, samples.sources

    def draw(self, rng, source=None):
        """Draw half of a sample."""
        sample = self.samples.draw(rng, source)
        return Sample(halve(sample.color), None, sample.grain_diameter / 2, True)


class Guided(Coarse):
    """Samples of a base that reads the level under it."""

    def draw(self, rng, source=None):
        """Draw a sample with its half."""
        sample = self.samples.draw(rng, source)
        guide = double(halve(sample.color))
        return Sample(sample.color, guide, sample.grain_diameter, sample.halved)


class Averages:
    """Averages of the weights over shares of the run, as EDM2's of other lengths."""

    def __init__(self, gammas):
        self.gammas = gammas
        self.weights = {gamma: None for gamma in gammas}

    def add(self, network, step):
        """Take the weights of a step in."""
        for gamma in self.gammas:
            weights = [w.detach().clone() for w in network.parameters()]
            if self.weights[gamma] is not None and step:
                keep = (1 - 1 / step) ** (gamma + 1) if math.isfinite(gamma) else 0.0
                torch._foreach_lerp_(self.weights[gamma], weights, 1 - keep)
            else:
                self.weights[gamma] = weights

    def into(self, network, gamma):
        """Return a network with an average."""
        with torch.no_grad():
            for weight, value in zip(network.parameters(), self.weights[gamma]):
                weight.copy_(value)
        return network


def fit(config, samples, minutes, variant, averages=None):
    """Train; return the network with averaged weights and the steps taken."""
    torch.manual_seed(0)
    colors = torch.from_numpy(palette(config.network.dim))

    def losses(network, drawn):
        rng, step = drawn
        generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
        levels = noise_levels(config, step)
        batch = draw_batch(samples, levels, config.known, rng)
        if averages:
            averages.add(network, step)
        if not variant.recalls:
            eps = noise_like(batch, config.network.dim, generator)
            return batch_losses(network, batch, colors, eps, resolve("auto"))
        color = batch.color.long()
        x0 = colors[color]
        x = add_noise(x0, batch.t, torch.randn(x0.shape, generator=generator))
        guide = torch.zeros_like(x)
        if rng.random() < 0.5:
            with torch.no_grad():
                logits = predict(network, x, batch.t, batch.setting, guide)
            guide = expected_colors(logits, colors)
        with autocast(torch.device("cpu"), resolve("auto")):
            both = network.both(x, batch.t, batch.setting, guide)
        unknown = (batch.t[..., 0] > 0).float()
        flat = (
            F.cross_entropy(logits.float().movedim(-1, 1), color, reduction="none")
            for logits in both
        )
        return [(loss * unknown).sum() / unknown.sum() for loss in flat]

    with tempfile.TemporaryDirectory() as folder:
        network = variant.change(UNet(config.network))
        run = TrainingRun(network, config, TrainingFiles(Path(folder), config.stage))
        with batches_from(0, lambda *drawn: drawn, config.seed, 0) as batches:
            run.go(batches, losses, minutes)
        return run.averaged(), run.step


def show(name, n_steps, rows, entropy_bound, samples):
    """Return a row of the table."""
    entropy = [f"{rows[LEVELS.index(level), 0]:.3f}" for level in SHOWN]
    slopes = [f"{rows[LEVELS.index(level), 2]:.3f}" for level in SHOWN[1:]]
    grains, weighted, single, unlike, shape = samples
    made = f"{grains:.0f} | {weighted:.0f} | {single:.0f} | {unlike:.3f} | {shape:.2f}"
    told = " | ".join([*entropy, *slopes, f"{entropy_bound:.3f}"])
    return f"| {name} | {n_steps} | {told} | {made} |"


def samples_of(variant, training, effort):
    """Return what a variant is trained on."""
    n_colors = len(palette(variant.dim))
    sets = [
        TrainingSet(s.volumes[: variant.n_volumes], s.grain_diameter, {})
        for s in training
    ]
    if variant.renewed:
        return Renewed(sets, effort.kinds, n_colors)
    return Samples(sets, "base", n_colors)


def run(variant, training, testing, minutes, effort):
    """Train a variant; yield its rows, as (name, steps, figures, bound, samples)."""
    samples = samples_of(variant, training, effort)
    held = Samples(testing, "base", len(palette(variant.dim)))
    diameter = testing[-1].grain_diameter / 2
    n, edge = effort.n_samples, effort.edge
    if variant.coarser:
        config, guided = variant.config(), variant.config(guided=True)
        lower, n_lower = fit(config, Coarse(samples), minutes / 3, variant)
        upper, n_upper = fit(guided, Guided(samples), minutes * 2 / 3, variant)
        below = held_out(lower, Coarse(held), config, False, n)
        above = held_out(upper, Guided(held), guided, False, n)
        total = bound(below, 5) / 8 + bound(above, 5)
        guides = sampled(lower, config, n, edge // 2, diameter / 2, False)
        made = sampled(upper, guided, n, edge, diameter, False, guides)
        steps = f"{n_lower} + {n_upper}"
        yield variant.name, steps, above, total, describe(made)
        return
    config, averages = variant.config(), Averages(variant.averages)
    network, n_steps = fit(config, samples, minutes, variant, averages)
    cases = [(variant.name, network)]
    for gamma in variant.averages:
        share = {math.inf: "none"}.get(gamma, f"gamma {gamma:g}")
        cases.append((f"... average of the weights: {share}", gamma))
    for name, case in cases:
        if isinstance(case, float):
            case = averages.into(network, case)
        rows = held_out(case, held, config, variant.recalls, n)
        made = sampled(case, config, n, edge, diameter, variant.recalls)
        yield name, str(n_steps), rows, bound(rows, variant.dim), describe(made)


VARIANTS = (
    # Averages over the last 25, 5 and 0 % of the run beside 10 (Karras, Eq. 123).
    Variant("as shipped, small: 80, 96, 96", averages=(1.8, 16.97, math.inf)),
    Variant("narrower: 56, 72, 72", channels=(56, 72, 72)),
    Variant("wider: 112, 128, 96", channels=(112, 128, 96)),
    Variant("two levels: 80, 96", channels=(80, 96)),
    Variant("four levels: 80, 96, 96, 96", channels=(80, 96, 96, 96)),
    Variant("two blocks a level", change=two_blocks),
    Variant("no norm", change=without_norm),
    Variant("magnitude-preserving", change=preserving),
    Variant("noise levels even (shift 1)", shift=1.0),
    Variant("shift 2", shift=2.0),
    Variant("shift 5", shift=5.0),
    Variant("self-conditioning", recalls=True),
    Variant("AdamW for all", change=by_adam),
    Variant("one volume a step", batch=1),
    Variant("four volumes a step", batch=4),
    Variant("5 volumes of each kind", n_volumes=5),
    Variant("fresh volumes, eight draws each", renewed=True),
    Variant("24 colors in R^4", dim=4),
    Variant("60 colors in R^6", dim=6),
    Variant("a coarser level under it, a third of the time", coarser=True),
)


def main():
    quick = ["two levels", "two blocks", "magnitude", "fresh"]
    parser = make_parser(__doc__, minutes=0.001, only=quick)
    parser.add_argument("--minutes", type=float, default=4.0)
    parser.add_argument("--only", nargs="*", help="names begin with one of these")
    options = parser.parse_args()
    effort = QUICK if options.quick else Effort()
    torch.set_num_threads(1)
    training, testing = (
        [simulated(*kind, range(first, first + n)) for kind in effort.kinds]
        for first, n in ((0, effort.n_trained), (10_000, effort.n_held_out))
    )
    shown = [f"{level:g}" for level in SHOWN]
    columns = ["", "steps", *shown, *(f"slope {level}" for level in shown[1:])]
    columns += ["bound", "grains", "volume-weighted", "specks", "boundary", "95 %"]
    print("| " + " | ".join(columns) + " |\n|" + "---|" * len(columns))
    data = [halve(v.grain_id) for v in testing[-1].volumes]
    figures = describe(data)
    print("| data |" + " |" * 9 + " " + " | ".join(f"{f:.4g}" for f in figures) + " |")
    kept = [{"name": "data", "samples": figures}]
    for variant in VARIANTS:
        if options.only and not variant.name.startswith(tuple(options.only)):
            continue
        for name, steps, rows, least, made in run(
            variant, training, testing, options.minutes, effort
        ):
            print(show(name, steps, rows, least, made), flush=True)
            row = {"name": name, "steps": steps, "levels": LEVELS}
            row |= {"held_out": rows.tolist(), "bound": least, "samples": made}
            kept.append(row)
            result = {"minutes": options.minutes, "rows": kept}
            save(options, Path(__file__), result)


if __name__ == "__main__":
    main()
