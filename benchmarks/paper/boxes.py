"""Volumes that the studies of the paper's method share, kept on disk, and distances.

Volumes are kept in runs/paper-studies under the hash of the weights and the name of
what made them, so every script continues where it was stopped, and with a larger
--volumes makes only those that are missing. Simulated volumes are those of
../floor.py, cut to the same shape.

Import this module first: it makes the modules of the folder above importable.
"""

import contextlib
import sys
from pathlib import Path

import numpy as np

from grainpaint import Microstructure, formats
from grainpaint.drawing.figures import aspect_ratio_plane, density
from grainpaint.generation.paper_plans import grid
from grainpaint.measure.descriptors import DESCRIPTORS
from grainpaint.measure.distances import distances
from grainpaint.measure.measured import measure_all
from grainpaint.measure.population import population
from grainpaint.palette import scalar_block
from grainpaint.paper.ddpm import respaced
from grainpaint.paper.model import load_paper
from grainpaint.paper.paint import grains_of, paint_blocks
from grainpaint.paper.repaint import block_noise, repaint
from grainpaint.progress import console
from grainpaint.segmentation.pieces import label_pieces
from grainpaint.units import parse_shape

HERE = Path(__file__).parent
NAMES = ("volume", "aspect_ratio", "nearest")
PAPER = {  # Table 1, by resamplings
    1: {"volume": 0.0827, "aspect_ratio": 1.421, "nearest": 0.127},
    10: {"volume": 0.056, "aspect_ratio": 0.0384, "nearest": 0.033},
}
sys.path.append(str(HERE.parent))

from common import folder_for, make_parser  # noqa: E402
from floor import EDGE  # noqa: E402
from floor import simulated as open_boxes  # noqa: E402


def study_parser(description, shape, volumes, quick=None):
    """Return a parser with the options that all studies take."""
    tiny = {"shape": (32, 32, 32), "volumes": 2, "reference": 2}
    parser = make_parser(description, **{**tiny, **(quick or {})})
    parser.add_argument("--model", default="paper-iso")
    parser.add_argument("--shape", type=parse_shape, default=shape)
    parser.add_argument("--volumes", type=int, default=volumes, help="generated")
    parser.add_argument("--reference", type=int, default=9, help="simulated")
    return parser


class Study:
    """The volumes of a study.

    Under `--quick` simulated boxes are as small as `--shape`, and few, and a model has
    30 levels of noise in place of 250.

    Parameters
    ----------
    options : argparse.Namespace
        Of `study_parser`.
    folder : Path
        Where volumes are kept.
    """

    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        self.edge = max(options.shape) if options.quick else EDGE
        self.n_simulated = 4 if options.quick else 25

    def simulated(self, first, n, shape=None):
        """Yield n simulated volumes from number `first` on, cut to a shape."""
        cut = tuple(slice(n) for n in shape or self.options.shape)
        for i, volume in enumerate(open_boxes(self.folder, first + n, edge=self.edge)):
            if i >= first:
                box = volume.grain_id[cut]
                yield Microstructure(label_pieces(box, corners=True))

    def levels_of(self, model):
        """Return the denoiser of a model, and its schedule."""
        schedule = model.card.levels.schedule
        if self.options.quick:
            return respaced(model.denoiser, schedule, 30)
        return model.denoiser, schedule

    def kept(self, name, digest, seed, paint):
        """Return a volume from disk, or paint it: `paint` gives its grain IDs."""
        size = "x".join(map(str, self.options.shape))
        folder = self.folder / "paper-studies" / digest[:12] / f"{name}-{size}"
        path = folder / f"{seed:02d}.npz"
        if not path.exists():
            folder.mkdir(parents=True, exist_ok=True)
            formats.write(Microstructure(paint()), path)
        return formats.load(path)

    def generated(self, resamplings, plan=grid):
        """Yield volumes of the paper's method, their blocks in the order of a plan."""
        loaded = load_paper(self.options.model)
        denoiser, schedule = self.levels_of(loaded)
        blocks = plan(self.options.shape)
        name = f"{'resamplings' if plan is grid else plan.__name__}-{resamplings}"
        for seed in range(self.options.volumes):

            def paint(seed=seed):
                fill = repainter(denoiser, schedule, seed, n_resample=resamplings + 1)
                values = paint_blocks(
                    fill, blocks, self.options.shape, progress=console
                )
                return grains_of(values[0])

            yield self.kept(name, loaded.sha256, seed, paint)

    def floor(self, n, n_reference):
        """Return the relative entropies of n simulated volumes beside the reference.

        They are other ones than those of the reference, and at most so many are left.
        """
        n = min(n, self.n_simulated - n_reference)
        first = measure_all(self.simulated(n_reference, n), n, console)
        second = measure_all(self.simulated(0, n_reference), n_reference, console)
        return relative_entropies(first, second)


@contextlib.contextmanager
def open_study(options):
    """Yield the `Study` of a script's options."""
    with folder_for(options, "") as folder:
        yield Study(options, folder)


def repainter(denoiser, schedule, seed, dim=1, **settings):
    """Return what fills blocks by RePaint."""

    def paint(given, known, places):
        noise = block_noise(seed, places, given.shape[-1], dim)
        return repaint(denoiser, given, known, schedule, noise, **settings)

    return paint


def recoded(volumes):
    """Yield volumes as DBSCAN finds them in one random value for each grain."""
    for seed, volume in enumerate(volumes):
        values = scalar_block(volume.grain_id, np.random.default_rng(seed))
        yield Microstructure(grains_of(values))


def draw_distributions(measured, reference, numbers, ending=""):
    """Write the figures of grain volume, aspect ratios and nearest centroid."""
    for number, name in zip(numbers, NAMES, strict=True):
        if name == "aspect_ratio":
            figure = aspect_ratio_plane(measured, reference)
        else:
            figure = density(measured, reference, name)
        figure.savefig(HERE / f"figure-{number}{ending}.png", dpi=110)


def relative_entropies(measured, reference):
    """Return the paper's three relative entropies of two measured sets."""
    return {
        name: distances(
            population(measured, name),
            population(reference, name),
            DESCRIPTORS[name].is_length,
        )["kl"]
        for name in NAMES
    }


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
