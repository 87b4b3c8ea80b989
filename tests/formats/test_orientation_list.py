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


HEADS = {
    "Euler 1;Euler 2 [deg];Euler 3": ";",
    "euler_1\teuler_2\teuler_3": "\t",
    "Phi_1 (°),PHI (°),Phi_2 (°)": ",",
    "φ1,Φ,φ2": ",",
    "EulerAngles_0,EulerAngles_1,EulerAngles_2": ",",
    "% by MTEX\nphi1 Phi phi2": " ",
    "# phi1 Phi phi2": " ",
    "sep=;\nphi1;Phi;phi2;": ";",
    "": ";",
}


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("comma", [False, True])
def test_names_of_other_programs_and_decimal_commas_are_read(tmp_path, head, comma):
    rows = [HEADS[head].join(map(str, row)) for row in ANGLES]
    if comma and HEADS[head] != ",":
        rows = [row.replace(".", ",") for row in rows]
    check(tmp_path / "a.csv", "\n".join([head, *rows]))


def test_a_list_of_latin_letters_is_read(tmp_path):
    rows = [",".join(map(str, row)) for row in ANGLES]
    text = "\n".join(["phi1 (°),Phi (°),phi2 (°)", *rows])
    (tmp_path / "a.csv").write_bytes(text.encode("latin-1"))
    assert len(read_orientations(tmp_path / "a.csv")[0]) == 2


@pytest.mark.parametrize(
    "name", ["Weights", "Volume (um3)", "volume fraction", "Area_Fraction", "Volumes"]
)
def test_weights_count_by_all_of_their_names(tmp_path, name):
    rows = [f"Ni,{','.join(map(str, row))},{i + 2}" for i, row in enumerate(ANGLES)]
    text = "\n".join([f"phase,phi1,Phi,phi2,{name}", *rows])
    assert check(tmp_path / "a.csv", text).tolist() == [2, 3]


def test_radians_are_known_by_a_comment_that_names_the_columns(tmp_path):
    rows = [" ".join(map(repr, row)) for row in np.radians(ANGLES).tolist()]
    check(tmp_path / "a.txt", "\n".join(["# phi1_rad Phi_rad phi2_rad", *rows]))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "holds no orientation"),
        ("phi1,Phi,phi2\n", "holds no orientation"),
        ("# phi1,Phi,phi2\n\n", "holds no orientation"),
        ("!\n15.4", "has columns without names: orientations are phi1"),
        ("phi1_rad,Phi_rad,phi2_rad\n10,20,30", "above 2 pi they are degrees"),
        ("phi1,Phi,phi2\n1.5,0.3,2", "no Euler angle above 2 pi"),
        ("phi1,Phi,phi2\n10,400,2", "above 360"),
        ("phi1_rad,Phi_deg,phi2_deg\n1,1,1", "different units"),
        ("1,0,0,0\n", "4 columns without names"),
        ("a,b,c\n1,2,3", "has the columns a, b, c"),
        ("phi1,Phi,phi2\n1,2", "names 3 columns and has 2"),
        ("phi1,Phi,phi2\n1,2,x", "is not a table of numbers: it has 'x'"),
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
