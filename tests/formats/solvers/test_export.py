"""What holds for all targets: refusals, files that are whole, the command convert."""

import numpy as np
import pytest
from oriented import oriented, without

from grainpaint import InputError, Microstructure
from grainpaint.errors import InputNote
from grainpaint.formats.slabs import of_volume
from grainpaint.formats.solvers import TARGETS, check_paths, export, target_of

ORIENTED = [name for name, target in TARGETS.items() if target.oriented]


def path_for(folder, name):
    target = TARGETS[name]
    suffix = target.required or (*target.suffixes, ".txt")[0]
    return folder / f"a{suffix}"


@pytest.mark.parametrize("name", ORIENTED)
def test_what_needs_orientations_says_so(tmp_path, name):
    with pytest.raises(InputError, match=r"no orientations.*grainpaint orient"):
        export(of_volume(without(oriented())), path_for(tmp_path, name), name)
    assert [*tmp_path.iterdir()] == []


@pytest.mark.parametrize("name", TARGETS)
def test_an_interrupted_export_leaves_nothing(tmp_path, name):
    slabs = of_volume(oriented(shape=(5, 4, 1)))
    _ = slabs.counted
    path = path_for(tmp_path, name)
    export(slabs, path, name)
    before = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
    assert {*before} == {path.name, *TARGETS[name].beside}

    def stop(_):
        raise KeyboardInterrupt

    object.__setattr__(slabs, "fetch", stop)
    with pytest.raises(KeyboardInterrupt):
        export(slabs, path, name)
    # What was there is still there, as a whole, and nothing else.
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == before


def test_the_file_that_is_opened_stands_only_beside_its_own(tmp_path, monkeypatch):
    export(of_volume(oriented()), tmp_path / "a.vti", "damask")

    def killed(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("grainpaint.formats.files.os.replace", killed)
    with pytest.raises(KeyboardInterrupt):
        export(of_volume(oriented(void=True)), tmp_path / "a.vti", "damask")
    # The other file of before has not the entries of the grid: no grid stands there.
    assert [p.name for p in tmp_path.iterdir()] == ["material.yaml"]


@pytest.mark.parametrize("name", TARGETS)
def test_a_volume_without_grains_is_refused(tmp_path, name):
    empty = Microstructure(np.zeros((2, 2, 1), int))
    with pytest.raises(InputError, match="no grain"):
        export(of_volume(empty), path_for(tmp_path, name), name)


def test_names_and_paths_are_checked(tmp_path):
    with pytest.raises(InputError, match="no files are written for 'ansys'"):
        check_paths(tmp_path / "a.inp", "ansys", False)
    with pytest.raises(InputError, match=r"DAMASK reads a \.vti file; name it a\.vti"):
        check_paths(tmp_path / "a.txt", "damask", False)
    with pytest.raises(InputError, match=r"another kind of file .*; name it a\.inp"):
        check_paths(tmp_path / "a.vti", "abaqus", True)
    with pytest.raises(InputError, match=r"another kind of file .*; name it a\.txt"):
        check_paths(tmp_path / "a.npz", "moose", True)
    check_paths(tmp_path / "a.tesr", "neper-binary", True)
    (tmp_path / "material.yaml").write_text("mine")
    with pytest.raises(InputError, match=r"material\.yaml exists: use force"):
        check_paths(tmp_path / "a.vti", "damask", False)
    check_paths(tmp_path / "a.vti", "damask", True)
    with pytest.raises(InputError, match="that of the file beside it"):
        check_paths(tmp_path / "orientations.txt", "prisms", True)
    with pytest.raises(InputError, match="for Abaqus"):
        export(of_volume(oriented()), tmp_path / "a.tif", "tiff", True)


def test_suffixes_name_their_targets(tmp_path):
    assert target_of(tmp_path / "A.INP") == "abaqus"
    assert target_of(tmp_path / "a.dream3d") == "dream3d"
    assert target_of(tmp_path / "a.vti") is None


def test_volumes_are_saved_by_suffix(tmp_path):
    with pytest.warns(InputNote, match=r"without equations .periodic_equations"):
        assert oriented().save(tmp_path / "a.inp").is_file()
    with pytest.warns(InputNote, match="no orientations|periodic axes"):
        without(oriented()).save(tmp_path / "a.tesr")


def test_convert_writes_for_a_target(tmp_path, run):
    volume = oriented(shape=(6, 6, 6))
    source = volume.save(tmp_path / "in.npz")
    code, out, err = run("convert", source, "-o", tmp_path / "g.vti", "--for", "damask")
    assert (code, out) == (0, f"{tmp_path / 'g.vti'}: 7 grains\n")
    assert "elastic constants" in err
    assert (tmp_path / "material.yaml").is_file()
    code, _, err = run("convert", source, "-o", tmp_path / "h.vti", "--for", "damask")
    assert code == 2
    assert "material.yaml exists" in err


def test_convert_takes_a_region_and_a_stride(tmp_path, run):
    volume = oriented(shape=(6, 6, 6))
    source = volume.save(tmp_path / "in.npz")
    words = ["--region", "0:6,2:6,0:6", "--stride", "2"]
    code, _, _ = run("convert", source, "-o", tmp_path / "out.npz", *words)
    assert code == 0
    with np.load(tmp_path / "out.npz") as found:
        np.testing.assert_array_equal(
            found["grain_id"], volume.grain_id[1::2, 3::2, 1::2]
        )
        assert found["spacing"].tolist() == [4, 6, 8]
        assert found["origin"].tolist() == [1, 6, -5]
        assert len(found["quaternion"]) == 7
    code, _, _ = run(
        "convert", source, "-o", tmp_path / "m.txt", "--for", "evpfft", *words
    )
    assert code == 0
    assert len(np.loadtxt(tmp_path / "m.txt")) == 3 * 2 * 3
    code, _, err = run(
        "convert", source, "-o", tmp_path / "x.npz", "--region", "0:9,0:1,0:1"
    )
    assert code == 2
    assert "not within the volume" in err


def test_convert_refuses_what_does_not_go_together(tmp_path, run):
    source = without(oriented()).save(tmp_path / "in.npz")
    code, _, err = run("convert", source, "-o", tmp_path / "a.txt", "--for", "moose")
    assert code == 2
    assert err.count("\n") == 1
    assert "grainpaint orient" in err
    code, _, err = run(
        "convert", source, "-o", tmp_path / "a.tif", "--periodic-equations"
    )
    assert code == 2
    assert "of Abaqus" in err
