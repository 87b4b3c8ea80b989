"""The inputs of the examples fit the files that lie beside them."""

import importlib.util
import re
from dataclasses import replace
from pathlib import Path

import meshio
from oriented import oriented

from grainpaint.orientations import Orientations

EXAMPLES = Path(__file__).parents[1] / "examples"


def script():
    path = EXAMPLES / "make_solver_inputs.py"
    spec = importlib.util.spec_from_file_location("make_solver_inputs", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def cubic():
    volume = oriented()
    known = Orientations(volume.orientations.quaternion, "432", names=("Aluminum",))
    return replace(volume, orientations=known)


def test_the_deck_of_abaqus_names_sets_that_there_are(tmp_path):
    script().write(cubic(), tmp_path)
    mesh = meshio.read(tmp_path / "abaqus" / "grains.inp")
    sets = {"XMIN_YMIN_ZMIN"} | {f"PERIODIC_{x}" for x in "XYZ"}
    assert sets <= {*mesh.point_sets}
    text = (EXAMPLES / "abaqus" / "tension.inp").read_text()
    used = re.findall(r"^(\w+), \d", text, re.M) + re.findall(r"nset=(\w+)", text)
    assert {*used} <= sets
    assert "input=grains.inp" in text


def test_the_material_of_damask_has_plasticity_in_its_phase(tmp_path):
    script().write(cubic(), tmp_path)
    text = (tmp_path / "damask" / "material.yaml").read_text()
    phase = text[text.index("phase:\n") : text.index("\nmaterial:\n")]
    assert "  Aluminum:\n    lattice: cF\n" in phase
    assert "      elastic: {type: Hooke" in phase
    assert "      plastic:\n        type: phenopowerlaw\n" in phase
    assert phase.index("elastic:") < phase.index("plastic:")
