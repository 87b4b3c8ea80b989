"""Chunks packed by Blosc: whole ones are read, heads that lie are refused."""

import numpy as np
import pytest
import zarr
from zarr.codecs import BloscCodec

from grainpaint.formats.chunks import values_of

IDS = np.random.default_rng(1).integers(1, 9, (10, 12, 14), np.int32)
CHUNK, N_BYTES = (4, 5, 6), 4 * 5 * 6 * 4
SHARDS = {
    "in one file": {},
    "in shards": {"shards": (8, 10, 12)},
    "in shards that begin with an index": {
        "shards": {"shape": (8, 10, 12), "index_location": "start"}
    },
}


@pytest.fixture(params=["of version 2", *SHARDS])
def packed(request, tmp_path):
    """Return an array and the file of its first chunks."""
    version, codec = 2, {}
    if request.param in SHARDS:
        version, codec = 3, {"compressors": BloscCodec(), **SHARDS[request.param]}
    group = zarr.create_group(tmp_path / "a.zarr", zarr_format=version)
    array = group.create_array("0", data=IDS, chunks=CHUNK, **codec)
    folder = tmp_path / "a.zarr" / "0"
    files = [p for p in folder.rglob("*") if p.is_file() and p.name[0].isdigit()]
    return array, min(files)


def test_whole_chunks_are_read(packed):
    np.testing.assert_array_equal(values_of(packed[0]), IDS)


@pytest.mark.parametrize("place", [4, 12])  # of the lengths: unpacked, packed
def test_a_head_that_states_another_length_is_refused(packed, place):
    array, file = packed
    data = bytearray(file.read_bytes())
    head = data.index(N_BYTES.to_bytes(4, "little")) - 4
    data[head + place : head + place + 4] = (1 << 24).to_bytes(4, "little")
    file.write_bytes(data)
    with pytest.raises(ValueError, match="16777216"):
        values_of(array)


@pytest.mark.parametrize("size", [0, 7, 50])
def test_a_chunk_that_is_cut_off_is_refused(packed, size):
    array, file = packed
    file.write_bytes(file.read_bytes()[:size])
    with pytest.raises(ValueError, match=r"cut off|a chunk of 50 bytes|beyond its end"):
        values_of(array)
