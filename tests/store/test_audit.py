"""Damage is found, and only what is damaged is made again."""

import json
import os

import pytest
from store_run import contents, fill

from grainpaint import formats
from grainpaint.errors import InputError
from grainpaint.store import repair, verify


def flip(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def cut(path):
    path.write_bytes(path.read_bytes()[:-1])


@pytest.mark.parametrize(
    ("hurt", "reason"),
    [(flip, "its SHA-256 differs"), (cut, "bytes, not"), (os.unlink, "missing")],
)
@pytest.mark.parametrize("place", ["tag/c/0/1/0", "grain_id/c/1/0/0", "work/base/0"])
def test_a_damaged_file_is_found_and_it_alone_made_again(copy, hurt, reason, place):
    before = contents(copy.path)
    assert verify(copy) == []
    hurt(copy.path / place)
    (damage,) = verify(copy)
    assert (damage.path, damage.task, damage.harmless) == (place, place, False)
    assert reason in damage.reason
    with copy.lock():
        repair(copy, [damage])
        assert copy.done().keys() == before_tasks(before) - {place}
        assert not copy.complete
        untouched = {
            k: (copy.path / k).stat().st_mtime_ns
            for k in copy.done()
            if (copy.path / k).exists()
        }
        assert fill(copy) == (not place.startswith("work"))
        copy.finish()
    assert {k: (copy.path / k).stat().st_mtime_ns for k in untouched} == untouched
    after = contents(copy.path)
    assert sorted(after.pop("work/journal.jsonl").splitlines()) == sorted(
        before.pop("work/journal.jsonl").splitlines()
    )
    assert after == before


def before_tasks(files):
    lines = files["work/journal.jsonl"].splitlines()
    return {json.loads(line)["task"] for line in lines}


@pytest.mark.parametrize("hurt", [flip, cut])
def test_a_damaged_shard_is_never_read_as_grains(copy, hurt):
    hurt(copy.path / "grain_id/c/0/0/0")
    with pytest.raises(InputError, match=r"is damaged in voxels .*verify --repair"):
        copy.read("grain_id", [(0, 128), (0, 128), (0, 30)])
    with pytest.raises(InputError, match=r"gear\.zarr"):
        formats.load(copy.path)


def test_damaged_metadata_are_found_and_made_again(copy):
    before = contents(copy.path)
    for name, old, new in (
        ("grain_id", '"fill_value": 0', '"fill_value": 1'),
        ("tag", "{", "["),
    ):
        path = copy.path / name / "zarr.json"
        path.write_text(path.read_text().replace(old, new, 1))
    damages = verify(copy)
    assert {d.path for d in damages} == {"tag/zarr.json", "grain_id/zarr.json"}
    with copy.lock():
        repair(copy, damages)
        assert fill(copy) == 0
        copy.finish()
    after = contents(copy.path)
    assert after == before


def test_files_that_nobody_knows(copy):
    (copy.path / "work" / "stray").write_bytes(b"x")
    (copy.path / "tag/c/1/1").mkdir()
    (copy.path / "tag/c/1/1/0").write_bytes(b"x")  # where all voxels are 0
    (copy.path / "tag/c/7").write_bytes(b"x")
    found = {d.path: (d.task, d.harmless) for d in verify(copy)}
    assert found == {
        "tag/c/1/1/0": ("tag/c/1/1/0", False),
        "tag/c/7": (None, False),
        "work/stray": (None, True),
    }
    with copy.lock():
        repair(copy, verify(copy))
        assert fill(copy) == 1
        copy.finish()
    assert verify(copy) == []


def test_harmless_leftovers_leave_a_volume_finished(copy):
    (copy.path / "work" / "stray").write_bytes(b"x")
    repair(copy, verify(copy))
    assert copy.complete
    assert verify(copy) == []


def test_progress_of_a_verification_ends_at_all_bytes(copy):
    told = []

    class Bar:
        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

        def update(self, done, note=""):
            told.append(done)

    totals = []

    def progress(task, total):
        totals.append(total)
        return Bar()

    verify(copy, progress)
    assert told[-1] == totals[0] == sum(e.n_bytes for e in copy.done().values())
    assert told == sorted(told)
