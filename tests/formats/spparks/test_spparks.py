"""All files of SPPARKS together."""

import numpy as np
import pytest
from samples import RECORDED

from grainpaint import InputError, Microstructure, load
from grainpaint.formats import check_output
from grainpaint.formats.spparks import grains_of_spins, read_spins


@pytest.mark.parametrize(("number", "time"), [(0, 0.0), (1, 1.033)])
def test_dump_site_file_and_vti_of_one_run_hold_the_same_spins(number, time):
    dump = read_spins(RECORDED / "tiny.dump", time)
    sites = read_spins(RECORDED / f"tiny.{number}.sites")
    np.testing.assert_array_equal(sites.spin, dump.spin)
    vti = load(RECORDED / f"tiny.{number}.vti")
    np.testing.assert_array_equal(vti.grain_id, grains_of_spins(dump).grain_id)


def test_other_mistakes_with_files_of_spparks(tmp_path):
    parted = Microstructure(np.array([[[0, 1]]], np.int32))
    with pytest.raises(InputError, match="outside the part"):
        parted.save(tmp_path / "a.sites")
    assert not list(tmp_path.iterdir())
    for name in ("dump.a", "a.dump", "a.st"):
        with pytest.raises(InputError, match="unknown suffix"):
            check_output(tmp_path / name, force=True)
    (tmp_path / "a.st").write_bytes(b"SQLite format 3\0" + b"\0" * 100)
    with pytest.raises(InputError, match="stitch file"):
        load(tmp_path / "a.st")
    with pytest.raises(InputError, match="one state"):
        load(RECORDED / "tiny.1.sites", time=1)
    text = (RECORDED / "tiny.1.vti").read_text()
    (tmp_path / "a.vti").write_text(text.replace("0 4 0 5", "0 4 0 6"))
    with pytest.raises(InputError, match="60 values where 72"):
        load(tmp_path / "a.vti")
