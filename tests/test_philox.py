import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from naive.philox import philox4x32 as slow
from scipy import stats

from grainpaint.philox import normal_field, philox4x32, split_key

words = st.integers(0, 2**32 - 1)


def fast(key, counter):
    return tuple(int(w) for w in philox4x32(*map(np.uint64, (*key, *counter))))


# The known-answer test vectors that the authors publish with Random123.
@pytest.mark.parametrize(
    ("key", "counter", "answer"),
    [
        ((0, 0), (0,) * 4, (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
        (
            (0xFFFFFFFF,) * 2,
            (0xFFFFFFFF,) * 4,
            (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD),
        ),
        (
            (0xA4093822, 0x299F31D0),
            (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
            (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
        ),
    ],
)
def test_known_answers(key, counter, answer):
    assert fast(key, counter) == answer == slow(key, counter)


@given(st.tuples(words, words), st.tuples(words, words, words, words))
def test_equals_the_slow_version(key, counter):
    assert fast(key, counter) == slow(key, counter)


def test_noise_is_standard_normal_and_white():
    """n = 655,360, alpha = 1e-4: catches a wrong scale by 0.5 % or shared numbers."""
    x = normal_field(3, 1, tuple(map(np.arange, (64, 64, 32))), 5)
    assert stats.kstest(x.ravel(), "norm").pvalue > 1e-4
    n = x[..., 0].size
    for other in (np.roll(x, 1, 0), np.roll(x, 1, 2), np.roll(x, 1, 3)):
        assert abs((x * other).mean()) < 4 / np.sqrt(5 * n)


@given(st.integers(-70, 70), st.integers(1, 9), st.integers(0, 2**40))
def test_noise_of_a_voxel_depends_on_its_place_alone(start, n, seed):
    whole = np.arange(start, start + 10)
    part = np.arange(start, start + n)
    a = normal_field(seed, 2, (whole, part, whole), 3)
    b = normal_field(seed, 2, (part, part, part), 3)
    np.testing.assert_array_equal(a[:n, :, :n], b)


def test_streams_and_seeds_have_different_keys():
    keys = {split_key(s, k) for s in (0, 1, 2**32, 2**40 + 1) for k in range(50)}
    assert len(keys) == 200
