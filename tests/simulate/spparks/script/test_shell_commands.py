"""``shell``: folders are entered and made, files moved and deleted, when it is due."""

import pytest
from samples import POTTS

from grainpaint.formats.spparks.stitch_blocks import stitch_times
from grainpaint.simulate.spparks.runner import run_script
from grainpaint.simulate.spparks.script.survey import survey_script


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def run(folder, text):
    """Run a script; return the names of all files but it, without their data."""
    (folder / "in.script").write_text(text)
    simulation, obstacles = survey_script(folder / "in.script")
    assert obstacles == []
    run_script(folder / "in.script", folder=folder)
    found = (p.relative_to(folder) for p in folder.rglob("*") if p.is_file())
    return {path.as_posix() for path in found} - {"in.script"}, simulation


def test_each_turn_of_a_loop_writes_into_a_folder_of_its_own(tmp_path):
    text = POTTS.replace("run 4", "dump 1 text 2 a.*\ndump 2 text 2 b\nrun 2")
    loop = (
        f"label again\nvariable N loop 2\nshell mkdir turn$N\nshell cd turn$N\n"
        f"log log.turn\n{text}clear\nshell cd ..\nnext N\njump in.script again\n"
    )
    found, _ = run(tmp_path, loop)
    names = ("a.0", "a.1", "b", "log.turn")
    turns = {f"turn{n}/{name}" for n in (1, 2) for name in names}
    assert found == turns | {"log.spparks"}


def test_the_only_file_of_a_dump_stays_where_its_first_run_began(tmp_path):
    text = POTTS.replace(
        "run 4",
        "shell mkdir one two\ndump 1 text 1 each.*\ndump 2 text 1 all\n"
        "shell cd one\nrun 1\nshell cd ../two\nrun 1\n",
    )
    found, _ = run(tmp_path, text)
    assert {"one/each.0", "one/each.1", "two/each.2", "one/all"} < found
    assert "two/all" not in found
    assert (tmp_path / "one/all").read_text().count("ITEM: TIMESTEP") == 3


def test_files_are_moved_and_deleted_between_runs_and_read_by_their_new_names(tmp_path):
    text = POTTS.replace(
        "run 4",
        "dump 1 sites 1 grown.* id site\nrun 2\nundump 1\n"
        "shell mv grown.2 start.sites\nshell rm grown.0 not_there\n"
        "read_sites start.sites\nshell rmdir empty\nrun 1",
    )
    (tmp_path / "empty").mkdir()
    found, _ = run(tmp_path, text)
    assert found == {"grown.1", "start.sites", "log.spparks"}
    assert not (tmp_path / "empty").exists()


def test_a_stitch_file_that_the_script_deletes_has_no_times(tmp_path):
    text = POTTS.replace("run 4", "dump 1 stitch 1 a.st site\nrun 3")
    run(tmp_path, text)
    assert stitch_times(tmp_path / "a.st")[-1] == 3
    again = "reset_time stitch a.st last\ndump 1 stitch 1 a.st site\nrun 1"
    run(tmp_path, POTTS.replace("run 4", f"shell rm a.st\n{again}"))
    assert stitch_times(tmp_path / "a.st") == [0, 1]
    run(tmp_path, POTTS.replace("run 4", again))
    assert stitch_times(tmp_path / "a.st") == [0, 1, 2]


def test_a_folder_that_does_not_exist_is_not_entered_and_that_is_told(tmp_path):
    text = POTTS.replace("run 4", "shell cd nowhere\ndump 1 text 2 a.*\nrun 2")
    found, simulation = run(tmp_path, text)
    assert found == {"a.0", "a.1", "log.spparks"}
    assert "shell cd nowhere (no such folder" in simulation.passed_over[0]


def test_a_file_of_the_entered_folder_is_included(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/more").write_text("dump 1 text 2 a.*\n")
    text = POTTS.replace("run 4", "shell cd sub\ninclude more\nrun 2")
    assert {"sub/a.0", "sub/a.1"} < run(tmp_path, text)[0]
