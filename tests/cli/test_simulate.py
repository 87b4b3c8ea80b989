"""`grainpaint simulate IN.SCRIPT` and `grainpaint simulate spparks`."""

import numpy as np
import pytest
from samples import AM, POTTS

import grainpaint
from grainpaint.formats import find_volumes

DUMPED = POTTS.replace("run", "dump 1 text 2.0 dump.*\nrun")


@pytest.fixture(autouse=True)
def folder(monkeypatch, tmp_path):
    """Every command here runs in a folder of its own."""
    monkeypatch.chdir(tmp_path)


def test_a_script_runs_by_its_name(run, tmp_path):
    (tmp_path / "in.potts").write_text(POTTS)
    code, text, errors = run("simulate", "in.potts", "-o", "a.npz")
    assert code == 0
    assert "a.npz: " in text
    assert "at time 4" in text
    assert "passed over" not in errors
    assert run("simulate", "script", "in.potts", "-o", "b.vti")[0] == 0
    first, second = grainpaint.load("a.npz"), grainpaint.load("b.vti")
    np.testing.assert_array_equal(first.grain_id, second.grain_id)
    code, _, errors = run("simulate", "in.potts", "-o", "a.npz")
    assert code == 2
    assert "use --force" in errors


def test_variables_come_from_the_command_line(run, tmp_path):
    text = POTTS.replace("run 4", "variable T index 1\nrun $T ${MODE}")
    (tmp_path / "in.potts").write_text(text)
    code, _, errors = run("simulate", "in.potts", "-o", "a.npz")
    assert code == 2
    assert "in.potts:12: no variable 'MODE'" in errors
    words = ("--var", "T", "3", "--var", "MODE", "upto")
    code, text, _ = run("simulate", "in.potts", "-o", "a.npz", *words)
    assert code == 0
    assert "at time 3" in text
    code, text, _ = run("simulate", *words, "--dry-run", "in.potts")  # or first
    assert code == 0
    assert "3 in 1 run" in text
    code, _, errors = run("simulate", "in.potts", "-o", "b.npz", "--var", "T")
    assert (code, errors.count("\n")) == (2, 1)


def test_dumps_become_a_set_or_the_end_alone(run, tmp_path):
    (tmp_path / "in.potts").write_text(DUMPED)
    code, text, _ = run("simulate", "in.potts", "-o", "all.zarr")
    assert code == 0
    assert "3 volumes" in text
    members = find_volumes(["all.zarr"])
    assert [m.name[11:20] for m in members] == ["-t000000.", "-t000002.", "-t000004."]
    grains = [grainpaint.load(m).n_grains for m in members]
    assert grains == sorted(grains, reverse=True)
    code, _, errors = run("simulate", "in.potts", "-o", "end.npz")
    assert code == 0
    assert "a .zarr set would hold all 3 times" in errors
    np.testing.assert_array_equal(
        grainpaint.load("end.npz").grain_id, grainpaint.load(members[-1]).grain_id
    )


def test_an_additive_script_runs(run, tmp_path):
    (tmp_path / "in.am").write_text(AM)
    code, text, _ = run("simulate", "in.am", "-o", "a.npz")
    assert code == 0
    assert "grains at time 19.3077" in text


MISTAKES = {
    "missing": ("simulate in.none -o a.npz", "in.none: "),
    "no command": ("simulate nonsense -o a.npz", "nonsense"),
    "suffix": ("simulate in.potts -o a.foo", "unknown suffix"),
    "dump": ("simulate in.potts -o dump.a", "unknown suffix"),
    "unsupported": ("simulate in.sinter -o a.npz", "in.sinter:2: app_style: 'sinter'"),
    "program": ("simulate spparks in.potts --spparks no/spk -o a.npz", "no such progr"),
    "ranks": ("simulate spparks in.potts --spparks ls --ranks 0 -o a.npz", "--ranks"),
    "seed": ("simulate spparks in.potts --spparks ls --seed 2 -o a.npz", "--seed is"),
    "recipe": ("simulate am.toml -o a.npz", "am.toml is a recipe, and no script"),
    "fails": ("simulate spparks in.potts --spparks ls -o a.npz", "last lines: "),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_exit_2_with_one_line_and_leave_nothing(run, tmp_path, mistake):
    (tmp_path / "in.potts").write_text(POTTS)
    (tmp_path / "in.sinter").write_text(POTTS.replace("potts", "sinter"))
    (tmp_path / "am.toml").write_text("shape = [8, 8, 8]")
    words, message = MISTAKES[mistake]
    code, out, errors = run(*words.split())
    assert code == 2
    assert message in errors
    assert "Traceback" not in errors
    assert out == ""
    names = sorted(p.name for p in tmp_path.iterdir())
    assert names == ["am.toml", "in.potts", "in.sinter"]


def test_spparks_runs_a_script_and_a_recipe(run, tmp_path, stand_in):
    (tmp_path / "in.potts").write_text(POTTS)
    words = ("--spparks", stand_in, "-o")
    code, text, _ = run("simulate", "spparks", "in.potts", *words, "a.npz")
    assert code == 0
    assert "at time 1.03333" in text
    assert grainpaint.load("a.npz").shape == (4, 5, 3)


def test_a_script_alone_writes_what_it_asks_for_into_the_current_folder(run, tmp_path):
    home = tmp_path / "scripts"
    home.mkdir()
    (home / "in.potts").write_text(DUMPED + 'print "the end"\nrun 1\ndump_one 1\n')
    (tmp_path / "dump.0").write_text("of another run")
    code, text, errors = run("simulate", "scripts/in.potts")
    assert code == 0
    names = sorted(p.name for p in tmp_path.iterdir())
    assert names == ["dump.0", "dump.1", "dump.2", "dump.3", "log.spparks", "scripts"]
    assert grainpaint.load("dump.0").n_grains > 100  # replaced
    assert text.count("      Time    Naccept    Nreject    Nsweeps        CPU") == 2
    assert "the end\n" in text
    assert (tmp_path / "log.spparks").read_text().rstrip().endswith("dump_one 1")
    assert "passed over" not in errors


def test_volumes_and_files_go_together_and_again(run, tmp_path):
    (tmp_path / "in.potts").write_text(DUMPED)
    assert run("simulate", "in.potts", "-o", "all.zarr")[0] == 0
    (tmp_path / "dump.2").unlink()
    # The set is complete, but the script writes its files again.
    assert run("simulate", "in.potts", "-o", "all.zarr")[0] == 0
    same = [grainpaint.load(p) for p in ("dump.2", find_volumes(["all.zarr"])[-1])]
    assert same[0].shape == same[1].shape
    back = DUMPED + "reset_time 0\nrun 1\n"
    (tmp_path / "in.back").write_text(back)
    code, _, errors = run("simulate", "in.back", "-o", "back.zarr")
    assert code == 2
    assert "reset_time turns the clock" in errors


def test_a_state_may_be_dumped_under_another_time(run, tmp_path):
    """As an example of SPPARKS does, for a stitch file that begins at 0."""
    text = POTTS.replace("p p n", "n n n")
    text += "reset_time 0\ndump 1 stitch 9 a.st site\n"
    (tmp_path / "in.potts").write_text(text + "dump_one 1\n")
    code, said, _ = run("simulate", "in.potts", "-o", "end.zarr")
    assert (code, said.splitlines()[-1].endswith("grains at time 0")) == (0, True)
    both = [grainpaint.load(tmp_path / name).grain_id for name in ("a.st", "end.zarr")]
    assert (both[0] == both[1]).all()
    (tmp_path / "in.potts").write_text(text + "run 1\nreset_time 20\ndump_one 1\n")
    code, said, _ = run("simulate", "in.potts", "-o", "set.zarr")
    last = said.splitlines()[-1]
    assert (code, last) == (0, "set.zarr: 2 volumes, times 0 to 20")


def test_a_dry_run_tells_what_will_be_written_and_writes_nothing(run, tmp_path):
    (tmp_path / "in.potts").write_text(DUMPED)
    code, text, _ = run("simulate", "in.potts", "--dry-run")
    assert code == 0
    assert "960 (12 x 10 x 8, sc/26n)" in text
    assert "dump.* (3 files)" in text
    assert "log.spparks" in text
    assert [p.name for p in tmp_path.iterdir()] == ["in.potts"]


def test_a_dry_run_lists_all_obstacles(run, tmp_path):
    text = DUMPED.replace("temperature 0.4", "temperature cold\nfoobar $Z")
    (tmp_path / "in.potts").write_text(text)
    for flags in ((), ("--dry-run",)):
        code, text, errors = run("simulate", "in.potts", *flags)
        assert code == 2
        assert errors.count("obstacle  in.potts:") == 3
        assert "cannot be run: 3 obstacles" in errors


def test_a_dry_run_reads_the_site_files(run, tmp_path):
    (tmp_path / "in.potts").write_text(POTTS.replace("set site", "read_sites r #"))
    (tmp_path / "r").write_text("title\n\n3 dimension\n9 sites\n\nValues\n\n1 1\n")
    code, text, errors = run("simulate", "in.potts", "--dry-run")
    assert (code, text) == (2, "")
    assert errors.startswith("grainpaint: in.potts:8: r is cut off: 1 rows of 9")
    assert errors.count("\n") == 1


def test_a_script_without_a_run_says_so(run, tmp_path):
    (tmp_path / "in.potts").write_text(DUMPED.replace("run", "#"))
    code, _, errors = run("simulate", "in.potts")
    assert code == 0
    assert errors.strip() == "in.potts: no run: nothing is simulated"
    assert (tmp_path / "log.spparks").exists()
