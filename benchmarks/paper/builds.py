"""Figures 13 to 16 of the paper: additive grains by its method and by ours.

Run: python benchmarks/paper/builds.py [--builds 100] [--shape 64,64,64] [--volumes 4]
[--resamplings 1]. The paper trains on 40 random blocks of each of 100 simulated cubes
of 100^3 (section 3.3). With --builds such cubes are simulated, what lies above the
substrate of builds with parallel tracks, and nothing else is done: they are kept, so
that

    grainpaint train paper --data runs/paper-studies/builds --out MODEL --minutes 60

makes a model as `paper-am` is one. Otherwise cubes are painted by the plan from the
center outwards and by RePaint, others by `am`, and both are compared with simulated
ones of other seeds, cut to the same shape. Writes builds.json and figure-13.png to
figure-16.png, those of `am` with -am.
"""

from pathlib import Path

import numpy as np
from boxes import (
    HERE,
    describe,
    open_study,
    relative_entropies,
    repainter,
    study_parser,
)
from common import save

from grainpaint import Microstructure, formats
from grainpaint.drawing.figures import aspect_ratio_plane, density, slices
from grainpaint.generation.blocks import center
from grainpaint.generation.domain import Domain
from grainpaint.generation.in_memory import paint_recipe
from grainpaint.generation.scan_recipe import make_scan_recipe
from grainpaint.measure.measured import measure_all
from grainpaint.palette import scalar_block
from grainpaint.paper.model import load_paper
from grainpaint.paper.paint import grains_of, paint_blocks
from grainpaint.progress import console
from grainpaint.segmentation.pieces import label_pieces
from grainpaint.simulate.am.build import additive
from grainpaint.simulate.am.recipe import AmRecipe

EDGE = 100  # voxels of a cube
FIRST_BUILD, FIRST_SEED = 700_000, 9000  # training; compared with
FIGURES = {"volume": 13, "aspect_ratio": 14, "nearest": 15}


def build_recipe(edge):
    """Return the recipe of builds of parallel tracks, and how high their substrate is.

    They cool so fast that most grains stay small, as the paper's are.
    """
    ground = min(26, edge // 3)
    told = {
        "shape": (edge, edge, edge + ground),
        "substrate": {"height": ground, "grain": 14},
        "pool": {"shape": "ellipsoid", "width": 16, "depth": 10, "length": 24},
        "haz": {"law": "linear", "width": 3, "tail": 4},
        "scan": {"speed": 14, "hatch": 11, "thickness": 6},
    }
    return AmRecipe.model_validate(told), ground


def cubes(folder, first, n, edge):
    """Yield simulated cubes, kept on disk: what lies above the substrate."""
    recipe, ground = build_recipe(edge)
    folder.mkdir(parents=True, exist_ok=True)
    for seed in range(first, first + n):
        path = folder / f"{seed}.npz"
        if not path.exists():
            above = additive(recipe, seed).grain_id[:, :, ground:]
            formats.write(Microstructure(above), path)
        yield formats.load(path)


def cut(volume, shape):
    """Return the grains of the corner of a volume, each a connected piece."""
    x, y, z = shape
    return Microstructure(label_pieces(volume.grain_id[:x, :y, :z], corners=True))


def by_paper(study):
    """Yield cubes that the paper's method painted."""
    options, resamplings = study.options, study.options.resamplings
    model = load_paper(options.model)
    denoiser, schedule = study.levels_of(model)
    for seed in range(options.volumes):

        def paint(seed=seed):
            fill = repainter(denoiser, schedule, seed, n_resample=resamplings + 1)
            blocks = center(options.shape)
            values = paint_blocks(fill, blocks, options.shape, progress=console)
            return grains_of(values[0])

        yield study.kept(f"center-{resamplings}", model.sha256, seed, paint)


def by_am(options):
    """Yield cubes of builds that `am` painted, of the same recipe."""
    recipe, ground = build_recipe(options.edge)
    for seed in range(options.volumes):
        chosen = make_scan_recipe(Domain(recipe.shape), recipe, "am", seed)
        above = paint_recipe(chosen).volume.grain_id[:, :, ground:]
        yield cut(Microstructure(above), options.shape)


def recoded(volumes):
    """Yield cubes as DBSCAN finds them in one random value for each grain."""
    for seed, volume in enumerate(volumes):
        values = scalar_block(volume.grain_id, np.random.default_rng(seed))
        yield Microstructure(grains_of(values))


def row_of(name, made, reference):
    """Return distances of a set to the reference, and its sizes of grains."""
    kl = relative_entropies(measure_all(made, len(made), console), reference)
    row = {"name": name, "volumes": len(made), "kl": kl, **describe(made)}
    cells = "".join(f"{value:12.4f}" for value in kl.values())
    print(f"{name:28}{cells}{row['mean_volume']:10.1f}{row['below_50']:8.3f}")
    return row


def draw(made, simulated, ending):
    """Write the four figures of a set beside the reference."""
    sets = [
        measure_all(volumes, len(volumes), console) for volumes in (made, simulated)
    ]
    for name, number in FIGURES.items():
        if name == "aspect_ratio":
            figure = aspect_ratio_plane(*sets)
        else:
            figure = density(*sets, name)
        figure.savefig(HERE / f"figure-{number}{ending}.png", dpi=80)
    figure = slices([made[0], simulated[0]])
    figure.savefig(HERE / f"figure-16{ending}.png", dpi=80)


def main():
    parser = study_parser(__doc__, (64, 64, 64), 4, {"edge": 48})
    parser.set_defaults(model="paper-am")
    parser.add_argument("--edge", type=int, default=EDGE, help="of a cube, voxels")
    parser.add_argument("--builds", type=int, help="simulate so many to train on")
    parser.add_argument("--resamplings", type=int, default=1)
    options = parser.parse_args()
    with open_study(options) as study:
        folder = study.folder / "paper-studies"
        if options.builds:
            built = cubes(folder / "builds", FIRST_BUILD, options.builds, options.edge)
            print(f"{sum(1 for _ in built)} cubes in {folder / 'builds'}")
            return
        n, n_reference = options.volumes, options.reference
        others = cubes(folder / "additive", FIRST_SEED, n_reference + n, options.edge)
        both = [cut(cube, options.shape) for cube in others]
        simulated, more = both[:n_reference], both[n_reference:]
        reference = measure_all(simulated, n_reference, console)
        made = list(by_paper(study))
        ours = list(by_am(options))
        figures = {
            "trained": load_paper(options.model).card.budget,
            "shape": options.shape,
            "resamplings": options.resamplings,
            "reference": n_reference,
            "simulated": describe(simulated),
            "rows": [
                row_of("simulated, as few", more, reference),
                row_of("these, encoded and decoded", list(recoded(more)), reference),
                row_of("the paper's method", made, reference),
                row_of("am", ours, reference),
            ],
        }
    save(options, Path(__file__), figures, model=options.model)
    if not options.quick:
        draw(made, simulated, "")
        draw(ours, simulated, "-am")


if __name__ == "__main__":
    main()
