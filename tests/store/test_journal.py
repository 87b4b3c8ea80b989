"""The journal: cut off, damaged or missing."""

import json

import numpy as np
import pytest
from store_run import fill

from grainpaint.errors import InputError
from grainpaint.store import repair, verify


def test_a_journal_cut_off_anywhere_keeps_its_whole_lines(copy):
    text = copy.journal.read_bytes()
    lines = text.splitlines(keepends=True)
    ends = np.cumsum([len(line) for line in lines])
    for cut in sorted({*range(0, len(text), 7), *ends, *(ends - 1), *(ends[:-1] + 1)}):
        copy.journal.write_bytes(text[:cut])
        n_whole = int(np.searchsorted(ends, cut, side="right"))
        assert len(copy.done()) == n_whole
        if cut % 140 == 0 or cut in ends:
            with copy.lock():
                assert copy.journal.read_bytes() == b"".join(lines[:n_whole])
    copy.journal.write_bytes(text[:-5] + bytes(200))  # as XFS leaves it
    with copy.lock():
        assert copy.journal.read_bytes() == b"".join(lines[:-1])


@pytest.mark.parametrize(
    "bad",
    [
        b'{"task": "tag/c/0/0/0", "pa\xff\n',
        b"\n",
        b"[]\n",
        b'{"task": "../../x", "path": "../../x", "bytes": 1, "sha256": ""}\n',
        b'{"task": "a", "path": "b", "bytes": 1, "sha256": ""}\n',
        b'{"task": "a", "path": "a", "bytes": "1", "sha256": ""}\n',
        b'{"task": "a", "path": "a", "bytes": 1}\n',
    ],
)
def test_a_damaged_line_is_named_and_repaired(copy, bad):
    lines = copy.journal.read_bytes().splitlines(keepends=True)
    copy.journal.write_bytes(b"".join([*lines[:2], bad, *lines[3:]]))
    with pytest.raises(
        InputError, match=r"journal\.jsonl, line 3 is damaged: run grainpaint verify"
    ):
        copy.done()
    damages = verify(copy)
    assert {d.path for d in damages if not d.harmless} >= {"work/journal.jsonl"}
    with copy.lock():
        repair(copy, damages)
        assert len(copy.done()) == len(lines) - 1
        assert not copy.complete
        assert fill(copy) == 1
        copy.finish()
    assert verify(copy) == []


def test_a_finished_volume_knows_when_its_journal_is_short(copy):
    lines = copy.journal.read_bytes().splitlines(keepends=True)
    gone = json.loads(lines.pop(0))["path"]
    copy.journal.write_bytes(b"".join(lines))
    found = {(d.path, d.harmless) for d in verify(copy)}
    assert found == {("work/journal.jsonl", False), (gone, False)}


def test_a_journal_that_is_missing_is_named(copy):
    copy.journal.unlink()
    with pytest.raises(InputError, match=r"journal\.jsonl: the journal .* --repair"):
        copy.done()
    (damage,) = verify(copy)
    assert (damage.path, damage.reason) == ("work/journal.jsonl", "missing")


def test_a_lost_journal_of_a_finished_volume_is_made_of_its_files(copy):
    before = copy.listed()
    (copy.path / "work/base/0").unlink()
    copy.journal.unlink()
    with copy.lock():
        repair(copy, verify(copy))
    del before["work/base/0"]
    assert copy.listed() == before
    assert copy.complete


@pytest.mark.parametrize("whole", [True, False])
def test_files_that_no_digest_vouches_for_are_made_again(copy, whole):
    if not whole:
        copy.forget([])
    copy.journal.unlink()
    if whole:
        path = copy.path / "tag/c/0/0/0"
        path.write_bytes(path.read_bytes()[:-1] + b"x")
    with copy.lock():
        repair(copy, verify(copy))
        assert copy.listed() == {}
        assert not copy.complete
        assert fill(copy) == 8
        copy.finish()
    assert verify(copy) == []


def test_what_is_gone_or_of_another_size_is_not_done(copy):
    done = copy.done()
    (copy.path / "tag/c/0/0/0").unlink()
    with (copy.path / "grain_id/c/1/0/0").open("ab") as file:
        file.write(b"x")
    assert done.keys() - copy.done().keys() == {"tag/c/0/0/0", "grain_id/c/1/0/0"}
    assert fill(copy) == 2
