import pytest
from samples import AM, POTTS

from grainpaint.simulate.spparks import read_script
from grainpaint.simulate.spparks.forecast import forecast
from grainpaint.simulate.spparks.runner import run_script


def test_a_forecast_names_all_files_and_counts_sweeps(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = POTTS.replace("solve_style tree", "sweep raster").replace("run 4", "") + (
        "dump a text 0.5 a.*\ndump b text 1 b.dump\ndump c image 1 c.*.png site site "
        "crange 1 9 drange 1 1 size 20 20\ndump d stitch 2 d.st site\n"
        "diag_style cluster filename e.txt dump opendx f\nstats 1\nlog g.log\n"
        "dump h sites 99 h.*.sites id site\nrun 2\ndump_one h\n"
    )
    (tmp_path / "in.script").write_text(text.replace("potts 50", "potts/neighonly 50"))
    found = forecast(read_script(tmp_path / "in.script"))
    assert (found.n_sites, found.n_sweeps) == (960, 52)
    assert found.time == pytest.approx(2)
    assert dict(found.files) == {
        "log.spparks": 1, "g.log": 1, "a.*": 5, "b.dump": 1, "c.*.png": 3, "d.st": 1,
        "h.*.sites": 2, "e.txt": 1, "f*.dx": 3,
    }  # fmt: skip
    run_script("in.script", folder=tmp_path)
    written = {p.name for p in tmp_path.iterdir()} - {"in.script"}
    assert len(written) == sum(count for _, count in found.files)


def test_longer_work_is_forecast_to_take_longer(tmp_path):
    path = tmp_path / "in.script"

    def seconds(text):
        path.write_text(text)
        return forecast(read_script(path)).seconds

    once = seconds(POTTS)
    assert once < seconds(POTTS.replace("run 4", "run 40")) < 10 * once
    assert seconds(POTTS.replace("0 12", "0 24")) > 1.9 * once
    assert seconds(AM.replace("num_layers 2", "num_layers 4")) > 1.9 * seconds(AM)
