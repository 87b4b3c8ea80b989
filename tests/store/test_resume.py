"""Runs that were killed continue to the same volume."""

import random
import shutil
import time

from samples import HERE
from store_run import contents, end, fill, start

from grainpaint.store import open_store, verify

RUN = (HERE / "store_run.py").read_text()


def test_a_run_killed_anywhere_goes_on_to_the_same_volume(finished, tmp_path):
    path = tmp_path / "gear.zarr"
    chance = random.Random(7)
    n_new = []
    for _ in range(6):
        if path.exists() and open_store(path).complete:
            shutil.rmtree(path)
        before = len(open_store(path).done()) if path.exists() else 0
        child = start(RUN, path)
        for _ in range(chance.randint(1, 5)):  # "go" and some pieces
            child.stdout.readline()
        time.sleep(chance.uniform(0, 0.01))
        end(child)
        store = open_store(path)
        assert all(damage.harmless for damage in verify(store))
        n_new.append(len(store.done()) - before)
        if store.complete:
            assert store.digest() == finished.digest()
    assert min(n_new) >= 0
    assert sum(0 < n < 9 for n in n_new) >= 3  # kills in the middle
    with store.lock():
        fill(store)
        store.finish()
    assert store.digest() == finished.digest()
    assert verify(store) == []
    shards = {k: v for k, v in contents(path).items() if "/c/" in k}
    assert shards == {k: v for k, v in contents(finished.path).items() if "/c/" in k}


def test_a_run_clears_what_a_killed_one_left(copy):
    asides = [copy.path / place for place in ("tag/c/0/0", "work", "work/base", ".")]
    asides = [folder / f".x.{i:032x}" for i, folder in enumerate(asides)]
    for path in asides:
        path.write_bytes(b"half")
    mine = copy.path / "work" / ".nfs0001"
    mine.write_bytes(b"not ours")
    found = {d.path: (d.reason, d.harmless) for d in verify(copy)}
    assert {found[str(p.relative_to(copy.path))] for p in asides} == {
        ("half-written", True)
    }
    with copy.lock():
        assert not any(path.exists() for path in asides)
        assert mine.exists()
