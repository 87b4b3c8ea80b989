import json
import os
import re
import subprocess
import sys

import numpy as np
import pytest
import typer
from samples import GEAR

import grainpaint
from grainpaint.cli.app import SECTIONS, app
from grainpaint.errors import InputNote
from grainpaint.network.train import PRESETS
from grainpaint.record import outputs


def test_paint_writes_volume_picture_and_record(run, tiny_model, tmp_path):
    out = tmp_path / "out" / "gear.npz"
    code, text, _ = run(
        "paint", GEAR, "-o", out, "--longest", 40, "--model", tiny_model, "--seed", 3
    )
    assert code == 0
    assert all(path.exists() for path in outputs(out).files())
    volume = grainpaint.load(out)
    assert max(volume.shape) == 40
    record = json.loads((tmp_path / "out" / "gear.run.json").read_text())
    assert record["recipe"]["seed"] == 3
    assert record["grains"] == volume.n_grains
    assert len(record["recipe"]["model_sha256"]) == 64
    assert f"{volume.n_grains:,}" in text
    assert (tmp_path / "out" / "gear.png").read_bytes()[:4] == b"\x89PNG"
    with pytest.warns(InputNote, match=r"the voxels hold 3\.8 % more"):
        again = grainpaint.paint(GEAR, longest=40, model=str(tiny_model), seed=3)
    np.testing.assert_array_equal(again.grain_id, volume.grain_id)
    assert again.origin == pytest.approx(volume.origin)


@pytest.mark.parametrize("suffix", [".npz", ".zarr"])
def test_many_textures_of_one_part_are_those_of_their_seeds(
    run, tiny_model, tmp_path, suffix
):
    words = ("paint", GEAR, "--longest", 24, "--model", tiny_model, "--no-picture")
    name = f"gear{suffix}"
    many = (*words, "-o", tmp_path / name, "--count", 2, "--seed", 3)
    assert run(*many)[0] == 0
    for seed in (3, 4):
        out = tmp_path / f"alone{seed}" / name
        assert run(*words, "-o", out, "--seed", seed)[0] == 0
        found = grainpaint.load(tmp_path / f"seed{seed}" / name).grain_id
        np.testing.assert_array_equal(found, grainpaint.load(out).grain_id)
    assert not (tmp_path / name).exists()
    code, _, error = run(*words, "-o", tmp_path / name, "--count", 0)
    assert code == 2
    assert "--count must be at least 1" in error


def test_a_periodic_volume_goes_to_any_format(run, tiny_model, tmp_path):
    words = ("generate", "--shape", "64,64,64", "--periodic", "xyz", "--no-picture")
    words = (*words, "--model", tiny_model, "-o")
    outs = [tmp_path / suffix / f"rve.{suffix}" for suffix in ("npz", "zarr")]
    assert [run(*words, out)[0] for out in outs] == [0, 0]
    one, other = (grainpaint.load(out) for out in outs)
    np.testing.assert_array_equal(one.grain_id, other.grain_id)
    assert one.periodic == other.periodic == (True, True, True)
    code, _, error = run(*words, outs[1])
    assert code == 2
    assert "use --force" in error


def test_convert_keeps_everything(run, tmp_path):
    volume = grainpaint.simulate.isotropic((12, 10, 8), 3, spacing=2.0)
    volume.save(tmp_path / "a.npz")
    code, text, _ = run("convert", tmp_path / "a.npz", "-o", tmp_path / "b.zarr")
    assert code == 0
    assert f"{volume.n_grains} grains" in text
    found = grainpaint.load(tmp_path / "b.zarr")
    np.testing.assert_array_equal(found.grain_id, volume.grain_id)
    assert (found.spacing, found.periodic) == (volume.spacing, volume.periodic)
    code, _, error = run("convert", tmp_path / "a.npz", "-o", tmp_path / "b.zarr")
    assert code == 2
    assert "use --force" in error


def test_generate_simulate_view_segment_and_models(run, tiny_model, tmp_path):
    box = tmp_path / "box.vti"
    code, _, _ = run(
        "generate", "--shape", "16,12,8", "-o", box, "--model", tiny_model,
        "--voxel", "2um", "--no-picture",
    )  # fmt: skip
    assert code == 0
    assert grainpaint.load(box).spacing == pytest.approx((2.0,) * 3)
    grown = tmp_path / "grown.npz"
    code, text, _ = run(
        "simulate", "iso", "--shape", "16,16,16", "--time", 5, "--spins", 50,
        "--seed", 1, "-o", grown,
    )  # fmt: skip
    assert code == 0
    assert grainpaint.load(grown).periodic == (True, True, True)
    picture = tmp_path / "grown.png"
    assert run("view", grown, "-o", picture)[0] == 0
    assert picture.stat().st_size > 1000
    np.savez(tmp_path / "field.npz", field=grainpaint.load(grown).grain_id)
    assert run("segment", tmp_path / "field.npz", "-o", tmp_path / "s.zarr")[0] == 0
    assert grainpaint.load(tmp_path / "s.zarr").n_voxels == 16**3
    code, text, _ = run("models")
    assert code == 0
    assert "iso" in text


def test_segment_by_dbscan_cleans_unless_told_not_to(run, tmp_path, rng):
    field = np.zeros((12, 12, 12), np.float32)
    field[..., 6:] = 0.5
    field[3, 4, 5] = field[8, 8, 9] = -0.5
    values, out = tmp_path / "values.npz", tmp_path / "out.npz"
    np.savez(values, field=field, spacing=(2.0, 2.0, 2.0))
    assert run("segment", values, "-o", out, "--method", "dbscan")[0] == 0
    cleaned = grainpaint.load(out)
    assert cleaned.spacing == pytest.approx((2.0,) * 3)
    assert cleaned.grain_id[3, 4, 5] == cleaned.grain_id[0, 0, 0] == 1
    assert (cleaned.grain_id[..., 6:] == 2).all()
    args = ("-o", out, "--method", "dbscan", "--no-clean", "--force")
    assert run("segment", values, *args)[0] == 0
    assert np.argwhere(grainpaint.load(out).grain_id == 0).tolist() == [
        [3, 4, 5],
        [8, 8, 9],
    ]
    code, _, err = run("segment", values, *args, "--eps", 2)
    assert code == 2
    assert "below 2" in err
    assert "dbscan takes one float" in run("segment", values, *args[:2], "--force")[2]
    np.savez(values, field=rng.normal(size=(9, 9, 9)))
    code, _, err = run("segment", values, *args)
    assert code == 2
    assert "noise" in err


def test_train_runs_from_the_command_line(run, tmp_path, monkeypatch):
    small = {"channels": (8, 8), "head": 4}  # the size of a network is no matter here
    for stage, preset in PRESETS.items():
        network = preset.network.model_copy(update=small)
        preset = preset.model_copy(update={"network": network})
        monkeypatch.setitem(PRESETS, stage, preset)
    monkeypatch.setattr("grainpaint.network.train._HELD_OUT_LEVELS", (0.9,))
    data, out = tmp_path / "set.zarr", tmp_path / "model"
    code, _, _ = run(
        "simulate", "iso", "--shape", "32,32,32", "--time", 60, "--count", 2, "-o", data
    )
    assert code == 0
    for stage in ("base", "refine"):
        args = ("train", stage, "--data", data, "--out", out, "--minutes", 1e-5)
        code, text, _ = run(*args)
        assert code == 0
        assert re.search(r"cross entropy by noise level: \d[\d.]* at 0\.9\n", text)
    assert run(*args)[0] == 2
    assert run(*args, "--resume")[0] == 0
    volume = grainpaint.generate((16, 16, 16), str(out))
    assert volume.n_voxels == 16**3


def test_dry_run_says_and_writes_nothing(run, tiny_model, tmp_path):
    code, text, _ = run(
        "paint", GEAR, "-o", tmp_path / "a.vti", "--dry-run", "--model", tiny_model
    )
    assert code == 0
    assert "127 x 128 x 50" in text
    assert "windows" in text
    assert "memory" in text
    assert not list(tmp_path.iterdir())


MISTAKES = {
    "missing part": ("paint no.stl -o a.vti", "no such file"),
    "unknown suffix": ("paint GEAR -o a.foo", ".vti, .npz, .zarr"),
    "zero voxel": ("paint GEAR -o a.vti --voxel 0um", "above 0"),
    "bare voxel": ("paint GEAR -o a.vti --voxel 50", "unit"),
    "tiny voxel": ("paint GEAR -o a.vti --voxel 0.01um", "too many"),
    "huge voxel": ("paint GEAR -o a.vti --voxel 5mm", "thinner than a voxel"),
    "two sizes": ("paint GEAR -o a.vti --voxel 50um --longest 90", "give one"),
    "grains only": ("generate --shape 16,16,16 --grain-size 9um -o a.npz", "--voxel"),
    "unknown unit": ("paint GEAR -o a.vti --unit ell", "unit"),
    "unknown model": ("paint GEAR -o a.vti --model none", "no model"),
    "negative seed": ("generate --shape 16,16,16 -o a.npz --seed -1", "seed"),
    "large seed": (f"simulate iso --shape 16,16,16 -o a.npz --seed {2**63}", "seed"),
    "no device": ("generate --shape 16,16,16 -o a.npz --device abacus", "device"),
    "bad shape": ("generate --shape 16,16 -o a.npz", "X,Y,Z"),
    "too large": ("generate --shape 9000,9000,9000 -o a.npz", "GiB"),
    "thin box": ("simulate iso --shape 2,16,16 -o a.npz", "at least 3 sites"),
    "lattice": ("simulate iso --shape 9,9,9 --lattice bcc -o a.npz", "sc/26n"),
    "cold": ("simulate iso --shape 9,9,9 --temperature -1 -o a.npz", "temperature"),
    "no axis": ("simulate iso --shape 9,9,9 --periodic uvw -o a.npz", "xyz"),
    "times": ("simulate iso --shape 9,9,9 --time 5,soon -o a.zarr", "25,50,100"),
    "falling times": ("simulate iso --shape 9,9,9 --time 5,4 -o a.zarr", "increase"),
    "set as npz": ("simulate iso --shape 9,9,9 --count 2 -o a.npz", "a.zarr"),
    "workers of one file": (
        "generate --shape 16,16,16 -o a.npz --workers 2",
        "--workers makes a volume piece by piece",
    ),
    "no count": ("simulate iso --shape 9,9,9 --count 0 -o a.zarr", "count"),
    "no recipe": ("simulate iso -o a.npz", "--shape"),
    "missing recipe": ("simulate iso no.toml -o a.npz", "no such file"),
    "unknown stage": ("train coarse --data . --out m", "additive, paper or student"),
    "no data": ("train base --data nowhere --out m", "no such file"),
    "region of a part": (
        "region GEAR --box 0:2,0:2,0:2 -o a.npz",
        "a part, which holds no grains",
    ),
    "verify a part": ("verify GEAR", "a part, which holds no grains"),
    "no picture": ("view GEAR -o a.png", "a part, which holds no grains"),
    "no field": ("segment no.npz -o a.npz", "no such file"),
    "unknown method": ("segment no.npz -o a.npz --method kmeans", "colors or dbscan"),
    "no field for dbscan": ("segment no.npz -o a.npz --method dbscan", "no such file"),
    "noise of colors": ("segment no.npz -o a.npz --no-clean", "--method dbscan"),
    "no command": ("paint", "Missing argument"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_are_one_line_exit_2_and_leave_nothing(
    run, tmp_path, monkeypatch, mistake
):
    monkeypatch.chdir(tmp_path)
    words, message = MISTAKES[mistake]
    code, out, err = run(*(GEAR if w == "GEAR" else w for w in words.split()))
    assert code == 2
    assert message in err
    assert "Traceback" not in err
    assert out == ""
    if mistake != "no command":  # the parser's own message has a usage line too
        assert err.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_outputs_are_replaced_only_with_force(run, tiny_model, tmp_path):
    out = tmp_path / "a.npz"
    args = ("generate", "--shape", "16,16,16", "-o", out, "--model", tiny_model)
    args += ("--no-picture",)
    assert run(*args)[0] == 0
    before = out.read_bytes()
    code, _, err = run(*args, "--seed", 1)
    assert code == 2
    assert "use --force" in err
    assert out.read_bytes() == before
    assert run(*args, "--seed", 1, "--force")[0] == 0
    assert out.read_bytes() != before


@pytest.mark.parametrize("fault", ["raise RuntimeError", "import os; os.abort()"])
def test_without_opengl_the_picture_has_slices_and_one_line_says_so(
    run, tmp_path, monkeypatch, fault
):
    (tmp_path / "pyvista.py").write_text(fault)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    save_grains(tmp_path / "a.npz")
    code, _, err = run("view", tmp_path / "a.npz", "-o", tmp_path / "a.png")
    assert code == 0
    assert err == "no usable OpenGL: the picture shows slices only\n"
    assert (tmp_path / "a.png").stat().st_size > 1000


def save_grains(path):
    ids = np.arange(1, 9).reshape(2, 2, 2).repeat(8, 0).repeat(8, 1).repeat(8, 2)
    grainpaint.Microstructure(ids).save(path)


def test_a_folder_holds_many_volumes_with_their_records(run, tiny_model, tmp_path):
    """Nothing is refused or replaced but the same output."""
    words = ("generate", "--shape", "16,16,16", "--model", tiny_model, "--no-picture")
    (tmp_path / "d.png").write_text("somebody's picture")
    names = ["a.npz", "a.vti", "c.zarr", "d.npz"]
    for seed, name in enumerate(names):
        assert run(*words, "-o", tmp_path / name, "--seed", seed)[0] == 0
    assert (tmp_path / "d.png").read_text() == "somebody's picture"
    assert run(*words, "-o", tmp_path / "a.npz", "--seed", 9)[0] == 2
    box = ("--box", "0:16,0:16,0:16", "--force", "-o", tmp_path / "piece.npz")
    for seed, name in enumerate(names):
        record = outputs(tmp_path / name).record
        assert json.loads(record.read_text())["recipe"]["seed"] == seed
        whole = grainpaint.load(tmp_path / name)
        # Both name the volume; a region is made anew, which takes longer than the rest.
        first, second = (tmp_path / name, record)[:: 1 if seed % 2 else -1]
        assert run("region", first, *box)[0] == 0
        piece = grainpaint.load(tmp_path / "piece.npz")
        np.testing.assert_array_equal(piece.grain_id, whole.grain_id)
        code, text, _ = run("verify", second)
        assert code == 0
        assert "as they were written" in text
    assert run(*words, "-o", tmp_path / "a.npz", "--seed", 9, "--force")[0] == 0
    assert json.loads((tmp_path / "a.run.json").read_text())["recipe"]["seed"] == 9


def test_a_damaged_file_is_found_and_made_again(run, tiny_model, tmp_path):
    out = tmp_path / "a.npz"
    words = ("generate", "--shape", "16,16,16", "--model", tiny_model, "--no-picture")
    run(*words, "-o", out)
    whole = grainpaint.load(out)
    ids = whole.grain_id.copy()
    ids[3, 4, 5] += 1
    for damage in (
        lambda: out.write_bytes(out.read_bytes()[:-50]),
        lambda: grainpaint.Microstructure(ids).save(out),
        out.unlink,
    ):
        damage()
        code, text, _ = run("verify", out)
        assert code == 1
        assert str(out) in text
        code, text, _ = run("verify", out, "--repair")
        assert code == 0
        assert text.endswith("repaired\n")
        np.testing.assert_array_equal(grainpaint.load(out).grain_id, whole.grain_id)
    out.rename(tmp_path / "alone.npz")
    for command in (["verify"], ["region", "--box", "0:4,0:4,0:4", "-o", "p.npz"]):
        code, _, error = run(command[0], tmp_path / "alone.npz", *command[1:])
        assert code == 2
        assert "no record of" in error
        assert error.count("\n") == 1


def test_help_loads_no_heavy_library():
    code = (
        "import sys; sys.argv = ['grainpaint', '--help']\n"
        "from grainpaint.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy = {'torch', 'numba', 'numpy', 'zarr', 'vtk', 'matplotlib', 'rich'}\n"
        "print('heavy:', sorted(heavy & set(sys.modules)))"
    )
    out = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert out.stdout.splitlines()[-1] == "heavy: []"


@pytest.mark.parametrize(("before", "after"), [("", "PASSIVE"), ("ACTIVE", "ACTIVE")])
def test_threads_of_commands_do_not_spin_unless_they_are_told_to(
    monkeypatch, run, before, after
):
    monkeypatch.setenv("OMP_WAIT_POLICY", before)
    if not before:
        monkeypatch.delenv("OMP_WAIT_POLICY")
    run("models")
    assert os.environ["OMP_WAIT_POLICY"] == after


def test_the_help_lists_every_command_in_a_section():
    """A command that stands in no section would run, but be shown nowhere."""
    listed = [name for names in SECTIONS.values() for name in names]
    assert sorted(listed) == sorted(typer.main.get_command(app).commands)


@pytest.mark.parametrize(
    "words",
    [
        "paint no.stl -o a.vti",
        "paint . -o a.vti",
        "paint {part} --voxel 5 -o a.vti",
        "generate --shape 8,8 -o a.vti",
        "region a.vti --box 0:8,0:8 -o b.vti",
    ],
)
def test_a_slip_is_told_before_torch_is_loaded(words):
    code = (
        "import sys; from grainpaint.cli import main\n"
        "try: main()\n"
        "except SystemExit as end: print(end.code, 'torch' in sys.modules)"
    )
    argv = words.format(part=__file__).split()
    done = subprocess.run(
        [sys.executable, "-c", code, *argv], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["2", "False"], done.stderr
    assert done.stderr.count("\n") == 1
