"""Tables of Euler angles, CSV: names and units of their columns, text in them."""

import numpy as np
import pytest

from grainpaint import InputError, load
from grainpaint.orientations import Orientations

pytestmark = pytest.mark.filterwarnings("ignore::grainpaint.errors.InputNote")
ROWS = "0,0,1,1,1\n1,0,1,1,1\n0,1,1,1,1\n1,1,1,1,1\n"


@pytest.mark.parametrize(
    ("head", "message"),
    [
        ("x,y,phi1 (deg),Phi (rad),phi2 (deg)", "angles are in .* deg and rad: give"),
        ("x (um),y (nm),phi1 (deg),Phi,phi2", "coordinates are in .* um and nm: give"),
    ],
)
def test_columns_of_different_units_are_refused(tmp_path, head, message):
    path = tmp_path / "a.csv"
    path.write_text(f"{head}\n{ROWS}")
    with pytest.raises(InputError, match=message):
        load(path)


@pytest.mark.parametrize("unit", ["°", "deg", "degrees"])
def test_other_words_of_one_unit_are_not(tmp_path, unit):
    path = tmp_path / "a.csv"
    head = f"x (µm),y (um),phi1 (deg),Phi ({unit}),phi2"
    path.write_text(f"{head}\n{ROWS}", encoding="utf-8")
    assert load(path, symmetry="432", min_size=1).n_grains == 1


def written(path, head, rows):
    """Write 4 x 2 points; rows are formats with Euler angles and x, y."""
    lines = [head]
    for i in range(8):
        a, b, c = (10.0, 20.0, 300.0) if i % 4 < 2 else (100.0, 50.0, 5.0)
        q = Orientations.from_euler(np.radians([a, b, c])).quaternion[0]
        d = "Ni" if i % 4 < 2 else "Iron bcc"
        r, s, t = np.radians([a, b, c])
        values = {"a": a, "b": b, "c": c, "x": i % 4, "y": i // 4, "d": d, "q": q}
        lines.append(rows.format(**values, r=r, s=s, t=t))
    path.write_text("\n".join([*lines, ""]), encoding="utf-8")


@pytest.mark.parametrize(
    ("head", "rows"),
    [
        ("x_um,y_um,phi1_deg,Phi_deg,phi2_deg", "{x},{y},{a},{b},{c}"),
        ("x_um,y_um,phi1_rad,Phi_rad,phi2_rad", "{x},{y},{r},{s},{t}"),
        ("x,y,phi1,Phi (rad),phi2", "{x},{y},{r},{s},{t}"),
        ("X;Y;Euler 1;Euler 2;Euler 3;mineral", "{x};{y};{a};{b};{c};{d}"),
        ("x,y,qw,qx,qy,qz", "{x},{y},{q[0]},{q[1]},{q[2]},{q[3]}"),
        ("q0 q1 q2 q3 x y", "{q[0]} {q[1]} {q[2]} {q[3]} {x} {y}"),
    ],
)
def test_names_of_other_programs_are_read(tmp_path, head, rows):
    written(tmp_path / "a.csv", head, rows)
    volume = load(tmp_path / "a.csv", symmetry="432", min_size=1)
    assert volume.shape == (4, 2, 1)
    np.testing.assert_allclose(
        np.degrees(volume.orientations.euler()), [[10, 20, 300], [100, 50, 5]]
    )


def test_phases_are_read_by_their_names(tmp_path):
    written(tmp_path / "a.csv", "x,y,phi1,Phi,phi2,Phase", "{x},{y},{a},{b},{c},{d}")
    known = load(tmp_path / "a.csv", symmetry="432", min_size=1).orientations
    assert (known.names, known.phase.tolist()) == (("Ni", "Iron bcc"), [1, 2])
    text = (tmp_path / "a.csv").read_text().replace("Ni", "notIndexed")
    (tmp_path / "a.csv").write_text(text)
    volume = load(tmp_path / "a.csv", symmetry="432", min_size=1)
    assert volume.orientations.names == ("Iron bcc",)
    assert np.unique(volume.grain_id[:2]).tolist() == [0]


def test_quaternions_of_another_length_are_refused(tmp_path):
    written(tmp_path / "a.csv", "x,y,qw,qx,qy,qz", "{x},{y},{q[0]},0.9,0.9,0.9")
    with pytest.raises(InputError, match="have length 1; that of point 1 has"):
        load(tmp_path / "a.csv")
