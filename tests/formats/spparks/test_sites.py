"""Site files of SPPARKS."""

import re

import numpy as np
import pytest
from samples import RECORDED

from grainpaint import InputError, Microstructure, load
from grainpaint.errors import InputNote
from grainpaint.formats import dropped
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


def test_grains_keep_spins_as_ids_where_each_spin_is_one_piece(tmp_path):
    spin = np.repeat([7, 3, 12, 7], 2)[:, None, None] * np.ones((1, 3, 4), np.int32)
    path = tmp_path / "gaps.sites"
    write_sites(path, spin.astype(np.int32), (True, True, True))
    np.testing.assert_array_equal(load(path).grain_id, spin)
    # Without periodic faces spin 7 is two grains, which have no IDs of their own.
    volume = load(path, periodic="none")
    assert volume.grain_id[:, 0, 0].tolist() == [1, 1, 2, 2, 3, 3, 4, 4]
    said = dropped(Microstructure(spin.astype(int)), path)
    assert said.endswith("does not hold the IDs (its spins are 1..3 in their order)")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("60 sites", "61 sites", "cut off"),
        ("60 sites", "lots sites", "damaged header"),
        ("id site values", "id d1 values", "values 'id site'"),
        ("\n2 ", "\n1 ", "twice"),
        ("\n2 ", "\n5000 ", "fit no numbering"),
        ("Values", "Neighbors", "one section Values"),
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


def test_the_boundary_in_the_first_line_is_read(tmp_path):
    text = (RECORDED / "tiny.1.sites").read_text()
    path = tmp_path / "a.sites"
    path.write_text("made for boundary p p n" + text[text.index("\n") :])
    assert load(path).periodic == (True, True, False)
    path.write_text("made for nothing" + text[text.index("\n") :])
    assert load(path).periodic == (False,) * 3


def test_a_changed_row_of_our_own_site_file_is_noticed(tmp_path):
    path = Microstructure(np.arange(1, 9).reshape(2, 2, 2)).save(tmp_path / "a.sites")
    text = path.read_text()
    path.write_text(text.replace("\n5 7\n", "\n5 2\n"))
    assert path.read_text() != text
    with pytest.raises(InputError, match="checksum"):
        load(path)
    path.write_text(re.sub("; crc32 [0-9a-f]+", "", path.read_text()))
    with pytest.raises(InputError, match="lacks the checksum"):
        load(path)
    path.write_text("edited\n" + path.read_text().split("\n", 1)[1])
    assert load(path).shape == (2, 2, 2)


def test_one_phrase_tells_that_a_first_line_was_ours(tmp_path):
    path = Microstructure(np.ones((2, 2, 2), int)).save(tmp_path / "a.sites")
    first, rest = path.read_text().split("\n", 1)
    for left in first[:17], first[20:45], first[52:76], first[83:-3]:
        path.write_text(f"{left}\n{rest}")
        with pytest.raises(InputError, match="lacks the checksum"):
            load(path)


def test_a_lost_first_line_is_noted(tmp_path):
    axes = (True, False, True)
    volume = Microstructure(np.ones((2, 2, 2), int), periodic=axes)
    path = volume.save(tmp_path / "a.sites")
    path.write_text(path.read_text().split("\n", 1)[1])
    with pytest.warns(InputNote, match="its first line is blank"):
        assert load(path).periodic == (False,) * 3


def test_places_come_from_the_section_sites_in_any_order(tmp_path, rng):
    spin = rng.integers(1, 9, (3, 4, 2))
    x, y, z = (axis.ravel() for axis in np.indices(spin.shape))
    ids, back = rng.permutation(spin.size) + 1, rng.permutation(spin.size)
    places = "\n".join(f"{ids[i]} {2 * x[i]} {2 * y[i]} {2 * z[i]}" for i in back)
    values = "\n".join(f"{i} {s} 0.5" for i, s in zip(ids, spin.ravel()))
    head = "of a user\n\n3 dimension\n24 sites\n0 6 xlo xhi\n0 8 ylo yhi\n0 4 zlo zhi"
    text = f"{head}\n\nSites\n\n{places}\n\nValues\n\n{values}\n"
    path = tmp_path / "a.sites"
    path.write_text(text)
    found = read_spins(path)
    np.testing.assert_array_equal(found.spin, spin)
    assert found.spacing == 2
    path.write_text(text.replace(f"\n{ids[0]} ", "\n99 ", 1))
    with pytest.raises(InputError, match="other IDs than its section Values"):
        read_spins(path)
