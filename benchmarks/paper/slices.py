"""Figure 4 of the paper: slices after 0, 5, 10 and 20 resamplings.

Run: python benchmarks/paper/slices.py [--shape 80,80,32]. As in the figure, the blocks
of the first stage, which are given nothing, are the same in all. Writes figure-4.png
(the values, and the grains that DBSCAN finds in them; dashes are faces of blocks) and
slices.json: the share of boundary across the faces of the blocks, where few resamplings
line it up, over that in their interiors.
"""

from pathlib import Path

import numpy as np
from boxes import HERE, open_study, study_parser
from common import save
from matplotlib.figure import Figure

from grainpaint.drawing.coloring import grain_colors
from grainpaint.generation.paper_plans import grid
from grainpaint.paper.model import load_paper
from grainpaint.paper.paint import grains_of, paint_blocks
from grainpaint.paper.repaint import block_noise, repaint
from grainpaint.progress import console

RESAMPLINGS = (0, 5, 10, 20)


def values_of(study, model, resamplings, shape):
    """Return the values of a volume, from disk if they are there."""
    size = "x".join(map(str, shape))
    folder = study.folder / "paper-studies" / model.sha256[:12] / f"slices-{size}"
    path = folder / f"{resamplings:02d}.npy"
    if path.exists():
        return np.load(path)
    denoiser, schedule = study.levels_of(model)

    def paint(given, known, places):
        again = resamplings + 1 if known.any() else 1
        noise = block_noise(0, places, given.shape[-1])
        return repaint(denoiser, given, known, schedule, noise, again)

    values = paint_blocks(paint, grid(shape), shape, progress=console)[0]
    folder.mkdir(parents=True, exist_ok=True)
    np.save(path, values)
    return values


def owners(shape):
    """Return which block writes each voxel: the first that covers it."""
    owner = np.full(shape, -1)
    for place, block in enumerate(grid(shape)):
        box = owner[block.read]
        box[box < 0] = place
    return owner


def alignment(grain_id, owner):
    """Return the boundary between voxels of two blocks over that within blocks."""
    shares = [[], []]
    for axis in range(3):
        unlike = np.diff(grain_id, axis=axis) != 0
        within = np.diff(owner, axis=axis) == 0
        shares[0].append(unlike[~within])
        shares[1].append(unlike[within])
    return np.concatenate(shares[0]).mean() / np.concatenate(shares[1]).mean()


def draw(figure, shape, cuts, slices):
    """Draw values above grains, a column for each number of resamplings."""
    panels = figure.subplots(2, len(slices))
    middle = shape[2] // 2
    for (above, below), (resamplings, values, grain_id) in zip(panels.T, slices):
        above.imshow(values[..., middle].T, origin="lower", cmap="viridis")
        colors = grain_colors(int(grain_id.max()))
        below.imshow(colors[grain_id[..., middle].T], origin="lower")
        above.set_title(f"{resamplings} resamplings")
        for axes in (above, below):
            for x in cuts[0]:
                axes.axvline(x + 0.5, color="white", lw=0.5, ls="--")
            for y in cuts[1]:
                axes.axhline(y + 0.5, color="white", lw=0.5, ls="--")
            axes.set_xticks([])
            axes.set_yticks([])


def main():
    parser = study_parser(__doc__, (80, 80, 32), 1, {"shape": (80, 32, 32)})
    options = parser.parse_args()
    model, shape = load_paper(options.model), options.shape
    owner = owners(shape)
    cuts = [
        np.flatnonzero(np.diff(owner, axis=a).any(tuple({0, 1, 2} - {a})))
        for a in (0, 1)
    ]
    rows, slices = [], []
    with open_study(options) as study:
        for resamplings in RESAMPLINGS:
            values = values_of(study, model, resamplings, shape)
            grain_id = grains_of(values)
            found = alignment(grain_id, owner)
            rows.append({"resamplings": resamplings, "at_faces": found})
            slices.append((resamplings, values, grain_id))
            print(f"{resamplings:3} resamplings: {found:.3f}", flush=True)
    figures = {"trained": model.card.budget, "shape": shape, "rows": rows}
    save(options, Path(__file__), figures, model=options.model)
    height = 7 * shape[1] / shape[0] + 0.4
    figure = Figure(figsize=(14, height), layout="constrained")
    draw(figure, shape, cuts, slices)
    if not options.quick:
        figure.savefig(HERE / "figure-4.png", dpi=110)


if __name__ == "__main__":
    main()
