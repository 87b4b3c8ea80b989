"""A volume on disk that lost its root, its journal or its tags is made whole."""

import json

import numpy as np
import pytest

from grainpaint import formats, store
from grainpaint.errors import InputNote
from grainpaint.generation import on_disk
from grainpaint.generation.domain import Domain
from grainpaint.generation.mended import mend
from grainpaint.generation.recipe import Options, make_recipe
from grainpaint.generation.recorded import load_recipe

SIZE = ("--shape", "136,40,24", "--window", "32", "--seed", "5")


@pytest.fixture
def whole(tiny_model, tmp_path, run):
    path = tmp_path / "a.zarr"
    assert run("generate", *SIZE, "--model", tiny_model, "-o", path)[0] == 0
    return path


def contents(path):
    files = {p.relative_to(path): p for p in path.rglob("*") if p.is_file()}
    found = {str(place): p.read_bytes() for place, p in files.items()}
    found["work/journal.jsonl"] = set(found["work/journal.jsonl"].splitlines())
    return found


def lost(path):
    path.unlink()


def cut(path):
    path.write_bytes(path.read_bytes()[:-40])


def of_another_shape(path):
    node = json.loads(path.read_text())
    node["attributes"]["shape"] = [137, 40, 24]
    path.write_text(json.dumps(node))


@pytest.mark.parametrize(
    ("place", "hurt"),
    [
        ("zarr.json", lost),
        ("zarr.json", cut),
        ("zarr.json", of_another_shape),
        ("work/journal.jsonl", lost),
        ("work/zarr.json", lost),
    ],
)
def test_repair_brings_back_a_lost_root_or_journal_and_makes_no_shard_again(
    whole, run, place, hurt
):
    before = contents(whole)
    hurt(whole / place)
    code, said, _ = run("verify", whole)
    assert code == (0 if place == "work/zarr.json" else 1)
    assert said.startswith(f"{place}: ")
    times = {p: p.stat().st_mtime_ns for p in whole.glob("*/c/*/*/*")}
    code, said, _ = run("verify", "--repair", whole)
    assert code == 0
    assert said.endswith("repaired\n")
    assert {p: p.stat().st_mtime_ns for p in whole.glob("*/c/*/*/*")} == times
    assert contents(whole) == before
    assert run("verify", whole)[0] == 0


def test_a_lost_root_without_a_record_is_one_line_and_force_replaces_it(
    whole, run, tiny_model
):
    before = contents(whole)
    (whole / "zarr.json").unlink()
    (whole / "run.json").unlink()
    again = ("generate", *SIZE, "--model", tiny_model, "-o", whole)
    for words in (("verify", "--repair", whole), again):
        code, _, error = run(*words)
        assert (code, error.count("\n")) == (2, 1)
        assert "zarr.json" in error
        assert "--force to replace" in error
    assert run(*again, "--force")[0] == 0
    del before["run.json"]
    assert {**contents(whole), "run.json": 0} == {**before, "run.json": 0}


def test_tags_that_come_out_otherwise_renumber_all_grains(tiny_model, tmp_path):
    """A shard of another machine: its grains are not those that the others know."""
    recipe = make_recipe(
        Domain((136, 40, 24)), Options(window=32), str(tiny_model), seed=5
    )
    settings = recipe.model_dump(mode="json")
    path = tmp_path / "a.zarr"
    volume = store.create(path, recipe.shape, (1.0,) * 3, recipe.origin, settings)
    on_disk.run(recipe, volume)
    other = load_recipe(path).model_copy(update={"seed": 6})
    (path / "tag/c/0/0/0").unlink()
    with pytest.warns(InputNote, match=r"1 piece made again have other grains"):
        mend(volume, store.verify(volume), lambda: on_disk.run(other, volume))
    assert store.verify(volume) == []
    ids = formats.load(path).grain_id
    with volume.lock():
        volume.forget(["grain_id/c/0/0/0", "grain_id/c/1/0/0"])
    on_disk.run(other, volume)
    np.testing.assert_array_equal(formats.load(path).grain_id, ids)
