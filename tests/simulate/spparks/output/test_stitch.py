"""Dumps of style stitch, and scripts chained through one stitch file."""

import numpy as np
import pytest
from samples import AM, POTTS

from grainpaint import InputError
from grainpaint.formats.spparks import read_spins, times
from grainpaint.formats.spparks.stitch_blocks import stitch_times
from grainpaint.simulate.spparks.runner import run_script

LAYER = AM.replace(
    "set i1 range 1 100",
    "set site stitch a.st last\nset i1 range 1 100 if z >= 4",
).replace("run 1", "dump s stitch 4.0 a.st site d1\nreset_time stitch a.st last\nrun 1")


@pytest.fixture(autouse=True)
def folder(monkeypatch, tmp_path):
    """Every script here runs in a folder of its own."""
    monkeypatch.chdir(tmp_path)


def run(tmp_path, text):
    (tmp_path / "in.script").write_text(text)
    return run_script("in.script", folder=tmp_path)


def test_layers_of_a_build_follow_each_other_in_one_file(tmp_path):
    start = POTTS.replace("set", "dump s stitch 1.0 a.st site\nset")
    start = start.replace("0 12 0 10 0 8", "0 16 0 12 0 8").replace(
        "potts 50", "potts 99"
    )
    first = run(tmp_path, start.replace("run 4", "run 2"))
    assert times(tmp_path / "a.st") == [0, 1, 2]
    second = run(tmp_path, LAYER)
    known = times(tmp_path / "a.st")
    assert known[:3] == [0, 1, 2]
    assert known[3] > 4
    assert len(known) > 6
    base = read_spins(tmp_path / "a.st", 2.0).spin
    assert first.shape == base.shape
    # The second script starts from the first one: below, only what melted changed.
    kept = read_spins(tmp_path / "a.st", known[3]).spin[:, :, 0] == base[:, :, 0]
    assert 0.3 < kept.mean() <= 1
    assert second.shape == base.shape


def test_a_new_file_begins_at_time_0_with_spins_that_are_no_value(tmp_path):
    text = POTTS.replace(
        "set site range 1 50",
        "dump s stitch 2.0 new.st site\nset site stitch new.st last\n"
        "set site value 7 if site = -1\nreset_time stitch new.st last",
    )
    run(tmp_path, text.replace("run 4", "run 2"))
    assert stitch_times(tmp_path / "new.st") == [0, 2]
    assert (read_spins(tmp_path / "new.st").spin == 7).all()
    with pytest.raises(InputError, match=r"in\.script:9: set: no file none\.st"):
        run(tmp_path, text.replace("set site stitch new", "set site stitch none"))


def test_a_new_file_may_be_read_before_the_dump_that_makes_it(tmp_path):
    """The first layer of scripts that are chained by a shell."""
    text = POTTS.replace(
        "set site range 1 50",
        "set site stitch new.st last\nset site range 1 50\n"
        "reset_time stitch new.st last\ndump s stitch 9.0 new.st site\n",
    )
    run(tmp_path, text + "dump_one s\n")
    assert stitch_times(tmp_path / "new.st") == [0, 4]


def test_sites_without_a_value_are_drawn_when_a_build_begins(tmp_path):
    text = LAYER.replace("set i1 range 1 100 if z >= 4\n", "")
    run(tmp_path, text.replace("am/ellipsoid 100", "am/ellipsoid 60"))
    start = read_spins(tmp_path / "a.st", 0.0).spin
    assert (start.min(), start.max()) == (1, 60)
    assert len(np.unique(start)) == 60


def test_a_script_reads_what_it_has_written(tmp_path):
    text = POTTS + "dump s stitch 9.0 a.st site\nrun 1\nset site value 3\n"
    (tmp_path / "in.first").write_text(text + "run 0\n")
    text += "set site stitch a.st last\nreset_time stitch a.st first\nrun 0\n"
    volume = run(tmp_path, text)
    assert times(tmp_path / "a.st") == [4]
    spin = read_spins(tmp_path / "a.st").spin
    assert volume.n_grains > 1
    assert len(np.unique(volume.grain_id[spin == spin[0, 0, 0]])) < volume.n_grains
