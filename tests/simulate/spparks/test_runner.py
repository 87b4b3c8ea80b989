"""SPPARKS' scripts, run with our kernels."""

import numpy as np
import pytest
from samples import AM, POTTS

from grainpaint.segmentation.pieces import label_pieces
from grainpaint.simulate.am.heat_affected_zone import ExponentialHaz
from grainpaint.simulate.am.layers import cartesian_layer, stack_layers
from grainpaint.simulate.am.melt_pool import DoubleEllipsoid
from grainpaint.simulate.am.solidify import solidify
from grainpaint.simulate.iso.potts import grow
from grainpaint.simulate.iso.random_spins import random_spins
from grainpaint.simulate.spparks import read_script
from grainpaint.simulate.spparks.runner import run_script, run_simulation


def run(tmp_path, text, all_times=True):
    path = tmp_path / "in.script"
    path.write_text(text)
    return list(run_simulation(read_script(path), all_times))


def test_a_potts_script_is_our_kernel_with_its_settings(tmp_path):
    ((time, volume),) = run(tmp_path, POTTS)
    assert time == 4
    (spin,) = grow(
        random_spins((12, 10, 8), 50, 7),
        [4.0],
        seed=7,
        periodic=(True, True, False),
        temperature=0.4,
    )
    expected = label_pieces(spin.astype(np.int32), (True, True, False), corners=True)
    np.testing.assert_array_equal(volume.grain_id, expected)
    assert volume.periodic == (True, True, False)


def test_an_additive_script_is_our_kernel_with_its_settings(tmp_path):
    # No site takes spin Q from a neighbor, so there is none at the start.
    assert "range 1 100" in AM
    ((_, volume),) = run(tmp_path, AM.replace("range 1 100", "range 1 99"))
    tracks = cartesian_layer((16, 12, 8), "x", 10, 5, "LL", (-8.0, 0.0))
    path = stack_layers([(tracks, 4.0)], 3.0, 2)
    spin = solidify(
        random_spins((16, 12, 8), 99, 5).astype(np.int32) + 1,
        path,
        DoubleEllipsoid(width=6, depth=5, front=3, rear=8),
        ExponentialHaz(decay=0.3, width=8, depth=7, front=4, rear=10),
        n_spins=100,
        temperature=0.25,
        copy_molten=True,
        seed=5,
        last_step=path.n_steps - 2,  # SPPARKS leaves out the last sweep of a layer
    )
    expected = label_pieces(spin, (False,) * 3, corners=True)
    np.testing.assert_array_equal(volume.grain_id, expected)


@pytest.mark.parametrize("text", [POTTS, AM])
def test_snapshots_do_not_change_the_end_and_come_in_order(tmp_path, text):
    ((end, alone),) = run(tmp_path, text)
    dumped = text.replace("run", "dump 1 text 0.5 dump.*\ndump_modify 1 delay 1.0\nrun")
    found = run(tmp_path, dumped)
    times = [t for t, _ in found]
    assert times == sorted(times)
    assert 1.0 <= times[0] < 1.0 + 1 / 26  # the first sweep that is due
    assert len(times) > 4
    assert times[-1] == end
    np.testing.assert_array_equal(found[-1][1].grain_id, alone.grain_id)
    assert (found[0][1].grain_id != alone.grain_id).any()
    ((time, last),) = run(tmp_path, dumped, all_times=False)
    assert time == end
    np.testing.assert_array_equal(last.grain_id, alone.grain_id)


def test_run_script_returns_the_end(tmp_path):
    ((_, end),) = run(tmp_path, POTTS)
    text = POTTS.replace("run 4", "dump 1 text 2.0 dump.*\nrun $T")
    (tmp_path / "in.dumped").write_text(text)
    volume = run_script(str(tmp_path / "in.dumped"), {"T": "4"})
    np.testing.assert_array_equal(volume.grain_id, end.grain_id)


def test_two_runs_are_one_and_reset_time_changes_only_the_clock(tmp_path):
    ((_, once),) = run(tmp_path, POTTS)
    two = POTTS.replace("run 4", "run 1\nreset_time 50\nrun 3")
    ((time, twice),) = run(tmp_path, two)
    assert time == 53
    np.testing.assert_array_equal(twice.grain_id, once.grain_id)


def test_the_temperature_of_each_run_is_its_own(tmp_path):
    hot = POTTS.replace("0.4", "3.0")
    ((_, melted),) = run(tmp_path, hot)
    ((_, cooled),) = run(tmp_path, hot + "temperature 0\nrun 8\n")
    assert melted.n_grains > 3 * cooled.n_grains
