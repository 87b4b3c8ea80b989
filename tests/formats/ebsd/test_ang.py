"""Maps of EDAX: conventions, phases, what is not indexed, damage."""

import warnings

import numpy as np
import pytest
from ebsd_maps import ANGLES, GRAINS, STEP, ang, angles_of

from grainpaint import InputError, load
from grainpaint.errors import InputNote
from grainpaint.orientations import Orientations
from grainpaint.orientations.symmetry import GROUPS

pytestmark = pytest.mark.filterwarnings("ignore::grainpaint.errors.InputNote")


def saved(tmp_path, data, name="map.ang"):
    path = tmp_path / name
    path.write_bytes(data)
    return path


def notes_of(path, **options):
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always", InputNote)
        volume = load(path, **options)
    return volume, "\n".join(str(note.message) for note in said)


def test_a_map_has_its_grains_places_and_orientations(tmp_path):
    path = saved(tmp_path, ang(angles_of(noise=0.3)))
    volume, said = notes_of(path)
    assert volume.shape == (8, 5, 1)
    assert volume.spacing == (STEP, STEP, STEP)
    # Grains are numbered by x first: 1 and 3 begin in the first column.
    order = np.array([0, 1, 3, 2])
    np.testing.assert_array_equal(volume.grain_id[..., 0], order[GRAINS.T])
    found = np.degrees(volume.orientations.euler())[order[1:] - 1]
    np.testing.assert_allclose(found, ANGLES, atol=0.5)
    assert volume.orientations.symmetry == ("432",)
    assert volume.orientations.names == ("Nickel",)
    assert "8 x 5 points, none unindexed; 3 grains at 5 degrees" in said


@pytest.mark.parametrize(
    ("degrees", "quaternion"),
    [
        ((0, 0, 0), (1, 0, 0, 0)),  # cube
        ((0, 45, 0), (np.cos(np.pi / 8), np.sin(np.pi / 8), 0, 0)),  # Goss
        ((90, 0, 0), (0.5**0.5, 0, 0, 0.5**0.5)),
        ((0, 0, 90), (0.5**0.5, 0, 0, 0.5**0.5)),
    ],
)
def test_angles_are_those_of_bunge_in_radians(tmp_path, degrees, quaternion):
    points = np.broadcast_to(np.array(degrees, float), (3, 4, 3))
    volume = load(saved(tmp_path, ang(points)))
    np.testing.assert_allclose(volume.orientations.quaternion[0], quaternion, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "group"),
    [
        *(("43", "432"), ("m-3m", "432"), ("62", "622"), ("6/mmm", "622")),
        *(("42", "422"), ("32", "32"), ("22", "222"), ("23", "23"), ("1", "1")),
    ],
)
def test_symmetries_by_code_and_by_name(tmp_path, name, group):
    volume = load(saved(tmp_path, ang(symmetry=name)))
    assert volume.orientations.symmetry == (group,)
    assert group in GROUPS


def test_points_without_confidence_are_outside_or_filled(tmp_path):
    sure = np.full(GRAINS.shape, 0.5)
    sure[1, 1] = sure[4, 7] = -1
    angles = angles_of()
    angles[1, 1] = angles[4, 7] = 720  # 4 pi
    path = saved(tmp_path, ang(angles, sure))
    volume, said = notes_of(path)
    assert np.argwhere(volume.grain_id == 0).tolist() == [[1, 1, 0], [7, 4, 0]]
    assert "5% unindexed" in said
    filled, said = notes_of(path, fill=True)
    whole = load(saved(tmp_path, ang(), "whole.ang"))
    np.testing.assert_array_equal(filled.grain_id, whole.grain_id)
    assert "2 points filled" in said


def test_points_of_zeros_alone_count_as_unindexed(tmp_path):
    lines = ang().decode().splitlines()
    lines[-1] = "0.0 0.0 0.0 3.5 2.0 0.0 0.000 0"
    volume, said = notes_of(saved(tmp_path, "\n".join(lines).encode()))
    assert volume.grain_id[7, 4, 0] == 0
    assert "are all 0 count as unindexed: 1" in said


@pytest.mark.parametrize(("phases", "phase"), [(("0",), 0), (("1",), 0), (("1",), 1)])
def test_one_phase_is_that_one_whatever_its_number(tmp_path, phases, phase):
    volume = load(saved(tmp_path, ang(phases=phases, phase=phase)))
    assert volume.n_grains == 3
    assert volume.mask.all()


def test_phases_are_boundaries_and_0_is_none_of_two(tmp_path):
    same = np.broadcast_to(ANGLES[0], (6, 8, 3))
    phase = np.repeat([[0, 1, 1, 1, 2, 2, 2, 2]], 6, 0)
    volume = load(saved(tmp_path, ang(same, phases=("1", "2"), phase=phase)))
    assert volume.grain_id[:, 0, 0].tolist() == [0, 1, 1, 1, 2, 2, 2, 2]
    assert volume.orientations.phase.tolist() == [1, 2]


def test_the_coordinates_win_over_the_header(tmp_path):
    data = ang().replace(b"NCOLS_ODD: 8", b"NCOLS_ODD: 140")
    data = data.replace(b"XSTEP: 0.500000", b"XSTEP: 0.100000")
    volume, said = notes_of(saved(tmp_path, data))
    assert volume.shape == (8, 5, 1)
    assert volume.spacing[:2] == (STEP, STEP)
    assert "header states 140 x 5 points of 0.1, its coordinates 8 x 5 of 0.5" in said


def test_steps_rounded_in_the_file_are_those_of_the_header(tmp_path):
    data = ang().replace(b"0.500000", b"0.500300")
    assert load(saved(tmp_path, data)).spacing[0] == 0.5003


def test_a_header_without_grid_leaves_it_to_the_coordinates(tmp_path):
    header = ["# MaterialName Nickel", "# Symmetry 43"]
    volume, said = notes_of(saved(tmp_path, ang(header=header)))
    assert volume.shape == (8, 5, 1)
    assert "states no grid: 8 x 5 by coordinates" in said


def test_what_a_user_notes_is_no_header(tmp_path):
    notes = b"# NOTES: Start\n# Symmetry of both\n# GRID: none\n# NOTES: End\n# GRID"
    volume = load(saved(tmp_path, ang().replace(b"# GRID", notes)))
    assert volume.orientations.symmetry == ("432",)
    assert volume.shape == (8, 5, 1)


def test_decimal_commas_are_read(tmp_path):
    volume = load(saved(tmp_path, ang().replace(b".", b",")))
    assert volume.spacing == (STEP, STEP, STEP)
    assert volume.n_grains == 3


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d[: -5 * 73], "cut off: it has 35 points of the 8 x 5"),
        (
            lambda d: d[: -5 * 73 + 40],
            r"damaged or cut off: point 36 .* lacks a number",
        ),
        (lambda d: d[: d.index(b"  0.174")], "cut off after its header"),
        (lambda d: d[d.index(b"  0.174") :], "no header"),
        (lambda d: d.replace(b"# Symmetry", b"# Synnetry"), "no symmetry of phase 1"),
        (
            lambda d: d.replace(b"        43\n", b"   m-4q\n"),
            "unknown crystal symmetry",
        ),
        (lambda d: d.replace(b"90.0  0.500  0", b"90.0"), "have 6 columns, and 8"),
        (lambda d: d.replace(b"90.0  0.500  0", b"90.0  0.500  7"), "phase 7, but one"),
        (lambda d: d.replace(b"   1.00000", b"   0.50000"), "at the place of another"),
        (lambda d: d.replace(b"90.0", b"9o.0"), "'9o.0' where a number"),
        (lambda d: d.replace(b" 2.00000 ", b" 2.20000 "), "not on a grid"),
    ],
)
def test_damage_is_one_clear_line(tmp_path, change, message):
    with pytest.raises(InputError, match=message) as caught:
        load(saved(tmp_path, change(ang())))
    assert "map.ang" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_degrees_taken_for_radians_are_refused(tmp_path):
    with pytest.raises(InputError, match=r"in radians, but these reach 200.*degrees"):
        load(saved(tmp_path, ang(np.degrees(angles_of()))))


@pytest.mark.parametrize(("phi2", "told"), [(355, False), (400, True), (720, False)])
def test_angles_above_a_full_turn_are_told(tmp_path, phi2, told):
    angles = angles_of()
    angles[0, 0, 2] = phi2  # two turns: a point without a solution
    _, said = notes_of(saved(tmp_path, ang(angles)))
    assert ("reach 6.981, more than a full turn: are they degrees?" in said) == told


def test_a_map_without_any_solution_has_no_grains_and_says_so(tmp_path):
    volume, said = notes_of(saved(tmp_path, ang(confidence=np.full((5, 8), -1))))
    assert volume.n_grains == 0
    assert "none of its points has an orientation" in said


def test_orientations_are_given_by_grain(tmp_path):
    volume = load(saved(tmp_path, ang()))
    back = load(volume.save(tmp_path / "a.npz"))
    assert isinstance(back.orientations, Orientations)
    np.testing.assert_allclose(
        back.orientations.quaternion, volume.orientations.quaternion
    )


@pytest.mark.parametrize(
    "change",
    [
        lambda line: line.replace(b".", b","),
        lambda line: b";".join(line.split()),
        lambda line: b", ".join(line.split()),
        lambda line: b";".join(line.split()).replace(b".", b","),
        lambda line: b"\t".join(line.split()) + b"\t",
    ],
)
def test_columns_may_be_separated_and_numbers_written_otherwise(tmp_path, change):
    lines = [n if n.startswith(b"#") else change(n) for n in ang().splitlines()]
    found = load(saved(tmp_path, b"\n".join([*lines, b""])))
    known = load(saved(tmp_path, ang(), "known.ang"))
    np.testing.assert_array_equal(found.grain_id, known.grain_id)
    np.testing.assert_allclose(
        found.orientations.quaternion, known.orientations.quaternion
    )


def test_without_a_header_the_symmetry_has_to_be_said(tmp_path):
    lines = [n for n in ang().splitlines() if not n.startswith(b"#")]
    path = saved(tmp_path, b"\n".join([*lines, b""]))
    with pytest.raises(InputError, match=r"no header: .* say the symmetry"):
        load(path)
    assert load(path, symmetry="432").n_grains == 3


def test_a_phase_of_minus_1_is_no_solution(tmp_path):
    phase = np.zeros(GRAINS.shape, int)
    phase[2, 6] = -1
    volume = load(saved(tmp_path, ang(phase=phase)))
    assert np.argwhere(volume.grain_id == 0).tolist() == [[6, 2, 0]]
