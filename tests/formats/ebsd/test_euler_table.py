"""Tables of Euler angles, CSV: units of their columns."""

import pytest

from grainpaint import InputError, load

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
