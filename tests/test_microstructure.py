import base64
import io
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from matplotlib.image import imread

from grainpaint import InputError, Microstructure, load
from grainpaint.diameter import equivalent_diameter
from grainpaint.orientations import Orientations


def test_it_cannot_be_changed_through_the_array_it_was_made_from():
    source = np.ones((2, 2, 2), np.int32)
    volume = Microstructure(source)
    source[:] = 7
    assert volume.grain_id.max() == 1
    with pytest.raises(ValueError, match="read-only"):
        volume.grain_id[0, 0, 0] = 5


@given(st.integers(0, 2**32 - 1))
def test_relabel_keeps_the_partition_and_numbers_by_first_voxel(seed):
    ids = np.random.default_rng(seed).choice([0, 3, 9, 700], (3, 4, 5))
    new = Microstructure(ids).relabel().grain_id
    pairs = {(int(a), int(b)) for a, b in zip(ids.ravel(), new.ravel())}
    assert len(pairs) == len({a for a, _ in pairs}) == len({b for _, b in pairs})
    firsts = [int(np.flatnonzero(new.ravel() == g)[0]) for g in range(1, new.max() + 1)]
    assert firsts == sorted(firsts)
    assert ((ids == 0) == (new == 0)).all()


def test_crop_moves_the_origin_and_ends_periodicity():
    volume = Microstructure(
        np.arange(24).reshape(2, 3, 4), (1, 2, 3), (10, 20, 30), (True,) * 3
    )
    part = volume.crop((slice(None), slice(1, 3), slice(0, 2)))
    assert part.origin == (10, 22, 30)
    assert part.periodic == (True, False, False)
    np.testing.assert_array_equal(part.grain_id, volume.grain_id[:, 1:3, :2])


def test_masked_voxels_are_outside():
    volume = Microstructure(np.full((2, 2, 2), 4))
    inside = np.zeros((2, 2, 2), bool)
    inside[0] = True
    assert volume.masked(inside).n_voxels == 4
    with pytest.raises(InputError, match="shape"):
        volume.masked(inside[:1])


@pytest.mark.parametrize(
    ("ids", "options", "message"),
    [
        (np.ones((2, 2)), {}, "3-D array of integers"),
        (np.ones((2, 2, 2)), {}, "3-D array of integers"),
        (np.zeros((0, 2, 2), int), {}, "non-empty"),
        (-np.ones((2, 2, 2), int), {}, "0..2147483647"),
        (np.ones((2, 2, 2), int), {"spacing": (1, 0, 1)}, "spacing"),
        (np.ones((2, 2, 2), int), {"spacing": (1, 1)}, "three numbers"),
        (np.ones((2, 2, 2), int), {"origin": (0, np.nan, 0)}, "origin"),
    ],
)
def test_nonsense_is_refused(ids, options, message):
    with pytest.raises(InputError, match=message):
        Microstructure(ids, **options)


def test_empty_crop_is_refused():
    with pytest.raises(InputError, match="no voxel"):
        Microstructure(np.ones((2, 2, 2), int)).crop(
            (slice(2, 2),) + (slice(None),) * 2
        )


@pytest.fixture
def layers():
    ids = np.repeat([1, 2, 4], [1, 2, 3])[:, None, None] * np.ones((1, 5, 4), int)
    ids[0, 0, 0] = 0
    return Microstructure(ids, (2.0, 3.0, 0.5), (10.0, 0.0, -1.0))


def test_diameters_are_those_of_balls_of_equal_volume(layers):
    expected = [2 * (3 * n * 3.0 / (4 * np.pi)) ** (1 / 3) for n in (19, 40, 60)]
    np.testing.assert_allclose(layers.diameters(), expected)
    assert equivalent_diameter(np.pi / 6) == pytest.approx(1)


def test_pyvista_has_each_grain_where_it_lies(layers):
    grid = layers.to_pyvista()
    assert grid.dimensions == (7, 6, 5)
    assert grid.spacing == layers.spacing
    assert grid.n_cells == layers.grain_id.size
    for index in np.ndindex(layers.shape):
        center = np.array(layers.origin) + (np.array(index) + 0.5) * layers.spacing
        cell = grid.find_containing_cell(center)
        assert grid.cell_data["grain_id"][cell] == layers.grain_id[index]


def test_plot_shows_three_slices(layers, tmp_path):
    figure = layers.plot()
    titles = [axes.get_title() for axes in figure.axes]
    assert [title.split(" =")[0] for title in titles] == ["x", "y", "z"]
    figure.savefig(tmp_path / "slices.svg")
    assert "<image" in (tmp_path / "slices.svg").read_text()


def test_notebooks_show_a_table_and_a_slice(layers):
    html = layers._repr_html_()
    assert "<th>grains</th><td>3</td>" in html
    assert "6 × 5 × 4" in html
    assert "12 × 15 × 2 µm" in html
    assert "99.2% of the voxels" in html
    source = re.search(r'src="data:image/png;base64,([^"]+)"', html).group(1)
    assert imread(io.BytesIO(base64.b64decode(source))).shape[2] == 4
    assert "–" in Microstructure(np.zeros((2, 2, 2), int))._repr_html_()


@given(
    arrays(np.int32, (3, 4, 5), elements=st.sampled_from([0, 1, 5, 70_000, 2**31 - 1]))
)
def test_compact_ids_stand_for_the_same_grains(ids):
    volume = Microstructure(ids, periodic=(True, False, True))
    compact, known = volume.compact()
    np.testing.assert_array_equal(known[compact.grain_id], ids)
    assert (np.diff(known.astype(np.int64)) > 0).all()
    assert known.size <= max(7, 1 << 16 if ids.max() <= 5 else 7)
    assert compact.periodic == volume.periodic
    there, counts = np.unique(ids[ids > 0], return_counts=True)
    assert volume.ids().tolist() == there.tolist()
    assert volume.grain_volumes().tolist() == counts.tolist()
    assert volume.n_grains == there.size


def test_ids_fit_to_be_indices_cost_nothing(layers):
    assert layers.compact()[0] is layers


def oriented(ids):
    """Return a volume whose grain g is turned by g degrees about z."""
    half = np.radians(np.arange(1, ids.max() + 1)) / 2
    quaternion = np.stack([np.cos(half), 0 * half, 0 * half, np.sin(half)], -1)
    return Microstructure(ids, orientations=Orientations(quaternion, "622"))


def angles(volume):
    """Return the angle of the grain of each voxel, degrees; 0 outside."""
    by_grain = np.degrees(volume.orientations.euler()[:, 0]).round(9)
    return np.append(0.0, by_grain)[volume.grain_id]


def test_grains_keep_their_orientations_whatever_their_ids_become(rng):
    ids = rng.integers(0, 9, (4, 5, 6)) * 11
    volume = oriented(ids)
    np.testing.assert_allclose(angles(volume), ids)
    box = (slice(1, 3), slice(None), slice(2, 6))
    np.testing.assert_allclose(angles(volume.crop(box)), ids[box])
    np.testing.assert_allclose(angles(volume.relabel()), ids)
    np.testing.assert_allclose(angles(volume.masked(ids > 20)), ids * (ids > 20))
    far = oriented(np.where(ids == 88, 70_000, ids))
    compact = far.compact()[0]
    assert compact.grain_id.max() < 100
    np.testing.assert_allclose(angles(compact), far.grain_id % 360)


def test_orientations_are_saved_with_the_grains(rng, tmp_path):
    volume = oriented(rng.integers(0, 9, (4, 5, 6)))
    back = load(volume.save(tmp_path / "a.npz"))
    np.testing.assert_array_equal(
        back.orientations.quaternion, volume.orientations.quaternion
    )
    assert back.orientations.symmetry == ("622",)


def test_a_grain_without_orientation_is_refused():
    with pytest.raises(InputError, match=r"IDs reach 3, .* got 2"):
        Microstructure(
            np.array([[[3]]]), orientations=oriented(np.array([[[2]]])).orientations
        )
