from samples import AM

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
