"""Files are replaced as a whole."""

import pytest
from samples import example_volume

from grainpaint.formats.files import replace_with


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
