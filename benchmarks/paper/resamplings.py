"""Table 1 and Figures 9 to 11 of the paper: 1 and 10 resamplings beside the simulator.

Run: python benchmarks/paper/resamplings.py [--shape 80,80,80] [--volumes 16]. The paper
has 16 generated and 9 simulated volumes of 100^3; here the shape and the numbers are
options, and what was taken stands beside the result. Writes resamplings.json and
figure-9.png, figure-10.png, figure-11.png.
"""

from common import (
    HERE,
    NAMES,
    PAPER,
    describe,
    floor,
    generated,
    options,
    relative_entropies,
    save,
    simulated,
)

from grainpaint.drawing.figures import aspect_ratio_plane, density
from grainpaint.measure.comparison import measure_all
from grainpaint.paper.model import load_paper
from grainpaint.progress import console


def main():
    chosen = options(__doc__, (80, 80, 80), 16).parse_args()
    shape, n_reference = chosen.shape, chosen.reference
    reference = list(simulated(shape, 0, n_reference))
    measured_reference = measure_all(reference, n_reference, console)
    size = "x".join(map(str, shape))
    result = {
        "model": load_paper(chosen.model).card.budget,
        "volumes": f"{chosen.volumes} generated, {n_reference} simulated of {size}",
        "simulated": describe(reference),
        "floor": floor(shape, chosen.volumes, n_reference),
        "generated": {},
    }
    print(result["model"], result["volumes"], sep="\n")
    print(f"{'resamplings':14}" + "".join(f"{n:>17}" for n in NAMES) + "  mean volume")
    print(f"{'simulated':14}" + "".join(f"{result['floor'][n]:17.4f}" for n in NAMES))
    for resamplings in (1, 10):
        made = list(generated(chosen.model, resamplings, shape, chosen.volumes))
        measured = measure_all(made, len(made), console)
        kl = relative_entropies(measured, measured_reference)
        result["generated"][resamplings] = {"kl": kl, **describe(made)}
        save("resamplings", result)
        paper = PAPER[resamplings]
        cells = "".join(f"{kl[n]:9.4f} ({paper[n]:.3f})".rjust(17) for n in NAMES)
        mean = result["generated"][resamplings]["mean_volume"]
        print(f"{resamplings:<14}{cells}  {mean:.1f}")
    for number, name in ((9, "volume"), (11, "nearest")):
        figure = density(measured, measured_reference, name)
        figure.savefig(HERE / f"figure-{number}.png", dpi=110)
    figure = aspect_ratio_plane(measured, measured_reference)
    figure.savefig(HERE / "figure-10.png", dpi=110)


if __name__ == "__main__":
    main()
