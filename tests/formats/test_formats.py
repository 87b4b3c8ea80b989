"""Volumes in every format: written, read, refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from samples import example_volume

from grainpaint import InputError, Microstructure, load
from grainpaint.formats import SUFFIXES, check_output, write

lengths = st.floats(1e-3, 1e5)


microstructures = st.builds(
    Microstructure,
    arrays(
        np.int32,
        array_shapes(min_dims=3, max_dims=3, max_side=6),
        elements=st.integers(0, 2**31 - 1),
    ),
    st.tuples(lengths, lengths, lengths),
    st.tuples(*[st.floats(-1e6, 1e6)] * 3),
    st.tuples(*[st.booleans()] * 3),
)


@pytest.mark.parametrize("suffix", SUFFIXES)
@given(volume=microstructures)
@settings(max_examples=20)
def test_what_is_written_is_read(tmp_path_factory, suffix, volume):
    path = tmp_path_factory.mktemp("io") / f"volume{suffix}"
    assert volume.save(path) == path
    back = load(path)
    np.testing.assert_array_equal(back.grain_id, volume.grain_id)
    np.testing.assert_allclose(back.spacing, volume.spacing, rtol=1e-9)
    np.testing.assert_allclose(back.origin, volume.origin, rtol=1e-9, atol=1e-6)
    if suffix != ".vti":  # VTK knows no periodicity
        assert back.periodic == volume.periodic


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_damaged_files_are_refused(tmp_path, suffix):
    path = example_volume().save(tmp_path / f"a{suffix}")
    if path.is_dir():
        (path / "zarr.json").write_text("{")
    else:
        data = path.read_bytes()
        path.write_bytes(data[: len(data) // 2])
    with pytest.raises(InputError, match=f"a{suffix}"):
        load(path)


def test_unknown_and_missing_files_are_refused(tmp_path):
    (tmp_path / "a.stp").write_text("ISO-10303-21;")
    with pytest.raises(InputError, match=r"unknown kind.*\.vti.*\.npz and \.zarr"):
        load(tmp_path / "a.stp")
    with pytest.raises(InputError, match="no such file"):
        load(tmp_path / "a.npz")
    with pytest.raises(InputError, match="unknown suffix"):
        write(example_volume(), tmp_path / "a.txt")
    (tmp_path / "b.npz").write_bytes(b"PK")
    with pytest.raises(InputError, match="use force"):
        check_output(tmp_path / "b.npz", force=False)
