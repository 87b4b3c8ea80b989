import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from grainpaint.simulate.spparks.output import rows
from grainpaint.simulate.spparks.output.rows import text_rows

integers = st.integers(-(2**62), 2**62)
numbers = st.floats(allow_nan=False, width=64) | st.integers(-(10**7), 10**7).map(float)


@given(st.lists(st.tuples(integers, numbers), min_size=1))
def test_rows_are_those_of_a_naive_writer(pairs):
    columns = [np.array([a for a, _ in pairs]), np.array([b for _, b in pairs])]
    expected = "".join(f"{a} {b:g} \n" for a, b in pairs)
    assert b"".join(text_rows(columns)).decode() == expected


def test_rows_written_in_pieces_are_those_written_at_once(monkeypatch, rng):
    column = rng.integers(-5, 10**6, 100)
    whole = b"".join(text_rows([column], b""))
    monkeypatch.setattr(rows, "_PIECE", 7)
    assert b"".join(text_rows([column], b"")) == whole
    assert whole.split() == [str(v).encode() for v in column]
