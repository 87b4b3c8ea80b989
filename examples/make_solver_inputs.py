"""Write the grains of the examples for DAMASK and Abaqus: 20^3 voxels of 2 µm.

Run: python examples/make_solver_inputs.py, then see examples/damask/README.md and
examples/abaqus/README.md.
"""

from dataclasses import replace
from pathlib import Path

from scipy.spatial.transform import Rotation

import grainpaint
from grainpaint.formats.slabs import of_volume
from grainpaint.formats.solvers import export
from grainpaint.orientations import Orientations

HERE = Path(__file__).parent
# Of DAMASK's examples/grid/material.yaml.
PLASTIC = """      plastic:
        type: phenopowerlaw
        N_sl: [12]
        a_sl: [2.25]
        dot_gamma_0_sl: [0.001]
        h_0_sl-sl: [75.e+6]
        h_sl-sl: [1, 1, 1.4, 1.4, 1.4, 1.4, 1.4]
        n_sl: [20]
        output: [xi_sl]
        xi_0_sl: [31.e+6]
        xi_inf_sl: [63.e+6]
"""


def grains():
    """Return a cube of aluminum without texture."""
    volume = grainpaint.generate((20, 20, 20), voxel=2.0, grain_size=12.0, seed=1)
    volume = volume.relabel()
    random = Rotation.random(volume.n_grains, rng=1).as_quat(scalar_first=True)
    known = Orientations(random, "432", names=("Aluminum",))
    return replace(volume, orientations=known)


def write(volume, folder):
    """Write grid.vti and material.yaml for DAMASK, and grains.inp for Abaqus."""
    export(of_volume(volume), folder / "damask" / "grid.vti", "damask")
    path = folder / "damask" / "material.yaml"
    head, sep, entries = path.read_text().partition("\nmaterial:\n")
    path.write_text(head + PLASTIC + sep + entries)
    export(of_volume(volume), folder / "abaqus" / "grains.inp", "abaqus", True)


if __name__ == "__main__":
    write(grains(), HERE)
