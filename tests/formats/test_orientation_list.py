"""Lists of orientations: what their columns mean, and what is refused."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from grainpaint.errors import InputError
from grainpaint.formats.orientation_list import read_orientations

ANGLES = np.array([[10.0, 20, 300], [350, 90, 0.5]])
KNOWN = Rotation.from_euler("ZXZ", ANGLES, degrees=True)


def check(path, text):
    path.write_text(text)
    quaternion, weight = read_orientations(path)
    found = Rotation.from_quat(quaternion, scalar_first=True)
    assert (found.inv() * KNOWN).magnitude().max() < 1e-6
    return weight


def test_angles_and_quaternions_in_all_spellings(tmp_path):
    path = tmp_path / "a.csv"
    rows = [",".join(map(str, row)) for row in ANGLES]
    assert check(path, "\n".join(rows)).tolist() == [1, 1]
    check(path, "phi1,Phi,phi2\n" + "\n".join(rows))
    check(path, "# by hand\nEuler1;Euler2;Euler3\n" + "\n".join(rows).replace(",", ";"))
    check(path, "phi1_deg PHI_deg phi2_deg\n" + "\n".join(rows).replace(",", " "))
    turned = [",".join(map(repr, row)) for row in np.radians(ANGLES).tolist()]
    check(path, "phi1 (rad),Phi (rad),phi2 (rad)\n" + "\n".join(turned))
    quaternions = KNOWN.as_quat(scalar_first=True).tolist()
    lines = [f"{i},{','.join(map(repr, q))},{i + 2}" for i, q in enumerate(quaternions)]
    weight = check(path, "grain,w,x,y,z,Volume\n" + "\n".join(lines))
    assert weight.tolist() == [2, 3]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "holds no orientation"),
        ("phi1,Phi,phi2\n", "holds no orientation"),
        ("phi1_rad,Phi_rad,phi2_rad\n10,20,30", "above 2 pi they are degrees"),
        ("phi1,Phi,phi2\n1.5,0.3,2", "no Euler angle above 2 pi"),
        ("phi1,Phi,phi2\n10,400,2", "above 360"),
        ("phi1_rad,Phi_deg,phi2_deg\n1,1,1", "different units"),
        ("1,0,0,0\n", "4 columns without names"),
        ("a,b,c\n1,2,3", "has the columns a, b, c"),
        ("phi1,Phi,phi2\n1,2", "names 3 columns and has 2"),
        ("phi1,Phi,phi2\n1,2,x", "is not a table of numbers"),
        ("phi1,Phi,phi2\n1,2,nan", "orientation 1 is not finite"),
        ("w,x,y,z\n1,0,0,0\n1,1,0,0", "that of orientation 2 has 1.41421"),
        ("w,x,y,z,weight\n1,0,0,0,-1", "weight must not be negative"),
        ("phi1,Phi,phi2,phase\n10,20,30,2\n9,9,9,1", "has several phases: make a list"),
    ],
)
def test_what_is_no_list_is_refused_in_one_line(tmp_path, text, message):
    path = tmp_path / "a.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=message) as error:
        read_orientations(path)
    assert str(error.value).startswith(str(path))
    assert "\n" not in str(error.value)
