"""Training batches of the pyramid: samples with noise levels and known boxes."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from grainpaint.network.builds import Builds
from grainpaint.network.samples import Samples
from grainpaint.network.unet import setting
from grainpaint.simulate.am.channels import unmelted

__all__ = ["Batch", "draw_batch"]


@dataclass(frozen=True)
class Batch:
    """Samples as a network is trained on them.

    Attributes
    ----------
    color : Tensor, int8, shape (N, X, Y, Z)
        Clean colors, -1 = no grain.
    t : Tensor, float32, shape (N, X, Y, Z, 1)
        Noise levels, 0 at known voxels and where no grain is.
    setting : Tensor, float32, shape (N, X, Y, Z, 2)
        See `grainpaint.network.unet.setting`.
    guide : Tensor, int8, shape of color, or None
        Colors of the volume to refine; for a refine network.
    maps : Tensor, float32, shape (N, X, Y, Z, n_maps), or None
        Process maps; for an additive network.
    """

    color: Tensor
    t: Tensor
    setting: Tensor
    guide: Tensor | None
    maps: Tensor | None = None


def _known_boxes(shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Return a mask (bool, `shape`) of one to three random boxes on the torus."""
    known = np.zeros(shape, bool)
    for _ in range(rng.integers(1, 4)):
        ranges = [
            (rng.integers(n) + np.arange(rng.choice([n // 8, n // 4, n // 2, n]))) % n
            for n in shape
        ]
        known[np.ix_(*ranges)] = True
    return known


def draw_batch(
    samples: Samples | Builds,
    levels: np.ndarray,
    known: float,
    rng: np.random.Generator,
    source: int | None = None,
) -> Batch:
    """Draw a sample for each noise level.

    Parameters
    ----------
    samples : Samples or Builds
    levels : numpy.ndarray, float, shape (N,)
        Noise levels, above 0 up to 1.
    known : float
        Probability that a sample has known boxes, which are at level 0. Of a build the
        substrate is always known, and nothing else.
    rng : numpy.random.Generator
    source : int, optional
        Which of `samples.sources` to draw from; random without.
    """
    colors, guides, noise, settings, maps = [], [], [], [], []
    for t in levels:
        sample = samples.draw(rng, source)
        shape = sample.color.shape[:3]
        level = np.full((*shape, 1), t, np.float32)
        if sample.maps is not None:
            level[unmelted(sample.maps) > 0] = 0.0
        elif rng.random() < known:
            level[_known_boxes(shape, rng)] = 0.0
        level[sample.color < 0] = 0.0
        colors.append(sample.color)
        if sample.guide is not None:
            guides.append(sample.guide)
        if sample.maps is not None:
            maps.append(sample.maps)
        noise.append(level)
        settings.append(
            setting(
                torch.full((*shape, 1), sample.grain_diameter),
                torch.full((*shape, 1), float(sample.halved)),
            )
        )
    return Batch(
        torch.from_numpy(np.stack(colors).astype(np.int8)),
        torch.from_numpy(np.stack(noise)),
        torch.stack(settings),
        torch.from_numpy(np.stack(guides).astype(np.int8)) if guides else None,
        torch.from_numpy(np.stack(maps)) if maps else None,
    )
