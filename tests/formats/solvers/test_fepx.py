"""Meshes for FEPX, read as its Fortran does."""

from collections import Counter

import numpy as np
import pytest
from oriented import numbers_of, oriented, x_fastest

from grainpaint.formats.slabs import of_volume
from grainpaint.formats.solvers import export
from grainpaint.formats.solvers.crystals import rodrigues

EDGES = ((0, 1), (1, 2), (2, 0), (3, 0), (2, 3), (1, 3))
FACES = ((0, 1, 2), (0, 1, 3), (0, 2, 3), (1, 2, 3))


def sections(path):
    """Return the lines of each section; each must end with its own name."""
    found, name = {}, None
    for line in path.read_text().split("\n"):
        if line.startswith("$End"):
            assert line == f"$End{name}"
            name = None
        elif line.startswith("$"):
            assert name is None
            name = line[1:]
            found[name] = []
        elif line:
            found[name].append(line)
    return found


def table(lines, n_columns, kind=int):
    """Return rows; FEPX counts spaces, so one stands between two columns."""
    assert all(line.count(" ") == n_columns - 1 for line in lines)
    assert all(len(word) <= 12 for line in lines for word in line.split())
    return np.array([line.split(" ") for line in lines], kind)


def sets(lines, n_columns):
    count, rest, found = int(lines[0]), lines[1:], {}
    for _ in range(count):
        name, n = rest[0], int(rest[1])
        found[name] = table(rest[2 : 2 + n], n_columns)
        rest = rest[2 + n :]
    assert rest == []
    return found


@pytest.fixture(params=[False, True])
def mesh(request, tmp_path, monkeypatch):
    monkeypatch.setattr("grainpaint.formats.slabs._SLAB", 20)
    volume = oriented(request.param, gaps=True)
    export(of_volume(volume), tmp_path / "a.msh", "fepx")
    parts = sections(tmp_path / "a.msh")
    nodes = np.array([line.split() for line in parts["Nodes"][1:]], float)
    assert nodes[:, 0].tolist() == [*range(1, int(parts["Nodes"][0]) + 1)]
    elements = table(parts["Elements"][1:], 16)
    assert len(elements) == int(parts["Elements"][0])
    return volume, parts, nodes[:, 1:], elements


def test_voxels_become_six_sound_tetrahedra_of_their_grain(mesh):
    volume, parts, nodes, elements = mesh
    assert parts["MeshFormat"] == ["2.2 0 8"]
    n_inside = volume.n_voxels
    np.testing.assert_array_equal(elements[:, 0], np.arange(1, 6 * n_inside + 1))
    assert (elements[:, 1:3] == [11, 3]).all()
    assert np.unique(elements[:, 6:]).size == len(nodes)
    assert len(np.unique(nodes, axis=0)) == len(nodes)
    points = nodes[elements[:, 6:] - 1]
    edges = points[:, 1:4] - points[:, :1]
    np.testing.assert_allclose(np.linalg.det(edges) / 6, 4.0)
    for k, (a, b) in enumerate(EDGES):
        np.testing.assert_allclose(points[:, 4 + k], points[:, [a, b]].mean(1))
    place = np.floor((points[:, :4].mean(1) - volume.origin) / volume.spacing)
    numbers, _ = numbers_of(volume)
    np.testing.assert_array_equal(elements[:, 3], numbers[tuple(place.astype(int).T)])
    assert (np.bincount(elements[:, 3])[1:] % 6 == 0).all()
    assert x_fastest(numbers)[x_fastest(numbers) > 0][0] == elements[0, 3]


def test_tetrahedra_fit_each_other(mesh):
    volume, _, _, elements = mesh
    shared = Counter(
        tuple(sorted(corners[[*face]]))
        for corners in elements[:, 6:10]
        for face in FACES
    )
    assert set(shared.values()) == {1, 2}
    padded = np.pad(volume.grain_id > 0, 1)
    n_outer = sum(np.count_nonzero(np.diff(padded, axis=axis)) for axis in range(3))
    assert [*shared.values()].count(1) == 2 * n_outer


def test_sets_of_the_faces_of_the_box(mesh):
    _, parts, nodes, elements = mesh
    low, high = np.array([1, 0, -5]), np.array([11, 12, 7])
    fasets, nsets = sets(parts["Fasets"], 7), sets(parts["NSets"], 1)
    assert [*fasets] == ["x0", "x1", "y0", "y1", "z0", "z1"]
    for name, rows in fasets.items():
        axis, end = "xyz".index(name[0]), int(name[1])
        there = np.flatnonzero(nodes[:, axis] == (low, high)[end][axis]) + 1
        np.testing.assert_array_equal(nsets[name][:, 0], there)
        np.testing.assert_array_equal(np.unique(rows[:, 1:]), there)
        points = nodes[rows[:, 1:] - 1]
        normal = np.cross(points[:, 1] - points[:, 0], points[:, 2] - points[:, 0])
        assert (np.sign(normal[:, axis]) == (-1, 1)[end]).all()
        for k, (a, b) in enumerate(((0, 1), (1, 2), (2, 0))):
            np.testing.assert_allclose(points[:, 3 + k], points[:, [a, b]].mean(1))
        own = elements[rows[:, 0] - 1, 6:]
        assert all(np.isin(r[1:], e).all() for r, e in zip(rows, own))
    corner = nsets["x1y0z0"]
    np.testing.assert_array_equal(nodes[corner[0, 0] - 1], [11, 0, -5])


def test_orientations_and_phases_by_grain(mesh):
    volume, parts, _, _ = mesh
    known = volume.orientations.rows(volume.ids())
    n = len(known)
    head, *lines = parts["ElsetOrientations"]
    assert head == f"{n} rodrigues:active"
    rows = np.array([line.split(" ") for line in lines], float)
    np.testing.assert_array_equal(rows[:, 0], np.arange(1, n + 1))
    np.testing.assert_allclose(rows[:, 1:], rodrigues(known), rtol=1e-9)
    assert parts["Groups"][:2] == ["elset", str(n)]
    np.testing.assert_array_equal(table(parts["Groups"][2:], 2)[:, 1], known.phase)
