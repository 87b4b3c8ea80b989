"""Figures of a base network: held-out cross-entropy, bound, and samples."""

from itertools import pairwise

import numpy as np
import torch
import torch.nn.functional as F

from grainpaint.network.batch import draw_batch
from grainpaint.network.diffusion import (
    add_noise,
    expected_colors,
    reverse_step,
    timesteps,
)
from grainpaint.network.precision import autocast, resolve
from grainpaint.network.unet import setting
from grainpaint.palette import palette
from grainpaint.pyramid import double
from grainpaint.segmentation.pieces import label_pieces

__all__ = ["LEVELS", "bound", "describe", "held_out", "predict", "sampled"]

LEVELS = (0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 0.98)
N_STEPS = 5
TORUS = (True, True, True)


def predict(network, x, t, wanted, guide=None):
    """Return the logits."""
    with autocast(torch.device("cpu"), resolve("auto")):
        return network(x, t, wanted, guide).float()


@torch.inference_mode()
def held_out(network, samples, config, recalls, n_samples):
    """Return cross-entropy, squared error and slope at each of LEVELS."""
    colors = torch.from_numpy(palette(config.network.dim))
    rows = []
    for level in LEVELS:
        rng, found = np.random.default_rng(7), []
        generator = torch.Generator().manual_seed(7)
        for i in range(n_samples):
            source = i % len(samples.sources)
            batch = draw_batch(samples, np.array([level]), 0.0, rng, source)
            color = batch.color.long()
            x0 = colors[color]
            x = add_noise(x0, batch.t, torch.randn(x0.shape, generator=generator))
            guide = None if batch.guide is None else colors[batch.guide.long()]
            if recalls:
                first = predict(network, x, batch.t, batch.setting, torch.zeros_like(x))
                guide = expected_colors(first, colors)
            logits = predict(network, x, batch.t, batch.setting, guide)
            mean = expected_colors(logits, colors)
            entropy = F.cross_entropy(logits.flatten(0, -2), color.flatten())
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
