"""The inputs of the examples fit the files that lie beside them."""

import importlib.util
import re
from dataclasses import replace
from pathlib import Path

import meshio
import numpy as np
import pytest
import yaml
from oriented import oriented
from volumes import damask_grid

from grainpaint import Microstructure
from grainpaint.cad.load import load_part
from grainpaint.orientations import Orientations

EXAMPLES = Path(__file__).parents[1] / "examples"


def script(name="make_solver_inputs"):
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def cubic():
    volume = oriented()
    known = Orientations(volume.orientations.quaternion, "432", names=("Aluminum",))
    return replace(volume, orientations=known)


def test_the_script_asks_for_grains_that_can_be_made(monkeypatch):
    made = Microstructure(np.arange(8).reshape(2, 2, 2) + 1)
    monkeypatch.setattr("grainpaint.generation.public._made", lambda *_: made)
    assert script().grains().orientations.names == ("Aluminum",)


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


def test_the_files_of_damask_agree_and_are_whole(tmp_path):
    """By damask itself where it is installed, otherwise by our own strict reader."""
    script().write(cubic(), tmp_path)
    grid, config = tmp_path / "damask" / "grid.vti", tmp_path / "damask/material.yaml"
    load = yaml.safe_load((EXAMPLES / "damask" / "tensionX.yaml").read_text())
    if importlib.util.find_spec("damask"):
        import damask

        material = damask.GeomGrid.load(grid).material
        found = damask.ConfigMaterial.load(config)
        assert found.is_valid
        assert found.is_complete
    else:
        material, found = damask_grid(grid)[0], yaml.safe_load(config.read_text())
    entries = found["material"]
    assert sorted(np.unique(material)) == [*range(len(entries))]
    for entry in entries:
        assert found["homogenization"][entry["homogenization"]]["N_constituents"] == 1
        (one,) = entry["constituents"]
        assert one["v"] == 1.0
        assert found["phase"][one["phase"]]["mechanical"].keys() >= {
            "elastic",
            "plastic",
        }
        assert abs(np.linalg.norm(one["O"]) - 1) < 1e-6
        assert one["O"][0] >= 0
    # What a step gives is either the rate or the stress of each component.
    assert load["solver"] == {"mechanical": "spectral_basic"}
    for step in load["loadstep"]:
        given = step["boundary_conditions"]["mechanical"]
        rate, stress = (np.ravel(given[name]) != "x" for name in ("dot_F", "P"))
        assert (rate != stress).all()
        assert step["discretization"]["N"] % step["f_out"] == 0


def test_the_parts_are_what_their_script_makes():
    made = script("make_parts")
    folder = EXAMPLES / "parts"
    assert {path.stem for path in folder.iterdir()} == made.PARTS.keys()
    volumes = {}
    for name, make in made.PARTS.items():
        part = make()
        assert part.is_watertight
        assert part.body_count == 1
        stored = load_part(folder / f"{name}.stl")
        assert stored.notes == ()
        np.testing.assert_allclose(stored.bounds, part.bounds * 1000, atol=0.01)
        volumes[name] = stored.volume / 1e9
        assert volumes[name] == pytest.approx(part.volume, rel=1e-5)
    # Polygons of 96 and 12 corners hold less than the circles around them.
    share = {n: n / (2 * np.pi) * np.sin(2 * np.pi / n) for n in (96, 12)}
    tube = np.pi * (1.3**2 - 0.9**2) * 3.2 * share[96]
    wire = 4 * np.hypot(2 * np.pi * 1.1, 0.85) * np.pi * 0.24**2 * share[12]
    assert volumes["tube"] == pytest.approx(tube, rel=1e-4)
    assert volumes["spring"] == pytest.approx(wire, rel=0.02)
    # A helix turns teeth without making them thicker.
    assert volumes["helical_gear"] == pytest.approx(volumes["gear"], rel=0.01)
