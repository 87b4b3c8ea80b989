"""EBSD maps, read by the rules of their formats.

orix and DefDAP read them in `test_other_programs.py`.
"""

import numpy as np
import pytest
from oriented import oriented
from scipy.spatial.transform import Rotation

from grainpaint import InputError
from grainpaint.formats.slabs import of_volume
from grainpaint.formats.solvers import export
from grainpaint.orientations import Orientations


def strict_ang(path):
    """Return header values, and rows phi1 PHI phi2 x y IQ CI phase SEM fit."""
    lines = path.read_text().splitlines()
    head = [line for line in lines if line.startswith("#")]
    said = dict(line[1:].split(":", 1) for line in head if ":" in line)
    said = {key.strip(): value.strip() for key, value in said.items()}
    assert said["GRID"] == "SqrGrid"
    rows = np.array([line.split() for line in lines[len(head) :]], float)
    n_columns, n_rows = int(said["NCOLS_ODD"]), int(said["NROWS"])
    assert int(said["NCOLS_EVEN"]) == n_columns
    assert rows.shape == (n_columns * n_rows, 10)
    place = np.arange(len(rows))
    np.testing.assert_allclose(rows[:, 3], place % n_columns * float(said["XSTEP"]))
    np.testing.assert_allclose(rows[:, 4], place // n_columns * float(said["YSTEP"]))
    symmetries = [line.split()[2] for line in head if line.startswith("# Symmetry")]
    return rows, symmetries, (n_rows, n_columns)


def strict_ctf(path):
    """Return rows phase x y bands error Euler1 Euler2 Euler3 MAD BC BS."""
    lines = path.read_text().split("\n")
    assert lines[0] == "Channel Text File"
    said = dict(line.split("\t")[:2] for line in lines[1:11])
    start = next(i for i, line in enumerate(lines) if line.startswith("Phases\t"))
    n_phases = int(lines[start].split("\t")[1])
    phases = [line.split("\t") for line in lines[start + 1 : start + 1 + n_phases]]
    assert lines[start + 1 + n_phases].split("\t")[0] == "Phase"
    rows = [line.split("\t") for line in lines[start + 2 + n_phases :] if line]
    assert not any(word != word.strip() for row in rows for word in row)
    rows = np.array(rows, float)
    n_columns, n_rows = int(said["XCells"]), int(said["YCells"])
    place = np.arange(n_columns * n_rows)
    np.testing.assert_allclose(rows[:, 1], place % n_columns * float(said["XStep"]))
    np.testing.assert_allclose(rows[:, 2], place // n_columns * float(said["YStep"]))
    return rows, phases, (n_rows, n_columns)


@pytest.mark.parametrize("name", ["ang", "ctf"])
def test_sections_across_z_keep_orientations_and_phases(tmp_path, name):
    volume = oriented(void=True, gaps=True)
    slabs = of_volume(volume).part([(0, 5), (0, 4), (1, 2)])
    assert export(slabs, tmp_path / f"a.{name}", name) == [
        "it does not hold periodic axes"
    ]
    ids = volume.grain_id[:, :, 1].T.ravel()
    inside = ids > 0
    assert not inside.all()
    if name == "ang":
        rows, symmetries, shape = strict_ang(tmp_path / "a.ang")
        assert symmetries == ["43", "62"]
        angles, phase = rows[:, :3], rows[:, 7]
        np.testing.assert_array_equal(rows[:, 6] == -1, ~inside)
    else:
        rows, phases, shape = strict_ctf(tmp_path / "a.ctf")
        assert [p[2:4] for p in phases] == [["Al", "11"], ["Ti alpha", "9"]]
        assert phases[1][1] == "90.000;90.000;120.000"
        angles, phase = np.deg2rad(rows[:, 5:8]), rows[:, 0]
    assert shape == (4, 5)
    known = volume.orientations.rows(ids[inside])
    expected = known.euler()
    if name == "ctf":  # the titanium's x axis is a*
        expected[:, 2] = (expected[:, 2] + np.pi / 6 * (known.phase == 2)) % (2 * np.pi)
    np.testing.assert_allclose(angles[inside], expected, atol=1e-6)
    np.testing.assert_array_equal(phase[inside], known.phase)
    assert (phase[~inside] == 0).all()


@pytest.mark.parametrize("axis", [0, 1])
def test_sections_across_x_and_y_turn_orientations_with_their_axes(tmp_path, axis):
    volume = oriented()
    box = [(0, n) for n in volume.shape]
    box[axis] = (1, 2)
    notes = export(of_volume(volume).part(box), tmp_path / "a.ang", "ang")
    assert notes[0] == f"axes X and Y of the map are {('y and z', 'z and x')[axis]}"
    rows, _, _ = strict_ang(tmp_path / "a.ang")
    first, second = (axis + 1) % 3, (axis + 2) % 3
    place = np.ones((len(rows), 3), int)
    for column, a in ((3, first), (4, second)):
        place[:, a] = np.rint(rows[:, column] / volume.spacing[a])
    ids = volume.grain_id[tuple(place.T)]
    here = Rotation.from_quat(
        Orientations.from_euler(rows[:, :3]).quaternion, scalar_first=True
    )
    own = volume.orientations.quaternion[ids - 1]
    there = Rotation.from_quat(own, scalar_first=True)
    axes = here.as_matrix()  # columns: axes of the crystal, along X, Y, Z of the map
    wanted = there.as_matrix()[:, [first, second, axis]]
    np.testing.assert_allclose(axes, wanted, atol=1e-5)


def test_thick_volumes_are_no_maps(tmp_path):
    with pytest.raises(
        InputError, match=r"one voxel thick.*\(region\), such as 0:5,0:4,0:1"
    ):
        export(of_volume(oriented()), tmp_path / "a.ang", "ang")
