"""Bare arrays of NumPy: IDs and nothing else."""

import numpy as np
import pytest

from grainpaint import InputError, load
from grainpaint.errors import InputNote

IDS = np.random.default_rng(1).integers(0, 9, (4, 5, 6))


def saved(path, values, **options):
    np.save(path / "a.npy", values, **options)
    return path / "a.npy"


@pytest.mark.parametrize("how", ["C", "Fortran", "big-endian", "floats"])
def test_ids_are_read_however_they_are_stored(tmp_path, how):
    stored = {
        "C": IDS,
        "Fortran": np.asfortranarray(IDS.astype(np.uint16)),
        "big-endian": IDS.astype(">i4"),
        "floats": IDS.astype(">f4"),
    }[how]
    said = r"voxels of 1 µm in the order \[x, y, z\].*0 is outside"
    with pytest.warns(InputNote, match=said):
        volume = load(saved(tmp_path, stored))
    np.testing.assert_array_equal(volume.grain_id, IDS)
    assert volume.spacing == (1.0, 1.0, 1.0)
    assert volume.periodic == (False, False, False)


def test_a_section_is_one_voxel_thick_and_may_be_periodic(tmp_path):
    volume = load(saved(tmp_path, IDS[0]), unit="nm", void=0, periodic="xy")
    np.testing.assert_array_equal(volume.grain_id[:, :, 0], IDS[0])
    assert volume.spacing == (1e-3,) * 3
    assert volume.periodic == (True, True, False)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (IDS + 0.5, r"not integers.*: \d\.5 at voxel 0, 0, 0$"),
        (IDS.astype(complex), "complex128, not integers"),
        (IDS + 2.0**60, r"float64 beyond 2\^53, which does not tell all integers"),
        (np.zeros((2, 0, 3), int), "has the shape"),
        (IDS[None], "2 or 3 axes are read"),
        (np.array([[{}]]), "Python objects"),
    ],
)
def test_other_arrays_are_refused_in_a_line(tmp_path, values, message):
    with pytest.raises(InputError, match=message) as caught:
        load(saved(tmp_path, values))
    assert str(caught.value).startswith(str(tmp_path / "a.npy"))
    assert "\n" not in str(caught.value)


def test_what_is_said_of_negative_ids_would_do(tmp_path):
    one = saved(tmp_path, np.where(IDS == 1, -7, IDS + 1))
    with pytest.raises(InputError, match=r"if it means outside, say so \(void -7\)"):
        load(one)
    with pytest.warns(InputNote):
        assert load(one, void=-7).n_voxels == IDS.size - (IDS == 1).sum()
    with pytest.raises(InputError, match=r"holds 3 negative grain IDs, -3 to -1, "):
        load(saved(tmp_path, IDS - 3))


def test_an_outside_that_no_voxel_has_is_told(tmp_path):
    path = saved(tmp_path, IDS + 1)
    with pytest.warns(InputNote, match="no voxel has the ID 255, so nothing is outs"):
        load(path, void=255, unit="um")


def test_damage_and_a_name_of_an_array_are_told(tmp_path):
    path = saved(tmp_path, IDS)
    with pytest.raises(InputError, match="one array without a name"):
        load(path, array="grains")
    whole = path.read_bytes()
    for cut in (len(whole) - 9, 60, 7):
        path.write_bytes(whole[:cut])
        with pytest.raises(InputError, match=r"damaged or cut off") as caught:
            load(path)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new"),
    [(b"False", b"FalsX"), (b"'<i", b"M<i"), (b"'shape'", b"'sh\x10pe'")],
)
def test_a_damaged_header_is_told_without_what_the_parser_made_of_it(
    tmp_path, old, new
):
    path = saved(tmp_path, IDS)
    path.write_bytes(path.read_bytes().replace(old, new, 1))
    with pytest.raises(InputError, match=r"\(its header does not say what the array"):
        load(path)
