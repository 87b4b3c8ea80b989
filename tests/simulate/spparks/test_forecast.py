import pytest
from samples import AM, POTTS

from grainpaint.simulate.spparks import read_script
from grainpaint.simulate.spparks.forecast import forecast_script
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
    found = forecast_script(read_script(tmp_path / "in.script"))
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
        return forecast_script(read_script(path)).seconds

    once = seconds(POTTS)
    assert once < seconds(POTTS.replace("run 4", "run 40")) < 10 * once
    assert seconds(POTTS.replace("0 12", "0 24")) > 1.9 * once
    assert seconds(AM.replace("num_layers 2", "num_layers 4")) > 1.9 * seconds(AM)


def test_simulations_before_a_clear_count(tmp_path):
    path = tmp_path / "in.script"
    path.write_text(POTTS)
    once = forecast_script(read_script(path))
    other = POTTS.replace("run 4", "dump b text 1 b.*\nrun 4")
    path.write_text(f"{other}clear\n{other}clear\n{POTTS}")
    found = forecast_script(read_script(path))
    assert (found.n_runs, found.time) == (3, 3 * once.time)
    assert found.seconds == pytest.approx(3 * once.seconds)
    assert found.files == (("log.spparks", 1), ("b.*", 5))


LAWS = {
    "quaternion": ("potts/quaternion 50 hcp", "potts/quaternion 50 cubic"),
    "phase field": tuple(
        f"phasefield/potts 50 {n} 1 1 1 1 0.2 0.8 0.1 0.9" for n in (10, 40)
    ),
}


@pytest.mark.parametrize("name", LAWS)
def test_costly_laws_are_forecast_as_such(tmp_path, name):
    def seconds(app):
        text = POTTS.replace("potts 50", app).replace("p p n", "p p p")
        path = tmp_path / "in.script"
        path.write_text(text.replace("solve_style tree", "sweep random"))
        return forecast_script(read_script(path)).seconds

    plain, less, more = map(seconds, ("potts/neighonly 50", *LAWS[name]))
    assert 2 * plain < less < 0.8 * more
