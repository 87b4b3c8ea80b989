"""Site files of SPPARKS."""

import numpy as np
import pytest
from samples import RECORDED

from grainpaint import InputError, Microstructure, load
from grainpaint.formats.spparks import grains_of_spins, read_spins, write_sites


@pytest.mark.parametrize("periodic", [(True,) * 3, (False,) * 3, (False, True, True)])
def test_site_files_come_back_with_their_spins(tmp_path, rng, periodic):
    spin = rng.integers(1, 9, (5, 4, 3)).astype(np.int32)
    path = tmp_path / "start.sites"
    write_sites(path, spin, periodic)
    back = read_spins(path)
    np.testing.assert_array_equal(back.spin, spin)
    volume = Microstructure(spin, periodic=periodic)
    assert volume.save(path) == path
    np.testing.assert_array_equal(load(path).grain_id, grains_of_spins(back).grain_id)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("60 sites", "61 sites", "cut off"),
        ("60 sites", "lots sites", "damaged header"),
        ("id site values", "id d1 values", "values 'id site'"),
        ("\n2 ", "\n1 ", "twice"),
        ("\n2 ", "\n5000 ", "fit no numbering"),
        ("Values", "Neighbors", "only the section Values"),
        ("0 3 zlo", "0 9 zlo", "60 sites, but its box of 4 x 5 x 9 has 180"),
    ],
)
def test_damaged_site_files_are_refused(tmp_path, old, new, message):
    text = (RECORDED / "tiny.1.sites").read_text()
    assert old in text
    path = tmp_path / "bad.sites"
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(InputError, match=message):
        load(path)
