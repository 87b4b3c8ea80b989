"""Orientations in files of volumes: as they were, refused, or said to be lost."""

import random
import shutil
import warnings

import numpy as np
import pytest
from samples import damaged
from scipy.spatial.transform import Rotation

from grainpaint import InputError, Microstructure, load
from grainpaint.errors import InputNote
from grainpaint.formats import SUFFIXES, dropped
from grainpaint.orientations import Orientations


def oriented(n_phases=2):
    ids = np.random.default_rng(1).integers(0, 9, (6, 5, 4))
    q = Rotation.random(9, random_state=1).as_quat(scalar_first=True)
    if n_phases == 1:
        known = Orientations(q, "622")
    else:
        known = Orientations(q, ("432", "23"), 1 + np.arange(9) % 2, ("Al", "β-Ti"))
    return Microstructure(ids, (2.0,) * 3, orientations=known)


def same(one, other):
    return (
        (one.quaternion == other.quaternion).all()
        and (one.phase == other.phase).all()
        and one.symmetry == other.symmetry
        and one.names == other.names
    )


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("n_phases", [1, 2])
def test_orientations_that_are_written_are_read(tmp_path, suffix, n_phases):
    volume = oriented(n_phases)
    back = load(volume.save(tmp_path / f"a{suffix}"))
    assert same(back.orientations, volume.orientations)
    again = load(back.save(tmp_path / f"b{suffix}"))
    assert same(again.orientations, volume.orientations)


@pytest.mark.parametrize("suffix", [".vti", ".zarr"])
def test_random_damage_never_changes_an_orientation_without_a_word(tmp_path, suffix):
    volume = oriented()
    good = volume.save(tmp_path / f"good{suffix}")
    rng = random.Random(3)
    n_refused = 0
    for turn in range(60):
        bad = tmp_path / f"bad{turn}{suffix}"
        if good.is_dir():
            shutil.copytree(good, bad)
            files = [p for p in sorted((bad / "quaternion").rglob("*")) if p.is_file()]
            target = rng.choice([*files, bad / "zarr.json"])
        else:
            target = shutil.copy(good, bad)
        with open(target, "rb") as file:
            data = file.read()
        with open(target, "wb") as file:
            file.write(damaged(data, rng))
        with warnings.catch_warnings(record=True) as notes:
            warnings.simplefilter("always", InputNote)
            try:
                back = load(bad)
            except InputError:
                n_refused += 1
                continue
        if not notes:
            kept = back.orientations.quaternion
            np.testing.assert_array_equal(kept, volume.orientations.quaternion)
    assert n_refused > 10


def test_vtk_keeps_the_orientations(tmp_path):
    import pyvista

    volume = oriented()
    path = volume.save(tmp_path / "a.vti")
    pyvista.read(path).save(tmp_path / "b.vti")
    assert same(load(tmp_path / "b.vti").orientations, volume.orientations)


def test_a_site_file_says_that_it_holds_none(tmp_path):
    assert dropped(oriented(), tmp_path / "a.sites").endswith("orientations and phases")
