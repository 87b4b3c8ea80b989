"""Files packed with gzip."""

import gzip
import zlib
from pathlib import Path

import pytest

from grainpaint import InputError
from grainpaint.cad.packed import unpacked

PATH = Path("part.stl.gz")
DATA = bytes(range(256)) * 200


def test_packed_data_are_unpacked_and_others_are_left():
    packed = gzip.compress(DATA)
    assert unpacked(PATH, DATA) == DATA
    assert unpacked(PATH, packed) == DATA
    assert unpacked(PATH, packed + packed) == DATA + DATA
    assert unpacked(PATH, packed + bytes(512)) == DATA


@pytest.mark.parametrize("cut", [5, 12, 100, -8, -1])
def test_cut_data_are_refused(cut):
    with pytest.raises(InputError, match="truncated"):
        unpacked(PATH, gzip.compress(DATA)[:cut])


def test_damaged_data_are_refused():
    packed = bytearray(gzip.compress(DATA))
    packed[60] ^= 255
    with pytest.raises(InputError, match="damaged gzip data"):
        unpacked(PATH, bytes(packed))


def test_a_bomb_is_stopped_before_it_fills_the_memory():
    packer = zlib.compressobj(1, wbits=31)
    zeros = bytes(1 << 24)
    packed = b"".join(packer.compress(zeros) for _ in range(16)) + packer.flush()
    with pytest.raises(InputError, match="unpacks to over 200 MB"):
        unpacked(PATH, packed)
