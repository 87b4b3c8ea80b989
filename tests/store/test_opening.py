"""Making a store, and opening the one that is there."""

import json

import numpy as np
import pytest
from store_run import ORIGIN, RECIPE, SHAPE, SPACING, contents, end, make, say, start

from grainpaint.errors import InputError
from grainpaint.microstructure import Microstructure
from grainpaint.store import create, layout, open_store


def test_the_same_recipe_goes_on(tmp_path):
    store = make(tmp_path / "new" / "gear.zarr")
    entry = store.write_file("a", b"1")
    store.record(entry)
    again = make(tmp_path / "new" / "gear.zarr")
    assert again == store == open_store(store.path)
    assert again.done() == {"work/a": entry}
    assert sorted(p.name for p in (tmp_path / "new").iterdir()) == ["gear.zarr"]
    (tmp_path / "empty.zarr").mkdir()
    assert make(tmp_path / "empty.zarr").shape == SHAPE


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"seed": 4}, r"seed is 3 there, 4 here"),
        ({"model": {"name": "am"}}, r'model.name is "iso" there, "am" here'),
        ({"model": {"name": "iso"}}, r"model.steps is \[1.0, 0.5\] there, null here"),
        ({"plan": "grid"}, r'plan is null there, "grid" here'),
    ],
)
def test_another_recipe_is_refused_by_its_first_difference(tmp_path, change, message):
    make(tmp_path / "gear.zarr")
    before = contents(tmp_path)
    with pytest.raises(InputError, match=f"{message}.*use force"):
        make(tmp_path / "gear.zarr", {**RECIPE, **change})
    with pytest.raises(
        InputError, match=r"shape is \[200, 140, 30\] there, \[9, 9, 9\]"
    ):
        create(tmp_path / "gear.zarr", (9, 9, 9), SPACING, ORIGIN, RECIPE)
    assert contents(tmp_path) == before


@pytest.mark.parametrize(
    ("digests", "file"),
    [
        ({"path_sha256": "ab"}, "the file of its scan path"),
        ({"part": {"path": "gear.stl", "sha256": "ab"}}, "the file of its part"),
        ({"model_sha256": "ab"}, "its model"),
    ],
)
def test_a_file_that_changed_is_named(tmp_path, digests, file):
    make(tmp_path / "gear.zarr", RECIPE | digests)
    changed = json.loads(json.dumps(digests).replace("ab", "cd"))
    with pytest.raises(InputError, match=f"{file} has changed since it was begun"):
        make(tmp_path / "gear.zarr", RECIPE | changed)


def test_what_is_no_store_is_left_alone(tmp_path):
    (tmp_path / "file.zarr").write_text("mine")
    (tmp_path / "folder.zarr").mkdir()
    (tmp_path / "folder.zarr" / "notes").write_text("mine")
    Microstructure(np.ones((2, 2, 2), np.int32)).save(tmp_path / "volume.zarr")
    before = contents(tmp_path)
    for name in ("file", "folder", "volume"):
        with pytest.raises(InputError, match=f"{name}.zarr is not.*use force"):
            make(tmp_path / f"{name}.zarr")
    with pytest.raises(InputError, match="no such volume"):
        open_store(tmp_path / "none.zarr")
    assert contents(tmp_path) == before


def test_damaged_and_newer_stores_are_refused(copy):
    path = copy.path / "zarr.json"
    text = path.read_text()
    path.write_text(text.replace('"version": 1', '"version": 2'))
    with pytest.raises(InputError, match="another version of grainpaint"):
        open_store(copy.path)
    path.write_text(text[:-9])
    with pytest.raises(InputError, match=r"zarr\.json is damaged"):
        make(copy.path)


def test_a_place_below_a_file_is_refused(tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(InputError, match=r"a\.zarr: cannot be written \(Not a dir"):
        make(tmp_path / "file" / "a.zarr")


def test_racing_makers_share_one_store(tmp_path):
    code = """
import sys
from grainpaint.store import create
import zarr
print("ready", flush=True)
sys.stdin.readline()
create(sys.argv[1], (8, 8, 8), (1, 1, 1), (0, 0, 0), {"seed": 1})
print("made", flush=True)
"""
    children = [start(code, tmp_path / "a.zarr") for _ in range(4)]
    try:
        for child in children:
            assert child.stdout.readline() == "ready\n"
        say(*children)
        assert [child.stdout.readline() for child in children] == ["made\n"] * 4
    finally:
        end(*children)
    assert [p.name for p in tmp_path.iterdir()] == ["a.zarr"]


def test_a_store_that_was_made_meanwhile_is_kept(tmp_path, monkeypatch):
    made = layout.files

    def slowly(*words):
        monkeypatch.undo()
        rival = make(tmp_path / "gear.zarr")
        rival.record(rival.write_file("a", b""))
        return made(*words)

    monkeypatch.setattr(layout, "files", slowly)
    assert list(make(tmp_path / "gear.zarr").done()) == ["work/a"]
    assert [p.name for p in tmp_path.iterdir()] == ["gear.zarr"]
