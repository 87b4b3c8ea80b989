"""What people write by hand: scripts of SPPARKS, recipes, records of runs."""
# ruff: noqa: E501 (a case a line)

import json

import pytest
from hostile import many, outcome, refused, survives, swapped, table
from samples import AM, AM_RECIPE, POTTS

from grainpaint.generation.recorded import load_recipe
from grainpaint.record import kept_precision, volume_of, window_faces
from grainpaint.simulate.am.history_build import load_history_recipe
from grainpaint.simulate.am.recipe import load_am_recipe
from grainpaint.simulate.iso.recipe import load_iso_recipe
from grainpaint.simulate.spparks.script.reader import read_script
from grainpaint.simulate.spparks.script.survey import survey_script

MORE = """variable a index 1 2 3
variable b equal "2*v_a + sqrt(4)"
label here
variable c loop 3
if ${b} > 3 then "print hello" else "print bye"
next c
jump a.script here
dump 1 text 1.0 d.* id site x y z
dump_modify 1 delay 0.5 tol 0.1 logfreq 7 10
stats 1.0
run 4"""
SCRIPTS = {"a.script": POTTS.replace("run 4", MORE), "b.script": AM}


@many
@pytest.mark.parametrize("name", SCRIPTS)
def test_damage_of_a_script_is_borne(tmp_path, name, n):
    survives(read_script, tmp_path / name, SCRIPTS[name].encode(), n)


def start(*lines):
    return POTTS.replace("run 4", "\n".join(lines))


LONG = "x" * 5000
BAD_SCRIPTS = {
    "jump to itself": "jump a.script\n",
    "a long jump to itself": "jump a.script\n" + "print x\n" * 90_000,
    "jump to a label": "label a\njump a.script a\n",
    "include itself": "include a.script\n",
    "a long include of itself": "include a.script\n" + "#" * 1_000_000,
    "include a device": "include /dev/zero\n",
    "include a folder": "include /tmp\n",
    "include nothing": "include\n",
    "include a zero byte": "include a\0b\n",
    "include a long name": f"include {'a' * 9000}\n",
    "no label": "jump a.script nowhere\n",
    "a formula of itself": start("variable a equal v_a", "run $a"),
    "a circle of formulas": start("variable a equal v_b", "variable b equal v_a", "run $a"),
    "brackets": start(f"variable a equal {'(' * 90_000}", "run $a"),
    "signs": start(f"variable a equal {'-' * 90_000}1", "run $a"),
    "a power": start("variable a equal 9^9^9^9^9", "run $a"),
    "a division": start("variable a equal 1/0", "run $a"),
    "a root": start("variable a equal sqrt(-1)", "run $a"),
    "a dot": start("variable a equal .", "run $a"),
    "python": start("variable a equal __import__('os')", "run $a"),
    "a loop of 1e18": start("variable a loop 1e18", "run $a"),
    "a loop of -1": start("variable a loop -1", "run $a"),
    "lines without end": "variable a index " + "x" * 99 + "\n" + "".join(
        f"variable {c} index $${p}${p}\n".replace("$$", "$") for p, c in zip("abcdefghijklmnopqrst", "bcdefghijklmnopqrstu")
    ),
    "no words": start("run"),
    "run nan": start("run nan"),
    "run inf": start("run inf"),
    "run 1e15": start("stats 1", "run 1e15"),
    "sweeps of 1e15": start("solve_style none", "sweep random", "run 1e12"),
    "tiny steps": start("stats 1e-300", "run 4"),
    "steps of nothing": start("dump 1 text 1 d id site", "dump_modify 1 tol 9", "run 1e9"),
    "a tolerance of inf": start("dump 1 text 1 d id site", "dump_modify 1 tol inf", "run 4"),
    "scale of 1": start("stats 1e-9 logfreq 9 1.0000000001", "run 4"),
    "repeats": start("stats 1 logfreq 1000000000000 10", "run 4"),
    "an open quote": 'print "a\n',
    "an open name": "print ${a\n",
    "an unknown name": "run ${a}\n",
    "an unknown command": "rm -rf /\n",
    "a box of nan": POTTS.replace("0 12", "0 nan"),
    "a box of inf": POTTS.replace("0 12", "0 inf"),
    "a box of 1e300": POTTS.replace("0 12", "0 1e300"),
    "a box of 1e308": POTTS.replace("0 12", "0 1e308"),
    "an open box of 1e308": AM.replace("0 16", "0 1e308"),
    "an open box far away": AM.replace("0 16", "1e308 1.1e308"),
    "a region of a long name": POTTS.replace("create_box box", f"create_box {LONG}"),
    "a dump of a long name": start(f"dump_modify {LONG} delay 1", "run 4"),
    "an undump of a long name": start(f"undump {LONG}", "run 4"),
    "a variable of a long name": start(f"run ${{{LONG}}}"),
    "a formula of a long name": start(f"variable {LONG} equal v_{LONG}", f"run ${{{LONG}}}"),
    "a long word in a formula": start(f"variable a equal {LONG}", "run $a"),
    "a long label": f"jump a.script {LONG}\n",
    "a box of words": POTTS.replace("0 12", "0 x"),
    "lattice 0": POTTS.replace("sc/26n 1.0", "sc/26n 0"),
    "layers of 1e15": AM.replace("num_layers 2", "num_layers 1e15"),
    "a hatch of 1e-12": AM.replace("hatch 5", "hatch 1e-12"),
    "an offset of 1e308": AM.replace("-8.0 0.0", "-8.0 -1e308"),
    "shell cd": "shell cd /\n",
    "nothing": "",
    "bytes": "\xff\xfe\0\0" * 99,
}  # fmt: skip


@table(BAD_SCRIPTS)
def test_a_bad_script_is_refused(tmp_path, case):
    refused(read_script, tmp_path / "a.script", case.encode())
    found = outcome(survey_script, tmp_path / "a.script")
    assert found.error or found.value[1]


@pytest.mark.parametrize(
    "line",
    ["touch pwned", "rm -rf {}", "rm {}/a", "rm ../a", "mv {}/a b", "rmdir x/../.."],
)
def test_a_script_runs_no_shell_and_deletes_nothing_elsewhere(tmp_path, line):
    path = tmp_path / "a.script"
    words = f"shell {line.format(tmp_path)}\nrun 4"
    path.write_text(POTTS.replace("run 4", words))
    assert "shell: " in outcome(read_script, path).error
    assert [p.name for p in tmp_path.iterdir()] == ["a.script"]


ISO = """shape = [32, 32, 32]
time = [10, 20.5]
spins = 100
lattice = "sc/26n"
periodic = "xy"
voxel = "2um"
"""


HISTORY = """spins = 100
[history]
file = "a.csv"
unit = "mm"
time = "1ms"
range = 100.0
[substrate]
height = 2
grain = 3
"""
SCAN = AM_RECIPE[: AM_RECIPE.index("[scan]")] + '[scan]\nkind = "csv"\nfile = "a.csv"\n'


@many
def test_damage_of_a_recipe_with_a_file_is_borne(tmp_path, n):
    n = n // 3 if n < 1000 else n
    survives(load_history_recipe, tmp_path / "c.toml", HISTORY.encode(), n)
    survives(load_am_recipe, tmp_path / "d.toml", SCAN.encode(), n)


@many
def test_damage_of_a_recipe_is_borne(tmp_path, n):
    survives(load_iso_recipe, tmp_path / "a.toml", ISO.encode(), n)
    survives(load_am_recipe, tmp_path / "b.toml", AM_RECIPE.encode(), n)


BAD_RECIPES = {
    "nothing": "",
    "no TOML": "hello",
    "arrays": "a = " + "[" * 90_000,
    "tables": "a = " + "{a=" * 90_000,
    "dotted": "a" + ".a" * 20_000 + " = 1",
    "digits": "spins = " + "1" * 9000,
    "shape of 2^62": ISO.replace("[32, 32, 32]", "[-1, 4611686018427387904, 1]"),
    "two axes": ISO.replace("[32, 32, 32]", "[32, 32]"),
    "axis of 0": ISO.replace("[32, 32, 32]", "[0, 32, 32]"),
    "half a voxel": ISO.replace("[32, 32, 32]", "[0.5, 32, 32]"),
    "time nan": ISO.replace("20.5", "nan"),
    "time inf": ISO.replace("20.5", "inf"),
    "time -1": ISO.replace("20.5", "-1"),
    "no time": ISO.replace("[10, 20.5]", "[]"),
    "time of words": ISO.replace("20.5", '"a"'),
    "spins -1": ISO.replace("100", "-1"),
    "unknown key": ISO + "evil = 1",
    "long key": ISO + "e" * 9000 + " = 1",
    "twice": ISO + "spins = 5",
    "a date": ISO.replace("100", "2020-99-99"),
    "a table": ISO.replace("100", "{a = 1}"),
    "an open quote": ISO.replace('"2um"', '"2um'),
    "a zero byte": ISO + "\0",
    "not UTF-8": ISO + "\udcff",
    "temperature nan": ISO + "temperature = nan",
    "count 0": ISO + "count = 0",
    "long value": ISO.replace("100", '"' + "x" * 9000 + '"'),
    "bytes": "\udcff\udcfe" * 99,
    "an escape": ISO.replace('"2um"', '"\\q"'),
    "a wide escape": ISO.replace('"2um"', '"\\UFFFFFFFF"'),
    "voxel of 0": ISO.replace("2um", "0um"),
    "voxel of -2": ISO.replace("2um", "-2um"),
    "voxel of 1e999": ISO.replace("2um", "1e999um"),
    "voxel of parsecs": ISO.replace("2um", "2parsec"),
    "voxel of a number": ISO.replace('"2um"', "2"),
    "voxel of dots": ISO.replace("2um", "1.2.3um"),
    "an unknown lattice": ISO.replace("sc/26n", "x" * 9000),
    "an unknown axis": ISO.replace('"xy"', '"xyw"'),
    "shape of inf": ISO.replace("[32, 32, 32]", "[inf, 32, 32]"),
    "shape of a thousand": ISO.replace("[32, 32, 32]", str([32] * 1000)),
    "spins of 2^62": ISO.replace("100", "4611686018427387904"),
    "spins of inf": ISO.replace("100", "inf"),
    "temperature -1": ISO + "temperature = -1",
    "tables of tables": ISO + "[a]\n" + "".join(f"[a.b{i}]\n" for i in range(999)),
}


@table(BAD_RECIPES)
def test_a_bad_recipe_is_refused(tmp_path, case):
    data = case.encode(errors="surrogateescape")
    refused(load_iso_recipe, tmp_path / "a.toml", data)
    refused(load_am_recipe, tmp_path / "a.toml", data)
    refused(load_history_recipe, tmp_path / "a.toml", data)


def pool(old, new):
    return load_am_recipe, AM_RECIPE, old, new


def history(old, new):
    return load_history_recipe, HISTORY, old, new


CHANGED = {
    "a pool of 0": pool("width = 9", "width = 0"),
    "a pool of inf": pool("width = 9", "width = inf"),
    "a pool of no shape": pool('shape = "double-ellipsoid"', ""),
    "a pool of an unknown shape": pool("double-ellipsoid", "x" * 9000),
    "a zone of nan": pool("width = 3", "width = nan"),
    "a zone of an unknown law": pool("linear", "evil"),
    "a speed of 0": pool("speed = 12", "speed = 0"),
    "a hatch of -6": pool("hatch = 6", "hatch = -6"),
    "a grain of 0": pool("grain = 6", "grain = 0"),
    "a substrate of 2^62": pool("height = 8", "height = 1e300"),
    "a scan of an unknown kind": pool("[scan]", '[scan]\nkind = "evil"'),
    "a scan that is a list": pool("[scan]", "[[scan]]"),
    "no pool": pool("[pool]", "[pond]"),
    "a box and a part": pool("shape = [24", 'part = "a.stl"\nshape = [24'),
    "no history": history("[history]", "[story]"),
    "a history of no file": history('file = "a.csv"', ""),
    "a history of a number": history('"a.csv"', "5"),
    "a history in parsecs": history('"mm"', '"parsec"'),
    "a time of 0": history("1ms", "0ms"),
    "a time of years": history("1ms", "1year"),
    "a time of a number": history('"1ms"', "1"),
    "a range of 0": history("100.0", "0"),
    "a range of nan": history("100.0", "nan"),
    "a spin": history("spins = 100", "spins = 1"),
    "spins beyond": history("spins = 100", "spins = 4294967296"),
    "a substrate of -2": history("height = 2", "height = -2"),
    "a history that is a list": history("[history]", "[[history]]"),
}


@table(CHANGED)
def test_a_recipe_with_a_bad_value_is_refused(tmp_path, case):
    read, recipe, old, new = case
    refused(read, tmp_path / "a.toml", swapped(recipe, (old, new)).encode())


RECORD = {"output": "a.vti", "window": 32, "sha256": "0", "recipe": {
    "resamplings": 3}}  # fmt: skip


def uses(path):
    volume_of(path)
    kept_precision(path.parent)
    window_faces(path, (64, 64, 64))
    return load_recipe(path)


BAD_RECORDS = {
    "nothing": b"",
    "no JSON": b"hello",
    "a list": b"[1, 2]",
    "nested": b"[" * 90_000,
    "nested tables": b'{"a":' * 90_000,
    "not UTF-8": b"\xff\xfe",
    "digits": b'{"window": ' + b"1" * 9000 + b"}",
    **{
        f"{key} of {value!r}"[:40]: json.dumps(RECORD | {key: value}).encode()
        for key, values in {
            "output": ("../a", "/etc/passwd", "", ".", "..", 5, None, "a\0b", [1]),
            "window": (0, -1, "a", None, 1e300, [1], 2**70),
            "recipe": (None, 5, [], {}, {"levels": 2**62}, {"seed": "x" * 9000}),
        }.items()
        for value in values
    },
}


@table(BAD_RECORDS)
def test_a_bad_record_is_refused(tmp_path, case):
    (tmp_path / "zarr.json").write_bytes(case)
    refused(uses, tmp_path / "a.run.json", case)


@many
def test_damage_of_a_record_is_borne(tmp_path, n):
    text = json.dumps(RECORD, indent=1).encode()
    path = tmp_path / "a.run.json"
    survives(
        lambda path: (volume_of(path), window_faces(path, (64,) * 3)), path, text, n
    )
