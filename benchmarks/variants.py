"""SPPARKS' variants of the Potts model, by our kernels and by SPPARKS: as apps.py.

Run: python benchmarks/variants.py --spparks PATH [--seeds 3] [--only grad]. PATH is the
program. Each variant is run in a small and a large periodic box. Energies (unlike pairs
of neighbors, whatever they cost) and numbers of grains are compared at four times, the
volumes of grains of 5 voxels or more at the end. Writes variants.json. SPPARKS needs
0.2 ms for each attempt of potts/quaternion. Left out: phasefield/potts, whose numbers
SPPARKS of October 2025 does not read, and potts/strain/pin, whose pin never ends there.
"""

from apps import Style, compare_all
from common import make_parser

BOXES = ((16, 16, 16), (28, 28, 28))
CRYSTALS = ((10, 10, 10), (14, 14, 14))
TREE, COLOR = "solve_style tree", "sector yes\nsweep color"
RANDOM, RASTER = "sector yes\nsweep random", "sector no\nsweep raster"


def variant(app, time, solver, temperature, more="", boxes=BOXES, spins=200):
    """Return a style in periodic boxes; `more` are lines before the run."""
    app = f"app_style {app}"
    return Style(app, boxes, time, solver, temperature, "p p p", more, spins)


STRAIN = "set d1 range 0 3"
PINNED = "set i1 value 0 if x < 1\nset d2 value -1.0 if x < 1"
MOBILITY, TEMPERATURE = "0.5 1 0 0 0.02 0 0", "0.0006 1 1 375 6 0 0"
STYLES = {
    "potts/neigh": variant("potts/neigh {spins}", 4, RASTER, 0.3),
    "potts/pin": variant("potts/pin {spins}", 8, TREE, 0.4, "pin 0.02 1 0"),
    "potts/pin, raster": variant(
        "potts/pin 20", 4, RASTER, 0.4, "pin 0.03 0 5", spins=20
    ),
    "potts/strain": variant("potts/strain {spins}", 4, TREE, 0.6, STRAIN),
    "potts/grad, mobility": variant(
        f"potts/grad mob {{spins}} {MOBILITY}", 4, COLOR, 0.3
    ),
    "potts/grad, temperature": variant(
        f"potts/grad temp {{spins}} {TEMPERATURE}", 4, RANDOM, 0.5, PINNED
    ),
    "potts/quaternion, cubic": variant(
        "potts/quaternion {spins} cubic", 1, RANDOM, 0.25, boxes=CRYSTALS
    ),
    "potts/quaternion, hcp": variant(
        "potts/quaternion {spins} hcp 40", 1, RANDOM, 0.25, boxes=CRYSTALS
    ),
    "ising": variant("ising", 4, TREE, 1.5, spins=2),
    "ising/single": variant("ising/single", 8, "sweep random", 1.5, spins=2),
}


def main() -> None:
    """Compare the variants."""
    parser = make_parser(__doc__, seeds=2, only="hcp")
    compare_all(STYLES, parser, "variants.py")


if __name__ == "__main__":
    main()
