"""Messages of the library on the command line."""

import numpy as np
import pytest

from grainpaint import Microstructure, generate
from grainpaint.errors import InputError


def test_the_command_line_speaks_of_options(tmp_path, run):
    grains = Microstructure(np.ones((8, 8, 8), int))
    grains.save(tmp_path / "a.npz")
    code, _, err = run("stats", tmp_path / "*.npz")
    assert code == 2
    assert "(--spacing-z)" in err
    code, _, err = run("extend", tmp_path / "a.npz", "-o", tmp_path / "b.npz")
    assert code == 2
    assert "(--box)" in err
    code, _, err = run("stats", tmp_path / "a.npz", "--fill", "--min-size", 3)
    assert "unused (--min-size, --fill)" in err
    np.save(tmp_path / "a.npy", np.ones((8, 8, 8), int))
    code, _, err = run("stats", tmp_path / "a.npy")
    assert code == 0
    assert "say so (--unit)" in err


def test_the_library_speaks_of_parameters():
    with pytest.raises(InputError, match=r"need a scan for it \(scan\)"):
        generate((16, 16, 16), model="am")
