from dataclasses import replace

import pytest
from samples import BEZIER, ELLIPSOID, ISO

from grainpaint import InputError
from grainpaint.simulate.spparks import read_script
from grainpaint.simulate.spparks.script_text import script_text
from grainpaint.simulate.spparks.simulation import SetSpins


def script(tmp_path, text, name="in.script"):
    path = tmp_path / name
    path.write_text(text)
    return path


POTTS = ISO.replace("dump", "# dump")


@pytest.mark.parametrize(
    "text",
    [
        POTTS,
        POTTS.replace("potts", "potts/neighonly").replace("p p n", "n p p"),
        POTTS.replace("sweep random", "solve_style tree").replace("sc/26n", "sc/6n"),
        POTTS.replace("run 10.0", "run 10\ntemperature 0.25\nrun 25 upto"),
        ELLIPSOID,
        "seed 3\n" + BEZIER + ELLIPSOID.replace("app_style", "#").replace("seed", "#"),
    ],
)
def test_the_script_for_spparks_asks_for_the_same_simulation(tmp_path, text):
    asked = read_script(script(tmp_path, text))
    again = read_script(script(tmp_path, script_text(asked, "out.dump"), "in.again"))
    assert (again.app, again.box, again.scan) == (asked.app, asked.box, asked.scan)
    assert [replace(run, moments=()) for run in again.runs] == [
        replace(run, moments=(), diagnostics=again.runs[0].diagnostics)
        for run in asked.runs
    ]
    assert again.snapshots == tuple(run.end for run in asked.runs)
    first, second = (
        next(step for step in simulation.steps if isinstance(step, SetSpins))
        for simulation in (asked, again)
    )
    assert first == second


def test_a_line_that_spparks_would_not_read_is_refused(tmp_path):
    layer = "am cartesian_layer 1 start LL pass_id 1 thickness 25 offset -80.0 0.0\n"
    text = ELLIPSOID.replace("hatch 25", "hatch 0.1")
    assert layer in text
    with pytest.raises(InputError, match="cannot read lines of"):
        script_text(read_script(script(tmp_path, text)), "out.dump")
