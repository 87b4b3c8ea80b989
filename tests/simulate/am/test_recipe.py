import re

import pytest
from samples import AM_RECIPE, EXAMPLES
from scan_paths import GCODE, HATCHES, LAYERS, binary_layers, hatches, layer

from grainpaint.cli import main
from grainpaint.errors import InputError
from grainpaint.simulate.am.recipe import load_am_recipe

SCAN = AM_RECIPE[AM_RECIPE.index("[scan]") :]
FILE = '[scan]\nkind = "file"\nfile = "none.cli"\n'


def write(folder, text):
    file = folder / "am.toml"
    file.write_text(text)
    return file


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("hatch = 6", "hacth = 6", "unknown key 'scan.hacth': did you mean hatch?"),
        ("voxel", "voxle", "unknown key 'voxle': did you mean voxel?"),
        ("rear = 9", "raer = 9", "unknown key 'pool.raer': did you mean rear?"),
        ("depth = 6\n", "", "the key 'pool.depth' is missing"),
        ("hatch = 6", "hatch = 0", "scan.hatch: must be .* 0.1, got 0"),
        ("speed = 12", "speed = 0", "scan.speed: must be greater than 0"),
        (
            '"double-ellipsoid"',
            '"cube"',
            "pool.shape: must be one of .*teardrop.* got 'cube'",
        ),
        ('law = "linear"\n', "", "the key 'haz.law' is missing"),
        ("depth = 6", "depth = 19", "19 voxels deep, the box only 18"),
        ("shape = [24, 20, 18]\n", "", "either the shape of a box or a part"),
        ("thickness = 4", "thickness = 4\nfirst = 90", "outside the box"),
        ('"5um"', '"5"', "voxel: .* such as 50um; got '5'\n"),
        ('"5um"', "5", "voxel: must be text in quotation marks, got 5"),
        ("hatch = 6", 'hatch = "6um"', "scan.hatch: must be a valid number, got '6um'"),
        ("[pool]", "[pool", "not TOML"),
        ("[pool]", "[puddle]", "unknown key 'puddle'"),
        ("[24, 20, 18]", "[24, 20]", r"shape: must have 3 values, got \[24, 20\]"),
        ("[24, 20, 18]", "[24, 20, 18, 9]", "shape: must have at most 3 values, got"),
        ("[24, 20, 18]", "24", "shape: must be a list in brackets, got 24"),
        ("hatch = 6", "hatch = 1e-9", "scan.hatch: must be .* 0.1, got 1e-09"),
        ("hatch = 6", "hatch = 90", "hatch is 90 voxels .*box is only 24 voxels wide"),
        ("thickness = 4", "thickness = 1e-9", "scan.thickness: must be .* 0.1"),
        ("thickness = 4", "thickness = 90", "layers are 90 voxels .* thick, the box"),
        ("hatch = 6", "hatch = 6\nisland = 1e-9", "scan.island: .* at least 1 voxel"),
        ("speed = 12", "speed = inf", "scan.speed: must be a finite number"),
        ("speed = 12", "speed = 1e-9", "sweeps, more than 2"),
        (SCAN, FILE, "scan: give either `time`, .* or `speed`"),
        (SCAN, FILE + 'time = "1ms"\nspeed = 9\n', "scan: give either `time`"),
        (SCAN, FILE + 'time = "1"\n', "scan: a duration is a number"),
        (SCAN, FILE + 'speed = 9\nunit = "yard"\n', "a unit is nm, .*not 'yard'"),
        (SCAN, FILE + 'speed = 9\nlaser = "blue"\n', "scan.laser: .*'motion'"),
        (SCAN, FILE + "speed = 9\nhatch = 9\n", "'scan.hatch': it belongs to another"),
        (SCAN, FILE + "speed = 9\n", "none.cli: no such file"),
        (SCAN, '[scan]\nfile = "a.cli"\n', r'toml: scan: .* needs kind = "file" .*or'),
    ],
)
def test_a_bad_recipe_is_one_clear_line(
    tmp_path, capsys, monkeypatch, old, new, message
):
    assert old in AM_RECIPE
    file = write(tmp_path, AM_RECIPE.replace(old, new, 1))
    out = tmp_path / "out.npz"
    argv = ["grainpaint", "simulate", "am", str(file), "-o", str(out)]
    monkeypatch.setattr("sys.argv", argv)
    with pytest.raises(SystemExit) as stop:
        main()
    assert stop.value.code == 2
    line = capsys.readouterr().err
    assert line.count("\n") == 1
    assert re.search(message, line), line
    assert not out.exists()


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        (GCODE.encode(), "file"),
        (LAYERS.encode(), "file"),
        (binary_layers(layer(3), hatches(HATCHES)), "file"),
        (b"x0,y0,z0,x1,y1,z1,speed,on\n0,0,5,9,0,5,8,1\n", "csv"),
    ],
)
def test_a_scan_path_given_as_a_recipe_is_told_where_it_belongs(tmp_path, path, kind):
    file = tmp_path / "path.dat"
    file.write_bytes(path)
    with pytest.raises(InputError, match=f'not a recipe.* kind = "{kind}"'):
        load_am_recipe(file)


def test_the_example_says_what_its_comments_say():
    recipe = load_am_recipe(EXAMPLES / "am.toml")
    assert (recipe.shape, recipe.voxel) == ((96, 96, 96), "5um")
    assert (recipe.pool.width, recipe.pool.depth) == (24, 16)
    scan = recipe.scan
    assert (scan.thickness, scan.hatch, scan.rotation) == (10, 16, 67)
