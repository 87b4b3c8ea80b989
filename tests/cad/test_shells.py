"""Shells are oriented each for itself, also where several meet at edges."""

import itertools
import re

import numpy as np
import pytest
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st
from solids import box, inverted, mask_volume, solid_of

from grainpaint import InputError
from grainpaint.cad import voxelize

# The projective plane with six vertices: each edge has two triangles, no side is out.
PLANE = [
    *((0, 1, 2), (0, 2, 3), (0, 3, 4), (0, 4, 5), (0, 5, 1)),
    *((1, 2, 4), (2, 3, 5), (3, 4, 1), (4, 5, 2), (5, 1, 3)),
]


def other_diagonals(size, at):
    """Return a box whose faces are cut along the other diagonals."""
    triangles = box(size, at).triangles * [-1, 1, 1] + [2 * at[0], 0, 0]
    return triangles[:, ::-1]


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=30)
def test_turned_triangles_and_shells_change_nothing(seed):
    """Less than half the area of each of three nested shells and a body aside."""
    rng = np.random.default_rng(seed)
    bodies = [trimesh.creation.icosphere(1, radius=r) for r in (7.0, 5.0, 3.0)]
    bodies.append(box((2, 3, 4), (12, 0, 0)))
    want = np.concatenate([bodies[0].triangles, inverted(bodies[1])])
    want = voxelize(solid_of(want, bodies[2], bodies[3]), voxel=0.7).mask
    soup = []
    for body in bodies:
        turned = rng.random(len(body.faces)) < 0.3
        if body.area_faces[turned].sum() > 0.45 * body.area:
            turned[:] = False
        triangles = np.where(turned[:, None, None], inverted(body), body.triangles)
        soup.append(triangles[:, ::-1] if rng.random() < 0.5 else triangles)
    soup = rng.permutation(np.concatenate(soup))
    part = solid_of(soup)
    np.testing.assert_array_equal(voxelize(part, voxel=0.7).mask, want)
    assert len(part.body_volumes) == 3
    assert (part.body_volumes > 0).all()


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(
    "at",
    [(10, 10, 0), (10, 0, 10), (10, 10, 10), (10, 0, 0), (0, 0, 10)],
    ids=["edge", "other edge", "corner", "face", "other face"],
)
def test_bodies_that_touch_are_told_apart(at, turned):
    second = box((10, 10, 10), at)
    part = solid_of(box((10, 10, 10)), inverted(second) if turned else second)
    assert mask_volume(part, 1.0) == 2000
    np.testing.assert_allclose(part.body_volumes, [1000, 1000])
    assert len(part.notes) == turned


@pytest.mark.parametrize("at", [(10, 0, 0), (0, 10, 0), (0, 0, 10)])
@pytest.mark.parametrize("turned", [False, True])
def test_bodies_that_touch_with_other_triangles_are_told_apart(at, turned):
    """Four triangles meet at the edges of the common face, two of them in its plane."""
    second = other_diagonals((10, 10, 10), at)
    part = solid_of(box((10, 10, 10)), second[:, ::-1] if turned else second)
    assert mask_volume(part, 1.0) == 2000
    np.testing.assert_allclose(part.body_volumes, [1000, 1000])


@pytest.mark.parametrize("turned", [0, 1, 2, 3])
def test_a_doubled_wall_within_a_body_makes_two_bodies(turned):
    """The wall's sheets, which no edge joins to the body alone, may face any way."""
    halves = [box((5, 10, 10), (x, 0, 0)).triangles for x in (-2.5, 2.5)]
    at_wall = [np.abs(half.mean(1)[:, 0]) < 1e-6 for half in halves]
    outer = [half[~at] for half, at in zip(halves, at_wall)]
    walls = [half[at] for half, at in zip(halves, at_wall)]
    walls = [w[:, ::-1] if turned >> i & 1 else w for i, w in enumerate(walls)]
    assert mask_volume(solid_of(*outer, *walls), 1.0) == 1000


@st.composite
def assemblies(draw, most=6):
    """Draw boxes that touch at faces, edges and corners, turned and cut in any way."""
    cells = list(itertools.product(range(2), range(2), range(2)))
    chosen = draw(
        st.lists(st.sampled_from(cells), min_size=2, max_size=most, unique=True)
    )
    boxes = []
    for cell in chosen:
        at = np.array(cell) * 4
        make = draw(st.sampled_from([box, other_diagonals]))
        triangles = make((4, 4, 4), at)
        triangles = np.asarray(getattr(triangles, "triangles", triangles))
        boxes.append(triangles[:, :: draw(st.sampled_from([1, -1]))])
    return boxes


@given(assemblies())
@settings(max_examples=60)
def test_bodies_one_after_the_other_are_told_apart_however_they_touch(boxes):
    part = solid_of(*boxes)
    assert mask_volume(part, 1.0) == 64 * len(boxes)
    np.testing.assert_allclose(part.body_volumes, 64)
    assert len(part.body_volumes) == len(boxes)


@given(assemblies(), st.randoms())
@settings(max_examples=60)
def test_bodies_in_any_order_are_right_or_refused(boxes, random):
    soup = list(np.concatenate(boxes))
    random.shuffle(soup)
    try:
        volume, reason = mask_volume(solid_of(soup), 1.0), ""
    except InputError as error:
        volume, reason = 0, str(error)
    if reason:
        assert re.search("crosses itself|face different ways", reason)
        assert len(boxes) > 2  # two are always told apart
    else:
        assert volume == 64 * len(boxes)


@given(assemblies(most=2), st.randoms())
@settings(max_examples=60)
def test_two_bodies_are_told_apart_in_any_order(boxes, random):
    soup = list(np.concatenate(boxes))
    random.shuffle(soup)
    part = solid_of(soup)
    assert mask_volume(part, 1.0) == 128


@given(st.sampled_from([(2, 1, 1), (2, 2, 1), (2, 2, 2)]), st.randoms())
@settings(max_examples=20)
def test_walls_of_a_block_of_boxes_are_kept_in_any_order(shape, random):
    """Each wall is there twice, in the same triangles: boxes are mirror images."""
    soup = []
    for cell in np.ndindex(shape):
        odd = np.array(cell) % 2 == 1
        mirrored = box((4, 4, 4)).triangles * np.where(odd, -1, 1)
        soup += list(mirrored[:, :: -1 if odd.sum() % 2 else 1] + np.array(cell) * 4)
    random.shuffle(soup)
    assert mask_volume(solid_of(soup), 1.0) == 64 * np.prod(shape)


def test_a_surface_with_one_side_is_refused_with_the_place(rng):
    with pytest.raises(InputError, match=r"one side only, near \(.*\) um"):
        solid_of(rng.random((6, 3))[np.array(PLANE)])
