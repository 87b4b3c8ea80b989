"""orient on the command line, and commands that keep orientations."""

import numpy as np
import pytest
from oriented import oriented

from grainpaint import Microstructure, load, orient
from grainpaint.measure.misorientation import misorientations
from grainpaint.segmentation.pieces import label_pieces
from grainpaint.simulate.iso.isotropic import isotropic


@pytest.fixture
def cubes(tmp_path):
    ids = np.arange(1, 6**3 + 1).reshape((6,) * 3)
    ids = ids.repeat(2, 0).repeat(2, 1).repeat(2, 2)
    return Microstructure(ids).save(tmp_path / "cubes.npz")


@pytest.mark.parametrize("suffix", [".npz", ".vti", ".zarr"])
def test_orient_writes_a_volume_with_orientations(run, cubes, tmp_path, suffix):
    out = tmp_path / f"out{suffix}"
    code, text, _ = run(
        "orient", cubes, "-o", out, "--texture", "component:goss,3deg", "--seed", 4
    )
    assert code == 0
    assert "216" in text
    found = load(out)
    assert len(found.orientations) == 216
    assert (found.grain_id == load(cubes).grain_id).all()
    converted = tmp_path / "again.vti"
    assert run("convert", out, "-o", converted)[0] == 0
    np.testing.assert_array_equal(
        load(converted).orientations.quaternion, found.orientations.quaternion
    )


def test_misorientations_of_a_file(run, cubes, tmp_path):
    first, second = tmp_path / "a.npz", tmp_path / "b.npz"
    assert run("orient", cubes, "-o", first, "--texture", "fiber:<001>,z,5deg")[0] == 0
    code, text, _ = run(
        "orient", cubes, "-o", second, "--texture", first, "--misorientations", first,
        "--seed", "1",
    )  # fmt: skip
    assert code == 0
    assert f"from those of {first}" in text
    one, other = (misorientations(load(p)) for p in (first, second))
    assert np.abs(one - other).sum() < 0.15


def test_far_ids_are_numbered_anew_with_a_note(run, tmp_path):
    far = Microstructure(np.array([[[7, 2_000_000_000]]])).save(tmp_path / "far.npz")
    code, _, error = run("orient", far, "-o", tmp_path / "out.npz")
    assert code == 0
    assert "numbered 1..2 in the order of their IDs" in error


def test_a_region_of_an_oriented_volume_has_its_orientations(run, tiny_model, tmp_path):
    box, out = tmp_path / "box.npz", tmp_path / "out.zarr"
    words = ("--shape", "20,16,24", "--no-picture", "--seed", 3, "--model", tiny_model)
    assert run("generate", "-o", box, *words)[0] == 0
    assert run("orient", box, "-o", out)[0] == 0
    assert run("verify", out)[0] == 0
    part = tmp_path / "part.npz"
    assert run("region", out, "--box", "4:20,0:16,8:24", "-o", part)[0] == 0
    whole, found = load(out), load(part)
    there = whole.grain_id[4:20, 0:16, 8:24]
    q = whole.orientations.quaternion[there - 1]
    mine = found.orientations.quaternion[found.grain_id - 1]
    assert (q == mine).all(-1).mean() > 0.99


def test_an_extended_volume_has_orientations(run, tmp_path):
    part, more = tmp_path / "part.npz", tmp_path / "more.npz"
    grown = isotropic((16, 16, 16), time=20, seed=1).grain_id
    orient(Microstructure(label_pieces(grown))).save(part)
    words = ("--box", "0:24,0:16,0:16", "-o", more)
    code, _, error = run("extend", part, *words)
    assert code == 0
    assert "drawn from the others" in error
    assert load(more).orientations is not None


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--texture", "gauss"), "'gauss' is none of them"),
        (("--texture", "none.csv"), "none.csv: no such file"),
        (("--texture", "component:gauss,1deg"), "unknown component"),
        (("--symmetry", "9"), "unknown crystal symmetry"),
        (("--misorientations", "none.npz"), "no such file"),
    ],
)
def test_mistakes_are_one_line(run, cubes, tmp_path, words, message):
    code, _, error = run("orient", cubes, "-o", tmp_path / "o.npz", *words)
    assert code == 2
    assert message in error.splitlines()[-1]
    assert not (tmp_path / "o.npz").exists()


@pytest.mark.parametrize("name", ["o.sites", "o.tiff"])
def test_files_without_orientations_are_refused(run, cubes, tmp_path, name):
    code, _, error = run("orient", cubes, "-o", tmp_path / name)
    assert code == 2
    assert f"{name}: such a file does not hold orientations" in error


def test_a_list_is_told_to_be_a_texture(run, cubes, tmp_path):
    path = tmp_path / "list.csv"
    path.write_text("phi1,Phi,phi2\n10,20,30\n40,50,60\n")
    code, out, _ = run("orient", cubes, "-o", tmp_path / "o.npz", "--texture", path)
    assert code == 0
    assert "drawn by volume: row 1 is not that of grain 1" in out


def test_view_shows_crystal_directions_or_says_why_not(run, cubes, tmp_path, request):
    out, picture = tmp_path / "o.npz", tmp_path / "a.png"
    code, _, error = run("view", cubes, "-o", picture, "--ipf", "z")
    assert code == 2
    assert "need orientations, and the grains have none" in error.splitlines()[-1]
    assert not picture.exists()
    assert run("orient", cubes, "-o", out, "--symmetry", "23")[0] == 0
    code, _, error = run("view", out, "-o", picture, "--ipf", "001")
    assert code == 2
    assert "along x, y or z; got '001'" in error.splitlines()[-1]
    assert run("orient", cubes, "-o", out, "--force")[0] == 0
    drawn = request.getfixturevalue("drawn")  # not earlier: drawing itself refuses
    assert run("view", out, "-o", picture, "--ipf", "y")[0] == 0
    ((volume, path, axis),) = drawn
    assert (path, axis) == (picture, "y")
    assert len(volume.orientations) == 216


def test_compare_prints_textures_or_one_line_why_not(run, cubes, tmp_path, few_draws):
    one, other = tmp_path / "one.npz", tmp_path / "other.npz"
    assert run("orient", cubes, "-o", one)[0] == 0
    assert run("orient", cubes, "-o", other, "--texture", "component:cube,9deg")[0] == 0
    code, text, _ = run("compare", one, "--with", other)
    assert code == 0
    rows = {line.split("  ")[0]: line for line in text.splitlines()}
    for name in ("disorientation", "kernel_average", "texture of phase1"):
        assert "different" in rows[name]
    code, text, error = run("compare", one, "--with", cubes)
    assert code == 0
    assert "disorientation" not in text
    told = [line for line in error.splitlines() if "rientations" in line]
    assert told == ["Orientations are not compared: only the generated set has them."]


@pytest.mark.parametrize("suffix", [".npz", ".zarr"])
def test_parts_and_strides_keep_orientations_and_phases(run, tmp_path, suffix):
    volume = oriented(shape=(8, 9, 7))
    known = volume.orientations
    path = volume.save(tmp_path / f"a{suffix}")
    out = tmp_path / "b.vti"
    words = ("--region", "1:7,2:8,0:6", "--stride", 2)
    assert run("convert", path, "-o", out, *words)[0] == 0
    ids = volume.grain_id[2:7:2, 3:8:2, 1:6:2]
    cropped = load(path).crop((slice(2, 4), slice(0, 9), slice(3, 7)))
    for part, expected in (
        (load(out), ids),
        (cropped, volume.grain_id[2:4, :, 3:7]),
        (cropped.relabel(), volume.grain_id[2:4, :, 3:7]),
    ):
        found, rows = part.orientations, expected - 1
        assert (found.symmetry, found.names) == (known.symmetry, known.names)
        of = part.grain_id - 1
        np.testing.assert_array_equal(found.phase[of], known.phase[rows])
        np.testing.assert_array_equal(found.quaternion[of], known.quaternion[rows])


def test_orient_keeps_phases_and_tells_each(run, tmp_path):
    path = oriented(shape=(6, 6, 6), n=40).save(tmp_path / "a.npz")
    code, text, _ = run("orient", path, "-o", tmp_path / "b.npz")
    assert code == 0
    assert "1 Al (432), 2 Ti alpha (622)" in text
    assert "misorientations  Ti alpha: " in text
    made = load(tmp_path / "b.npz").orientations
    assert made.phase.tolist() == load(path).orientations.phase.tolist()
    words = ("--texture", "component:goss,3deg", "--phase", "Ti alpha")
    code, _, error = run("orient", path, "-o", tmp_path / "c.npz", *words)
    assert (code, error.count("\n")) == (2, 1)
    assert "phase Ti alpha: goss is a component of cubic crystals" in error
