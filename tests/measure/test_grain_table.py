"""The table of grains: closed forms, oracles, invariances."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from naive.measure import grain_table
from skimage.measure import regionprops_table

from grainpaint import InputError, Microstructure
from grainpaint.measure.grain_table import contacts, table
from grainpaint.measure.integrity import integrity
from grainpaint.measure.pair_counts import same_pairs
from grainpaint.measure.planes import profiles
from grainpaint.segmentation.pieces import label_pieces
from grainpaint.simulate.iso.isotropic import isotropic

PERIODIC = (True, True, True)


def ball(radii, edge=64):
    x = np.indices((edge,) * 3) + 0.5 - edge / 2
    r = np.array(radii)[:, None, None, None]
    return Microstructure((((x / r) ** 2).sum(0) < 1).astype(int))


@pytest.fixture(scope="module")
def grown():
    return isotropic((32, 32, 32), time=20, seed=3)


def opened(volume):
    return Microstructure(label_pieces(volume.grain_id), volume.spacing)


def test_a_cuboid_has_the_figures_of_its_closed_form():
    grain_id = np.zeros((20, 16, 12), int)
    grain_id[2:12, 3:9, 4:8] = 1
    row = table(Microstructure(grain_id, (2.0, 1.0, 0.5), (100.0, 0.0, 0.0))).iloc[0]
    assert row.voxels == 240
    assert row.volume_um3 == 240
    assert row[["x_um", "y_um", "z_um"]].tolist() == [114.0, 6.0, 3.0]
    # variance of n places in a row: (n^2 - 1) / 12
    axes = [
        2 * np.sqrt(5 * s**2 * (n**2 - 1) / 12) for n, s in ((10, 2), (6, 1), (4, 0.5))
    ]
    assert np.allclose(row[["a_um", "b_um", "c_um"]].astype(float), axes)
    assert row.face_area_um2 == 2 * (20 * 6 + 20 * 2 + 6 * 2)
    assert row[["axis_x", "axis_y", "axis_z"]].tolist() == [1, 0, 0]
    assert row[["extent_x", "extent_y", "extent_z"]].tolist() == [10, 6, 4]
    assert row.touches_border  # void around it
    assert row.neighbors == 0
    assert np.isnan(row.nearest_um)


@pytest.mark.parametrize("radii", [(24, 24, 24), (28, 14, 14), (27, 18, 12)])
def test_ellipsoids_have_their_axes_volume_and_surface(radii):
    row = table(ball(radii)).iloc[0]
    a, b, c = radii
    volume = 4 / 3 * np.pi * a * b * c
    # Knud Thomsen's formula, within 1.1 %
    p = 1.6075
    mean = ((a * b) ** p + (a * c) ** p + (b * c) ** p) / 3
    surface = 4 * np.pi * mean ** (1 / p)
    assert row.volume_um3 == pytest.approx(volume, rel=0.005)
    assert np.allclose(
        row[["a_um", "b_um", "c_um"]].astype(float), [2 * a, 2 * b, 2 * c], rtol=0.005
    )
    assert row.area_um2 == pytest.approx(surface, rel=0.02)
    if a == b == c:
        assert row.sphericity == pytest.approx(1, abs=0.01)
        assert row.face_area_um2 == pytest.approx(1.5 * surface, rel=0.02)


def test_the_table_agrees_with_lists_of_voxel_coordinates(grown):
    spacing = (1.0, 2.0, 0.5)
    volume = Microstructure(opened(grown).grain_id[:14, :15, :16], spacing).relabel()
    found = table(volume).set_index("grain")
    for g, row in grain_table(volume.grain_id, spacing).items():
        mine = found.loc[g]
        assert mine.voxels == row["voxels"]
        assert np.allclose(
            mine[["x_um", "y_um", "z_um"]].astype(float), row["centroid"]
        )
        # the singular values of the centered coordinates, as in the paper
        assert np.allclose(
            mine[["a_um", "b_um", "c_um"]].astype(float), row["axes"], atol=1e-6
        )
        assert mine.face_area_um2 == pytest.approx(row["faces"])
        assert mine.neighbors == row["neighbors"]
        assert mine.touches_border == row["border"]


def test_the_table_agrees_with_scikit_image(grown):
    volume = opened(grown)
    names = (
        "label",
        "area",
        "centroid",
        "equivalent_diameter_area",
        "axis_major_length",
    )
    theirs = regionprops_table(volume.grain_id, properties=names)
    mine = table(volume)
    assert mine["grain"].tolist() == theirs["label"].tolist()
    assert mine["voxels"].tolist() == theirs["area"].tolist()
    assert np.allclose(mine["diameter_um"], theirs["equivalent_diameter_area"])
    assert np.allclose(mine["a_um"], theirs["axis_major_length"])
    for axis, name in enumerate(("x_um", "y_um", "z_um")):
        assert np.allclose(mine[name] - 0.5, theirs[f"centroid-{axis}"])


@given(
    shift=st.tuples(*[st.integers(0, 31)] * 3),
)
@settings(max_examples=20)
def test_shifting_a_periodic_volume_moves_centroids_and_nothing_else(grown, shift):
    moved = Microstructure(np.roll(grown.grain_id, shift, (0, 1, 2)), periodic=PERIODIC)
    a, b = table(grown), table(moved)
    same = [
        "grain",
        "voxels",
        "area_um2",
        "face_area_um2",
        "neighbors",
        "touches_border",
    ]
    assert a[same].equals(b[same])
    assert not a["touches_border"].any()
    for name in ("a_um", "b_um", "c_um", "nearest_um", "sphericity"):
        assert np.allclose(a[name], b[name]), name
    for name, step in zip(("x_um", "y_um", "z_um"), shift):
        gap = (b[name] - a[name] - step + 16) % 32 - 16
        assert np.abs(gap).max() < 1e-9


def test_swapping_axes_swaps_columns(grown):
    volume = opened(grown)
    a, b = table(volume), table(Microstructure(volume.grain_id.transpose(2, 0, 1)))
    assert np.allclose(a[["z_um", "x_um", "y_um"]], b[["x_um", "y_um", "z_um"]])
    assert np.allclose(
        a[["a_um", "b_um", "c_um", "area_um2"]], b[["a_um", "b_um", "c_um", "area_um2"]]
    )
    clear = a["b_over_a"] < 0.95  # else the main axis is a matter of rounding
    mine = np.abs(a.loc[clear, ["axis_z", "axis_x", "axis_y"]])
    theirs = np.abs(b.loc[clear, ["axis_x", "axis_y", "axis_z"]])
    assert np.allclose(mine, theirs)


def test_new_ids_only_reorder_the_rows(grown, rng):
    volume = opened(grown)
    new = np.concatenate([[0], rng.permutation(volume.n_grains) + 1])
    a = table(volume)
    b = (
        table(Microstructure(new[volume.grain_id]))
        .set_index("grain")
        .loc[new[a["grain"]]]
    )
    a = a.drop(columns="grain").to_numpy(float)
    assert np.array_equal(a, b.to_numpy(float), equal_nan=True)


def test_a_grain_through_two_faces_is_measured_whole():
    grain_id = np.ones((12, 12, 12), int)
    grain_id[np.ix_([11, 0, 1], [10, 11, 0, 1], [5, 6])] = 2
    row = table(Microstructure(grain_id, periodic=PERIODIC)).set_index("grain").loc[2]
    assert row[["x_um", "y_um", "z_um"]].tolist() == [0.5, 12.0, 6.0]
    assert row[["extent_x", "extent_y", "extent_z"]].tolist() == [3, 4, 2]
    open_row = table(Microstructure(grain_id)).set_index("grain").loc[2]
    assert open_row.extent_x == 12


def test_a_grain_all_round_is_cut_where_it_is_thinnest():
    grain_id = np.ones((6, 6, 10), int)
    grain_id[2:4, 2:4] = 2
    grain_id[3, 2:4, 4] = 1  # thinnest at z = 4
    row = table(Microstructure(grain_id, periodic=PERIODIC)).set_index("grain").loc[2]
    index = np.argwhere(grain_id == 2)
    index[:, 2] = np.where(index[:, 2] < 4, index[:, 2] + 10, index[:, 2])
    assert row.z_um == pytest.approx((index[:, 2].mean() + 0.5) % 10)
    singular = np.linalg.svd(index - index.mean(0), compute_uv=False)
    axes = row[["a_um", "b_um", "c_um"]].astype(float)
    assert np.allclose(axes, 2 * np.sqrt(5 / len(index)) * singular)


def test_volumes_add_up_and_contacts_are_shared(grown):
    volume = opened(grown)
    found, pairs = table(volume), contacts(volume)
    assert found["voxels"].sum() == volume.n_voxels
    assert (pairs["grain"] < pairs["other"]).all()
    unlike = sum((np.diff(volume.grain_id, axis=a) != 0).sum() for a in range(3))
    assert pairs["face_area_um2"].sum() == unlike
    degree = np.bincount(pairs[["grain", "other"]].to_numpy().ravel())[1:]
    assert degree.tolist() == found["neighbors"].tolist()


def test_ids_with_gaps_and_void_are_allowed():
    grain_id = np.zeros((4, 4, 4), int)
    grain_id[:2], grain_id[3] = 7, 1000
    found = table(Microstructure(grain_id))
    assert found["grain"].tolist() == [7, 1000]
    assert found["neighbors"].tolist() == [0, 0]


def test_far_ids_change_no_figure(grown):
    volume = opened(grown)
    far = np.cumsum(np.full(volume.grain_id.max() + 1, 2_000_003)) - 2_000_003
    moved = replace(volume, grain_id=far[volume.grain_id])
    found, expected = table(moved), table(volume)
    assert found["grain"].tolist() == far[expected["grain"]].tolist()
    assert found.drop(columns="grain").equals(expected.drop(columns="grain"))
    pairs, other = contacts(moved), contacts(volume)
    np.testing.assert_array_equal(
        pairs, other.assign(grain=far[other["grain"]], other=far[other["other"]])
    )
    for one, two in zip(profiles(moved), profiles(volume)):
        np.testing.assert_equal(one, two)
    np.testing.assert_array_equal(
        same_pairs(moved, (3, 3, 3)), same_pairs(volume, (3, 3, 3))
    )
    broken, known = integrity(moved), integrity(volume)
    assert broken.in_pieces == {int(far[g]): n for g, n in known.in_pieces.items()}
    assert broken.n_missing == far[-1] - found.shape[0]
    assert len(broken.missing) == 1000
    assert broken.n_by_corners == known.n_by_corners


def test_a_volume_without_grains_is_refused():
    with pytest.raises(InputError, match="no grain"):
        table(Microstructure(np.zeros((3, 3, 3), int)))
