"""Grids and material.yaml of DAMASK, by the rules of its parser.

DAMASK itself reads them in `test_other_programs.py`.
"""

import re

import numpy as np
import pytest
from oriented import numbers_of, oriented
from volumes import damask_grid as grid

from grainpaint import InputError, Microstructure, load
from grainpaint.errors import InputNote
from grainpaint.formats.slabs import of_volume
from grainpaint.formats.solvers import export
from grainpaint.orientations import Orientations

ENTRY = re.compile(
    r"  - homogenization: SX\n    constituents:\n      - phase: (.*)\n"
    r"        v: 1\.0\n        O: \[(.*), (.*), (.*), (.*)\]\n"
)


def materials(path):
    """Return the phases that are defined, and phase and quaternion of each entry."""
    head, _, entries = path.read_text().partition("\nmaterial:\n")
    found = ENTRY.findall(entries)
    assert "".join(ENTRY.sub("", entries).split()) == ""
    phases = re.findall(r"^  (\S.*):\n    lattice: (\w+)\n    mechanical:", head, re.M)
    return dict(phases), [(p, np.array(q, float)) for p, *q in found]


@pytest.mark.parametrize("void", [False, True])
@pytest.mark.parametrize("gaps", [False, True])
def test_every_material_has_an_entry_and_every_entry_a_voxel(
    tmp_path, monkeypatch, void, gaps
):
    monkeypatch.setattr("grainpaint.formats.slabs._SLAB", 20)
    volume = oriented(void, gaps)
    notes = export(of_volume(volume), tmp_path / "a.vti", "damask")
    assert any("elastic constants" in note for note in notes)
    values, spacing = grid(tmp_path / "a.vti")
    numbers, ids = numbers_of(volume)
    np.testing.assert_array_equal(values, numbers if void else numbers - 1)
    np.testing.assert_allclose(spacing, np.array(volume.spacing) * 1e-6)
    phases, entries = materials(tmp_path / "material.yaml")
    assert sorted(set(values.flat)) == [*range(len(entries))]
    assert {phase for phase, _ in entries} == set(phases)
    if void:
        assert entries.pop(0)[0] == "void"
    known = volume.orientations.rows(ids)
    names = ("Al", '"Ti alpha"')
    assert [phase for phase, _ in entries] == [names[p - 1] for p in known.phase]
    np.testing.assert_array_equal([q for _, q in entries], known.quaternion)
    assert phases["Al"] == "cF"
    assert phases['"Ti alpha"'] == "hP"


@pytest.mark.parametrize("void", [False, True])
def test_the_grid_is_read_back(tmp_path, void):
    volume = oriented(void)
    export(of_volume(volume), tmp_path / "a.vti", "damask")
    with pytest.warns(InputNote) as said:
        back = load(tmp_path / "a.vti")
    told = [str(one.message).partition(": ")[2] for one in said]
    assert told[0] == "orientations and phases are those of material.yaml beside it"
    assert any("plus 1" in note for note in told) == (not void)  # material 0 is grain 1
    np.testing.assert_array_equal(back.grain_id, volume.grain_id)
    assert back.periodic == volume.periodic
    known, found = (v.orientations.rows(v.ids()) for v in (volume, back))
    np.testing.assert_allclose(found.quaternion, known.quaternion)
    assert found.listed() == known.listed()


def test_a_phase_that_is_called_void_keeps_apart(tmp_path):
    volume = oriented(void=True)
    known = volume.orientations
    named = Orientations(known.quaternion, known.symmetry, known.phase, ("void", "a"))
    volume = Microstructure(volume.grain_id, orientations=named)
    export(of_volume(volume), tmp_path / "a.vti", "damask")
    phases, _ = materials(tmp_path / "material.yaml")
    assert list(phases) == ["void", "void_", "a"]


def test_what_damask_cannot_run_is_refused(tmp_path):
    known = Orientations(np.array([[1.0, 0, 0, 0]]), "2")
    volume = Microstructure(np.ones((2, 2, 2), int), orientations=known)
    with pytest.raises(InputError, match="no lattice for the crystal symmetry 2"):
        export(of_volume(volume), tmp_path / "a.vti", "damask")
    thin = oriented(shape=(1, 4, 3))
    with pytest.raises(InputError, match="at least two cells along x"):
        export(of_volume(thin), tmp_path / "a.vti", "damask")
    assert [*tmp_path.iterdir()] == []
