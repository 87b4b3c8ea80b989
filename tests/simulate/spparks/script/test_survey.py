import pytest
from samples import AM, ISO, POTTS

from grainpaint import InputError
from grainpaint.simulate.spparks import read_script
from grainpaint.simulate.spparks.script.survey import survey_script, unfit_files


def survey(tmp_path, text, **variables):
    path = tmp_path / "in.script"
    path.write_text(text)
    return survey_script(path, variables)


@pytest.mark.parametrize("text", [ISO, POTTS, AM])
def test_a_good_script_has_no_obstacles(tmp_path, text):
    found, obstacles = survey(tmp_path, text)
    assert obstacles == []
    assert found == read_script(tmp_path / "in.script")


def test_all_obstacles_are_listed_at_once_and_only_they(tmp_path):
    text = ISO.replace("potts 100", "potts/foo ${Q}").replace("0.5", "cold")
    text = text.replace("run 10.0", "dump 1 text 1 d.* id spin\ndump 2 foo 1 a\n"
                        "foobar 3\nread_sites none.sites\nrun $T")  # fmt: skip
    found, obstacles = survey(tmp_path, text)
    assert found is None
    lines = [obstacle.split(": ")[0] for obstacle in obstacles]
    # The variables first. Dumps and unknown commands depend on the application.
    assert lines == [f"in.script:{n}" for n in (2, 16, 2, 11, 15)]
    assert "no variable 'Q'" in obstacles[0]
    assert "'potts/foo' is not supported" in obstacles[2]


def test_what_only_follows_from_an_obstacle_is_not_listed(tmp_path):
    found, obstacles = survey(tmp_path, ISO.replace("sc/26n", "fcc"))
    assert found is None
    assert len(obstacles) == 1
    assert "'fcc' is not simulated here" in obstacles[0]


def test_a_line_that_cannot_be_read_hides_no_other_obstacle(tmp_path):
    text = ISO.replace("lattice sc", "variable a equal 1+\ninclude none.in\nlattice fc")
    text = text.replace("run 10.0", 'if 1 ~ 2 then "run 1"\nfoobar\nprint "open')
    text += (
        "label b\nvariable i loop 3\nlabel c\nstats cold\nnext i\njump in.script c\n"
    )
    found, obstacles = survey(tmp_path, text + "print ${a}\n")
    assert found is None
    lines = [int(obstacle.split(":")[1]) for obstacle in obstacles]
    # Each once, though the loop comes to line 20 three times.
    assert lines == [5, 6, 14, 15, 16, 20, 23]


def test_an_application_of_other_physics_is_one_obstacle(tmp_path):
    text = "seed 1\napp_style sinter\nread_sites none\ndump 1 text 1 a\nrun 1\n"
    _, obstacles = survey(tmp_path, text)
    assert len(obstacles) == 1
    assert "'sinter' is not simulated here" in obstacles[0]


def test_a_dump_that_failed_is_not_missed_as_well(tmp_path):
    text = ISO.replace("run", "dump 1 foo 1 a\ndump_modify 1 pad 3\ndump_one 2\nrun")
    _, obstacles = survey(tmp_path, text)
    assert len(obstacles) == 1


def test_a_missing_script_is_an_error(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        survey_script(tmp_path / "in.none")


@pytest.mark.parametrize("text", ["solid part\nfacet normal 1 0 0\n", "a\0b\nc 1\n"])
def test_what_is_no_script_is_one_obstacle(tmp_path, text):
    found, obstacles = survey(tmp_path, text)
    assert found is None
    assert len(obstacles) == 1
    assert "is not a script of SPPARKS" in obstacles[0]


def test_site_files_that_do_not_fit_are_listed_with_their_lines(tmp_path):
    lines = "".join(f"{i + 1} {i % 50 + 1}\n" for i in range(960))
    head = "title\n\n3 dimension\n{} sites\n\nValues\n\n"
    for name, n in (("good", 960), ("short", 961), ("long", 959)):
        (tmp_path / name).write_text(head.format(n) + lines)
    reads = "read_sites good\nread_sites short\nread_sites long"
    path = tmp_path / "in.script"
    text = POTTS.replace("boundary p p n", "boundary p p p")
    path.write_text(text.replace("set site range 1 50", reads))
    simulation, obstacles = survey_script(path)
    assert obstacles == []
    short, long = unfit_files(simulation)
    assert short.startswith("in.script:9: ")
    assert long.startswith("in.script:10: ")
    path.write_text(text)
    assert unfit_files(survey_script(path)[0]) == []


def test_a_site_file_that_the_script_writes_is_not_looked_at(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    dumped = "dump 1 sites 2 r.* id site\nrun 2\nread_sites r.1\nrun 1"
    (tmp_path / "in.script").write_text(POTTS.replace("run 4", dumped))
    (tmp_path / "r.1").write_text("of an earlier script\n")
    simulation, obstacles = survey_script(tmp_path / "in.script")
    assert obstacles == unfit_files(simulation) == []
