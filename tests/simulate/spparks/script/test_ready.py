"""What a script says of its sites is checked before it runs."""

import pytest
from samples import AM, POTTS

from grainpaint import InputError
from grainpaint.simulate.spparks.runner import run_script
from grainpaint.simulate.spparks.script.survey import survey_script

FLAT = POTTS.replace("12 0 10 0 8", "{} 0 10 -0.5 0.5").replace("p p n", "p p p")
FLAT = FLAT.replace("lattice sc/26n", "dimension 2\nlattice sq/8n")
FLAT = FLAT.replace("solve_style tree", "sweep {}")


def obstacles(tmp_path, text):
    path = tmp_path / "in.script"
    path.write_text(text)
    return survey_script(path)[1]


@pytest.mark.parametrize(
    ("sets", "got"),
    [
        ("", "0"),
        ("set site range -2 50", "-2..50"),
        ("set site range 1 50\nset i1 range 1 53", "1..53"),
        ("set site range 1 50\nset site unique", "1..960"),
        ("set site value 51", "51"),
    ],
)
def test_spins_of_no_grain_are_an_obstacle_and_no_run_would_take_them(
    tmp_path, sets, got
):
    text = POTTS.replace("set site range 1 50", sets)
    (found,) = obstacles(tmp_path, text)
    assert "run: the spins must lie in 1..50 when a run begins" in found
    assert f"but are {got}: use set" in found
    assert "\n" not in found
    with pytest.raises(InputError, match="the spins must lie in"):
        run_script(tmp_path / "in.script")


@pytest.mark.parametrize(
    "sets",
    [
        "set site range 0 50\nset site value 1 if site = 0",
        "set site value 0\nset site range 1 50 fraction 0.999",
        "region all block 0 12 0 10 0 8\nset site range 1 50 region all",
        "set site range 1 51",  # of few sites, none may get it
    ],
)
def test_what_only_the_run_can_tell_is_no_obstacle(tmp_path, sets):
    assert obstacles(tmp_path, POTTS.replace("set site range 1 50", sets)) == []


def test_a_build_may_begin_without_spins(tmp_path):
    lines = [line for line in AM.splitlines() if not line.startswith("set ")]
    assert obstacles(tmp_path, "\n".join(lines)) == []


@pytest.mark.parametrize(
    ("n", "sweep", "ok"), [(12, "color", 1), (11, "color", 0), (11, "random", 1)]
)
def test_an_odd_period_cannot_be_swept_by_color(tmp_path, n, sweep, ok):
    found = obstacles(tmp_path, FLAT.format(n, sweep))
    assert len(found) == 1 - ok
    if not ok:
        assert "even numbers of sites along periodic axes, got 11 along x" in found[0]
