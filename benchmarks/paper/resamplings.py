"""Table 1 and Figures 9 to 11 of the paper: 1 and 10 resamplings beside the simulator.

Run: python benchmarks/paper/resamplings.py [--shape 80,80,80] [--volumes 16]. The paper
compares 16 generated with 9 simulated volumes of 100^3; here shape and numbers are
options. Writes resamplings.json and figure-9.png, figure-10.png, figure-11.png.
"""

from pathlib import Path

from boxes import (
    NAMES,
    PAPER,
    describe,
    draw_distributions,
    open_study,
    relative_entropies,
    study_parser,
)
from common import save

from grainpaint.measure.measured import measure_all
from grainpaint.paper.model import load_paper
from grainpaint.progress import console


def main():
    options = study_parser(__doc__, (80, 80, 80), 16).parse_args()
    with open_study(options) as study:
        figures, measured, reference = compared(study)
    save(options, Path(__file__), figures, model=options.model)
    if options.quick:
        return
    draw_distributions(measured, reference, (9, 10, 11))


def compared(study):
    """Return all figures, and what was measured with 10 resamplings and simulated."""
    options = study.options
    n_reference = options.reference
    reference = list(study.simulated(0, n_reference))
    measured_reference = measure_all(reference, n_reference, console)
    result = {
        "trained": load_paper(options.model).card.budget,
        "volumes": options.volumes,
        "reference": n_reference,
        "shape": options.shape,
        "simulated": describe(reference),
        "floor": study.floor(options.volumes, n_reference),
        "rows": [],
    }
    print(result["trained"])
    print(f"{'resamplings':14}" + "".join(f"{n:>17}" for n in NAMES) + "  mean volume")
    print(f"{'simulated':14}" + "".join(f"{result['floor'][n]:17.4f}" for n in NAMES))
    for resamplings in (1, 10):
        made = list(study.generated(resamplings))
        measured = measure_all(made, len(made), console)
        kl, paper = relative_entropies(measured, measured_reference), PAPER[resamplings]
        row = {"resamplings": resamplings, "kl": kl, "paper": paper, **describe(made)}
        result["rows"].append(row)
        cells = "".join(f"{kl[n]:9.4f} ({paper[n]:.3f})".rjust(17) for n in NAMES)
        print(f"{resamplings:<14}{cells}  {row['mean_volume']:.1f}")
    return result, measured, measured_reference


if __name__ == "__main__":
    main()
