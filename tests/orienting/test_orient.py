"""Orientations of a volume: neighbors as wanted, the texture of the volume kept."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

import grainpaint
from grainpaint import InputError, Microstructure
from grainpaint.errors import InputNote
from grainpaint.measure.misorientation import boundaries, misorientations
from grainpaint.orientations import Orientations
from grainpaint.orientations.disorientation import pair_angles
from grainpaint.orientations.mackenzie import mackenzie_cdf
from grainpaint.orienting.inherited import continued, inherited
from grainpaint.orienting.public import orient_measured
from grainpaint.orienting.shares import random_misorientations
from grainpaint.orienting.sources import texture_of
from grainpaint.orienting.swaps import size_classes, swapped


@pytest.fixture(scope="module")
def cubes():
    """12 x 12 x 12 grains of 2 x 2 x 2 voxels each, all alike."""
    ids = np.arange(1, 12**3 + 1).reshape((12,) * 3)
    return Microstructure(ids.repeat(2, 0).repeat(2, 1).repeat(2, 2))


@pytest.fixture(scope="module")
def few():
    """6 x 6 x 6 such grains, for what does not depend on how many there are."""
    ids = np.arange(1, 6**3 + 1).reshape((6,) * 3)
    return Microstructure(ids.repeat(2, 0).repeat(2, 1).repeat(2, 2))


def test_random_pairs_of_a_uniform_texture_have_mackenzies_law():
    rng = np.random.default_rng(1)
    texture = texture_of("uniform", "432", 1000, rng)
    found = random_misorientations(texture, rng, 200_000)
    edges = np.radians(np.arange(0, 181, 2))
    expected = np.diff(mackenzie_cdf(edges))
    assert np.abs(found - expected).sum() < 0.015


def test_neighbors_at_random_come_nearer_than_sampling_alone(cubes):
    found = orient_measured(cubes, seed=3)
    assert found.distance <= 0.6 * found.floor
    expected = np.diff(mackenzie_cdf(np.radians(np.arange(0, 181, 2))))
    share = misorientations(found.volume)
    assert np.abs(share - expected).sum() < found.floor


def test_swaps_reach_the_misorientations_of_another_volume(cubes):
    """Neighbors that are much alike, as in a volume of clustered orientations."""
    uniform = grainpaint.orient(cubes, seed=1)
    # Grains in the order of one component of their orientation, plane by plane.
    q = uniform.orientations.quaternion
    clustered = q[np.argsort(q[:, 1])]
    other = Microstructure(cubes.grain_id, orientations=Orientations(clustered))
    before = misorientations(uniform)
    wanted = misorientations(other)
    found = orient_measured(cubes, misorientations=other, seed=1)
    after = misorientations(found.volume)
    assert found.distance == pytest.approx(np.abs(after - wanted).sum(), abs=1e-9)
    assert found.distance < 0.5 * np.abs(before - wanted).sum()
    assert found.distance < 1.2 * found.floor


def test_swaps_move_orientations_within_classes_of_size_only():
    rng = np.random.default_rng(0)
    volumes = rng.lognormal(0, 1, 60)
    order, start = size_classes(volumes)
    for a, b in itertools.pairwise(start):
        some = volumes[order[a:b]]
        assert some.max() / some.min() <= 1.1 + 1e-9
    q = Rotation.random(60, random_state=1).as_quat(scalar_first=True)
    ids = rng.integers(1, 61, (8, 8, 8))
    ids.ravel()[:60] = np.arange(1, 61)
    found = boundaries(Microstructure(ids))
    wanted = np.full(90, 1 / 90)
    turned, _ = swapped(q, volumes, found, wanted, "432", 1)
    assert (turned != q).any()
    for a, b in itertools.pairwise(start):
        before, after = (np.sort(x[order[a:b], 0]) for x in (q, turned))
        np.testing.assert_array_equal(before, after)


def test_misorientations_are_weighed_by_area():
    ids = np.ones((4, 4, 4), int)
    ids[:, :, 2:] = 2
    ids[3, 3, 3] = 3
    angles = np.radians([[0, 0, 0], [21, 0, 0], [31, 0, 0]])
    volume = Microstructure(ids, orientations=Orientations.from_euler(angles))
    share = misorientations(volume)
    # 16 faces between 1 and 2, 3 between 2 and 3, none between 1 and 3.
    assert share[10] == pytest.approx(16 / 19)
    assert share[[4, 5]].sum() == pytest.approx(3 / 19)


def test_boundaries_between_phases_are_left_out():
    ids = np.arange(1, 5).reshape(4, 1, 1)
    angles = np.radians([[0, 0, 0], [10.5, 0, 0], [50, 0, 0], [80.5, 0, 0]])
    q = Orientations.from_euler(angles).quaternion
    known = Orientations(q, ("432", "1"), [1, 1, 2, 2])
    share = misorientations(Microstructure(ids, orientations=known))
    assert share[[5, 15]].tolist() == [0.5, 0.5]


def test_the_same_seed_gives_the_same_orientations(few):
    one, other = (grainpaint.orient(few, seed=7).orientations for _ in range(2))
    np.testing.assert_array_equal(one.quaternion, other.quaternion)
    third = grainpaint.orient(few, seed=8).orientations
    assert (third.quaternion != one.quaternion).any()


def test_gaps_in_the_ids_keep_rows_and_far_ids_are_numbered_anew():
    near = grainpaint.orient(Microstructure(np.array([[[2, 5, 0]]])))
    assert near.ids().tolist() == [2, 5]
    assert len(near.orientations) == 5
    far = grainpaint.orient(Microstructure(np.array([[[7, 2_000_000_000, 0]]])))
    assert far.grain_id.tolist() == [[[1, 2, 0]]]
    assert len(far.orientations) == 2


def test_a_single_grain_needs_no_neighbors():
    found = orient_measured(Microstructure(np.ones((2, 2, 2), int)))
    assert len(found.volume.orientations) == 1
    assert np.isnan(found.floor)


def test_a_list_is_a_texture_by_its_weights(tmp_path, cubes):
    path = tmp_path / "list.csv"
    path.write_text("phi1,Phi,phi2,weight\n0,0,0,3\n0,45,0,1\n")
    found = grainpaint.orient(cubes, path).orientations
    tilted = pair_angles(np.vstack([np.eye(4)[:1], found.quaternion]), [
        [0, i] for i in range(1, len(found) + 1)
    ], "432") > 0.1  # fmt: skip
    assert tilted.mean() == pytest.approx(0.25, abs=0.002)


def test_a_table_of_grains_with_their_centers_is_a_list(tmp_path, few):
    path = tmp_path / "grains.tsv"
    rows = ["id\tx\ty\tz\tphi1\tPhi\tphi2\tVolume (um3)\tphase"]
    rows += ["1\t0.1\t7.3\t2.2\t10\t20\t30\t5\tNi", "2\t3\t9\t1\t40\t50\t60\t0\tNi"]
    path.write_text("\n".join(rows))
    found = np.degrees(grainpaint.orient(few, path).orientations.euler())
    np.testing.assert_allclose(found, np.tile([10, 20, 30], (few.n_grains, 1)))


def test_a_volume_is_a_texture_by_the_volumes_of_its_grains(tmp_path, cubes):
    ids = np.ones((4, 4, 4), int)
    ids[0] = 2
    known = Orientations.from_euler(np.radians([[0, 0, 0], [0, 45, 0]]))
    path = Microstructure(ids, orientations=known).save(tmp_path / "a.npz")
    found = grainpaint.orient(cubes, str(path)).orientations
    assert (found.quaternion[:, 0] < 0.99).mean() == pytest.approx(0.25, abs=0.002)


def test_pieces_inherit_the_orientations_of_their_volume(cubes):
    whole = grainpaint.orient(cubes, seed=2)
    part = whole.crop((slice(3, 13), slice(0, 9), slice(24 - 5, 24)))
    piece = Microstructure(part.grain_id).relabel()
    found, n_drawn = inherited(piece, whole, (3, 0, 19))
    assert n_drawn == 0
    _, old = np.unique(piece.grain_id, return_index=True)
    rows = part.grain_id.ravel()[old] - 1
    np.testing.assert_array_equal(
        found.orientations.quaternion, whole.orientations.quaternion[rows]
    )
    finer = Microstructure(part.grain_id.repeat(2, 0).repeat(2, 1).repeat(2, 2))
    found, n_drawn = inherited(finer.relabel(), whole, (6, 0, 38), times=1)
    assert n_drawn == 0
    np.testing.assert_array_equal(
        found.orientations.quaternion, whole.orientations.quaternion[rows]
    )
    _, n_drawn = inherited(piece, whole, (3, 0, 100))
    assert n_drawn == piece.n_grains


def test_new_grains_have_orientations_of_known_ones():
    known = Microstructure(np.array([[[1, 3, 0]]]))
    known = grainpaint.orient(known)
    more, n_drawn = continued(Microstructure(np.array([[[1, 3, 4]]])), known)
    assert n_drawn == 1
    q = known.orientations.quaternion
    np.testing.assert_array_equal(more.orientations.quaternion[[0, 2]], q[[0, 2]])
    assert (more.orientations.quaternion[3] == q[[0, 2]]).all(1).any()


@pytest.mark.filterwarnings("ignore::grainpaint.errors.InputNote")
@pytest.mark.parametrize("name", ["6/mmm", "hexagonal", "622"])
def test_a_map_that_states_no_symmetry_takes_that_of_the_grains(tmp_path, few, name):
    rows = [f"{x},{y},{90 * (x > 3)},30,60" for y in range(6) for x in range(8)]
    path = tmp_path / "map.csv"
    path.write_text("x,y,phi1 (deg),Phi (deg),phi2 (deg)\n" + "\n".join(rows))
    options = {"texture": path, "misorientations": path}
    found = grainpaint.orient(few, symmetry=name, **options).orientations
    assert found.symmetry == ("622",)
    np.testing.assert_allclose(np.degrees(found.euler()[:, 1]), 30)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"symmetry": "433"}, "unknown crystal symmetry '433'"),
        ({"texture": "gauss"}, "'gauss' is none of them"),
        ({"seed": -1}, "the seed must be a whole number in"),
        (
            {"texture": Microstructure(np.ones((1, 1, 1), int))},
            "its grains have no orientations",
        ),
        (
            {"misorientations": Microstructure(np.ones((1, 1, 1), int))},
            "its grains have no orientations",
        ),
    ],
)
def test_what_cannot_be_used_is_refused(few, options, message):
    with pytest.raises(InputError, match=message):
        grainpaint.orient(few, **options)
    with pytest.raises(InputError, match="has no grain"):
        grainpaint.orient(Microstructure(np.zeros((2, 2, 2), int)))


def test_crystals_of_another_symmetry_are_refused(few):
    hexagonal = grainpaint.orient(few, symmetry="622")
    for name in ("texture", "misorientations"):
        with pytest.raises(InputError, match="its crystals are 622, and 432 was asked"):
            grainpaint.orient(few, **{name: hexagonal})


@pytest.fixture
def two_phases(few):
    phase = 1 + np.random.default_rng(5).integers(0, 2, few.n_grains)
    q = np.tile([1.0, 0, 0, 0], (few.n_grains, 1))
    known = Orientations(q, ("432", "622"), phase, ("Ferrite", "Ti"))
    return replace(few, orientations=known)


def test_phases_are_oriented_each_as_if_there_were_no_other(two_phases):
    made = orient_measured(two_phases, "fiber:<001>,z,8deg", seed=2)
    before, after = two_phases.orientations, made.volume.orientations
    assert (after.symmetry, after.names) == (before.symmetry, before.names)
    np.testing.assert_array_equal(after.phase, before.phase)
    assert [name for name, _ in made.by_phase] == ["Ferrite", "Ti"]
    own = np.flatnonzero(after.phase == 1)
    table = np.zeros(len(after) + 1, int)
    table[own + 1] = np.arange(1, own.size + 1)
    alone = Microstructure(table[two_phases.grain_id])
    expected = grainpaint.orient(alone, "fiber:<001>,z,8deg", seed=2).orientations
    np.testing.assert_array_equal(after.quaternion[own], expected.quaternion)
    other = grainpaint.orient(two_phases, "fiber:<001>,z,8deg", seed=2, phase="Ti")
    own = after.phase == 2
    np.testing.assert_array_equal(
        after.quaternion[own], other.orientations.quaternion[own]
    )
    # Each draws its own.
    assert len(np.unique(after.quaternion, axis=0)) > 0.99 * len(after)


def test_a_phase_takes_the_texture_of_the_phase_of_its_name(two_phases, few):
    q = np.array([[1.0, 0, 0, 0], [0.6, 0.8, 0, 0], [0.8, 0, 0.6, 0]])
    known = Orientations(
        q, ("432", "622", "432"), [1, 2, 3], ("Austenite", "Ti", "Ferrite")
    )
    source = Microstructure(np.array([[[1, 2, 3]]]), orientations=known)
    made = grainpaint.orient(two_phases, source).orientations
    for number, expected in ((1, q[2]), (2, q[1])):
        own = made.quaternion[made.phase == number]
        np.testing.assert_allclose(own, np.tile(expected, (len(own), 1)), atol=1e-12)
    with pytest.warns(InputNote, match="phases Austenite, Ferrite count as one"):
        grainpaint.orient(few, source)


def test_what_continues_or_is_made_again_has_phase_and_orientation_of_one_grain(
    two_phases,
):
    known = orient_measured(two_phases, seed=1).volume
    of = known.orientations
    own = {(*q, p) for q, p in zip(of.quaternion.tolist(), of.phase.tolist())}
    piece = Microstructure(known.grain_id[:8, :8, 4:12]).relabel()
    ids = known.grain_id.copy()
    ids[:4] = known.n_grains + 1 + np.arange(4)[:, None, None]
    for made, n_drawn in (
        inherited(piece, known, (0, 0, 4)),
        continued(Microstructure(ids), known, seed=3),
    ):
        found = made.orientations
        assert (found.symmetry, found.names) == (("432", "622"), ("Ferrite", "Ti"))
        rows = zip(found.quaternion.tolist(), found.phase.tolist())
        assert {(*q, p) for q, p in rows} <= own
        assert n_drawn in (0, 4)
    made, _ = inherited(piece, known, (0, 0, 4))
    there = known.orientations.phase[known.grain_id[:8, :8, 4:12] - 1]
    np.testing.assert_array_equal(made.orientations.phase[piece.grain_id - 1], there)


def test_one_phase_is_oriented_and_others_stay(two_phases):
    made = grainpaint.orient(two_phases, "component:goss,0deg", phase="Ferrite")
    of, q = made.orientations.phase, made.orientations.quaternion
    assert (q[of == 2] == two_phases.orientations.quaternion[of == 2]).all()
    assert not (q[of == 1] == [1, 0, 0, 0]).all(1).any()
    with pytest.raises(InputError, match=r"phase Ti: .*these are 622"):
        grainpaint.orient(two_phases, "component:goss,0deg")
    with pytest.raises(InputError, match=r"they are 1 Ferrite \(432\), 2 Ti \(622\)"):
        grainpaint.orient(two_phases, phase="Copper")
    with pytest.raises(InputError, match="phase 2 has the symmetry 622, and 432"):
        grainpaint.orient(two_phases, phase="2", symmetry="432")
    bare = replace(two_phases, orientations=None)
    with pytest.raises(InputError, match="its grains have no phases"):
        grainpaint.orient(bare, phase="1")


def test_a_symmetry_is_that_of_the_grains_or_makes_one_phase_of_them(two_phases):
    with pytest.warns(InputNote, match="its phases Ferrite, Ti are one now, 622"):
        one = grainpaint.orient(two_phases, symmetry="622")
    assert one.orientations.symmetry == ("622",)
    assert grainpaint.orient(one).orientations.symmetry == ("622",)
