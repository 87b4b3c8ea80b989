"""paint and generate with a texture: orientations leave with the grains and stay."""

import json
import warnings

import numpy as np
import pytest
from samples import GEAR

import grainpaint
from grainpaint import InputError, load
from grainpaint.errors import InputNote

WORDS = ("--no-picture", "--seed", 3)
GOSS = ("--texture", "component:goss,4deg")


def by_voxel(volume):
    """Return the orientation of each voxel that has a grain."""
    return volume.orientations.quaternion[volume.grain_id[volume.mask] - 1]


@pytest.fixture
def box(run, tiny_model, tmp_path):
    """A box of grains that was generated with a texture."""
    out = tmp_path / "box.npz"
    code, _, _ = run(
        "generate", "--shape", "20,16,24", "--model", tiny_model, "-o", out, *WORDS,
        *GOSS,
    )  # fmt: skip
    assert code == 0
    return out


def test_generate_with_a_texture_is_generate_and_orient(run, box, tiny_model, tmp_path):
    found = load(box)
    record = json.loads((tmp_path / "box.run.json").read_text())
    assert record["orient"] == {
        "texture": GOSS[1],
        "misorientations": None,
        "symmetry": "432",
        "seed": 3,
    }
    plain, turned = tmp_path / "plain.npz", tmp_path / "turned.npz"
    size = ("--shape", "20,16,24", "--model", tiny_model)
    assert run("generate", *size, "-o", plain, *WORDS)[0] == 0
    assert load(plain).orientations is None
    assert run("orient", plain, "-o", turned, *GOSS, "--seed", 3)[0] == 0
    again = grainpaint.generate((20, 16, 24), str(tiny_model), seed=3, texture=GOSS[1])
    for other in (load(turned), again):
        np.testing.assert_array_equal(found.grain_id, other.grain_id)
        np.testing.assert_array_equal(by_voxel(found), by_voxel(other))


def test_region_zoom_and_repair_keep_the_orientations(run, box, tmp_path):
    whole, part = load(box), tmp_path / "part.npz"
    span = (slice(4, 20), slice(0, 16), slice(8, 24))
    assert run("region", box, "--box", "4:20,0:16,8:24", "-o", part)[0] == 0
    found = load(part)
    same = (by_voxel(found) == by_voxel(whole.crop(span))).all(-1)
    assert same.mean() > 0.99
    assert run("verify", box)[0] == 0
    box.write_bytes(box.read_bytes()[:-200])
    assert run("verify", box, "--repair")[0] == 0
    repaired = load(box)
    np.testing.assert_array_equal(
        repaired.orientations.quaternion, whole.orientations.quaternion
    )


@pytest.mark.slow
def test_known_grains_that_are_extended_keep_their_orientations(box):
    whole = load(box)
    small = whole.crop((slice(0, 16),) * 3)
    with pytest.warns(InputNote, match="drawn from the others"):
        # The grains of the tiny model are too small for the model that extends them.
        longer = grainpaint.extend(small, ((0, 32), (0, 16), (0, 16)), grain_size=8)
    np.testing.assert_array_equal(
        by_voxel(longer.crop((slice(0, 16),) * 3)), by_voxel(small)
    )


@pytest.mark.slow
def test_zoom_keeps_the_orientations(tmp_path, run):
    out = tmp_path / "iso.npz"
    words = ("--shape", "32,32,32", "--voxel", "2um", *GOSS)
    assert run("generate", *words, "-o", out, *WORDS)[0] == 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", InputNote)  # of grains that the volume lacks
        fine = grainpaint.zoom(out, ((0, 8), (0, 8), (0, 8)), voxel=1.0)
    rows = {tuple(q) for q in load(out).orientations.quaternion}
    assert all(tuple(q) in rows for q in by_voxel(fine))


def test_each_seed_and_each_format_has_its_orientations(run, tiny_model, tmp_path):
    out = tmp_path / "gear.zarr"
    words = ("--shape", "64,24,24", "--periodic", "x", "--model", tiny_model)
    many = ("--count", 2, "--symmetry", "622", "--texture", "uniform")
    code, _, error = run("generate", *words, *many, "-o", out, *WORDS)
    assert code == 0, error
    one, other = (load(tmp_path / f"seed{n}" / "gear.zarr") for n in (3, 4))
    assert one.orientations.symmetry == ("622",)
    assert (one.orientations.quaternion[0] != other.orientations.quaternion[0]).any()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--texture", "gauss"), "'gauss' is none of them"),
        (("--symmetry", "622"), "--symmetry needs --texture"),
        (("--misorientations", "a.npz"), "--misorientations needs --texture"),
        (("--texture", "uniform", "--symmetry", "9"), "unknown crystal symmetry"),
        (("--texture", "uniform", "--misorientations", "a.npz"), "no such file"),
    ],
)
def test_mistakes_are_told_before_anything_is_painted(run, tmp_path, words, message):
    out = tmp_path / "a.npz"
    code, _, error = run("paint", GEAR, "--longest", 4000, "-o", out, *words)
    assert code == 2
    assert message in error.splitlines()[-1]
    assert not out.exists()


def test_what_cannot_hold_orientations_is_told(run, tmp_path):
    for name, message in (
        ("a.sites", "such a file does not hold orientations"),
        ("a.zarr", "leave out --texture, then run grainpaint orient"),
    ):
        code, _, error = run(
            "paint", GEAR, "-o", tmp_path / name, "--texture", "uniform"
        )
        assert code == 2
        assert message in error.splitlines()[-1]
    with pytest.raises(InputError, match="misorientations and symmetry need a texture"):
        grainpaint.generate((8, 8, 8), misorientations="a.npz")
    with pytest.raises(InputError, match="unknown crystal symmetry"):
        grainpaint.paint(GEAR, texture="uniform", symmetry="7")
