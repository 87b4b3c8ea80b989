"""Clean-up of grains, tables of Euler angles, stacks of sections, the command line."""

import warnings

import numpy as np
import pytest
from ebsd_maps import ANGLES, GRAINS, ang, angles_of, ctf

from grainpaint import InputError, Microstructure, load
from grainpaint.errors import InputNote

quiet = pytest.mark.filterwarnings("ignore::grainpaint.errors.InputNote")


def notes_of(path, **options):
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always", InputNote)
        volume = load(path, **options)
    return volume, "\n".join(str(note.message) for note in said)


def test_small_grains_go_to_neighbors_and_isolated_ones_out(tmp_path):
    angles = angles_of()
    angles[4, 0:2] = (300, 10, 80)  # a speck of two points in grain 3
    sure = np.full(GRAINS.shape, 0.5)
    sure[0:2, 6] = sure[2, 6:8] = -1  # cuts two points of grain 2 off
    path = tmp_path / "a.ang"
    path.write_bytes(ang(angles, sure))
    volume, said = notes_of(path)
    assert volume.n_grains == 3
    assert volume.grain_id[0, 4, 0] == volume.grain_id[0, 3, 0]
    assert (volume.grain_id[7, :2, 0] == 0).all()
    assert "2 grains below 5 points joined to neighbors" in said
    assert "1 below 5 without neighbors left out" in said
    # The speck does not pull the orientation of its grain.
    found = np.degrees(volume.orientations.euler())
    assert np.abs(found - ANGLES[2]).max(1).min() < 1e-3
    assert notes_of(path, min_size=1)[0].n_grains == 6


@quiet
def test_the_limit_decides_what_is_one_grain(tmp_path):
    angles = np.zeros((4, 6, 3))
    angles[:, 3:, 0] = 4
    path = tmp_path / "a.ang"
    path.write_bytes(ang(angles))
    assert load(path).n_grains == 1
    assert load(path, misorientation=3.9).n_grains == 2
    assert load(path, misorientation=4.1).n_grains == 1


def table(unit="", separator=",", decimal="."):
    """Return a table of Euler angles, radians unless the unit is degrees."""
    y, x = np.indices(GRAINS.shape).reshape(2, -1) * 0.5
    angles = angles_of().reshape(-1, 3)
    angles = angles if unit.startswith("deg") else np.radians(angles)
    head = [
        "x",
        "y",
        *(f"{a} ({unit})" if unit else a for a in ("phi1", "Phi", "phi2")),
    ]
    lines = [separator.join(head)]
    for row in np.column_stack([x, y, angles]):
        lines.append(separator.join(f"{v:.6f}".replace(".", decimal) for v in row))
    return "\n".join(lines).encode()


@pytest.mark.parametrize("mu", ["\u00b5", "\u03bc"])
def test_micro_is_a_sign_or_a_greek_letter(tmp_path, mu):
    data = table("deg").decode().replace("x,y", f"X ({mu}m),Y ({mu}m)")
    (tmp_path / "a.csv").write_text(data, encoding="utf-8")
    volume, said = notes_of(tmp_path / "a.csv")
    assert volume.spacing[:2] == (0.5, 0.5)
    assert "lengths" not in said


@pytest.mark.parametrize(
    "data",
    [
        *(table("deg"), table("rad"), table(), table("deg", ";", ",")),
        *(table("deg", "  "), table("deg", " ", ",")),
        b"# by hand\n% twice\n\n# " + table("deg", "\t"),
        b'"' + table("deg").replace(b",", b'","').replace(b"\n", b'"\n"') + b'"',
        b"sep=;\n" + table("deg", ";"),
        table("deg").replace(b"\n", b"\r"),
        table("deg", "\t").decode().encode("utf-16"),
    ],
)
def test_tables_of_angles_are_read(tmp_path, data):
    (tmp_path / "a.csv").write_bytes(data)
    volume, said = notes_of(tmp_path / "a.csv", symmetry="622")
    assert volume.shape == (8, 5, 1)
    assert volume.n_grains == 3
    assert volume.orientations.symmetry == ("622",)
    found = np.degrees(volume.orientations.euler())[[0, 2, 1]]
    np.testing.assert_allclose(found, ANGLES, atol=1e-3)
    assert ("assumed: Euler angles in radians" in said) == (b"(" not in data)


@quiet
def test_the_last_point_of_a_table_may_be_unindexed(tmp_path):
    data = table("deg").rpartition(b"\n")[0] + b"\n3.5,2.0,nan,nan,NaN\n"
    (tmp_path / "a.csv").write_bytes(data)
    assert load(tmp_path / "a.csv").grain_id[-1, -1, 0] == 0


@quiet
@pytest.mark.parametrize(
    ("data", "message"),
    [
        (table("deg").replace(b"y,", b"q,", 1), "x, q, phi1, phi, phi2, and not y"),
        (table("deg").replace(b"deg", b"rad"), "named radians, but reach 200"),
        (table("deg")[:-30], "cut off: its last line lacks an angle"),
    ],
)
def test_damaged_tables_are_one_clear_line(tmp_path, data, message):
    (tmp_path / "a.csv").write_bytes(data)
    with pytest.raises(InputError, match=message):
        load(tmp_path / "a.csv")


def stack(folder, n=12):
    """Write sections whose names sort otherwise than their numbers."""
    folder.mkdir(exist_ok=True)
    for i in range(1, n + 1):
        grains = GRAINS if i <= n // 2 else np.full(GRAINS.shape, 2)
        (folder / f"S{i}.ang").write_bytes(ang(angles_of(grains)))
    return folder


def test_sections_are_stacked_in_the_order_of_their_numbers(tmp_path):
    folder = stack(tmp_path / "sections")
    volume, said = notes_of(folder, spacing_z=0.25)
    assert volume.shape == (8, 5, 12)
    assert volume.spacing == (0.5, 0.5, 0.25)
    assert len(np.unique(volume.grain_id[..., 5])) == 3
    assert len(np.unique(volume.grain_id[..., 6])) == 1
    # Grain 2 continues through all sections: one grain.
    assert volume.n_grains == 3
    assert "12 sections, z upward from S1.ang to S12.ang" in said
    assert "8 x 5 x 12 points" in said
    again, _ = notes_of(str(folder / "S*.ang"), spacing_z=0.25)
    np.testing.assert_array_equal(again.grain_id, volume.grain_id)


@quiet
def test_sections_of_other_grids_or_phases_are_refused(tmp_path):
    folder = stack(tmp_path / "sections", 2)
    (folder / "S3.ang").write_bytes(ang(angles_of()[:4]))
    with pytest.raises(InputError, match=r"S3.ang: .*\(8, 4, 1\) and S1.ang"):
        load(folder, spacing_z=1)
    (folder / "S3.ang").write_bytes(ang(symmetry="62"))
    with pytest.raises(InputError, match="symmetry"):
        load(folder, spacing_z=1)
    with pytest.raises(InputError, match="no section there"):
        load(tmp_path / "*.ang", spacing_z=1)
    with pytest.raises(InputError, match="needs the distance of the sections"):
        load(folder / "S*.ang")


@quiet
@pytest.mark.parametrize(
    "options",
    [
        {"misorientation": 0},
        {"misorientation": 200},
        {"min_size": 0},
        {"spacing_z": -1},
        {"symmetry": "m"},
    ],
)
def test_options_out_of_range_are_refused(tmp_path, options):
    (tmp_path / "a.ang").write_bytes(ang())
    with pytest.raises(InputError):
        load(tmp_path / "a.ang", **options)


def test_options_of_maps_are_said_to_be_unused_elsewhere(tmp_path):
    Microstructure(np.ones((2, 2, 2), int)).save(tmp_path / "a.npz")
    _, said = notes_of(tmp_path / "a.npz", misorientation=3, fill=True)
    assert "settings of maps are unused (misorientation, fill)" in said


def test_commands_read_maps(tmp_path, run):
    (tmp_path / "a.ang").write_bytes(ang())
    (tmp_path / "b.ctf").write_bytes(ctf())
    folder = stack(tmp_path / "sections")
    for name in ("a.ang", "b.ctf"):
        code, out, said = run("stats", tmp_path / name, "--misorientation", "3deg")
        assert code == 0
        assert "3 grains at 3 degrees" in said
        assert "a section of 8 x 5 voxels" in out
    code, out, said = run(
        *("convert", folder / "*.ang", "--spacing-z", "250nm", "--fill"),
        *("--min-size", "2", "--symmetry", "622", "-o", tmp_path / "c.npz"),
    )
    assert code == 0
    assert f"{folder / '*.ang'}: its header states the symmetry 432, so" in said
    assert "c.npz" not in said  # what is told is about the maps
    assert "c.npz: 3 grains" in out
    assert load(tmp_path / "c.npz").spacing[2] == 0.25
    wrong = ("--misorientation", "x", "-o", tmp_path / "d.npz")
    code, _, said = run("convert", tmp_path / "a.ang", *wrong)
    assert code == 2
    assert "an angle is a number of degrees" in said
