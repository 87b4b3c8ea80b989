import pytest
from samples import AM, ISO, POTTS

from grainpaint import InputError
from grainpaint.simulate.spparks import read_script
from grainpaint.simulate.spparks.script.survey import survey_script


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
    text = ISO.replace("potts 100", "potts/foo ${Q}").replace("0.5", "-1")
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
    assert "'fcc' is not supported" in obstacles[0]


def test_a_missing_script_is_an_error(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        survey_script(tmp_path / "in.none")
