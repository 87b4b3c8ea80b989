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

from boxes import (
    HERE,
    describe,
    draw_distributions,
    open_study,
    recoded,
    relative_entropies,
    study_parser,
)
from common import save

from grainpaint import Microstructure, formats
from grainpaint.drawing.figures import slices
from grainpaint.generation.domain import Domain
from grainpaint.generation.in_memory import paint_recipe
from grainpaint.generation.paper_plans import center
from grainpaint.generation.scan_recipe import make_scan_recipe
from grainpaint.measure.measured import measure_all
from grainpaint.paper.model import load_paper
from grainpaint.progress import console
from grainpaint.segmentation.pieces import label_pieces
from grainpaint.simulate.am.build import additive
from grainpaint.simulate.am.recipe import AmRecipe

EDGE = 100  # voxels of a cube
FIRST_BUILD, FIRST_SEED = 700_000, 9000  # training; compared with


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


def by_am(options):
    """Yield cubes of builds that `am` painted, of the same recipe."""
    recipe, ground = build_recipe(options.edge)
    for seed in range(options.volumes):
        chosen = make_scan_recipe(Domain(recipe.shape), recipe, "am", seed)
        above = paint_recipe(chosen).volume.grain_id[:, :, ground:]
        yield cut(Microstructure(above), options.shape)


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
    draw_distributions(*sets, (13, 14, 15), ending)
    figure = slices([made[0], simulated[0]])
    figure.savefig(HERE / f"figure-16{ending}.png", dpi=110)


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
        made = list(study.generated(options.resamplings, center))
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
