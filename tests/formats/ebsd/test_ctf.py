"""Maps of Oxford Instruments, .ctf and .h5oina: degrees, commas, axes, damage."""

import io

import h5py
import numpy as np
import pytest
from ebsd_maps import ANGLES, GRAINS, STEP, angles_of, ctf
from hdf5_files import h5oina

from grainpaint import InputError, load

pytestmark = pytest.mark.filterwarnings("ignore::grainpaint.errors.InputNote")


MAKERS = {"ctf": ctf, "h5oina": h5oina}


def loaded(tmp_path, kind, *args, **options):
    path = tmp_path / f"map.{kind}"
    path.write_bytes(MAKERS[kind](*args, **options))
    return load(path)


@pytest.mark.parametrize("kind", MAKERS)
def test_a_map_has_its_grains_and_orientations(tmp_path, kind):
    volume = loaded(tmp_path, kind)
    assert volume.spacing == (STEP, STEP, STEP)
    order = np.array([0, 1, 3, 2])
    np.testing.assert_array_equal(volume.grain_id[..., 0], order[GRAINS.T])
    found = np.degrees(volume.orientations.euler())[order[1:] - 1]
    np.testing.assert_allclose(found, ANGLES, atol=1e-3)
    assert volume.orientations.names == ("Zircaloy",)


def test_decimal_commas_are_read(tmp_path):
    points, commas = (loaded(tmp_path, "ctf", comma=c) for c in (False, True))
    np.testing.assert_array_equal(points.grain_id, commas.grain_id)
    np.testing.assert_array_equal(
        points.orientations.quaternion, commas.orientations.quaternion
    )


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data.replace(b"\t", b" ").replace(b"Zircaloy", b"Zircaloy 4"),
        lambda data: b"BS".join(
            [data.split(b"BS")[0], data.split(b"BS")[1].replace(b"\t", b"   ")]
        ),
        lambda data: data.replace(b"3.2;3.2;5.1", b"3,2;3,2;5,1"),
    ],
)
def test_tabs_may_be_blanks_and_commas_in_the_header_alone(tmp_path, change):
    (tmp_path / "map.ctf").write_bytes(change(ctf()))
    volume = load(tmp_path / "map.ctf")
    assert volume.shape == (8, 5, 1)
    assert volume.orientations.names[0].startswith("Zircaloy")
    assert volume.n_grains == 3


@pytest.mark.parametrize("kind", MAKERS)
@pytest.mark.parametrize(("laue", "group"), [(9, "622"), (7, "32"), (11, "432")])
def test_x_of_a_hexagonal_crystal_is_turned_to_a(tmp_path, kind, laue, group):
    # Oxford's x is along a*, 30 degrees from a toward b: a lies 30 degrees before it.
    angles = np.zeros((3, 4, 3))
    angles[..., 2] = 50
    volume = loaded(tmp_path, kind, angles, laue=laue)
    assert volume.orientations.symmetry == (group,)
    turned = 0 if group == "432" else 30
    found = np.degrees(volume.orientations.euler()[0].sum())
    assert found == pytest.approx(50 - turned, abs=1e-3)


@pytest.mark.parametrize("kind", MAKERS)
def test_phase_0_is_outside(tmp_path, kind):
    phase = np.ones(GRAINS.shape, int)
    phase[2, 6] = 0
    value = phase if kind == "ctf" else phase.reshape(-1, 1).astype("u1")
    volume = loaded(tmp_path, kind, phase=value)
    assert np.argwhere(volume.grain_id == 0).tolist() == [[6, 2, 0]]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda d: d[: d.index(b"1\t0.0000\t1.5000")],
            "cut off: it has 24 points of the 8 x 5",
        ),
        (lambda d: d.replace(b"XCells\t8", b"XCells\t0"), "states 0 x 5 points"),
        (lambda d: d.replace(b"Euler2", b"Euler7"), "lacks the columns euler2"),
        (lambda d: d.replace(b"Phases\t1", b"Phases\t2"), "states 2 phases, and 1"),
        (lambda d: d.replace(b"loy\t11", b"loy\t12"), "numbers 1..11, got '12'"),
        (lambda d: d.replace(b"\r\n1\t", b"\r\n3\t"), "points of phase 3"),
        (lambda d: d.replace(b"\t", b", "), "not separated by tabs or"),
        (lambda d: d[:90], "cut off: a .ctf file has a line 'Phase X Y"),
        (lambda d: d.replace(b"XStep\t0.5", b"XStep\tx"), "xstep 'x'"),
    ],
)
def test_damaged_text_is_one_clear_line(tmp_path, change, message):
    path = tmp_path / "map.ctf"
    path.write_bytes(change(ctf()))
    with pytest.raises(InputError, match=message) as caught:
        load(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (h5oina(lost="Euler"), "lacks Euler"),
        (h5oina(lost="X Cells"), "lacks X Cells"),
        (h5oina(np.degrees(angles_of())), "in radians, but these reach 200"),
        (h5oina(phase=np.ones((7, 1), "u1")), "8 x 5 points"),
        (h5oina(phase=np.full((40, 1), 2, "u1")), "points of phase 2"),
        (h5oina()[:2000], "damaged or cut off"),
    ],
)
def test_damaged_hdf5_is_one_clear_line(tmp_path, data, message):
    path = tmp_path / "map.h5oina"
    path.write_bytes(data)
    with pytest.raises(InputError, match=message) as caught:
        load(path)
    assert "\n" not in str(caught.value)


def test_another_hdf5_file_is_refused(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["something"] = 1
    with pytest.raises(InputError, match=r"none of DREAM.3D .* it has something"):
        load(tmp_path / "a.h5")


def with_z(layers=3, thick=0.25):
    """Return a .ctf file of equal layers, as DREAM.3D writes volumes."""
    head, columns, rows = ctf().decode().partition("Phase\tX\tY\t")
    head = head.replace("XStep", f"ZCells\t{layers}\r\nZStep\t{thick}\r\nXStep")
    names, *points = (columns + rows).split("\r\n")[:-1]
    lines = [names.replace("Y\t", "Y\tZ\t")]
    for layer in range(layers):
        for point in points:
            words = point.split("\t")
            lines.append("\t".join([*words[:3], f"{layer * thick:.4f}", *words[3:]]))
    return "\r\n".join([head + lines[0], *lines[1:], ""])


@pytest.mark.parametrize("comma", [False, True])
def test_a_column_z_makes_a_volume(tmp_path, comma):
    text = with_z()
    (tmp_path / "a.ctf").write_text(text.replace(".", ",") if comma else text)
    volume = load(tmp_path / "a.ctf")
    assert volume.shape == (8, 5, 3)
    assert volume.spacing == (STEP, STEP, 0.25)
    assert volume.origin[2] == -0.125
    order = np.array([0, 1, 3, 2])
    for layer in range(3):
        np.testing.assert_array_equal(volume.grain_id[..., layer], order[GRAINS.T])


def test_a_volume_that_was_cut_off_is_refused(tmp_path):
    (tmp_path / "a.ctf").write_text("\r\n".join(with_z().split("\r\n")[:-5]))
    with pytest.raises(InputError, match="116 points of the 8 x 5 x 3"):
        load(tmp_path / "a.ctf")


@pytest.mark.parametrize(
    "change",
    [
        lambda text: "".join(
            line
            for line in text.splitlines(keepends=True)
            if "Zircaloy" not in line and not line.startswith("Phases")
        ),
        lambda text: text.replace("Zircaloy\t11", "\t0"),
    ],
)
def test_a_symmetry_stands_in_for_phases_that_are_not_stated(tmp_path, change):
    text = change(ctf().decode())
    (tmp_path / "a.ctf").write_text(text)
    with pytest.raises(InputError, match=r"Laue groups have|say its symmetry"):
        load(tmp_path / "a.ctf")
    known = load(tmp_path / "a.ctf", symmetry="622").orientations
    assert known.symmetry == ("622",)
    found = np.degrees(known.euler())[[0, 2, 1]] - (ANGLES - [0, 0, 30])
    np.testing.assert_allclose((found + 180) % 360, 180, atol=1e-3)


def slices(path, names=("1", "2", "10")):
    """Write a file of slices, each turned by 10 degrees more than the one below."""
    for i, name in enumerate(names):
        angles = angles_of() + np.array([10.0 * i, 0, 0])
        one = h5py.File(io.BytesIO(h5oina(angles)), "r")
        with h5py.File(path, "a") as file:
            one.copy("1", file, name)
    return path


def test_slices_of_a_file_are_a_volume_in_the_order_of_their_numbers(tmp_path):
    path = slices(tmp_path / "a.h5oina")
    with pytest.raises(InputError, match="3 slices, 1 to 10: name one"):
        load(path)
    volume = load(path, spacing_z=0.2)
    assert (volume.shape, volume.spacing) == ((8, 5, 3), (STEP, STEP, 0.2))
    grains = volume.grain_id[0, 0]
    found = np.degrees(volume.orientations.euler()[grains - 1, 0])
    np.testing.assert_allclose(found, [10, 20, 30], atol=1e-3)
    one = load(path, array="2")
    found = np.degrees(one.orientations.euler()[one.grain_id[0, 0, 0] - 1, 0])
    assert (one.shape, found) == ((8, 5, 1), pytest.approx(20, abs=1e-3))
    with pytest.raises(InputError, match="no slice '3'; it has 1, 2, 10"):
        load(path, array="3")
