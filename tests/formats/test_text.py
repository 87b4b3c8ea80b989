"""Words of equal length against Python's own formatting."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from grainpaint.formats.text import float_words, int_words, joined, table


@given(st.lists(st.integers(0, 2**62), min_size=1), st.integers(0, 25))
def test_integers_are_right_justified(values, width):
    words = int_words(np.array(values), width)
    width = max(width, *(len(str(v)) for v in values))
    assert words.tolist() == [b"%*d" % (width, v) for v in values]


def test_groups_of_digits_join():
    values = [0, 9, 9_999, 10_000, 10_001, 99_999_999, 100_000_000, 1_000_200_003]
    words = int_words(np.array(values).reshape(2, 4))
    assert words.shape == (2, 4)
    assert [int(word) for word in words.ravel()] == values


def test_floats_keep_the_digits_of_their_form():
    assert float_words(np.array([1e-6, -0.0, 1234.5678912345])).tolist() == [
        b"     1e-06",
        b"         0",
        b"1234.56789",
    ]
    assert float_words(np.array([[1.0, 2.0]]), "%.1f", 5).tolist() == [b"  1.0   2.0"]


def test_rows_broadcast_with_the_last_index_fastest():
    x, y = np.array([b"1", b"2"]), np.array([b"a", b"b", b"c"])
    text = bytes(table([x[None, :], b" ", y[:, None], b"\n"]))
    assert text == b"1 a\n2 a\n1 b\n2 b\n1 c\n2 c\n"
    assert joined([x, b"!"]).tolist() == [b"1!", b"2!"]
    assert bytes(table([x[:0], b"\n"])) == b""
