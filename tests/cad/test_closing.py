"""Surfaces that close, that are made to, or that are refused with the place."""

import re

import numpy as np
import pytest
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st
from solids import box, inverted, mask_volume, solid_of

from grainpaint import InputError

CUBE = np.array(box((10, 10, 10)).triangles)
WALL = np.array(
    [[[0, -5, -5], [0, 5, -5], [0, 5, 5]], [[0, -5, -5], [0, 5, 5], [0, -5, 5]]]
)
HALVES = [
    box((5, 10, 10), (-2.5, 0, 0)).triangles,
    box((5, 10, 10), (2.5, 0, 0)).triangles,
]
SHAPES = [
    box((10, 8, 6)),
    trimesh.creation.icosphere(1, radius=5.0),
    trimesh.creation.cylinder(3.0, 10.0, sections=12),
    trimesh.creation.torus(5.0, 2.0, major_sections=8, minor_sections=6),
]


def with_t_junctions(triangles, rng, share):
    """Put vertices on sides of triangles, for each triangle by itself."""
    pieces = []
    for triangle in triangles:
        rim = []
        for a, b in zip(triangle, np.roll(triangle, -1, axis=0)):
            n = rng.integers(1, 4) if rng.random() < share else 0
            rim += [a, *(a + t * (b - a) for t in np.sort(rng.uniform(0.1, 0.9, n)))]
        middle = triangle.mean(0)
        pieces += [[p, q, middle] for p, q in zip(rim, [*rim[1:], rim[0]])]
    return np.array(pieces)


@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from(SHAPES),
    st.sampled_from([0.05, 0.3, 1.0]),
    st.sampled_from([0.0, 1.0, 30.0]),
    st.sampled_from([np.float64, np.float32]),
)
@settings(max_examples=60)
def test_t_junctions_are_stitched(seed, mesh, share, offset, kind):
    """The volume stays, in float32 and far from the origin too."""
    rng = np.random.default_rng(seed)
    rotation = trimesh.transformations.random_rotation_matrix(rng.random(3))[:3, :3]
    soup = with_t_junctions(mesh.triangles @ rotation.T + offset, rng, share)
    part = solid_of(soup.astype(kind))
    assert part.volume == pytest.approx(mesh.volume, rel=1e-4)
    assert len(part.notes) == (len(soup) > 3 * len(mesh.faces))


def test_a_crack_is_noted_with_its_place():
    a, b, c = CUBE[0]
    middle = (a + b) / 2
    part = solid_of([*CUBE[1:], (a, middle, c), (middle, b, c)])
    note = r"cracks without area at 3 edges, the first at \((.*)\) um: closed"
    place = np.array(re.fullmatch(note, *part.notes)[1].split(", "), float)
    assert np.linalg.norm(np.cross(place - a, b - a)) == pytest.approx(0)
    assert mask_volume(part, 1.0) == 1000


def test_what_is_wider_than_a_crack_stays_a_hole():
    soup = CUBE.copy()
    soup[0, 0] += 0.05
    with pytest.raises(InputError, match=r"1 hole \(.* open edges\).* across"):
        solid_of(soup)


@pytest.mark.parametrize(
    "soup",
    [
        np.concatenate([CUBE, CUBE[3:5]]),
        np.concatenate([CUBE, CUBE[3:5], CUBE[3:4]]),
        np.concatenate([CUBE, CUBE]),
        np.concatenate([CUBE, CUBE[:, ::-1]]),
        np.concatenate([CUBE, CUBE[[1]][:, [1, 2, 0]], CUBE[[7]][:, ::-1]]),
    ],
    ids=["two", "thrice", "all", "all from both sides", "turned"],
)
def test_doubled_facets_are_dropped_with_a_note(soup):
    part = solid_of(soup)
    assert len(part.faces) == 12
    assert mask_volume(part, 1.0) == 1000
    assert any("doubled" in note for note in part.notes)


def test_a_doubled_facet_beside_a_hole_does_not_hide_it():
    with pytest.raises(InputError, match=r"1 hole \(3 open edges\)"):
        solid_of(CUBE[1:], CUBE[[1]])


@pytest.mark.parametrize("turned", [False, True])
def test_doubled_walls_of_bodies_that_touch_are_not_doubled_facets(turned):
    """Each body has its own; with one inside out they even face the same way."""
    first, second = box((10, 10, 10)), box((10, 10, 10), (10, 0, 0))
    part = solid_of(first, inverted(second) if turned else second)
    np.testing.assert_allclose(part.body_volumes, [1000, 1000])
    assert mask_volume(part, 1.0) == 2000
    assert not any("doubled" in note for note in part.notes)


def test_a_wall_between_two_rooms_is_told_from_a_hole():
    """Both rooms have their outer facets, and one wall between them."""
    middles = [half.mean(1)[:, 0] for half in HALVES]
    outer = [h[np.abs(m) > 1e-6] for h, m in zip(HALVES, middles)]
    message = r"three triangles meet at an edge \(inner wall\) at \(0, .*\) um"
    with pytest.raises(InputError, match=message) as error:
        solid_of(*outer, WALL)
    assert "hole" not in str(error.value)
    assert mask_volume(solid_of(*outer), 1.0) == 1000


def test_open_surfaces_name_number_place_and_size_of_holes():
    ball = np.array(trimesh.creation.icosphere(2, radius=3.0).triangles)
    message = r"2 holes \(6 open edges\), the first at \(.*\) um, 1\.2 um across"
    with pytest.raises(InputError, match=message):
        solid_of(np.delete(ball, [5, 200], axis=0))


def test_a_fin_without_thickness_is_left_out_with_a_note():
    fin = np.array([[[5, 5, -5], [5, 5, 5], [15, 15, 0]]])
    for soup in ([fin, fin[:, ::-1], CUBE], [CUBE, fin, fin[:, ::-1]]):
        part = solid_of(*soup)
        assert mask_volume(part, 1.0) == 1000
        assert [note.split(",")[0] for note in part.notes] == [
            "a wall without thickness"
        ]
    with pytest.raises(InputError, match="bounds no volume"):
        solid_of(fin, fin[:, ::-1])


def test_triangles_without_area_are_no_surface():
    with pytest.raises(InputError, match="degenerate"):
        solid_of(np.array([[[0.0, 0, 0], [1, 0, 0], [0, 0, 0]]]))


def test_a_far_needle_does_not_make_the_part_larger():
    needle = np.array([[[0.0, 0, 0], [99, 0, 0], [99, 0, 0]]])
    assert solid_of(CUBE, needle).bounds[1].max() == 5


def far_away(triangles, rng, steps=1):
    """Return float32 far from the origin, each corner off by up to some steps."""
    there = (triangles + 5000.0).astype(np.float32)
    off = rng.integers(-steps, steps + 1, there.shape)
    return (there + off * np.spacing(there)).astype(np.float32).astype(float)


def test_corners_far_from_the_origin_are_joined_as_float32_steps_there():
    rng = np.random.default_rng(1)
    ring = trimesh.creation.annulus(3, 5, 10)
    part = solid_of(far_away(ring.triangles, rng))
    assert part.volume == pytest.approx(ring.volume, rel=1e-3)
    assert "step by 0.00049 um: corners closer than 0.002 um joined" in part.notes[0]
    gap = ring.triangles.copy()
    gap[:4, :, 2] += 0.02
    fine = trimesh.creation.annulus(3, 5, 0.01)  # as thin as four steps
    for is_open in (ring.triangles[1:], gap, fine.triangles):
        with pytest.raises(InputError, match="surface is open"):
            solid_of(far_away(is_open, rng))


@pytest.mark.parametrize("digits", [None, 7])
def test_a_part_so_far_away_that_its_file_blurs_it_says_so(digits):
    ring = trimesh.creation.annulus(3, 5, 10).triangles
    far = ring + 1e6
    if digits is None:  # as binary STL
        far = far.astype(np.float32).astype(float)
    else:  # as text with seven digits
        far = np.array([float(f"{c:.6e}") for c in far.ravel()]).reshape(far.shape)
    assert "1e+06 um from the origin" in "".join(solid_of(far).notes)
    assert not solid_of(ring).notes
    assert not solid_of(CUBE * 1e6).notes  # few digits are no blur


def test_a_sheet_beside_closed_bodies_is_told_from_a_hole_in_the_body():
    with pytest.raises(InputError, match=r"a piece of 2 triangles apart .* take it"):
        solid_of(CUBE, WALL)
    for hole in ((CUBE[1:],), (CUBE[1:], CUBE[1:] + 20.0)):
        with pytest.raises(InputError, match="surface is open") as error:
            solid_of(*hole)
        assert "apart" not in str(error.value)
