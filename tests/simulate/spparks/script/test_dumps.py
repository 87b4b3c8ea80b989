"""The commands about what is written: mistakes, and what they become."""

import pytest
from samples import POTTS

from grainpaint import InputError
from grainpaint.simulate.spparks import read_script
from grainpaint.simulate.spparks.requests import ClusterFiles, Diagnostic, Threshold
from grainpaint.simulate.spparks.runner import run_script


def script(tmp_path, commands):
    path = tmp_path / "in.script"
    path.write_text(POTTS.replace("run 4", f"{commands}\nrun 4"))
    return read_script(path)


def test_dumps_and_their_changes_become_values(tmp_path):
    found = script(
        tmp_path,
        "region low block 0 4 0 4 0 4\ndump 1 text 4 a.%.* id i1 energy\n"
        "dump_modify 1 region low thresh x < 3 thresh i1 != 2 pad 4 sort -2 flush yes",
    )
    (write,) = found.moments[0].dumps
    assert str(write.path) == "a.0.0000"
    assert write.dump.columns == ("id", "i1", "energy")
    assert write.dump.sort == -2
    assert write.dump.thresholds == (Threshold("x", "<", 3), Threshold("i1", "!=", 2))
    found = script(
        tmp_path,
        "dump 1 text 4 a.*\ndump_modify 1 thresh id > 4\nrun 2\n"
        "dump_modify 1 thresh none first 9",
    )
    first, second = found.runs
    assert len(first.moments[0].dumps[0].dump.thresholds) == 1
    (last,) = [write for moment in second.moments for write in moment.dumps]
    assert last.dump.thresholds == ()
    assert str(last.path) == "a.9"


def test_each_run_begins_with_an_image(tmp_path):
    """SPPARKS forgets that it has drawn one; other dumps are written once."""
    found = script(
        tmp_path,
        "dump t text 2 a.*\ndump i image 2 i.*.ppm site site crange 1 50 drange 1 1\n"
        "run 2\nrun 1 pre no",
    )
    written = [
        [str(write.path) for moment in run.moments for write in moment.dumps]
        for run in found.runs
    ]
    assert written == [
        ["a.0", "i.0.ppm", "a.1", "i.1.ppm"],
        ["i.2.ppm"],
        ["i.3.ppm", "a.2", "i.4.ppm", "a.3", "i.5.ppm"],
    ]


def test_diagnostics_become_values(tmp_path):
    found = script(
        tmp_path,
        "diag_style energy stats yes\ndiag_style array i1 mean i1 max\n"
        "diag_style cluster delt 1.0 stats no logfreq 2 10.0 filename c.txt\n"
        "diag_style cluster stats no delay 2 delt 2 dump standard d\nstats 1.0e11.0",
    )
    (run,) = found.runs
    assert run.diagnostics == (
        Diagnostic("energy"),
        Diagnostic("array", columns=(("i1", "mean"), ("i1", "max"))),
    )
    first, second = (
        Diagnostic("cluster", False, (), files)
        for files in (ClusterFiles("c.txt"), ClusterFiles("", "d"))
    )
    apart = [(m.time, m.diagnostics) for m in run.moments if m.diagnostics]
    assert apart == [
        (1.0, (first,)), (2.0, (second,)), (pytest.approx(10**0.5), (first,)),
        (4.0, (second,)),
    ]  # fmt: skip
    assert [m.time for m in run.moments if m.stats] == [0, 4]


MISTAKES = {
    "style": ("dump 1 netcdf 1 a.*", "'netcdf' is not supported, only text | sites"),
    "column": ("dump 1 text 1 a d1", "'d1' is not a value of a site: id, site, x"),
    "interval": ("dump 1 text 0 a", "time between dumps must be above 0"),
    "twice": ("dump 1 text 1 a\ndump 1 text 1 b", "'1' exists already"),
    "star": ("dump 1 sites 1 a id site", r"a file for each snapshot: a needs a \*"),
    "no id": ("dump 1 sites 1 a.* site id", "sites needs id first"),
    "vtk": ("dump 1 vtk 1 a.* id", "vtk needs one value of the sites"),
    "cells": ("dump 1 vtk 1 a.* site\ndump_modify 1 vtk 8 8 8 1 50", "8 x 8 x 8 cells"),
    "stitch": ("dump 1 stitch 1 a.*.st site", "into one stitch file"),
    "stitch id": ("dump 1 stitch 1 a.st id", "stitch needs values of the sites"),
    "option": ("dump 1 text 1 a\ndump_modify 1 color 3", "'color' is not supported"),
    "scale": ("dump 1 text 1 a\ndump_modify 1 logfreq 3 0.5", "a scale > 1"),
    "relation": ("dump 1 text 1 a\ndump_modify 1 thresh x = 3", "'=' is not supported"),
    "diag": ("diag_style erbium", "a diagnostic of erbium hydride, not of grains"),
    "own time": ("diag_style energy delt 1.0", "delt, delay and logfreq need stats no"),
    "array": ("diag_style array d1 mean", "'d1' is not supported, only i1"),
    "pairs": ("diag_style array i1", "pairs of a value and mean"),
    "filename": ("diag_style energy filename a", "'filename' is not supported"),
    "stats": ("stats often", "needs a number, got 'often'"),
    "echo": ("echo loudly", "'loudly' is not supported"),
    "command": ("dump_modfy 1 pad 3", "not supported; is dump_modify meant?"),
    "chemistry": ("reaction 1 a b", "it belongs to app_style chemistry"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_name_their_line(tmp_path, mistake):
    commands, message = MISTAKES[mistake]
    with pytest.raises(InputError) as error:
        script(tmp_path, commands)
    assert message.replace("\\", "") in str(error.value)
    assert str(error.value).startswith("in.script:1")


def test_propensities_need_a_solver(tmp_path):
    path = tmp_path / "in.script"
    text = POTTS.replace("solve_style tree", "sweep random")
    path.write_text(text.replace("run", "dump 1 text 1 a propensity\nrun"))
    with pytest.raises(InputError, match="propensity needs solve_style"):
        read_script(path)


def test_a_dump_may_come_before_the_box_as_long_as_it_draws_nothing(tmp_path):
    """It is written as if it came after the sites, with the faces of the box."""
    first, rest = POTTS.split("\n", 2)[:2], POTTS.split("\n", 2)[2]
    path = tmp_path / "in.script"
    path.write_text("\n".join([*first, "dump 1 text 2 a.*", rest]))
    run_script(path, folder=tmp_path)
    early = [file.read_text() for file in sorted(tmp_path.glob("a.*"))]
    script(tmp_path, "dump 1 text 2 a.*")
    run_script(path, folder=tmp_path)
    assert early == [file.read_text() for file in sorted(tmp_path.glob("a.*"))]
    assert len(early) == 3
    image = "dump 1 image 1 a.*.ppm site site drange 1 1"
    path.write_text("\n".join([*first, image, rest]))
    with pytest.raises(InputError, match="dump: create_sites must come first"):
        read_script(path)
    path.write_text("\n".join([*first, "dump 1 text 1 a", "dump_one 1", rest]))
    with pytest.raises(InputError, match="dump_one: create_sites must come first"):
        read_script(path)
    grid = "dump 1 vtk 1 a.*.vti i1\ndump_modify 1 vtk 9 9 9 0 50 sort id"
    path.write_text("\n".join([*first, grid, rest]))
    with pytest.raises(InputError, match=r"vtk has 9 x 9 x 9 cells, the sites are"):
        run_script(path, folder=tmp_path)


def test_as_much_of_a_word_is_read_as_is_a_number_and_that_is_told(tmp_path):
    found = script(tmp_path, "temperature 0.3K\nstats 1.0e11.0\nrun 2.5s\nseed 12,")
    first, _ = found.runs
    assert (first.temperature, first.end) == (0.3, 2.5)
    told = [line.partition(": ")[2] for line in found.passed_over]
    assert told == [
        "temperature 0.3K (0.3 is read of 0.3K)",
        "stats 1.0e11.0 (1.0e11 is read of 1.0e11.0)",
        "run 2.5s (2.5 is read of 2.5s)",
    ]
    with pytest.raises(InputError, match=r"temperature: needs a number, got 'K0\.3'"):
        script(tmp_path, "temperature K0.3")
