"""Images of the sites: what a pixel shows, against the geometry of a box."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from samples import POTTS

from grainpaint import InputError
from grainpaint.simulate.spparks import read_script
from grainpaint.simulate.spparks.output.frame import Frame
from grainpaint.simulate.spparks.output.image import draw
from grainpaint.simulate.spparks.runner import run_script
from grainpaint.simulate.spparks.script.colors import default_colors
from grainpaint.simulate.spparks.sites import Sites

DATA = Path(__file__).parents[3] / "data/spparks"

BOX = POTTS.replace("0 12 0 10 0 8", "0 8 0 8 0 8").replace("run 4", "{}\nrun 0")
# Sites lie at 0..7 in a box from 0 to 8: look at the middle of the sites.
TOP = (
    "dump p image 1 p.*.ppm site site crange 1 50 drange 1 1 shape cube box no 1 "
    "center s 0.4375 0.4375 0.4375 shiny 0 "
)
FACING = 0.9 * (3 / 8) ** 0.5 + 0.45 * 0.75**0.5  # the light on a face, of two lamps


def picture(tmp_path, command, spin):
    (tmp_path / "in.script").write_text(BOX.format(command))
    simulation = read_script(tmp_path / "in.script")
    sites = Sites(simulation.box)
    sites.spin = spin.astype(np.int32)
    (write,) = simulation.moments[0].dumps
    return draw(Frame(sites, simulation.app, 0.0, 0.0), write.dump)


def test_the_top_is_a_picture_of_the_uppermost_sites(tmp_path, rng):
    spin = rng.integers(1, 51, (8, 8, 8))
    found = picture(tmp_path, TOP + "view 0 0 zoom 2 size 64 64", spin)
    # From above with phi = 0, x points down the picture and y to the right.
    tiles = found.reshape(8, 8, 8, 8, 3)[:, 4, :, 4]
    colors = np.array(default_colors())[spin[:, :, -1] - 1]
    assert abs(tiles / 255 - FACING * colors).max() < 0.005
    below = picture(tmp_path, TOP + "view 180 0 zoom 2 size 64 64", spin)
    tiles = below.reshape(8, 8, 8, 8, 3)[:, 4, :, 4]
    colors = np.array(default_colors())[spin[::-1, :, 0] - 1]
    assert abs(tiles / 255 - FACING * colors).max() < 0.005


@pytest.mark.parametrize(("view", "share"), [("0 0", 0.25), ("90 0", 0.25),
                                             ("90 45", 0.25 * 2**0.5)])  # fmt: skip
def test_the_box_covers_what_it_covers(tmp_path, view, share):
    spin = np.ones((8, 8, 8))
    found = picture(tmp_path, TOP + f"view {view} size 200 200", spin)
    assert (found.any(-1)).mean() == pytest.approx(share, abs=0.02)
    half = picture(tmp_path, TOP + f"view {view} size 200 200 zoom 0.5", spin)
    assert (half.any(-1)).mean() == pytest.approx(share / 4, abs=0.01)


def test_spheres_are_discs_and_thresholds_leave_sites_out(tmp_path):
    spin = np.ones((8, 8, 8))
    spin[2, 5, :] = 2
    view = "view 0 0 zoom 2 size 400 400"
    discs = picture(tmp_path, TOP.replace("cube", "sphere") + view, spin)
    assert (discs.any(-1)).mean() == pytest.approx(np.pi / 4, abs=0.02)
    command = f"{TOP}{view}\ndump_modify p thresh site == 2"
    alone = picture(tmp_path, command, spin)
    rows, columns = np.nonzero(alone.any(-1))
    assert (rows.min(), rows.max()) == (
        pytest.approx(100, abs=2),
        pytest.approx(149, abs=2),
    )
    assert (columns.min(), columns.max()) == (
        pytest.approx(250, abs=2),
        pytest.approx(299, abs=2),
    )
    small = picture(tmp_path, f"{TOP}{view} sdiam 0.5", spin)
    assert (small.any(-1)).mean() == pytest.approx(0.25, abs=0.02)


def test_boundaries_box_and_colors_are_drawn_as_asked(tmp_path):
    spin = np.ones((8, 8, 8))
    spin[4:] = 2
    command = (
        TOP.replace("box no 1", "box yes 0.02") + "boundary site 0.2 view 0 0 zoom 1.6 "
        "size 160 160\ndump_modify p scolor 1 red scolor 2* blue/lime backcolor white "
        "boundcolor black boxcolor gray"
    )
    found = picture(tmp_path, command, spin)
    assert found[0, 0].tolist() == [255, 255, 255]
    assert found[40, 80, 0] > 200 > 60 > found[40, 80, 2]  # red above
    assert found[120, 80, 2] > 200 > 60 > found[120, 80, 0]  # blue below
    line = found[70:90, 60].max(-1) < 30
    assert 2 <= line.sum() <= 4  # 0.2 of a site of 16 pixels
    gray = (np.ptp(found, axis=-1) == 0) & (found[..., 0] > 30) & (found[..., 0] < 128)
    assert gray.sum() > 300  # rods, darker toward their edges


def test_numbers_take_the_colors_of_a_map(tmp_path):
    spin = np.ones((8, 8, 8))
    spin[:4] = 2  # sites at the boundary have more unlike neighbors
    command = (
        "dump p image 1 p.*.png energy energy shape cube sdiam 1 view 0 0 zoom 2 "
        "box no 1 size 64 64 center s 0.4375 0.4375 0.5 shiny 0\n"
        "dump_modify p smap min max cf 0.0 3 min white 0.5 lime max black"
    )
    found = picture(tmp_path, command, spin)
    found = found / FACING
    assert found[12, 12].min() > 240  # inside: 0, the minimum
    # At the top 6 of at most 9 neighbors are unlike: a third of the way to black.
    assert found[30, 30] == pytest.approx([0, 175, 0], abs=10)


# Shares of the pixels that may differ: edges of spheres and rods.
@pytest.mark.parametrize(("name", "share"), [("top", 0), ("solid", 0.01),
                                             ("balls", 0.01)])  # fmt: skip
def test_pictures_are_those_of_spparks(tmp_path, name, share):
    run_script(DATA / "in.images", folder=tmp_path)
    with Image.open(tmp_path / f"{name}.0.ppm") as picture:
        found = np.asarray(picture).astype(int)
    with np.load(DATA / "images.npz") as known:
        expected = known[name]
    assert len(np.unique(expected.reshape(-1, 3), axis=0)) > 3
    assert (abs(found - expected).max(-1) > 8).mean() <= share


def test_spheres_have_no_boundaries_and_the_script_says_so(tmp_path):
    command = TOP.replace("cube", "sphere") + "boundary site 1"
    (tmp_path / "in.script").write_text(BOX.format(command))
    (line,) = read_script(tmp_path / "in.script").passed_over
    assert "no boundaries between spheres" in line


KINDS = {"a.*.png": "PNG", "a.*.jpg": "JPEG", "a.*.ppm": "PPM", "a.*": "PPM"}


@pytest.mark.parametrize(("name", "kind"), KINDS.items())
def test_the_name_says_which_kind_of_file(tmp_path, monkeypatch, name, kind):
    monkeypatch.chdir(tmp_path)
    command = TOP.replace("p.*.ppm", name) + "size 30 20\ndump_modify p pad 2"
    (tmp_path / "in.script").write_text(BOX.format(command))
    run_script("in.script", folder=tmp_path)
    with Image.open(tmp_path / name.replace("*", "00")) as found:
        assert (found.format, found.size, found.mode) == (kind, (30, 20), "RGB")


MISTAKES = {
    "star": ("dump p image 1 p.ppm site site", r"needs a \*"),
    "range": ("dump p image 1 p.* site site", "the color site needs crange"),
    "diameter": ("dump p image 1 p.* site site crange 1 9", "needs drange LOW HIGH or"),
    "option": (f"{TOP} angle 3", "'angle' is not an option of dump image"),
    "theta": (f"{TOP} view 200 0", "theta must be 0 to 180"),
    "color": (f"{TOP}\ndump_modify p backcolor mud", "'mud' is not a color"),
    "map": (f"{TOP}\ndump_modify p smap 0 1 xx 0 1 min red", "smap needs ca, cf"),
    "modify": (f"{TOP}\ndump_modify p shine 3", "'shine' is not an option of dump_mod"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_are_errors(tmp_path, mistake):
    command, message = MISTAKES[mistake]
    (tmp_path / "in.script").write_text(BOX.format(command))
    with pytest.raises(InputError, match=message):
        read_script(tmp_path / "in.script")
