"""Files are replaced as a whole."""

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
