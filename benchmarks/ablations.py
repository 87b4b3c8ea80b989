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

import argparse
import json
import math
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

os.environ["NUMBA_NUM_THREADS"] = "1"

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from grainpaint import simulate
from grainpaint.network.batch import draw_batch
from grainpaint.network.checkpoint import TrainingFiles
from grainpaint.network.dataset import TrainingSet
from grainpaint.network.diffusion import (
    add_noise,
    expected_colors,
    reverse_step,
    timesteps,
)
from grainpaint.network.layers import ChannelNorm, Conv, ResidualBlock
from grainpaint.network.precision import autocast, resolve
from grainpaint.network.samples import Sample, Samples
from grainpaint.network.train import PRESETS, TrainConfig, batch_losses, noise_levels
from grainpaint.network.training_run import TrainingRun
from grainpaint.network.unet import NetworkConfig, UNet, setting
from grainpaint.palette import palette
from grainpaint.pyramid import double, halve
from grainpaint.segmentation.pieces import label_pieces

HERE = Path(__file__).parent
KINDS = ((32, 10.0), (32, 25.0), (64, 100.0))  # edge, time
N_TRAINED, N_HELD_OUT = 40, 8
LEVELS = (0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 0.98)
SHOWN = (0.3, 0.6, 0.8, 0.9)
N_SAMPLES, N_STEPS = 8, 5
TORUS = (True, True, True)


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
    n_volumes: int = N_TRAINED
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


class Without(nn.Identity):
    """No norm."""


class UnitConv(Conv):
    """A convolution whose output is as large as its input: rows of norm 1."""

    def forward(self, x):
        """Convolve."""
        unit = F.normalize(self.weight, dim=1).view(self.shape)
        padded = F.pad(x.permute(0, 4, 1, 2, 3), (1,) * 6, "circular")
        return F.conv3d(padded, unit, self.bias).permute(0, 2, 3, 4, 1)


class UnitLinear(nn.Linear):
    """A linear layer with rows of norm 1."""

    def forward(self, x):
        """Multiply."""
        return F.linear(x, F.normalize(self.weight, dim=1), self.bias)


class Preserving(nn.Module):
    """A residual block that keeps magnitudes (Karras et al., CVPR 2024, Eq. 81, 88)."""

    def __init__(self, block):
        super().__init__()
        (n_out, n_in, *_) = block.conv1.shape
        self.gain = nn.Linear(block.condition.in_features, n_in)
        nn.init.zeros_(self.gain.weight)
        nn.init.ones_(self.gain.bias)
        self.conv1 = UnitConv(n_in, n_out, torus=True)
        self.conv2 = UnitConv(n_out, n_out, torus=True)
        self.skip = UnitLinear(n_in, n_out) if n_in != n_out else nn.Identity()

    def forward(self, x, conditions):
        """Add what the convolutions say."""
        h = F.silu(x * self.gain(conditions)) / 0.596
        h = self.conv2(F.silu(self.conv1(h)) / 0.596)
        return (0.7 * self.skip(x) + 0.3 * h) / math.hypot(0.7, 0.3)


class Two(nn.Module):
    """Two residual blocks in place of one."""

    def __init__(self, block):
        super().__init__()
        n_out = block.conv1.shape[0]
        self.first, self.second = block, ResidualBlock(n_out, n_out, torus=True)

    def forward(self, x, conditions):
        """Go through both."""
        return self.second(self.first(x, conditions), conditions)


def replaced(network, kind, new):
    """Replace all modules of a kind."""
    for parent in list(network.modules()):
        for name, child in parent.named_children():
            if isinstance(child, kind):
                setattr(parent, name, new(child))
    return network


def without_norm(network):
    return replaced(network, ChannelNorm, lambda _: Without())


def preserving(network):
    def unit(linear):
        return UnitLinear(linear.in_features, linear.out_features)

    replaced(network, ResidualBlock, Preserving)
    network.norm = Without()
    network.enter = UnitConv(network.enter.shape[1], network.enter.shape[0], True)
    for layers in (network.widen, network.narrow):
        replaced(layers, nn.Linear, unit)
    return network


def two_blocks(network):
    replaced(network.down, ResidualBlock, Two)
    replaced(network.up, ResidualBlock, Two)
    return network


def by_adam(network):
    """Leave one small matrix to Muon."""
    network.hidden_matrices = lambda: [network.conv.weight]
    return network


def simulated(edge, time, seeds):
    """Return a training set of tori."""
    volumes = [simulate.isotropic((edge,) * 3, time, 1000, seed) for seed in seeds]
    n = np.concatenate([v.grain_volumes() for v in volumes])
    return TrainingSet(volumes, float(np.cbrt(6 * n[n > 0] / np.pi).mean()), {})


class Renewed(Samples):
    """Samples of volumes that are replaced after eight draws, on average."""

    def draw(self, rng, source=None):
        """Draw, and now and then replace a volume."""
        if rng.random() < 1 / 8:
            k = int(rng.integers(len(KINDS)))
            edge, time = KINDS[k]
            seed = int(rng.integers(1 << 30)) + (1 << 30)
            fresh = Samples([simulated(edge, time, [seed])], "base", self.n_colors)
            i = int(rng.integers(N_TRAINED))
            (new,), chosen = fresh.sources, self.sources[k]
            for j, grain_id in enumerate(new.grain_id):
                at = i * len(new.grain_id) + j
                chosen.grain_id[at] = grain_id
                chosen._graph.pop(at, None)
        return super().draw(rng, source)


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

    def losses(network, rng, step):
        generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
        levels = noise_levels(config, step)
        batch = draw_batch(samples, levels, config.known, rng)
        if averages:
            averages.add(network, step)
        if not variant.recalls:
            return batch_losses(network, batch, colors, generator, resolve("auto"))
        x0 = colors[batch.color]
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
            F.cross_entropy(
                logits.float().movedim(-1, 1), batch.color, reduction="none"
            )
            for logits in both
        )
        return [(loss * unknown).sum() / unknown.sum() for loss in flat]

    with tempfile.TemporaryDirectory() as folder:
        network = variant.change(UNet(config.network))
        run = TrainingRun(network, config, TrainingFiles(Path(folder), config.stage))
        run.go(losses, minutes)
        return run.averaged(), run.step


def predict(network, x, t, wanted, guide=None):
    """Return the logits."""
    with autocast(torch.device("cpu"), resolve("auto")):
        return network(x, t, wanted, guide).float()


@torch.inference_mode()
def held_out(network, samples, config, recalls):
    """Return cross-entropy, squared error and slope at each of LEVELS."""
    colors = torch.from_numpy(palette(config.network.dim))
    rows = []
    for level in LEVELS:
        rng, found = np.random.default_rng(7), []
        generator = torch.Generator().manual_seed(7)
        for i in range(N_SAMPLES):
            source = i % len(samples.sources)
            batch = draw_batch(samples, np.array([level]), 0.0, rng, source)
            x0 = colors[batch.color]
            x = add_noise(x0, batch.t, torch.randn(x0.shape, generator=generator))
            guide = None if batch.guide is None else colors[batch.guide]
            if recalls:
                first = predict(network, x, batch.t, batch.setting, torch.zeros_like(x))
                guide = expected_colors(first, colors)
            logits = predict(network, x, batch.t, batch.setting, guide)
            mean = expected_colors(logits, colors)
            entropy = F.cross_entropy(logits.flatten(0, -2), batch.color.flatten())
            error = ((x0 - mean) ** 2).sum(-1).mean()
            found.append((entropy, error, (x0 * mean).sum(), (mean * mean).sum()))
        entropy, error, product, square = np.array(found, float).T
        slope = product.sum() / square.sum()
        rows.append((entropy.mean(), error.mean(), slope))
    return np.array(rows)


def bound(rows, dim):
    """Return the least bound on the entropy of a voxel, nats."""
    entropy, error, _ = rows.T
    levels = np.array(LEVELS)
    ratio = np.append((1 / levels - 1) ** 2, 0.0)  # signal to noise, down to none
    error = np.append(error, dim)
    steps = -np.diff(ratio) * (error[1:] + error[:-1]) / 2
    above = np.cumsum(steps[::-1])[::-1]  # from each level up to pure noise
    return float(np.min(entropy + above / 2))


@torch.inference_mode()
def sampled(network, config, n, edge, diameter, recalls, guides=None):
    """Return colors of n tori."""
    colors = torch.from_numpy(palette(config.network.dim))
    found = []
    for seed in range(n):
        generator = torch.Generator().manual_seed(seed)
        x = torch.randn((1, edge, edge, edge, config.network.dim), generator=generator)
        one = torch.ones_like(x[..., :1])
        wanted = setting(diameter * one, one)
        guide = torch.zeros_like(x) if recalls else None
        if guides is not None:
            guide = colors[torch.from_numpy(double(guides[seed])).long()][None]
        for t, s in pairwise(timesteps(N_STEPS, 3.2).tolist()):
            logits = predict(network, x, t * one, wanted, guide)
            x0 = expected_colors(logits, colors)
            x = reverse_step(x, x0, t, s)
            guide = x0 if recalls else guide
        found.append(logits[0].argmax(-1).to(torch.uint8).numpy())
    return found


def describe(volumes):
    """Return what tells merged and stray grains in volumes of colors."""
    rows, shapes = [], []
    for color in volumes:
        ids = label_pieces(color.astype(np.int32) + 1, TORUS)
        n = np.bincount(ids.ravel())[1:].astype(float)
        faces = np.zeros(len(n))
        unlike = []
        for axis in range(3):
            ahead = np.roll(ids, -1, axis)
            differ = ids != ahead
            unlike.append(differ.mean())
            for side in (ids, ahead):
                faces += np.bincount(side[differ] - 1, minlength=len(n))
        large = n > 1
        shapes.append(faces[large] / n[large] ** (2 / 3))
        whole = n[large]
        weighted = (whole**2).sum() / whole.sum()
        rows.append((large.sum(), weighted, (n == 1).sum(), np.mean(unlike)))
    return [*np.mean(rows, 0), float(np.percentile(np.concatenate(shapes), 95))]


def show(name, n_steps, rows, entropy_bound, samples):
    """Return a row of the table."""
    entropy = [f"{rows[LEVELS.index(level), 0]:.3f}" for level in SHOWN]
    slopes = [f"{rows[LEVELS.index(level), 2]:.3f}" for level in SHOWN[1:]]
    grains, weighted, single, unlike, shape = samples
    made = f"{grains:.0f} | {weighted:.0f} | {single:.0f} | {unlike:.3f} | {shape:.2f}"
    told = " | ".join([*entropy, *slopes, f"{entropy_bound:.3f}"])
    return f"| {name} | {n_steps} | {told} | {made} |"


def run(variant, training, testing, minutes):
    """Train a variant; yield its rows, as (name, steps, figures, bound, samples)."""
    n_colors = len(palette(variant.dim))
    kind = Renewed if variant.renewed else Samples
    volumes = [
        TrainingSet(s.volumes[: variant.n_volumes], s.grain_diameter, {})
        for s in training
    ]
    samples, held = kind(volumes, "base", n_colors), Samples(testing, "base", n_colors)
    diameter = testing[-1].grain_diameter / 2
    if variant.coarser:
        config, guided = variant.config(), variant.config(guided=True)
        lower, n_lower = fit(config, Coarse(samples), minutes / 3, variant)
        upper, n_upper = fit(guided, Guided(samples), minutes * 2 / 3, variant)
        below = held_out(lower, Coarse(held), config, False)
        above = held_out(upper, Guided(held), guided, False)
        total = bound(below, 5) / 8 + bound(above, 5)
        guides = sampled(lower, config, N_SAMPLES, 16, diameter / 2, False)
        made = sampled(upper, guided, N_SAMPLES, 32, diameter, False, guides)
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
        rows = held_out(case, held, config, variant.recalls)
        made = sampled(case, config, N_SAMPLES, 32, diameter, variant.recalls)
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
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=4.0)
    parser.add_argument("--only", nargs="*", help="names begin so")
    options = parser.parse_args()
    torch.set_num_threads(1)
    training, testing = (
        [simulated(*kind, range(first, first + n)) for kind in KINDS]
        for first, n in ((0, N_TRAINED), (10_000, N_HELD_OUT))
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
            variant, training, testing, options.minutes
        ):
            print(show(name, steps, rows, least, made), flush=True)
            row = {"name": name, "steps": steps, "levels": LEVELS}
            row |= {"held_out": rows.tolist(), "bound": least, "samples": made}
            kept.append(row)
            text = json.dumps({"minutes": options.minutes, "rows": kept}, indent=1)
            (HERE / "ablations.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
