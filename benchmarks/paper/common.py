"""What the studies of the paper's method share: volumes kept on disk, distances.

Volumes are kept in runs/paper-studies under the hash of the weights and the name of
what made them, so every script goes on where it was stopped, and with a larger
--volumes makes only those that are missing. Simulated volumes are those of
../floor.py, cut to the same shape.
"""

import argparse
import json
import sys
from pathlib import Path

import numpy as np

from grainpaint import Microstructure, formats
from grainpaint.generation.blocks import grid
from grainpaint.measure.comparison import measure_all
from grainpaint.measure.descriptors import DESCRIPTORS, population
from grainpaint.measure.distances import distances
from grainpaint.paper.model import load_paper
from grainpaint.paper.paint import grains_of, paint_blocks
from grainpaint.paper.repaint import block_noise, repaint
from grainpaint.progress import console
from grainpaint.segmentation.pieces import label_pieces
from grainpaint.units import parse_shape

HERE = Path(__file__).parent
KEPT = HERE.parents[1] / "runs" / "paper-studies"
NAMES = ("volume", "aspect_ratio", "nearest")
PAPER = {  # Table 1, by resamplings
    1: {"volume": 0.0827, "aspect_ratio": 1.421, "nearest": 0.127},
    10: {"volume": 0.056, "aspect_ratio": 0.0384, "nearest": 0.033},
}
sys.path.append(str(HERE.parent))


def options(description, shape, volumes):
    """Return the options that all studies take."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--model", default="paper-iso")
    parser.add_argument("--shape", type=parse_shape, default=shape)
    parser.add_argument("--volumes", type=int, default=volumes, help="generated")
    parser.add_argument("--reference", type=int, default=9, help="simulated")
    return parser


def simulated(shape, first, n):
    """Yield n simulated volumes from number `first` on, cut to a shape."""
    from floor import simulated as open_boxes

    for i, volume in enumerate(open_boxes(first + n)):
        if i >= first:
            box = volume.grain_id[tuple(slice(n) for n in shape)]
            yield Microstructure(label_pieces(box, corners=True))


def repainter(denoiser, schedule, seed, dim=1, **settings):
    """Return what fills blocks by RePaint."""

    def paint(given, known, places):
        noise = block_noise(seed, places, given.shape[-1], dim)
        return repaint(denoiser, given, known, schedule, noise, **settings)

    return paint


def kept(name, digest, shape, seed, paint):
    """Return a volume from disk, or paint it: `paint` gives its grain IDs."""
    size = "x".join(map(str, shape))
    path = KEPT / digest[:12] / f"{name}-{size}" / f"{seed:02d}.npz"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        formats.write(Microstructure(paint()), path)
    return formats.load(path)


def generated(model, resamplings, shape, n, name=None, **settings):
    """Yield volumes of the paper's method."""
    loaded = load_paper(model)
    for seed in range(n):

        def paint(seed=seed):
            painter = repainter(
                loaded.denoiser,
                loaded.card.levels.schedule,
                seed,
                n_resample=resamplings + 1,
                **settings,
            )
            blocks = grid(shape)
            return grains_of(paint_blocks(painter, blocks, shape, progress=console)[0])

        label = name or f"resamplings-{resamplings}"
        yield kept(label, loaded.sha256, shape, seed, paint)


def relative_entropies(measured, reference):
    """Return the paper's three relative entropies of two measured sets."""
    return {
        name: distances(
            population(measured, name),
            population(reference, name),
            DESCRIPTORS[name].dimension > 0,
        )["kl"]
        for name in NAMES
    }


def floor(shape, n, n_reference):
    """Return the relative entropies of n simulated volumes, others than the reference.

    There are 25 simulated volumes: at most 25 - n_reference are taken.
    """
    n = min(n, 25 - n_reference)
    first = measure_all(simulated(shape, n_reference, n), n, console)
    second = measure_all(simulated(shape, 0, n_reference), n_reference, console)
    return relative_entropies(first, second)


def describe(volumes):
    """Return the mean and the volume-weighted mean grain volume, and the small ones."""
    sizes = np.concatenate([v.grain_volumes() for v in volumes]).astype(float)
    sizes = sizes[sizes > 0]
    return {
        "grains": len(sizes),
        "mean_volume": sizes.mean(),
        "weighted_volume": (sizes**2).sum() / sizes.sum(),
        "below_50": (sizes < 50).mean(),
    }


def save(name, result):
    """Write a study's numbers beside its script."""
    text = json.dumps(result, indent=1, default=float) + "\n"
    (HERE / f"{name}.json").write_text(text)
