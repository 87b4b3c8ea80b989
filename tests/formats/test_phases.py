"""Phases of grains in files: kept, or said to be dropped; never another one."""

import warnings

import h5py
import numpy as np
import pytest
from ebsd_maps import GRAINS, ang, angles_of
from hdf5_files import dream3d
from oriented import oriented

from grainpaint import Microstructure, load
from grainpaint.errors import InputNote
from grainpaint.formats import dropped
from grainpaint.formats.slabs import of_volume
from grainpaint.formats.solvers import export
from grainpaint.orientations import Orientations

KEPT = (".npz", ".vti", ".zarr", ".dream3d", ".vtkhdf", ".ang", ".ctf")


def loaded(path, **options):
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always", InputNote)
        volume = load(path, **options)
    return volume, "\n".join(str(note.message) for note in said)


@pytest.mark.filterwarnings("ignore::grainpaint.errors.InputNote")
@pytest.mark.parametrize("symmetry", [("432", "432"), ("622", "432")])
@pytest.mark.parametrize("suffix", KEPT)
def test_phases_are_kept_by_grain(tmp_path, suffix, symmetry):
    ids = np.arange(1, 7).reshape(2, 3, 1).repeat(4, 0).repeat(4, 1)
    rng = np.random.default_rng(1)
    q = rng.normal(size=(6, 4))
    q /= np.linalg.norm(q, axis=1)[:, None]
    phase = np.array([1, 1, 2, 1, 2, 2])
    known = Orientations(q, symmetry, phase, ("Ferrite", "Austenite"))
    before = Microstructure(ids, orientations=known)
    after = load(before.save(tmp_path / f"a{suffix}"))
    found = after.orientations
    assert (found.symmetry, found.names) == (symmetry, known.names)
    of_voxels = found.phase[after.grain_id - 1]
    np.testing.assert_array_equal(of_voxels, phase[ids - 1])


@pytest.mark.parametrize(
    ("suffix", "target", "what"),
    [
        (".tesr", "neper", "no phases"),
        (".tif", "tiff", "and the phases"),
        (".sites", None, "orientations and phases"),
        (".txt", "evpfft", "phases are 1 Al (432), 2 Ti alpha (622)"),
        (".msh", "fepx", "phases are 1 Al (432), 2 Ti alpha (622)"),
        (".txt", "prisms", "phases are 1 Al (432), 2 Ti alpha (622)"),
    ],
)
def test_what_files_do_not_hold_of_phases_is_said(tmp_path, suffix, target, what):
    volume = oriented()
    path = tmp_path / f"a{suffix}"
    said = (
        dropped(volume, path)
        if target is None
        else "\n".join(export(of_volume(volume), path, target))
    )
    assert what in said


def test_a_deck_names_its_phases(tmp_path):
    export(of_volume(oriented()), tmp_path / "a.inp", "abaqus")
    text = (tmp_path / "a.inp").read_text()
    assert "\n** Phases: 1 Al (432), 2 Ti alpha (622)\n" in text


def test_phases_of_a_map_are_told_and_so_is_what_joins_another_one(tmp_path):
    angles, phase = angles_of(), np.where(GRAINS == 2, 2, 1)
    phase[4, 0:2] = 2  # a speck in grain 3, of the first phase
    path = tmp_path / "a.ang"
    path.write_bytes(ang(angles, phases=("1", "2"), phase=phase))
    volume, said = loaded(path)
    assert volume.orientations.phase.tolist() == [1, 1, 2]
    assert "phases Nickel 65%, Nickel 35%" in said
    assert "2 points joined grains of another phase" in said


@pytest.mark.parametrize("features", ["AvgEulerAngles", "AvgQuats"])
def test_phases_of_features_are_those_of_their_cells_if_not_stated(tmp_path, features):
    path = dream3d(tmp_path / "a.dream3d", "8.0", ("FeatureIds", "Phases"), (features,))
    with h5py.File(path, "r+") as file:
        image = file["DataStructure/Image"]
        del image["CellFeatureData/Phases"]
        cells = image["CellData/Phases"]
        cells[:] = np.where(image["CellData/FeatureIds"][:] == 2, 2, 1)
        del image["CellEnsembleData/CrystalStructures"]
        codes = np.array([[999], [1], [0]], "u4")
        image["CellEnsembleData/CrystalStructures"] = codes
    known = loaded(path)[0].orientations
    assert known.phase.tolist() == [1, 2, 1]
    assert known.symmetry == ("432", "622")
    with h5py.File(path, "r+") as file:
        del file["DataStructure/Image/CellData/Phases"]
    volume, said = loaded(path)
    assert volume.orientations is None
    assert "not every grain has one and a phase" in said


def test_a_grain_of_no_phase_is_not_one_of_the_first(tmp_path):
    cells = ("FeatureIds", "Phases")
    path = dream3d(tmp_path / "a.dream3d", "7.0", cells, ("AvgEulerAngles",))
    with h5py.File(path, "r+") as file:
        image = file["DataContainers/Image"]
        image["CellFeatureData/Phases"][2] = 0
    volume, said = loaded(path)
    assert volume.orientations.phase.tolist() == [1, 2, 1]
    assert volume.orientations.symmetry == ("622", "1")
    assert "1 grain of no phase (0)" in said


def test_a_grain_without_a_quaternion_does_not_stand_as_the_sample(tmp_path):
    path = dream3d(tmp_path / "a.dream3d", "7.0", ("FeatureIds",), ("AvgQuats",))
    with h5py.File(path, "r+") as file:
        file["DataContainers/Image/CellFeatureData/AvgQuats"][2] = 0
    volume, said = loaded(path)
    assert volume.orientations is None
    assert "not every grain has one" in said


def test_a_tessellation_without_symmetry_is_cubic_only_with_a_word(tmp_path):
    export(of_volume(oriented()), tmp_path / "a.tesr", "neper")
    volume, said = loaded(tmp_path / "a.tesr")
    assert volume.orientations.symmetry == ("432",)
    assert "assumed: cubic crystals (432)" in said
    volume, said = loaded(tmp_path / "a.tesr", symmetry="622")
    assert volume.orientations.symmetry == ("622",)
    assert "symmetry" not in said
