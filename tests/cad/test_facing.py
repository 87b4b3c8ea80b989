"""Which shells are solids and which cavities: their nesting decides."""

import numpy as np
import pytest
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st
from naive.cad import winding_number
from solids import box, inverted, mask_volume, solid_of

from grainpaint.cad import tree

BIG = box((20, 20, 20))
OUTLINE = [
    (13, 15),
    (3, 15),
    (3, -5),
    (-3, -5),
    (-3, 15),
    (-13, 15),
    (-13, -15),
    (13, -15),
]
PIECES = [(7, 0, 1), (7, 1, 2), (6, 7, 2), (6, 2, 3), (6, 3, 4), (6, 4, 5)]


def prism(outline, pieces, height):
    """Return the triangles of a prism over a polygon and its triangulation."""
    low = np.array([(x, y, -height / 2) for x, y in outline])
    high = low + np.array([0, 0, height])
    after = np.roll(low, -1, axis=0), np.roll(high, -1, axis=0)
    sides = [np.stack([low, after[0], after[1]], 1), np.stack([low, after[1], high], 1)]
    pieces = np.array(pieces)
    return np.concatenate([*sides, high[pieces], low[pieces[:, ::-1]]])


U = prism(OUTLINE, PIECES, 10)


@given(st.lists(st.booleans(), min_size=4, max_size=4), st.permutations(range(4)))
@settings(max_examples=20)
def test_depth_decides_whatever_shells_face_and_in_whatever_order(turned, order):
    edges = (16, 12, 8, 4)
    shells = [
        inverted(box((e,) * 3)) if t else box((e,) * 3) for e, t in zip(edges, turned)
    ]
    part = solid_of(*(shells[i] for i in order))
    assert mask_volume(part, 1.0) == 16**3 - 12**3 + 8**3 - 4**3
    np.testing.assert_allclose(sorted(part.body_volumes), [448, 2368])
    wrong = [t != bool(i % 2) for i, t in enumerate(turned)]
    n_notes = 1 if all(wrong) else any(wrong[::2]) + any(wrong[1::2])
    assert len(part.notes) == n_notes


def test_notes_say_what_was_turned():
    def notes(*bodies):
        return solid_of(*bodies).notes

    first, second = box((10, 10, 10)), box((10, 10, 10), (20, 0, 0))
    third, hole = box((10, 10, 10), (40, 0, 0)), box((4, 4, 4), (20, 0, 0))
    assert notes(first, second) == ()
    assert notes(first, inverted(second), third) == (
        "body 2 of 3, around (20, 0, 0) um, was inside out: turned",
    )
    assert notes(first, inverted(second), inverted(third)) == (
        "2 of 3 bodies were inside out, the first around (20, 0, 0) um: turned",
    )
    assert notes(second, inverted(hole)) == ()
    assert notes(second, hole) == (
        "the inner shell around (20, 0, 0) um faced outward: counted as a cavity",
    )
    assert notes(inverted(second), hole) == ("the part was inside out: turned",)
    assert notes(inverted(first), inverted(second)) == (
        "the part was inside out: turned",
    )


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(
    ("at", "volume"),
    [((5, 5, 5), 1875), ((5, 0, 0), 1500), ((0, 5, 0), 1500), ((0, 0, 5), 1500)],
)
def test_bodies_that_cross_are_their_union(turned, at, volume):
    """With faces in one plane too, where no edge passes through a triangle."""
    second = box((10, 10, 10), at)
    part = solid_of(box((10, 10, 10)), inverted(second) if turned else second)
    assert mask_volume(part, 0.5) == volume
    np.testing.assert_allclose(part.body_volumes, [1000, 1000])


@pytest.mark.parametrize("turned", [False, True])
def test_a_rod_that_leaves_a_body_between_its_ends_is_not_a_cavity(turned):
    """All corners of the rod are inside the U, and the middles of its triangles."""
    rod = box((24, 4, 4), (0, 5, 0))
    part = solid_of(U, inverted(rod) if turned else rod)
    assert mask_volume(part, 1.0) == 26 * 30 * 10 - 6 * 20 * 10 + 6 * 4 * 4
    assert len(part.notes) == turned


@pytest.mark.parametrize("mirrored", [False, True])
def test_a_rod_as_high_as_the_body_that_it_leaves_is_not_a_cavity(mirrored):
    """Its long edges lie on the U: only diagonals meet the walls of the U."""
    rod = np.array(box((24, 5, 10), (0, 5, 0)).triangles)
    part = solid_of(U, (rod * [-1, 1, 1])[:, ::-1] if mirrored else rod)
    assert mask_volume(part, 0.5) == 26 * 30 * 10 - 6 * 20 * 10 + 6 * 5 * 10


def test_a_dent_that_reaches_into_a_body_between_its_edges_crosses_it():
    """No edge of the body meets the dent."""
    cube = np.array(BIG.triangles)
    top = cube.mean(1)[:, 2] > 9.9
    low = np.array([2.0, 0.1, 0.0])
    corners = [
        np.array([x, y, 10.0]) for x, y in ((-10, -10), (10, -10), (10, 10), (-10, 10))
    ]
    dent = np.array([(p, q, low) for p, q in zip(corners, [*corners[1:], corners[0]])])
    body = box((6, 6, 4), (0, 0, -1.5))
    part = solid_of(cube[~top], dent, body)
    assert part.notes == ()
    np.testing.assert_allclose(part.body_volumes, [8000 - 4000 / 3, 144])


def test_a_cavity_where_bodies_overlap_is_empty():
    """The winding number is 2 around it; the cavity is taken away twice."""
    for cavity in (box((4, 4, 4), (2, 0, 0)), inverted(box((4, 4, 4), (2, 0, 0)))):
        part = solid_of(BIG, box((20, 20, 20), (6, 0, 0)), cavity)
        assert mask_volume(part, 1.0) == 26 * 20 * 20 - 64
        np.testing.assert_allclose(part.body_volumes, [8000 - 64, 8000 - 64])


def test_a_cavity_where_three_bodies_overlap_is_empty():
    others = [box((20, 20, 20), (x, 0, 0)) for x in (2, 6)]
    part = solid_of(BIG, *others, inverted(box((4, 4, 4), (2, 0, 0))))
    assert mask_volume(part, 1.0) == 26 * 20 * 20 - 64


def test_a_rod_through_a_cavity_fills_its_place():
    hollow = [BIG, inverted(box((10, 10, 10)))]
    part = solid_of(*hollow, box((2, 2, 40)))
    assert mask_volume(part, 1.0) == 8000 - 1000 + 2 * 2 * (10 + 20)


@pytest.mark.parametrize("whole", [False, True])
def test_a_shell_that_lies_on_another_from_within_is_what_it_faces(whole):
    """Inward it is a pocket, outward a body in a body; also if all is inside out."""
    small = box((6, 6, 6), (7, 0, 0))
    big = inverted(BIG) if whole else BIG
    pocket = small if whole else inverted(small)
    assert mask_volume(solid_of(big, pocket), 1.0) == 8000 - 216
    body = inverted(small) if whole else small
    assert mask_volume(solid_of(big, body), 1.0) == 8000


def test_a_body_that_is_there_twice_beside_one_that_it_touches_counts_once():
    mirrored = (BIG.triangles * [-1, 1, 1] + [20, 0, 0])[:, ::-1]
    part = solid_of(BIG, inverted(BIG), mirrored)
    np.testing.assert_allclose(part.body_volumes, [8000, 8000])
    assert "12 doubled facets" in part.notes[0]


@pytest.mark.parametrize("turned", [False, True])
def test_the_same_body_twice_with_other_triangles_counts_once(turned):
    cube = box((10, 10, 10)).triangles
    again = (cube * [-1, 1, 1])[:, :: 1 if turned else -1]
    assert mask_volume(solid_of(cube, again), 1.0) == 1000


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=5, deadline=None)
def test_pores_and_bodies_at_random_places_agree_with_their_definition(seed):
    """A point is inside if it is in the ball and in no pore, or in a body outside."""
    rng = np.random.default_rng(seed)
    places = rng.permutation(
        np.stack(np.meshgrid(*[[-5, 0, 5]] * 3), -1).reshape(-1, 3)
    )
    small = [trimesh.creation.icosphere(0, radius=r) for r in rng.uniform(0.5, 1.9, 12)]
    for mesh, at in zip(small, places):
        mesh.apply_transform(
            trimesh.transformations.random_rotation_matrix(rng.random(3))
        )
        mesh.apply_translation(at)
    ball = trimesh.creation.icosphere(2, radius=6.9)
    inner = [np.linalg.norm(m.vertices, axis=1).max() < 6.7 for m in small]
    outer = [np.linalg.norm(m.vertices, axis=1).min() > 6.9 for m in small]
    chosen = [m for m, i, o in zip(small, inner, outer) if i or o]
    turned = rng.random(len(chosen)) < 0.5
    part = solid_of(ball, *(inverted(m) if t else m for m, t in zip(chosen, turned)))
    points = rng.uniform(-8, 8, (200, 3))
    want = winding_number(ball.vertices, ball.faces, points) > 0.5
    for mesh in chosen:
        want ^= winding_number(mesh.vertices, mesh.faces, points) > 0.5
    found = winding_number(part.vertices, part.faces, points) > 0.5
    np.testing.assert_array_equal(found, want)
    assert len(part.body_volumes) == 1 + sum(outer)


def test_a_sample_of_edges_is_said(monkeypatch):
    """All edges of slivers against all others would take hours."""
    inner = inverted(box((4, 4, 4)))
    assert solid_of(BIG, inner).notes == ()
    monkeypatch.setattr(tree, "MOST_BOXES", -1_000_000)
    (note,) = solid_of(BIG, inner).notes
    assert "edges of 2 shells, 0% were looked at" in note
