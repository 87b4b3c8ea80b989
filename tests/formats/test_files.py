"""Files are replaced as a whole."""

import errno
import os
import signal
from pathlib import Path

import pytest
from samples import example_volume

from grainpaint import InputError
from grainpaint.formats.files import refuse_to_replace, replace_together, replace_with


def test_a_failed_write_leaves_the_old_file_and_nothing_beside_it(tmp_path):
    path = example_volume().save(tmp_path / "a.npz")
    before = path.read_bytes()

    def fail(aside):
        aside.write_text("half")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        replace_with(path, fail)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("several", [False, True])
def test_a_write_that_is_stopped_leaves_nothing(tmp_path, several):
    def begin(asides):
        for aside in asides if several else [asides]:
            aside.write_text("half")
        os.kill(os.getpid(), signal.SIGTERM)

    paths = [tmp_path / "a.vti", tmp_path / "b.yaml"]
    write, where = (replace_together, paths) if several else (replace_with, paths[0])
    with pytest.raises(SystemExit) as stopped:
        write(where, begin)
    assert stopped.value.code == 128 + signal.SIGTERM
    assert not list(tmp_path.iterdir())
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="no such file system")
def test_a_folder_that_not_even_root_can_write_to_is_told(run, tmp_path):
    with pytest.raises(InputError, match="the folder /proc cannot be written to"):
        refuse_to_replace(Path("/proc/a/b.vti"), force=True)
    path = example_volume().save(tmp_path / "a.npz")
    code, _, said = run("stats", path, "-o", "/proc/a.csv")
    assert code == 2
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        OSError(errno.EDQUOT, "Disk quota exceeded"),
        OSError("884736 requested and 5088 written"),  # as numpy says it
    ],
)
def test_a_full_disk_is_one_line_and_leaves_what_was_there(tmp_path, error):
    def fills(aside):
        aside.write_text("half")
        raise error

    (tmp_path / "a.npz").write_text("mine")
    for write in (
        lambda: replace_with(tmp_path / "a.npz", fills),
        lambda: replace_together([tmp_path / "a.npz"], lambda asides: fills(asides[0])),
    ):
        with pytest.raises(InputError, match=r"a\.npz: the disk is full or a quota"):
            write()
    assert [p.read_text() for p in tmp_path.iterdir()] == ["mine"]


def test_another_error_of_the_system_stays_what_it_is(tmp_path):
    def fails(aside):
        raise OSError(errno.EIO, "Input/output error")

    with pytest.raises(OSError, match="Input/output"):
        replace_with(tmp_path / "a.npz", fails)
