"""The times at which SPPARKS writes, as its logs show them."""

import pytest
from samples import POTTS

from grainpaint.simulate.spparks import read_script
from grainpaint.simulate.spparks.clock import Clock

SCRIPT = (
    POTTS.replace("solve_style tree", "{}").replace("run 4", "")
    + """stats 0.7
dump 1 text 1.0 d.* id site
dump 2 text 1.0 one id site
dump_modify 2 logfreq 2 10.0
dump 3 text 0.5 two id site
dump_modify 3 tol 0.2 delay 2.0
dump 4 text 1.0 three id site
dump_modify 4 loglinfreq 3 10
run 10.0
run 3.3
reset_time 50
run 2.0
"""
)
# What SPPARKS wrote for the script with app_style potts 100 and sweep random, and with
# potts/neighonly and sweep raster.
RANDOM = {
    "stats": [0, 0.7, 1.4, 2.11, 2.81, 3.51, 4.21, 4.91, 5.61, 6.31, 7.01, 7.71, 8.41,
              9.11, 9.81, 10.01, 10.01, 10.51, 11.21, 11.91, 12.61, 13.31, 13.32, 50,
              50.41, 51.11, 51.81, 52.01],
    "1": [0, 1, 2, 3.01, 4.01, 5.01, 6.01, 7.01, 8.01, 9.01, 10.01, 11.01, 12.01, 13.01,
          51.01, 52.01],
    "2": [0, 1, 3.17, 10.01],
    "3": [1.8, 2.11, 2.31, 2.81, 3.17, 3.31, 3.81, 4.21, 4.31, 4.81, 5.31, 5.61, 5.81,
          6.31, 6.81, 7.31, 7.71, 7.81, 8.31, 8.81, 9.11, 9.31, 9.81, 10.31, 10.81,
          11.21, 11.31, 11.81, 12.31, 12.61, 12.81, 13.31, 50.31, 50.81, 51.11, 51.31,
          51.81],
    "4": [0, 1, 2, 3.01, 10.01],
}  # fmt: skip
RASTER = {
    "stats": [0, 0.730769, 1.42308, 2.11538, 2.80769, 3.53846, 4.23077, 4.92308,
              5.61538, 6.30769, 7.03846, 7.73077, 8.42308, 9.11538, 9.80769, 10.0385,
              10.0385, 10.5385, 11.2308, 11.9231, 12.6154, 13.3077, 13.3462, 50,
              50.4231, 51.1154, 51.8077, 52],
}  # fmt: skip


@pytest.mark.parametrize(
    ("words", "style", "expected"),
    [("potts 100", "sweep random", RANDOM),
     ("potts/neighonly 100", "sweep raster", RASTER)],
)  # fmt: skip
def test_sweeps_write_when_spparks_does(tmp_path, words, style, expected):
    text = SCRIPT.format(style).replace("potts 50", words)
    (tmp_path / "in.script").write_text(text)
    found = read_script(tmp_path / "in.script")
    times = {"stats": [m.time for m in found.moments if m.stats]}
    for moment in found.moments:
        for write in moment.dumps:
            times.setdefault(write.dump.name, []).append(moment.time)
    for name, known in expected.items():
        assert [f"{t:g}" for t in times[name]] == [f"{t:g}" for t in known]


def test_rejection_free_runs_stop_at_any_time():
    clock = Clock(2.0, 5.0)
    assert clock.reach(3.3) == (3.3, 0)
    assert clock.reach(7.0) == (5.0, 0)
    assert clock.stop == 5.0


def test_a_run_of_no_time_has_no_sweep():
    clock = Clock(2.0, 2.0, 0.1)
    assert clock.stop == 2.0
    assert clock.reach(2.0) == (2.0, 0)
