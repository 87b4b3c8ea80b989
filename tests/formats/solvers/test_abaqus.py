"""Decks of Abaqus, read by meshio and line by line."""

import re

import meshio
import numpy as np
import pytest
from oriented import centers, oriented, without, x_fastest

from grainpaint import InputError, Microstructure
from grainpaint.formats.slabs import of_volume
from grainpaint.formats.solvers import export


def deck(volume, path, equations=False):
    """Write a deck; return its lines by keyword: [(keyword line, data lines)]."""
    notes = export(of_volume(volume), path, "abaqus", equations)
    blocks = []
    for line in path.read_text().split("\n"):
        if line.startswith("**"):
            continue
        if line.startswith("*"):
            blocks.append((line, []))
        elif line:
            assert len(line) <= 256
            blocks[-1][1].append(line)
    return blocks, notes


def numbers(lines):
    return [[float(word) for word in line.split(",") if word.strip()] for line in lines]


@pytest.mark.parametrize("void", [False, True])
def test_meshio_reads_elements_volumes_and_sets(tmp_path, monkeypatch, void):
    monkeypatch.setattr("grainpaint.formats.slabs._SLAB", 20)
    monkeypatch.setattr("grainpaint.formats.solvers.abaqus.deck._BATCH", 9)
    volume = oriented(void, gaps=True)
    deck(volume, tmp_path / "a.inp")
    mesh = meshio.read(tmp_path / "a.inp")
    (block,) = mesh.cells
    assert block.type == "hexahedron"
    corners = mesh.points[block.data]
    inside = x_fastest(volume.grain_id) > 0
    np.testing.assert_allclose(corners.mean(1), centers(volume)[inside])
    edges = [corners[:, i] - corners[:, 0] for i in (1, 3, 4)]
    np.testing.assert_allclose(np.linalg.det(np.stack(edges, 1)), 2.0 * 3.0 * 4.0)
    assert np.unique(block.data).size == len(mesh.points)  # no node is left over
    assert len(np.unique(mesh.points, axis=0)) == len(mesh.points)
    ids = x_fastest(volume.grain_id)[inside]
    for grain in volume.ids():
        (members,) = mesh.cell_sets[f"GRAIN{grain}_SET"]
        np.testing.assert_array_equal(members, np.flatnonzero(ids == grain))
    low, high = mesh.points.min(0), mesh.points.max(0)
    for axis, x in enumerate("XYZ"):
        for end, at in (("MIN", low), ("MAX", high)):
            there = np.flatnonzero(mesh.points[:, axis] == at[axis])
            np.testing.assert_array_equal(mesh.point_sets[x + end], there)
    edge = (mesh.points[:, [0, 2]] == [high[0], low[2]]).all(1)
    np.testing.assert_array_equal(mesh.point_sets["XMAX_ZMIN"], np.flatnonzero(edge))


def test_a_full_box_is_numbered_as_others_number_it(tmp_path):
    blocks, _ = deck(oriented(), tmp_path / "a.inp")
    nodes = numbers(dict(blocks)["*Node"])
    nx, ny = 5, 4
    for number, *place in nodes:
        i, j, k = np.rint((np.array(place) - [1, 0, -5]) / [2, 3, 4]).astype(int)
        assert number == 1 + i + (nx + 1) * (j + (ny + 1) * k)


def test_materials_hold_grain_phase_and_angles_in_degrees(tmp_path):
    volume = oriented(gaps=True)
    blocks, notes = deck(volume, tmp_path / "a.inp")
    assert notes == [
        "it does not hold periodic axes without equations (periodic_equations)"
    ]
    names = [k.split("name=")[1] for k, _ in blocks if k.startswith("*Material")]
    assert names == [f"GRAIN{i}_MAT" for i in volume.ids()]
    sections = [k for k, _ in blocks if k.startswith("*Solid Section")]
    assert sections == [
        f"*Solid Section, elset=GRAIN{i}_SET, material=GRAIN{i}_MAT"
        for i in volume.ids()
    ]
    cards = [d for k, d in blocks if k == "*User Material, constants=5"]
    rows = np.array([numbers(card)[0] for card in cards])
    known = volume.orientations.rows(volume.ids())
    np.testing.assert_array_equal(rows[:, 0], volume.ids())
    np.testing.assert_array_equal(rows[:, 1], known.phase)
    np.testing.assert_allclose(np.deg2rad(rows[:, 2:]), known.euler(), atol=1e-8)


def test_without_orientations_materials_hold_the_grain(tmp_path):
    blocks, notes = deck(without(oriented()), tmp_path / "a.inp")
    assert "no orientations" in notes[0]
    cards = [d for k, d in blocks if k == "*User Material, constants=2"]
    assert cards == [[f"{i}, 1"] for i in range(1, 8)]


def equations(blocks):
    """Return the equations: lists of (node, degree of freedom, factor)."""
    lines = dict(blocks)["*Equation"]
    found = []
    while lines:
        n, terms = int(lines[0]), []
        lines = lines[1:]
        while len(terms) < n:
            row = numbers(lines[:1])[0]
            assert len(row) <= 12
            terms += [(int(a), int(b), c) for a, b, c in zip(*[iter(row)] * 3)]
            lines = lines[1:]
        assert len(terms) == n
        found.append(terms)
    return found


def test_equations_hold_for_any_affine_field_and_tie_each_pair_once(tmp_path):
    blocks, notes = deck(oriented(), tmp_path / "a.inp", equations=True)
    assert "do not continue" in notes[0]
    tied = equations(blocks)
    rows = numbers(dict(blocks)["*Node"])
    nodes = {int(n): np.array(x) for n, *x in rows}
    assert len(nodes) == len(rows) == 6 * 5 * 4 + 3  # dummies are no other nodes
    dummies = [int(dict(blocks)[f"*Nset, nset=PERIODIC_{x}"][0]) for x in "XYZ"]
    own = {n: x for n, x in nodes.items() if n not in dummies}
    size = np.array([10.0, 12.0, 12.0])
    rng = np.random.default_rng(0)
    gradient = rng.normal(size=(3, 3))
    moved = {n: gradient @ x for n, x in own.items()}
    moved |= {n: gradient[:, axis] * size[axis] for axis, n in enumerate(dummies)}
    for terms in tied:
        assert abs(sum(c * moved[n][dof - 1] for n, dof, c in terms)) < 1e-9
    # Each component of each node at a high end comes first once, and only there.
    high = np.array([1, 0, -5]) + size
    slaves = {n for n, x in own.items() if (x == high).any()}
    first = [(terms[0][0], terms[0][1]) for terms in tied]
    assert sorted(first) == [(n, dof) for n in sorted(slaves) for dof in (1, 2, 3)]
    assert not slaves & {n for terms in tied for n, _, _ in terms[1:]}


def test_faces_that_do_not_match_are_not_tied(tmp_path):
    ids = np.ones((3, 3, 3), int)
    ids[0, 1, 1] = 0
    ids[0] = 0
    with pytest.raises(InputError, match="faces across x in different places"):
        deck(Microstructure(ids), tmp_path / "a.inp", equations=True)
    ids = np.ones((3, 3, 3), int)
    ids[0, 0, :] = 0
    with pytest.raises(InputError, match="in different places"):
        deck(Microstructure(ids), tmp_path / "a.inp", equations=True)
    assert [*tmp_path.iterdir()] == []


def test_a_hole_inside_hinders_no_equations(tmp_path):
    ids = np.ones((4, 4, 4), int)
    ids[1:3, 1:3, 1:3] = 0
    blocks, _ = deck(Microstructure(ids), tmp_path / "a.inp", equations=True)
    assert len(equations(blocks)) == 3 * (5**3 - 4**3)


def test_small_voxels_keep_their_digits(tmp_path):
    volume = Microstructure(np.ones((2, 2, 2), int), (1e-7, 1.0, 12345.678))
    deck(volume, tmp_path / "a.inp")
    text = (tmp_path / "a.inp").read_text()
    assert re.search(r"2e-07, +2, +24691\.356\n", text)
