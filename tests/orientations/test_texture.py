"""Textures against closed forms: what is drawn has the law that the text names."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from scipy.stats import kstest

from grainpaint.errors import InputError
from grainpaint.orientations.cells import texture_distance
from grainpaint.orientations.crystal_axes import component, crystal_direction
from grainpaint.orientations.disorientation import disorientations
from grainpaint.orientations.mackenzie import mackenzie_cdf
from grainpaint.orientations.texture import assigned, sampled
from grainpaint.orientations.texture_list import Texture
from grainpaint.orientations.texture_text import is_texture


def orientations_of(text, n=4000, symmetry="432", seed=3):
    rng = np.random.default_rng(seed)
    volumes = rng.lognormal(0, 0.8, n)
    return assigned(sampled(text, symmetry, n, rng), volumes, rng), volumes


def test_uniform_orientations_have_mackenzies_disorientations():
    q, _ = orientations_of("uniform")
    found = disorientations(q[::2], q[1::2], "432")
    assert kstest(found, mackenzie_cdf).pvalue > 1e-4
    turned = q * [-1, 1, 1, 1]  # a fixed rotation away: the same law
    assert kstest(disorientations(q[::2], turned[1::2], "432"), mackenzie_cdf)[1] > 1e-4
    # Of rotation matrices drawn uniformly the trace has mean 0 and variance 1.
    trace = 4 * q[:, 0] ** 2 - 1
    assert abs(trace.mean()) < 4 / len(q) ** 0.5
    assert abs(trace.var() - 1) < 0.1


@pytest.mark.parametrize(
    ("text", "crystal", "sample"),
    [
        ("fiber:<001>,z,10deg", (0, 0, 1), (0, 0, 1)),
        ("fibre:<1-11>,[1 2 0],10deg", (1, -1, 1), (1, 2, 0)),
        ("fiber:001,[0,0,-1],10deg", (0, 0, 1), (0, 0, -1)),
        ("fiber:<0, 1, 1>,[110],10°", (0, 1, 1), (1, 1, 0)),
    ],
)
def test_tilts_of_a_fiber_have_rayleighs_law(text, crystal, sample):
    rng = np.random.default_rng(2)
    q = sampled(text, "432", 10, rng).draw(5000, rng)
    axis, along = (np.array(v) / np.linalg.norm(v) for v in (crystal, sample))
    tilt = np.arccos(Rotation.from_quat(q, scalar_first=True).apply(axis) @ along)
    spread = np.radians(10)
    law = lambda x: 1 - np.exp(-(x**2) / 2 / spread**2)  # noqa: E731
    assert kstest(tilt, law).pvalue > 1e-4
    # About the axis, orientations are uniform.
    turned = Rotation.from_rotvec(0.7 * along) * Rotation.from_quat(
        q, scalar_first=True
    )
    other = turned.as_quat(scalar_first=True)
    ones = np.ones(len(q))
    assert texture_distance((q, ones), (other, ones), "1") < 1.5


def test_components_have_their_fractions_and_spreads():
    text = "component:cube@0.3,5deg+goss@0.5,4deg"
    q, volumes = orientations_of(text)
    for name, share, spread in (("cube", 0.3, 5), ("goss", 0.5, 4)):
        (ideal,) = component(name, "432")
        angle = np.degrees(disorientations(q, np.tile(ideal, (len(q), 1)), "432"))
        near = angle < 3.5 * spread
        assert volumes[near].sum() / volumes.sum() == pytest.approx(share, abs=0.02)
        # The length of a vector of three normal numbers: mean 2 sqrt(2 / pi).
        mean = np.average(angle[near], weights=volumes[near])
        assert mean == pytest.approx(spread * 1.6, rel=0.05)


def test_ideal_orientations_have_the_angles_of_textbooks():
    """Euler angles of Bunge as in Engler and Randle, Introduction to texture."""
    expected = {
        "cube": ((0, 0, 0), 1),
        "goss": ((0, 45, 0), 1),
        "brass": ((35.26, 45, 0), 2),
        "copper": ((90, 35.26, 45), 2),
        "s": ((58.98, 36.70, 63.43), 4),
    }
    for name, (angles, n) in expected.items():
        known = Rotation.from_euler("ZXZ", angles, degrees=True)
        found = component(name, "432")
        assert len(found) == n
        one = np.tile(known.as_quat(scalar_first=True), (n, 1))
        assert np.degrees(disorientations(one, found, "432")).min() < 0.05


def test_the_volume_has_the_texture_better_than_if_drawn_grain_by_grain():
    for text in ("uniform", "component:s,10deg"):
        rng = np.random.default_rng(0)
        volumes = rng.lognormal(0, 0.8, 3000)
        texture = sampled(text, "432", 3000, rng)
        wanted = (texture.quaternion, texture.weight)
        ours = texture_distance(
            (assigned(texture, volumes, rng), volumes), wanted, "432"
        )
        drawn = texture_distance((texture.draw(3000, rng), volumes), wanted, "432")
        assert ours < 0.5 * drawn


def test_volumes_not_grains_are_counted():
    """One large grain takes its share of two orientations from the others."""
    two = Texture(np.array([[1.0, 0, 0, 0], [0.9, 0.1**0.5, 0.3, 0]]), np.ones(2))
    volumes = np.append(np.ones(50), 50.0)
    q = assigned(two, volumes, np.random.default_rng(1))
    first = q[:, 0] == 1
    assert volumes[first].sum() == 50  # counted by grains: 25 or 75


def test_the_same_seed_gives_the_same_orientations():
    one, other = (orientations_of("uniform", 50)[0] for _ in range(2))
    assert (one == other).all()
    assert (one != orientations_of("uniform", 50, seed=4)[0]).any()


def test_hexagonal_directions_are_those_of_the_cell():
    np.testing.assert_allclose(crystal_direction("<0001>", "622"), [0, 0, 1])
    np.testing.assert_allclose(crystal_direction("<2-1-10>", "622"), [1, 0, 0])
    half = np.radians(30)
    np.testing.assert_allclose(
        crystal_direction("<10-10>", "622"), [np.cos(half), np.sin(half), 0], atol=1e-12
    )


@pytest.mark.parametrize(
    ("text", "symmetry", "message"),
    [
        ("fiber:<001>,z", "432", "a fiber is fiber:CRYSTAL,SAMPLE,SPREAD"),
        ("fiber:<1>,z,9deg+<100>,z,9deg", "432", "one fiber and nothing else"),
        ("component:s,9deg+fiber:<1>,z,9deg", "432", "a fiber, or components"),
        ("fiber:<001>,z,10", "432", "angle of 0 to 45 degrees with a unit"),
        ("fiber:<001>,z,60deg", "432", "0 to 45 degrees"),
        ("fiber:<001>,w,6deg", "432", "sample axis is x, y, z or three numbers"),
        ("fiber:<00>,z,6deg", "432", "written as <001>"),
        ("fiber:<000>,z,6deg", "432", "written as <001>"),
        ("fiber:<0001>,z,6deg", "432", "four indices"),
        ("fiber:<101>,z,6deg", "622", "depends on the edges of the unit cell"),
        ("component:gauss,10deg", "432", "unknown component 'gauss'"),
        ("component:goss,10deg", "622", "of cubic crystals"),
        ("component:goss", "432", "NAME,SPREAD"),
        ("component:goss@0.7,1deg+cube@0.7,1deg", "432", "add up to at most 1"),
        ("component:goss@0.7,1deg+cube,1deg", "432", "or none"),
        ("component:goss@2,1deg", "432", "above 0 and up to 1"),
        ("component:(1,2),1deg", "432", "three Euler angles"),
        ("unifrom", "432", "a texture is uniform, fiber"),
    ],
)
def test_what_is_no_texture_is_refused(text, symmetry, message):
    with pytest.raises(InputError, match=message):
        sampled(text, symmetry, 10, np.random.default_rng(0))


def test_few_grains_are_spread_as_many_are():
    # Cells of the tails have less than a grain has; none may count as best left empty.
    volumes = np.exp(np.random.default_rng(2).normal(size=60))
    shares = volumes / volumes.sum()
    tilts = []
    for seed in range(4):
        rng = np.random.default_rng(seed)
        texture = sampled("fiber:<001>,z,10deg", "432", 60, rng)
        turned = Rotation.from_quat(assigned(texture, volumes, rng), scalar_first=True)
        axes = np.abs(turned.as_matrix()[:, 2]).max(1)
        tilts.append(shares @ np.degrees(np.arccos(axes)))
    assert np.mean(tilts) == pytest.approx(10 * np.sqrt(np.pi / 2), rel=0.05)


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("Uniform", "uniform"),
        ("Fibre:<111>,ND,8deg", "fiber:<111>,z,8deg"),
        ("fiber:<110>,RD,8deg", "fiber:<110>,x,8deg"),
        ("Component:Goss,8deg", "component:goss,8deg"),
    ],
)
def test_a_texture_is_the_same_in_other_letters_and_axes_of_a_sheet(text, same):
    assert is_texture(text)
    np.testing.assert_array_equal(
        orientations_of(text, 50)[0], orientations_of(same, 50)[0]
    )
