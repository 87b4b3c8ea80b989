import numpy as np
import pytest
from samples import ELLIPSOID

from grainpaint.errors import InputError
from grainpaint.simulate.am.layers import stack_layers
from grainpaint.simulate.spparks import read_script

HEAD = ELLIPSOID.split("am pass 1")[0].replace("am/ellipsoid", "potts/additive")
WORDS = """am_pass 1 dir Y distance 30.0 speed 26
am_transverse_pass 1 distance 30.0 increment 15
am_cartesian_layer 1 start_position 50 10 pass_id 1 transverse_pass_id 1 serpentine 1
am_pattern 1 num_layers 1 layer_ids 1 z_start 12 z_increment 6
sweep random
temperature 0.25
run TIME
"""
OVERRUN = 90 + 12  # the zone's length behind the pool and in front of it


def scan_of(tmp_path, words=WORDS, time=10):
    path = tmp_path / "in.script"
    path.write_text(HEAD + words.replace("TIME", str(time)))
    return read_script(path)


def walk(n, serpentine, stride=1.0, length=30.0, across=(30.0, 15.0)):
    """Places of the pool along and across, as the source of 2018 moves it."""
    gone, sideways, back, turns = 0.0, 0.0, False, 0
    along = 0.0
    for _ in range(n):
        yield along, sideways, back
        if gone + stride < length + OVERRUN:
            gone += stride
            along += -stride if back else stride
        elif sideways + across[1] <= across[0]:
            turns, gone = turns + 1, 0.0
            if serpentine:
                back = not back
                along += -OVERRUN if back else OVERRUN
            else:
                along = 0.0
            sideways += across[1]
        else:  # the next layer is a fresh copy
            gone, sideways, back, along = 0.0, 0.0, False, 0.0


@pytest.mark.parametrize("serpentine", [0, 1])
def test_the_pool_goes_where_the_words_of_2019_sent_it(tmp_path, serpentine):
    words = WORDS.replace("serpentine 1", f"serpentine {serpentine}")
    found = scan_of(tmp_path, words, 900 / 26)
    scan = found.scan
    layers = [(list(tracks), rise) for tracks, rise in scan.layers]
    path = stack_layers(layers, scan.start, scan.n_layers)
    places = []
    for i, n in enumerate(path.n_sweeps):
        steps = np.arange(n)[:, None] * path.speed[i] / 26
        places += (path.start[i] + steps * path.direction[i]).tolist()
    expected = [(50 - t, 10 + s) for s, t, _ in walk(900, serpentine)]
    np.testing.assert_allclose(np.array(places)[:900, :2], expected, atol=1e-9)
    heights = np.array(places)[:900, 2]
    per_layer = 3 * (30 + OVERRUN)  # tracks at 0, 15 and 30
    np.testing.assert_array_equal(heights, 12 + 6 * (np.arange(900) // per_layer))
    headings = path.direction[:3, 1]
    assert headings.tolist() == ([1, -1, 1] if serpentine else [1, 1, 1])


def test_the_time_of_run_ends_the_scan(tmp_path):
    for time in (3, 40):
        (run,) = scan_of(tmp_path, time=time).runs
        assert run.stop == time


def test_the_first_heading_and_the_axis_are_those_of_the_pass(tmp_path):
    words = WORDS.replace("dir Y distance 30.0 speed 26", "dir X distance 30.0 "
                          "speed 26 init_heading 1")  # fmt: skip
    scan = scan_of(tmp_path, words).scan
    (tracks, _), *_ = scan.layers
    assert tracks[0].start == (50, 10)
    assert tracks[0].end == (50 - 30 - OVERRUN, 10)
    assert tracks[1].start[1] == 25  # across x is along y


@pytest.mark.parametrize("beginning", ["am ", ""])
def test_with_am_or_without_the_words_mean_the_same(tmp_path, beginning):
    words = WORDS.replace("am_", beginning)
    assert scan_of(tmp_path, words).scan == scan_of(tmp_path).scan


MISTAKES = {
    "no pass": ("pass_id 1 tr", "pass_id 4 tr", "no am_pass 4"),
    "no across": ("pass_id 1 serp", "pass_id 3 serp", "no am_transverse_pass 3"),
    "no layer": ("layer_ids 1", "layer_ids 2", "no am_cartesian_layer 2"),
    "still": ("speed 26", "speed 0", "a speed above 0"),
    "no step": ("increment 15", "increment 0", "increment above 0"),
    "no rise": ("z_increment 6", "z_increment 0", "z_increment must be above 0"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_are_told(tmp_path, mistake):
    old, new, message = MISTAKES[mistake]
    assert old in WORDS
    with pytest.raises(InputError, match=message):
        scan_of(tmp_path, WORDS.replace(old, new))


def test_other_applications_do_not_know_these_words(tmp_path):
    path = tmp_path / "in.script"
    text = HEAD.replace("potts/additive 1000 30 70 30 7 50 90 45 12 0.1",
                        "potts/am/weld 9 0.7 0.5 20")  # fmt: skip
    path.write_text(text + WORDS)
    with pytest.raises(InputError, match="pass needs app_style potts/additive"):
        read_script(path)
