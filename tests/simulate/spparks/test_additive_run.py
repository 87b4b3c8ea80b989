import pytest
from samples import AM

from grainpaint.errors import InputNote
from grainpaint.simulate.spparks import read_script
from grainpaint.simulate.spparks.runner import run_simulation


def run(tmp_path, text, all_times=True):
    path = tmp_path / "in.script"
    path.write_text(text)
    return list(run_simulation(read_script(path), all_times))


def test_a_pool_may_be_deeper_than_a_flat_box(tmp_path):
    text = AM.replace("0 12 0 8", "0 12 0 1").replace(
        "build start 3.0", "build start 0"
    )
    ((_, volume),) = run(tmp_path, text)
    assert volume.shape == (16, 12, 1)
    assert volume.mask.all()
    assert volume.n_grains < 16 * 12 / 2


def test_a_scan_outside_the_box_melts_nothing_and_says_so(tmp_path):
    away = AM.replace("am cart", "am path 1 start 60 60 end 90 60 speed 10\n# ")
    away = away.replace(
        "am build", "am path_layer 1 num_paths 1 path_ids 1 thickness 4\nam build"
    ).replace("run 1", "dump a text 9 a.*\nrun 1\nrun 0.5 pre no")
    with pytest.warns(InputNote, match="stays outside the box") as notes:
        (_, start), *_, (_, end) = run(tmp_path, away)
    assert [str(note.message).split()[4] for note in notes] == ["0", "5.96154"]
    assert (start.grain_id == end.grain_id).all()


def test_builds_take_as_long_as_in_spparks(tmp_path):
    """Two layers of 78 sweeps, each one short; their rounded times add a sweep."""
    away = AM.replace("am cart", "am path 1 start 0 6 end 30 6 speed 10\n# ").replace(
        "am build", "am path_layer 1 num_paths 1 path_ids 1 thickness 4\nam build"
    )
    (tmp_path / "in.script").write_text(away + "run 1 pre no\nrun 1 post no\n")
    ends = [run.moments[-1] for run in read_script(tmp_path / "in.script").runs]
    assert [end.n_sweeps for end in ends] == [155, 27, 155]  # of SPPARKS
    assert [f"{end.time:g}" for end in ends] == ["5.96154", "7", "12.9615"]
