import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grainpaint.errors import InputError
from grainpaint.simulate.am.thermal_history import read_thermal_history

GRID = "0,0,0,1,2,5\n1,0,0,2,3,5\n0,2,0,3,4,5\n1,2,0,4,5,6\n"


@given(
    st.tuples(*[st.integers(1, 4)] * 3).filter(lambda shape: max(shape) > 1),
    st.tuples(*[st.floats(0.01, 50)] * 3),
    st.tuples(*[st.floats(-99, 99)] * 3),
    st.randoms(use_true_random=False),
    st.booleans(),
)
def test_points_in_any_order_become_a_grid(
    tmp_path_factory, shape, spacing, origin, random, named
):
    file = tmp_path_factory.getbasetemp() / "history.csv"
    index = np.stack(np.indices(shape), -1).reshape(-1, 3)
    values = np.arange(3 * len(index)).reshape(-1, 3) + np.array([0, 0.5, 0])
    values[0] = np.nan
    rows = np.column_stack([index * spacing + origin, values])
    lines = [",".join(f"{v:.12g}" for v in row) for row in rows]
    random.shuffle(lines)
    names = ["x,y,z,melt time,freeze time,cooling rate"] * named
    file.write_text("\n".join(names + lines))
    history = read_thermal_history(file)
    assert history.shape == shape
    assert history.origin == pytest.approx(origin, abs=1e-9)
    for n, step, found in zip(shape, spacing, history.spacing):
        assert n == 1 or found == pytest.approx(step, rel=1e-6)
    for i, grid in enumerate((history.melt, history.freeze, history.rate)):
        np.testing.assert_allclose(grid.ravel(), values[:, i])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (GRID[:-12], "3 points do not fill the grid of 2 x 2 x 1 = 4: 1 are missing"),
        (GRID.replace("1,2,0,4", "1,0,0,4"), "points 2 and 4 lie at the same place"),
        (GRID + "1,2,0,4,5,6\n", "points 4 and 5 lie at the same place, .1, 1, 0."),
        (
            GRID + "2.3,0,0,1,2,3\n2.3,2,0,1,2,3\n",
            "x = 1 lies off the grid, whose planes are 1.15 apart from 0",
        ),
        (GRID.replace("1,2,5", "2,1,5"), "point 1 freezes before it melts"),
        (GRID.replace("3,4,5", "3,4,-5"), "point 3 has a negative cooling rate"),
        (GRID.replace("3,4,5", "3,nan,5"), "point 3 lacks a time or a rate"),
        (GRID.replace("3,4,5", "3,,5"), "point 3 lacks a time or a rate"),
        (GRID.replace("3,4,5", "3,4"), "point 3 lacks"),
        (GRID.replace("3,4,5", "3,4,x"), "damaged"),
        (GRID.replace("1,2,0", "inf,2,0"), "point 4 has the number inf"),
        ("1,2,3,4,5,6\n", "one point"),
        ("1,2,3,4\n", "not a table of x, y, z"),
        ("z,y,x,melt,freeze,rate\n" + GRID, "in this order, got 'z, y, x"),
        ("x,y,z,cooling rate,melt,freeze\n" + GRID, "in this order, got"),
        ("x,y,z,freezing,melting,rate\n" + GRID, "in this order, got"),
        ("x,y,z,melt,freeze,rate\n", "no points"),
        ("", "not a table"),
    ],
)
def test_what_is_no_grid_is_refused_in_one_line(tmp_path, text, message):
    file = tmp_path / "history.csv"
    file.write_text(text)
    with pytest.raises(InputError, match=message) as error:
        read_thermal_history(file)
    assert "\n" not in str(error.value)
    assert str(file) in str(error.value)


def test_blanks_and_old_ends_of_lines_change_nothing(tmp_path):
    file = tmp_path / "history.csv"
    text = "X (mm),Y (mm),Z (mm),t_melt,t_freeze,cooling rate\n" + GRID
    text = text.replace("4,5,6", "nan,nan,nan").replace(",", ", ")
    for written in (text, text.replace("\n", "\r")):
        file.write_bytes(written.encode())
        history = read_thermal_history(file)
        assert history.shape == (2, 2, 1)
        assert np.isnan(history.melt[1, 1, 0])


def test_names_say_units_and_which_column_is_which(tmp_path):
    file = tmp_path / "history.csv"
    file.write_text("X (m),Y (m),Z (m),tm (s),tl (s),cr (K/s)\n" + GRID)
    assert read_thermal_history(file).unit == 1e6
    for names, message in (
        ("x,y,z,cr,tm,tl", "in this order, got 'x, y, z, cr, tm, tl'"),
        ("x [mm],y [mm],z [m],tm,tl,cr", "write all in one unit"),
        ("x,y,z,melt [ms],freeze [ms],rate", "times are in ms and ms: write them in s"),
    ):
        file.write_text(f"{names}\n{GRID}")
        with pytest.raises(InputError, match=re.escape(message)):
            read_thermal_history(file)
